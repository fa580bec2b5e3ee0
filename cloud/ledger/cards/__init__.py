"""Who is registered: the signed inventory taken in, and the life of a card."""
