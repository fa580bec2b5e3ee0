"""Boxes and terminals as the ledger heard them last: their state, their epochs, and who still owes what."""
