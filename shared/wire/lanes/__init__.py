"""What the two lanes of a box carry: what cannot wait, and records in their order."""
