"""Who may dock and where: accounts, the rights of each, and the same as files for a broker. Pure."""
