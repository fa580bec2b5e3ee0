"""A terminal that plays by itself: customers, scripts, real cards in turn."""
