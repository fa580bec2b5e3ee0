"""What applications may ask for: one file for each family of calls."""
