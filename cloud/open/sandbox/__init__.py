"""Books of their own, in which applications are tried without money."""
