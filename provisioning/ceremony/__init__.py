"""Key ceremony: components and shares, two persons, every step in a journal."""
