"""The two ways in which the key process does not do it: it is away, or it says no."""

from shared.errors import KeyFault


class KeyProcessAway(KeyFault):
    """Happens when the key process cannot be reached or does not answer in time: ask again later."""


class KeyRefused(KeyFault):
    """Happens when the key process answers no: unknown key, wrong MAC, malformed request. Asking again is useless."""
