"""The wire between a virtual reader (vpcd) and the card that lies in it: 2-byte big-endian length, then a body.

A body of one byte is a control (power off, power on, reset, tell the ATR), any other body is an APDU; only the ATR
control and APDUs are answered. No card: the line drops. Source: pboc research, part 6.
"""

from __future__ import annotations

from enum import IntEnum

from shared.errors import WireFault

BODY_MAX = 0xFFFF
HEAD = 2


class Control(IntEnum):
    """The one-byte bodies."""

    OFF = 0x00
    ON = 0x01
    RESET = 0x02
    ATR = 0x04


def frame(body: bytes) -> bytes:
    """A body with its length; WireFault above BODY_MAX."""
    if len(body) > BODY_MAX:
        raise WireFault("a vpcd body has at most 65535 bytes")
    return len(body).to_bytes(HEAD, "big") + body


class Frames:
    """Takes bytes as they come, gives whole bodies. Holds at most one unfinished frame."""

    def __init__(self) -> None:
        self._rest = b""

    def take(self, raw: bytes) -> list[bytes]:
        """The bodies that are complete now, in order."""
        self._rest += raw
        found = []
        while (body := self._first()) is not None:
            found.append(body)
        return found

    def _first(self) -> bytes | None:
        if len(self._rest) < HEAD:
            return None
        end = HEAD + int.from_bytes(self._rest[:HEAD], "big")
        if len(self._rest) < end:
            return None
        body, self._rest = self._rest[HEAD:end], self._rest[end:]
        return body
