"""Verbs about edge boxes: who signs for them, their certificates, the list of revoked ones, and sheets they sign."""
