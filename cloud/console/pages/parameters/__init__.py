"""Parameters set at a screen: the campus file edited, compared, pushed, decided by two persons, taken back."""
