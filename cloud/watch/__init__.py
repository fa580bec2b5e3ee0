"""The watch: a process of its own that reads facts and signals, keeps alarms, and never touches money.

It keeps them in a file of its own, so that it can still say that the ledger's database is away.
"""
