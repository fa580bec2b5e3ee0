"""A terminal in software. store, settings, taps and firmware are pure, what a real body has; the rest is a program."""
