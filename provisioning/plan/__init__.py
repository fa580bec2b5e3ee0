"""What a campus shall be: one parser decides what is a plan."""
