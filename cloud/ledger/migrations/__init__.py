"""Alembic's folder: one file per released schema, never edited after its release."""
