"""Double entry: the chart of accounts, entries and their keys, and which event moves what. Pure."""
