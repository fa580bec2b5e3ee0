"""What is told to people of the ledger's cases, in both languages: the same lines for commands, pages and sheets."""
