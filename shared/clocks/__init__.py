"""Campus time as values, and when certificates end."""
