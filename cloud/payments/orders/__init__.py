"""Pay orders 付款单 and what is paid on them: the ledger's door for wallets, stalls and applications."""
