"""Card and ledger as one account, in words: a holder's story, what is at risk, the morning check. Pure."""
