"""A load asked for online: MAC1 checked, the ledger asked, MAC2 given."""
