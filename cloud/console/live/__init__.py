"""What streams to open pages, and how many may watch."""
