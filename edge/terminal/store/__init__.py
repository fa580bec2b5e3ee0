"""What a terminal keeps: ring of records, pending slots, clock, what was not told yet. Pure."""
