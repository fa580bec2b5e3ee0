"""A broadcast's words as CAN frames. Frozen. Refuses, with WireFault, what is none.

Down, all of the lowest priority, only the edge sends them: page 2, then stream 6, page of the document 10, symbol 8
bits; a call is a symbol of page 1022 whose number is what it asks for and whose one byte is the turn. Up: page 1, the
stream in the place of the format, to the edge; 1 to 8 bytes: what it says, group or turn or verdict, 12 counts of 4
bits (of READY: pages held, 2 bytes).
"""

from typing import Protocol

from edge.link.broadcast import (
    COUNTS,
    GROUP,
    STREAMS,
    Answer,
    Ask,
    Call,
    Down,
    Hearer,
    Say,
    Sender,
    Symbol,
    code_of,
)
from edge.link.can.frame import EXTENDED, OVERHEAD_BITS, CanFrame
from edge.link.can.ids import (
    BROADCAST_DOWN,
    BROADCAST_PRIORITY,
    BROADCAST_UP,
    DOWN_FILTER,
    EDGE_ADDRESS,
    UP_FILTER,
    CanId,
    is_terminal,
    parse_id,
)
from shared.errors import WireFault
from shared.fleet.coding import SYMBOL_SIZE

CALLS = 1022
"""The page that a call is sent as."""
_DOWN = EXTENDED | BROADCAST_PRIORITY << 26 | BROADCAST_DOWN << 24
_NEVER = float("inf")


class Broadcasting(Protocol):
    """One node's side of broadcasts, as frames. What is none of them is passed over and counted."""

    malformed: int

    def hear(self, frame: CanFrame, now_s: float) -> bool:
        """Was it a broadcast's?"""
        ...

    def next_frame(self, now_s: float) -> CanFrame | None:
        """What may go now, when this node has nothing else to say."""
        ...

    def seen(self, frame: CanFrame, now_s: float) -> None:
        """A frame has gone or come, whosever."""
        ...

    def tick(self, now_s: float) -> None:
        """Time has passed."""
        ...

    def due_s(self, now_s: float) -> float:
        """When there may be a next frame without anything that is heard."""
        ...


class EdgeBroadcasting:
    """The edge's."""

    def __init__(self, sender: Sender) -> None:
        self.malformed = 0
        self._sender = sender

    def hear(self, frame: CanFrame, now_s: float) -> bool:
        """See Broadcasting."""
        if not UP_FILTER.accepts(frame.word):
            return False
        try:
            self._sender.hear(*read_up(frame), now_s)
        except WireFault:
            self.malformed += 1
        return True

    def next_frame(self, now_s: float) -> CanFrame | None:
        """See Broadcasting."""
        down = self._sender.next_frame(now_s)
        return None if down is None else down_frame(down)

    def seen(self, frame: CanFrame, now_s: float) -> None:
        """See Broadcasting."""
        is_ours = frame.word >> 24 & 0x3 == BROADCAST_DOWN
        self._sender.seen(OVERHEAD_BITS + 8 * len(frame.data), is_ours, now_s)

    def tick(self, now_s: float) -> None:
        """See Broadcasting."""
        self._sender.tick(now_s)

    def due_s(self, now_s: float) -> float:
        """See Broadcasting."""
        return self._sender.due_s(now_s)


class TerminalBroadcasting:
    """A terminal's."""

    def __init__(self, address: int, hearer: Hearer) -> None:
        self.malformed = 0
        self._address, self._hearer = address, hearer

    def hear(self, frame: CanFrame, _now_s: float) -> bool:
        """See Broadcasting."""
        if not DOWN_FILTER.accepts(frame.word):
            return False
        try:
            self._hearer.hear(read_down(frame))
        except WireFault:
            self.malformed += 1
        return True

    def next_frame(self, _now_s: float) -> CanFrame | None:
        """See Broadcasting."""
        answer = self._hearer.next_answer()
        return None if answer is None else up_frame(self._address, answer)

    def seen(self, frame: CanFrame, now_s: float) -> None:
        """A terminal does not measure."""

    def tick(self, now_s: float) -> None:
        """A terminal only answers."""

    def due_s(self, _now_s: float) -> float:
        """See Broadcasting."""
        return _NEVER


def down_frame(down: Down) -> CanFrame:
    """As it goes onto the bus."""
    if isinstance(down, Call):
        return CanFrame(_word(down.stream, CALLS, down.ask), bytes((down.turn,)))
    return CanFrame(_word(down.stream, down.page, down.number), down.data)


def read_down(frame: CanFrame) -> Down:
    """What the box said."""
    if not DOWN_FILTER.accepts(frame.word):
        raise WireFault("no frame of a broadcast")
    stream, page, number = frame.word >> 18 & 0x3F, frame.word >> 8 & 0x3FF, frame.word & 0xFF
    if page == CALLS:
        return _call(stream, number, frame.data)
    if len(frame.data) != SYMBOL_SIZE:
        raise WireFault(f"a symbol of {len(frame.data)} bytes")
    return Symbol(stream, page, number, frame.data)


def up_frame(terminal: int, answer: Answer) -> CanFrame:
    """As it goes onto the bus."""
    word = CanId(BROADCAST_PRIORITY, EDGE_ADDRESS, terminal, answer.stream, BROADCAST_UP).word
    return CanFrame(word, bytes((answer.say, answer.at)) + _rest(answer))


def read_up(frame: CanFrame) -> tuple[int, Answer]:
    """Which terminal (nothing proves it), and what it said."""
    id_ = parse_id(frame.word)
    if not UP_FILTER.accepts(frame.word) or id_.format >= STREAMS or not is_terminal(id_.source):
        raise WireFault("no answer to a broadcast")
    if len(frame.data) < 2 or frame.data[0] not in _SAYS:
        raise WireFault("an answer that says nothing")
    return id_.source, _answer(id_.format, _SAYS[frame.data[0]], frame.data[1], frame.data[2:])


def _word(stream: int, page: int, number: int) -> int:
    return _DOWN | stream << 18 | page << 8 | number


def _call(stream: int, number: int, data: bytes) -> Call:
    if number not in _ASKS or len(data) != 1:
        raise WireFault(f"call {number} with {len(data)} bytes")
    return Call(stream, _ASKS[number], data[0])


def _rest(answer: Answer) -> bytes:
    if answer.say is Say.READY:
        return answer.held.to_bytes(2, "big")
    if answer.say is not Say.LACKING:
        return b""
    codes = [*map(code_of, answer.counts), *[0] * (GROUP - len(answer.counts))]
    return bytes(high << 4 | low for high, low in zip(codes[::2], codes[1::2], strict=True))


def _answer(stream: int, say: Say, at: int, rest: bytes) -> Answer:
    if len(rest) != {Say.READY: 2, Say.LACKING: GROUP // 2}.get(say, 0):
        raise WireFault(f"{say.name} with {len(rest)} bytes")
    if say is Say.READY:
        return Answer(stream, say, at, held=int.from_bytes(rest, "big"))
    return Answer(stream, say, at, tuple(COUNTS[code] for byte in rest for code in (byte >> 4, byte & 0xF)))


_ASKS = {int(ask): ask for ask in Ask}
_SAYS = {int(say): say for say in Say}
