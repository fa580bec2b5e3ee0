"""One file per page: its address, who may see it, what it shows."""
