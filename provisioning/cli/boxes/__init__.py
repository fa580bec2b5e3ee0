"""Verbs about edge boxes: the process that signs for them, and the sheets that they sign."""
