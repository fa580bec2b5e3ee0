"""Parameters of terminals: campus files, pushes, trials that end, and what a tighter limit would have refused."""
