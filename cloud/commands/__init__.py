"""`python -m cloud …`: one module per command; they ask and print, the ledger decides."""
