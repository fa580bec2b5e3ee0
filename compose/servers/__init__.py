"""Broker and database: their configuration from templates, in private folders."""
