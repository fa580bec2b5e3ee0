"""What documents of the fleet stand on in a terminal: a few named papers, each replaced whole or not at all.

A real body keeps two halves of flash for each; here it is a file and a rename (`station/paper_files.py`). MemoryPapers
is the simulator's.
"""

from collections.abc import Callable, Iterable
from typing import Protocol

from shared.errors import StoreFault


class Papers(Protocol):
    """Bytes by name. StoreFault when the medium refuses; then the former bytes stand."""

    def names(self) -> Iterable[str]: ...

    def read(self, name: str) -> bytes: ...

    def keep(self, name: str, raw: bytes) -> None:
        """Durable when it returns."""
        ...


class MemoryPapers:
    """Papers for tests and the simulator. is_full: the medium refuses; before_keep: the power may go there."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}
        self.is_full = False
        self.before_keep: Callable[[], None] = lambda: None

    def names(self) -> list[str]:
        return [*self.held]

    def read(self, name: str) -> bytes:
        return self.held[name]

    def keep(self, name: str, raw: bytes) -> None:
        self.before_keep()
        if self.is_full:
            raise StoreFault("papers: no room")
        self.held[name] = raw
