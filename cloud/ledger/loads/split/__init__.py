"""The split of an account 账户分割: what a holder may spend offline from his card and online from his account, and what
moves between both, by rule or by his own order."""
