"""Every word that the console shows, Chinese first: a file for each family of pages, joined in `catalogue`."""
