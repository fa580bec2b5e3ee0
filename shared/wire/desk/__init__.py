"""What a card desk and the centre say to one another: its calls, and the line they go over."""
