"""What a key signs or opens between parts: the ledger's acks, a terminal's own MAC and TLS; what a void may move."""
