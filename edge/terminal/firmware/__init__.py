"""The terminal as one pure machine: taps, line to the box, records sent again."""
