"""What is asked of the key process, and what it means when it does not answer."""
