"""How fast documents may go to terminals: so many bytes a second on each link, and no terminal alone. Pure.

On CAN arbitration lets everything else go first, so documents may have most of a bus; a line that is polled has no such
order, and gets half. A message goes while there is credit, and what it takes too much is waited for afterwards.
"""

from edge.settings import LinkKind, LinkSetting

CAN_SHARE, RS485_SHARE = 0.8, 0.5
CAN_BITS_PER_BYTE = 136 / 7
"""A frame of seven bytes of a message, with its stuffing."""
RS485_BITS_PER_BYTE = 12
TCP_BYTES_PER_S = 1 << 20
TERMINAL_BYTES_PER_S = 16 << 10
"""At most, on whatever link: what a terminal can write to its flash while it sells."""
BURST_S = 0.5
"""Credit that is saved up for: a change of a list goes to a bus full of terminals at once."""


class Pace:
    """Bytes of one link, or of one terminal."""

    __slots__ = ("_left", "_per_s", "_since_s")

    def __init__(self, bytes_per_s: float, mono_s: float) -> None:
        self._per_s = bytes_per_s
        self._left = bytes_per_s * BURST_S
        self._since_s = mono_s

    def has_credit(self, mono_s: float) -> bool:
        """May a message go now?"""
        grown = self._left + (mono_s - self._since_s) * self._per_s
        self._left, self._since_s = min(grown, self._per_s * BURST_S), mono_s
        return self._left > 0

    def spend(self, size: int) -> None:
        """One went."""
        self._left -= size


def link_bytes_per_s(link: LinkSetting) -> float:
    """What documents may have of it."""
    match link.kind:
        case LinkKind.CAN:
            return link.bitrate / CAN_BITS_PER_BYTE * CAN_SHARE
        case LinkKind.RS485:
            return link.baud / RS485_BITS_PER_BYTE * RS485_SHARE
        case LinkKind.TCP:
            return TCP_BYTES_PER_S
