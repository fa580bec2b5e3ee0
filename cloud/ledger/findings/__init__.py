"""Card against ledger: money that a card has and the books never gave, told at once and open until it is explained."""
