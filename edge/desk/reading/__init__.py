"""What a card says at the desk, whether it agrees with the ledger, and the words for both."""
