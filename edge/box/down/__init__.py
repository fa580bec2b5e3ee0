"""What goes down to terminals: documents of the fleet, awaited cards, revocations."""
