"""Pages about cards and their holders' money: found, lost, stated; and aid, for whoever gives it."""
