"""What docking keeps, in a file of its own: a stranger's flood is written at its pace, and never waits for the watch's
turn, nor the turn for it."""
