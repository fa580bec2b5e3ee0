"""A whole campus from a plan, as files that appear at once."""
