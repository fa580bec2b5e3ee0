"""What goes down to terminals: awaited cards, revocations."""
