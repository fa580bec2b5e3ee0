"""Devices: where they are, how they are, and what they are told to do."""
