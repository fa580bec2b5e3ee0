"""Terminal and box: what they say, how it is sealed, and the wires that carry it."""
