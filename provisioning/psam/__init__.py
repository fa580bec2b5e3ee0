"""PSAMs: register, what is written into one, and the rotation of their keys."""
