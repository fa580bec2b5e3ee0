"""What is installed, by content: the lock file, how it is made, what of it a verb needs, and its bill of materials."""
