"""Files of terminals and cards: durable writes, locks, the demonstration's cards."""
