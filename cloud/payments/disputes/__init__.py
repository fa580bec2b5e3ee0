"""Disputes 异议 of what a statement shows: what holders and guardians say of an entry, and what the school answers."""
