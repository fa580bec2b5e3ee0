"""What is kept of people beside the roster: stalls that they keep, what they have read, what was erased of them."""
