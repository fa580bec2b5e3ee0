"""What goes up to the ledger: intake, batches and credits, online requests, and its acks."""
