"""What is told to people of the ledger's cases, Chinese first: the same lines for commands, pages and sheets."""
