"""Real readers: the one door to pyscard, every call bounded."""
