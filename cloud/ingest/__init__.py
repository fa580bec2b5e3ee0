"""From broker to ledger: sessions, lanes, the thread that owns the ledger, and the acks that go back."""
