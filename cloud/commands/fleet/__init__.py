"""Commands about the fleet: documents and how they stand at every terminal, cards that every terminal is to refuse."""
