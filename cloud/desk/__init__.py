"""The ledger's service for card desks: one POST per question, each cashier known by a token."""
