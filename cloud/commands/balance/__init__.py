"""Card and ledger as one account: business days, a holder's story, what is at risk, the morning check."""
