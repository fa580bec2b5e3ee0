"""The life of a deposit 充值 through a provider: made, sent, asked for, posted, matched by the bill."""
