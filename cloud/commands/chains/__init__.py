"""Commands over the ledger's chains: a checkpoint saved, witnesses heard, what a put-back ledger lacks."""
