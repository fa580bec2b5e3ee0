"""Pages that tell a day: what it took, what is owed to whom, and whether the morning found it in order."""
