"""The envelope of the terminal link: counters and CMACs, the same at both ends (RECORDS.md, links part 6).

Envelope = type 1 ‖ version and flags 1 ‖ low half of the session counter 2 ‖ payload ‖ CMAC 8. The MAC covers
direction, device, the whole 32-bit counter, header and payload. A counter is taken once: at most 64 above the highest
one, or among the 63 below it, for on CAN an urgent message overtakes a long one that was sealed before. ACK and SETTLED
have the single-frame form. 16 bad MACs end the session. Keys never appear in a repr or an error.
"""

import hmac
import struct
from enum import IntEnum
from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

from edge.link.layout import PROTOCOL
from edge.link.messages import TYPES, Type
from shared.errors import WireFault
from shared.ids import DeviceId

MAC_SIZE = 8
SHORT_MAC_SIZE = 4
HEAD_SIZE = 4
OVERHEAD = HEAD_SIZE + MAC_SIZE
COUNTER_STEP_MAX = 64
LATE_WINDOW = 64
"""Counters, the highest one included, of which it is known whether they were heard; what is older is a replay."""
BAD_MACS_MAX = 16
SEQ_WINDOW = 0x7FFF
"""A ring has at most 32,767 slots, so the low 16 bits of a seq say which one is meant."""
_SEEN_MASK = (1 << LATE_WINDOW) - 1
_HEAD = struct.Struct(">BBH")
_COVERED = struct.Struct(">B6sI")
"""What a MAC covers before the envelope itself: direction, device, the whole counter."""
_SHORT_HEAD = struct.Struct(">BH")
_SHORT_COVERED = struct.Struct(">6sBB6sHI")
_SHORT_CONTEXT = b"short\0"


class Direction(IntEnum):
    """Which way a sealed message goes; part of every MAC, so that nothing can be reflected."""

    UP = 1
    DOWN = 2


class SealFault(WireFault):
    """Happens when a MAC or counter is wrong; the caller counts it and drops the message."""


class SessionOver(SealFault):
    """Happens at the sixteenth bad MAC: the session is dead, the terminal must join again."""


class Opened(NamedTuple):
    """A message whose MAC and counter hold. is_late: one that was sealed after it has been heard already."""

    type: Type
    epoch_index: int
    payload: bytes
    is_late: bool = False


def session_key(terminal_key: bytes, r_edge: bytes, r_term: bytes, device: DeviceId) -> bytes:
    """16-byte key of one session: CMAC under K_term over both random numbers and the device."""
    return _cmac(CMAC(AES(terminal_key)), b"openykt session v1\0" + r_edge + r_term + device)


class Session:
    """One end of a sealed conversation. `sends` is the direction in which this end speaks."""

    def __init__(self, key: bytes, device: DeviceId, sends: Direction) -> None:
        self._keyed = CMAC(AES(key))
        """Copied for each MAC: a third of the time of keying anew."""
        self._device = device
        self._sends = sends
        self._hears = Direction.DOWN if sends is Direction.UP else Direction.UP
        self._sent = 0
        self._heard = 0
        self._seen = 1
        """Bit n: the counter n below the highest was heard. Nothing has the number 0."""
        self.bad_macs = 0

    def seal(self, kind: Type, payload: bytes, epoch_index: int = 0) -> bytes:
        """The envelope around `payload`."""
        self._sent += 1
        body = _HEAD.pack(kind, PROTOCOL << 4 | epoch_index, self._sent & 0xFFFF) + payload
        return body + self._mac(self._sends, self._sent, body)

    def open(self, message: bytes) -> Opened:
        """The message inside; SealFault when its MAC or counter is wrong, SessionOver at the 16th."""
        if len(message) < OVERHEAD:
            raise SealFault("envelope: truncated")
        body, mac = message[:-MAC_SIZE], message[-MAC_SIZE:]
        kind, flags, low = _HEAD.unpack_from(body)
        step = self._step(low)
        if not self._is_new(step) or not self._genuine(mac, self._heard + step, body):
            self._bad()
        self._note(step)
        return Opened(TYPES[kind], flags & 3, body[HEAD_SIZE:], step < 0)

    def pass_over(self, message: bytes) -> None:
        """An envelope of a type that is not known here: its counter is taken when its MAC holds, for the next ones
        count on from it. Anything else changes nothing, and is no wrong MAC."""
        if len(message) < OVERHEAD or message[1] >> 4 != PROTOCOL:
            return
        body, mac = message[:-MAC_SIZE], message[-MAC_SIZE:]
        step = self._step(_HEAD.unpack_from(body)[2])
        if self._is_new(step) and self._genuine(mac, self._heard + step, body):
            self._note(step)

    def seal_seq(self, kind: Type, epoch: int, seq: int) -> bytes:
        """ACK or SETTLED: 7 bytes."""
        return _SHORT_HEAD.pack(kind, seq & 0xFFFF) + self._short(self._sends, kind, epoch, seq)

    def open_seq(self, message: bytes, bases: list[tuple[int, int]]) -> tuple[int, int] | None:
        """(epoch, seq) that an ACK or SETTLED speaks of.

        bases: candidate (epoch, highest seq known so far). None for one that is older than what is known
        (idempotent); SealFault when no candidate's MAC fits.
        """
        if len(message) != 3 + SHORT_MAC_SIZE:
            raise SealFault("single-frame form: wrong length")
        low, stale = int.from_bytes(message[1:3], "big"), False
        for epoch, base in bases:
            ahead = (low - base) & 0xFFFF
            seq = base + ahead if ahead <= SEQ_WINDOW else base + ahead - 0x10000
            if seq < 0 or message[3:] != self._short(self._hears, message[0], epoch, seq):
                continue
            if seq > base:
                return epoch, seq
            stale = True
        if not stale:
            self._bad()
        return None

    def _step(self, low: int) -> int:
        """From the highest counter that was heard to the one with this low half."""
        return (low - self._heard + 0x8000 & 0xFFFF) - 0x8000

    def _is_new(self, step: int) -> bool:
        if step > 0:
            return step <= COUNTER_STEP_MAX
        return step > -LATE_WINDOW and self._heard + step > 0 and not self._seen >> -step & 1

    def _note(self, step: int) -> None:
        if step > 0:
            self._heard += step
            self._seen = (self._seen << step | 1) & _SEEN_MASK
        else:
            self._seen |= 1 << -step

    def _genuine(self, mac: bytes, counter: int, body: bytes) -> bool:
        return hmac.compare_digest(mac, self._mac(self._hears, counter, body))

    def _bad(self) -> None:
        self.bad_macs += 1
        if self.bad_macs >= BAD_MACS_MAX:
            raise SessionOver("too many bad MACs")
        raise SealFault("wrong MAC or counter")

    def _mac(self, way: Direction, counter: int, body: bytes) -> bytes:
        return _cmac(self._keyed, _COVERED.pack(way, self._device, counter) + body)[:MAC_SIZE]

    def _short(self, way: Direction, kind: int, epoch: int, seq: int) -> bytes:
        named = _SHORT_COVERED.pack(_SHORT_CONTEXT, way, kind, self._device, epoch, seq)
        return _cmac(self._keyed, named)[:SHORT_MAC_SIZE]


def _cmac(keyed: CMAC, covered: bytes) -> bytes:
    mac = keyed.copy()
    mac.update(covered)
    return mac.finalize()
