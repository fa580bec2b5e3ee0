"""How much each box may bring, what becomes of what is above, and who is told of it."""
