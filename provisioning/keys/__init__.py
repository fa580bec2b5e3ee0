"""Keys as values: levels, components, shares, transport, the store's bytes. Pure."""
