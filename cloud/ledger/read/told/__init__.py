"""What a holder is told of his card and account: which entries moved them, what happened to them."""
