"""Who this box is: its key, its certificate, how it got them by a code and keeps them, and what time it believes."""
