"""What a card desk does in the ledger: receipts, stock, replaced cards, a cashier's day."""
