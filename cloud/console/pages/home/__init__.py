"""What is seen first: the whole campus on one page."""
