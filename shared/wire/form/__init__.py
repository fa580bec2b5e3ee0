"""How messages between box and cloud are described: layouts, and the kinds of their fields."""
