"""A contact card on T=0 made of a card that answers whole APDUs: 61xx, 6Cxx and GET RESPONSE, strictly.

Refuses what no T=0 card can be sent: data and Le in one command (6700). Source: ISO 7816-3 T=0; real contact PSAMs.
"""

from __future__ import annotations

from edge.card.sim.chip import Chip
from shared.purse.apdu import Sw

ATR_T0 = bytes.fromhex("3B026014")
"""No interface byte beyond T0: T=0 alone, two historical bytes, no check byte."""
_GET_RESPONSE = 0xC0
_HEAD = 5


class T0Chip:
    """A Chip. What the inner card has to say is kept for GET RESPONSE, whole or in parts; any other command forgets it.

    A command that was told its length by 6Cxx is not done a second time when it comes again with that length.
    """

    def __init__(self, chip: Chip) -> None:
        self._chip = chip
        self._forget()

    def power_on(self) -> bytes:
        self._forget()
        self._chip.power_on()
        return ATR_T0

    def power_off(self) -> None:
        self._forget()
        self._chip.power_off()

    def _forget(self) -> None:
        self._held = b""
        self._told: tuple[bytes, bytes] = (b"", b"")
        """The command, with its length, that may come next, and its answer."""

    def transmit(self, apdu: bytes, /) -> bytes:
        """One TPDU: a header of five bytes and, for a command with data, P3 bytes of it."""
        held, told = self._held, self._told
        self._forget()
        if apdu[1:2] == bytes((_GET_RESPONSE,)):
            return self._give(held, apdu)
        if len(apdu) <= _HEAD:
            return told[1] if apdu == told[0] else self._outgoing(apdu)
        if len(apdu) != _HEAD + apdu[4]:
            return _word(Sw.WRONG_LENGTH)
        answer = self._chip.transmit(apdu + b"\0")
        if len(answer) <= 2:
            return answer
        self._held = answer
        return bytes((0x61, (len(answer) - 2) & 0xFF))

    def _outgoing(self, apdu: bytes) -> bytes:
        """P3 = Le. A card on T=0 knows its length: it does not send fewer bytes than were asked for, it says 6Cxx."""
        answer = self._chip.transmit(apdu)
        size = len(answer) - 2
        asked = (apdu[4] or 256) if len(apdu) == _HEAD else 0
        if not size or size == asked:
            return answer
        length = bytes((size & 0xFF,))
        self._told = apdu[: _HEAD - 1] + length, answer
        return b"\x6c" + length

    def _give(self, held: bytes, apdu: bytes) -> bytes:
        if not held or len(apdu) != _HEAD:
            return _word(Sw.CONDITIONS)
        size, asked = len(held) - 2, apdu[4] or 256
        if asked == size:
            return held
        if asked < size:
            self._held = held[asked:]
            return held[:asked] + bytes((0x61, (size - asked) & 0xFF))
        self._held = held
        return bytes((0x6C, size & 0xFF))


def _word(sw: int) -> bytes:
    return sw.to_bytes(2, "big")
