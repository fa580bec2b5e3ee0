"""What one transaction knows and writes: registry and picture, bookings, marks, facts, balances."""
