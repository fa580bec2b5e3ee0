"""Sample bodies tried before a school orders: what can be asked, what a body shows, and the sheet of them all."""
