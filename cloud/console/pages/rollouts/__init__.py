"""Releases and their roll-outs in waves: firmware of terminals, releases of boxes, and what pages of both share."""
