"""Payment codes 付款码: made out of a secret for a wallet, looked at until they are judged."""
