"""Readers: real ones over PC/SC, and our cards in virtual ones."""
