"""Backups: what is copied, by which tool, how it is proven, put back, and what was told of it afterwards.

`making` makes one and tells the boxes how far it reaches; `files` copies and lists, `pgbackrest` keeps a ledger of
PostgreSQL, `restoring` puts one back.
"""
