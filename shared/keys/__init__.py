"""What a key signs between parts: the ledger's acks, a terminal's own MAC; how much a signed void moves by itself."""
