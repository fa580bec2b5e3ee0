"""Facts about what is paid beside the purse: online payments, deposits through providers, meals by number."""
