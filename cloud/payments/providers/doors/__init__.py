"""Where adapters meet the world: HTTP out of this process and nowhere else, and a bank's folder."""
