"""What pages of the console ask beside the overview: one card whole, what a day took, what was granted."""
