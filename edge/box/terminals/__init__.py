"""Who speaks on the wires: joins, epochs, conversations, and what each may say in a time."""
