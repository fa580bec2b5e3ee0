"""The key process: operations over a socket, never keys."""
