"""Facts about what is paid beside the purse: online payments, offline codes, deposits, meals by number."""
