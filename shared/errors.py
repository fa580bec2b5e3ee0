"""The error tree of the whole product.

YktError
├── WireFault        bytes from outside that are not what they claim to be
├── ConfigFault      a setting that is missing, misspelt or impossible; stops the start
├── RuleBroken       an invariant of ours does not hold; the step stops, nothing is guessed about money
├── LinkFault        a peer, bus or broker that cannot be reached now; retried within a named bound
├── StoreFault       durable storage refused: full, read-only, damaged; nothing was accepted
└── KeyFault         the key process refused or is away; never carries key material
"""


class YktError(Exception):
    """Root of every error that this project raises on purpose."""


class WireFault(YktError):
    """Happens when bytes from outside are malformed, oversized, truncated or of an unknown version."""


class ConfigFault(YktError):
    """Happens when a settings file has a wrong, unknown or missing key."""


class RuleBroken(YktError):
    """Happens when our own invariant does not hold: a defect of ours, never a reason to guess."""


class LinkFault(YktError):
    """Happens when a peer, bus or broker is away; the caller retries within its bound."""


class StoreFault(YktError):
    """Happens when durable storage refuses a write; nothing of that write was accepted."""


class KeyFault(YktError):
    """Happens when the key process refuses an operation or cannot be reached."""
