"""Money that no purse moves: cash desks, and what online accounts pay."""
