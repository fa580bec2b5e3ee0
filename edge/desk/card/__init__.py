"""What a desk does to a card: files added, lost and found, replaced, activated, blocked."""
