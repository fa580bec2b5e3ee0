"""Rides: fares, the transit record on the card, the trip, and the flow at a validator."""
