"""What a store of metrics may say instead of its answer. Pure."""

from typing import Protocol

from shared.errors import LinkFault

NEVER = frozenset({400, 413, 422})
"""What is wrong with the points themselves; all else may be mended (a wrong token, too many, a server's fault)."""


class MetricsAway(LinkFault):
    """Happens when the store has not answered as it should. for_good: what was sent is at fault, not the store."""

    def __init__(self, why: str, *, for_good: bool = False) -> None:
        super().__init__(why)
        self.for_good = for_good


class Writer(Protocol):
    """Takes points; blocking, within its own named bound."""

    def write(self, lines: str) -> None:
        """Lines of the line protocol, in ms. MetricsAway."""
