"""Money that comes from outside of a card: deposits, grants, and the documents of a desk."""
