"""The orders 指令 of a terminal: each is done once or not at all, and its answer is said at every join. Pure.

The order itself is a document and durable before it is looked at here. What is to be done is written down as begun
before it is done, and as answered behind it: where the power goes in between, it is answered as cut off and never
begun again, but for the close of a shift, which an order does once however often it is asked. A lock is one write, with
its answer. Damaged: what is held counts as answered, and a held lock as one.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple
from zlib import crc32

from edge.terminal.store.papers import Papers
from shared.errors import StoreFault, WireFault
from shared.fleet.order import WHY_MAX, Cancel, CloseShift, Deed, Foreign, Lock, Order, Reboot, Unlock, too_late
from shared.wire.fleet_lane import DETAIL_MAX, Verdict

NAME = "orders"
"""Of the paper beside the documents."""
AGAIN_S = 10.0
"""An order that could not be written down is begun so much later."""
CUT, LOST, EXPIRED, NO_CLOCK = b"power cut", b"state lost", b"expired", b"no clock"
LATER, NEVER = b"a verb of a later release", b"never begun"
OLDER, PASSED = b"older than the newest", "passed"
_FORM = 1
_FIXED, _CRC = struct.Struct(">BIBBBBB"), struct.Struct(">I")


def _nothing() -> None: ...


class Answer(NamedTuple):
    """What became of an order. then: what begins when the answer is on its way."""

    verdict: Verdict
    detail: bytes = b""
    then: Callable[[], None] = _nothing


Act = Callable[[Deed], Answer | None]
"""Does what is neither lock nor answered here. None: it is not over, `answer` follows (or a boot)."""


@dataclass(frozen=True, slots=True)
class OrderState:
    """What is written down. generation: the newest order that was begun; lock: why it is locked, None: it is not."""

    generation: int = 0
    is_begun: bool = False
    verdict: Verdict = Verdict.IN_USE
    detail: bytes = b""
    lock: str | None = None

    def encode(self) -> bytes:
        """form 1, generation 4, begun 1, verdict 1, locked 1, sizes 1 + 1 of reason and detail, both, CRC-32 4."""
        why = (self.lock or "").encode()
        sizes = len(why), len(self.detail)
        raw = _FIXED.pack(
            _FORM, self.generation, self.is_begun, self.verdict, self.lock is not None, *sizes
        ) + why + self.detail  # fmt: skip
        return raw + _CRC.pack(crc32(raw))


def read_state(raw: bytes) -> OrderState:
    """WireFault when it is not what was kept."""
    body = raw[: -_CRC.size]
    if len(body) < _FIXED.size or raw[-_CRC.size :] != _CRC.pack(crc32(body)):
        raise WireFault(f"kept orders of {len(raw)} bytes")
    form, generation, is_begun, verdict, is_locked, why_size, detail_size = _FIXED.unpack_from(body)
    why, detail = body[_FIXED.size :][:why_size], body[_FIXED.size + why_size :]
    if form != _FORM or why_size > WHY_MAX or len(detail) != detail_size or verdict not in [*Verdict]:
        raise WireFault(f"kept orders of form {form}")
    lock = why.decode("utf-8", "replace") if is_locked else None
    return OrderState(generation, bool(is_begun), Verdict(verdict), detail, lock)


class Orders:
    """Of one body. `boot` first."""

    def __init__(self, papers: Papers) -> None:
        self._papers = papers
        self._state = OrderState()
        self._unkept: Answer | None = None
        """Of an order that is over; the medium would not take it yet, so it is not said."""
        self._again_s = self._begun_s = 0.0
        self.damaged = 0

    def boot(self, generation: int, held: Order | None) -> None:
        """held: the order that is durable here, of that generation. A restart that was begun is done by this."""
        try:
            is_new = NAME not in self._papers.names()
            self._state = OrderState() if is_new else read_state(self._papers.read(NAME))
        except (StoreFault, WireFault):
            self.damaged += 1
            self._state = _lost(generation, held)
        is_same = held is not None and self._state.generation == generation
        if self._state.is_begun and not (is_same and held is not None and isinstance(held.deed, CloseShift)):
            is_restart = is_same and held is not None and isinstance(held.deed, Reboot)
            self.answer(Answer(Verdict.IN_USE) if is_restart else Answer(Verdict.REFUSED, CUT), 0.0)

    @property
    def lock(self) -> str | None:
        """Why this body is locked; None: it is not."""
        return self._state.lock

    @property
    def is_running(self) -> bool:
        """Is an order begun and not over?"""
        return self._state.is_begun and self._unkept is None

    def word(self, generation: int) -> tuple[Verdict, bytes]:
        """What is said of the order that is held: its answer, or that it waits."""
        if generation > self._state.generation or (generation == self._state.generation and self._state.is_begun):
            return Verdict.STORED, b""
        if generation < self._state.generation:
            return Verdict.REFUSED, OLDER
        return self._state.verdict, self._state.detail

    def due_s(self, generation: int) -> float:
        """Monotonic second at which the order that is held is to be begun, or its answer written; infinity: both are
        done."""
        if self._unkept is not None:
            return self._again_s
        is_new = generation > self._state.generation and not self._state.is_begun
        return self._again_s if is_new else float("inf")

    def begin(self, generation: int, order: Order, campus_s: int | None, mono_s: float, act: Act) -> Answer | None:
        """The order that is held, if it is one that was never begun. None: nothing is to be said now.

        campus_s None: nobody knows the time, so one that expires is not begun. Nothing is done that is not written.
        """
        if mono_s < self.due_s(generation):
            return None
        before, self._begun_s = self._state, mono_s
        try:
            return self._answered(generation, order, campus_s, act)
        except StoreFault:
            self._state, self._again_s = before, mono_s + AGAIN_S
            return None

    def answer(self, answer: Answer, mono_s: float) -> Answer | None:
        """What was begun is over. None: the medium refuses, and what it might forget is not said; see `unkept`."""
        state = replace(self._state, is_begun=False, verdict=answer.verdict, detail=answer.detail[:DETAIL_MAX])
        try:
            self._keep(state)
        except StoreFault:
            self.damaged += 1
            self._unkept, self._again_s = answer, mono_s + AGAIN_S
            return None
        self._unkept = None
        return answer

    def unkept(self, mono_s: float) -> Answer | None:
        """An answer that the medium refused, once it takes it; where it never does, the next boot says: cut off."""
        if self._unkept is None or mono_s < self._again_s:
            return None
        return self.answer(self._unkept, mono_s)

    def _answered(self, generation: int, order: Order, campus_s: int | None, act: Act) -> Answer | None:
        here = self._here(order, campus_s)
        if here is not None:
            lock = _lock_after(self.lock, order.deed) if here.verdict is Verdict.IN_USE else self.lock
            self._keep(OrderState(generation, False, here.verdict, here.detail, lock))
            return here
        self._keep(OrderState(generation, True, lock=self.lock))
        done = act(order.deed)
        return None if done is None else self.answer(done, self._begun_s)

    def _here(self, order: Order, campus_s: int | None) -> Answer | None:
        """The answer to what asks nothing of the body; None: it has to be done."""
        if order.expires and (campus_s is None or campus_s > order.expires):
            return Answer(Verdict.EXPIRED, NO_CLOCK if campus_s is None else EXPIRED)
        match order.deed:
            case Lock() | Unlock():
                return Answer(Verdict.IN_USE)
            case Cancel(generation):
                return self._cancelled(generation)
            case Foreign():
                return Answer(Verdict.UNSUPPORTED, LATER)
        return None

    def _cancelled(self, generation: int) -> Answer:
        """Too late, and what came of it; or it will never be begun, for this one stands above it."""
        state = self._state
        if state.generation < generation:
            return Answer(Verdict.IN_USE, NEVER)
        is_it = state.generation == generation
        return Answer(Verdict.REFUSED, too_late(state.verdict.name.lower() if is_it else PASSED))

    def _keep(self, state: OrderState) -> None:
        """Durable, then it counts."""
        self._papers.keep(NAME, state.encode())
        self._state = state


def _lock_after(lock: str | None, deed: Deed) -> str | None:
    if isinstance(deed, Lock):
        return deed.why
    return None if isinstance(deed, Unlock) else lock


def _lost(generation: int, held: Order | None) -> OrderState:
    lock = held.deed.why if held is not None and isinstance(held.deed, Lock) else None
    return OrderState(generation, False, Verdict.REFUSED, LOST, lock)
