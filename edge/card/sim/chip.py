"""What lies in a virtual reader: anything that can be powered and answers commands. A port, no more."""

from __future__ import annotations

from typing import Protocol


class Chip(Protocol):
    """A card or PSAM in software. `transmit` raises CardLost when it dies under the command."""

    def power_on(self) -> bytes:
        """Power or reset; the ATR."""
        ...

    def power_off(self) -> None: ...

    def transmit(self, apdu: bytes, /) -> bytes: ...
