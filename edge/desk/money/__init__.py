"""What a desk does with money: cash, load, unload, and a cashier's day."""
