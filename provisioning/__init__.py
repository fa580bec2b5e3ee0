"""Keys, cards, PSAMs and identities of boxes, made and told. A folder imports only those below it."""
