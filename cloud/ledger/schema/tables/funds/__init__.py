"""Money that comes from outside of a card, and what accounts pay."""
