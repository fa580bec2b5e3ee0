"""What a terminal does with a card, as generators over APDUs and durable writes."""
