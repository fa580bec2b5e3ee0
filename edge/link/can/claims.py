"""Nodes without an address, on page 3: a body claims one by its device number, the edge says which. Frozen, sans-I/O.

Up, of the lowest priority: page 3, down 0, tag 23; 6 bytes: the device number. Down: page 3, down 1, the claim's tag;
7 bytes: device number, address. The tag is a hash of device and attempt, so that two claimants never drive the bus with
one identifier and other data; two whose tags are the same destroy each other's frames, and have others at the next
attempt. Nothing here is proven: who is told an address has to join there as anybody.
"""

import hashlib
from collections import deque
from typing import NamedTuple

from edge.link.can.frame import CanFrame
from edge.link.can.ids import ANSWER_FILTER, CLAIM_FILTER, is_terminal
from shared.errors import WireFault

CLAIM_SIZE, ANSWER_SIZE = 6, 7
ANSWERS_MAX = 64
"""Answers that wait for the bus; at the bound one more is lost, and its claimant asks again."""
PAUSE_S, PAUSE_MAX_S = 0.5, 16.0
"""A claim without an answer is said again after the first of these, then after twice as long, up to the second; each
time longer by a part of it that the hash says, so that two do not meet again."""
MOVE_S = 60.0
"""Of answers that nobody asked for, one in this time counts."""
_TAG_MASK = 0x7F_FFFF
_NEVER = float("inf")


class Claim(NamedTuple):
    """How the edge tells them from one another."""

    device: bytes
    tag: int


class _Attempt(NamedTuple):
    tag: int
    longer: float


def attempt_of(device: bytes, attempt: int) -> _Attempt:
    """Tag of a claim, and by which part its pause is longer: SHA-256 of "openykt claim v1" ‖ 0 ‖ device ‖ attempt 2."""
    digest = hashlib.sha256(b"openykt claim v1\0" + device + (attempt & 0xFFFF).to_bytes(2, "big")).digest()
    return _Attempt(int.from_bytes(digest[:3], "big") >> 1, digest[3] / 256)


def claim_frame(device: bytes, attempt: int) -> CanFrame:
    """As it goes onto the bus."""
    return CanFrame(CLAIM_FILTER.word | attempt_of(device, attempt).tag, device)


def read_claim(frame: CanFrame) -> Claim:
    """Who claims, as it says; WireFault for what is none."""
    if not CLAIM_FILTER.accepts(frame.word) or len(frame.data) != CLAIM_SIZE:
        raise WireFault("no claim of an address")
    return Claim(frame.data, frame.word & _TAG_MASK)


def answer_frame(device: bytes, address: int, tag: int = 0) -> CanFrame:
    """As it goes onto the bus."""
    return CanFrame(ANSWER_FILTER.word | tag & _TAG_MASK, device + bytes((address,)))


def read_answer(frame: CanFrame) -> tuple[bytes, int]:
    """For which device, and its address; WireFault for what is none."""
    if not ANSWER_FILTER.accepts(frame.word) or len(frame.data) != ANSWER_SIZE or not is_terminal(frame.data[6]):
        raise WireFault("no answer to a claim")
    return frame.data[:6], frame.data[6]


class Answering:
    """The edge's side of one bus: claims that were heard, answers that wait. What is neither is counted."""

    def __init__(self) -> None:
        self.malformed = 0
        self._tags: dict[bytes, int] = {}
        self._out: deque[CanFrame] = deque()

    def hear(self, frame: CanFrame) -> bytes | None:
        """The device number of a claim."""
        try:
            claim = read_claim(frame)
        except WireFault:
            self.malformed += 1
            return None
        self._tags.pop(claim.device, None)
        if len(self._tags) >= ANSWERS_MAX:
            del self._tags[next(iter(self._tags))]
        self._tags[claim.device] = claim.tag
        return claim.device

    def offer(self, answer: bytes) -> bool:
        """Say device ‖ address when there is room; False at the bound."""
        if len(self._out) >= ANSWERS_MAX:
            return False
        device, address = answer[:6], answer[6]
        self._out.append(answer_frame(device, address, self._tags.pop(device, attempt_of(device, 0).tag)))
        return True

    def next_frame(self) -> CanFrame | None:
        """What may go when no message does."""
        return self._out.popleft() if self._out else None

    def forget(self) -> None:
        """The wire was lost."""
        self._out.clear()
        self._tags.clear()


class Claiming:
    """A body that its settings give no address. address: what it has, 0 for none; without one it claims at once."""

    def __init__(self, device: bytes, address: int = 0) -> None:
        self.address = address
        self.claims = 0
        """Of this power-on."""
        self.malformed = 0
        self._device = device
        self._attempt = 0
        self._due_s = _NEVER if address else 0.0
        self._moved_s = -_NEVER

    @property
    def is_claiming(self) -> bool:
        """Does it wait for an answer?"""
        return self._due_s != _NEVER

    def begin(self) -> None:
        """The edge does not answer where it is: claim, and go on trying meanwhile."""
        if not self.is_claiming:
            self._attempt, self._due_s = 0, 0.0

    def settle(self) -> None:
        """The edge speaks with it at its address."""
        if self.address:
            self._due_s = _NEVER

    def next_frame(self, now_s: float) -> CanFrame | None:
        """A claim that is due."""
        if now_s < self._due_s:
            return None
        frame = claim_frame(self._device, self._attempt)
        pause_s = min(PAUSE_MAX_S, PAUSE_S * 2 ** min(self._attempt, 16))
        self._due_s = now_s + pause_s * (1 + attempt_of(self._device, self._attempt).longer)
        self._attempt += 1
        self.claims += 1
        return frame

    def due_s(self) -> float:
        """When the next claim is due."""
        return self._due_s

    def hear(self, frame: CanFrame, now_s: float) -> bool:
        """Take an answer; True when its address is another one from now on."""
        try:
            device, address = read_answer(frame)
        except WireFault:
            self.malformed += 1
            return False
        if device != self._device or not (self.is_claiming or now_s >= self._moved_s + MOVE_S):
            return False
        self._due_s, self._attempt = _NEVER, 0
        if address == self.address:
            return False
        self.address, self._moved_s = address, now_s
        return True
