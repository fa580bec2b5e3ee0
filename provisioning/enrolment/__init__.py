"""Boxes come in by a code, are renewed, replaced and revoked: who signs for them, and what proves a revocation."""
