"""What a terminal was told: its settings, hotlist and fares."""
