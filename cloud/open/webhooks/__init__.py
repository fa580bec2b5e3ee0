"""Telling an application what happened: signed, in order, again until it is heard or given up."""
