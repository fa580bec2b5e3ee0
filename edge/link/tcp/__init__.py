"""TCP: length prefixes, and the sealed envelope on it."""
