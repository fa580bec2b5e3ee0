"""Mutants: one small mistake at a time in what decides about records and money, and whether a test sees it."""
