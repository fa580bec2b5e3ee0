"""A broadcast's words as CAN frames. Frozen. Refuses, with WireFault, what is none.

Down, all of the lowest priority, only the edge sends them: page 2, then stream 6, page of the document 10, symbol 8
bits; a call is a symbol of page 1022 whose number is what it asks for and whose one byte is the turn. Up: page 1, the
stream in the place of the format, to the edge; 1 to 8 bytes: what it says, group or turn or verdict, 12 counts of 4
bits (of READY: pages held, 2 bytes).
"""

from edge.link.broadcast import COUNTS, GROUP, STREAMS, Answer, Ask, Call, Down, Say, Symbol, code_of
from edge.link.can.frame import EXTENDED, REMOTE, CanFrame
from edge.link.can.ids import EDGE_ADDRESS, AcceptanceFilter, CanId, is_terminal, parse_id
from shared.errors import WireFault
from shared.fleet.coding import SYMBOL_SIZE

PRIORITY = 7
"""Below everything else that is said on a bus."""
_DOWN_PAGE, _UP_PAGE = 2, 1
_CALLS = 1022
_DOWN = EXTENDED | PRIORITY << 26 | _DOWN_PAGE << 24
_PAGE_BITS = 0x1F00_0000
DOWN_FILTER = AcceptanceFilter(_DOWN, EXTENDED | REMOTE | _PAGE_BITS)
"""What a terminal must hear besides."""
UP_FILTER = AcceptanceFilter(
    EXTENDED | PRIORITY << 26 | _UP_PAGE << 24 | EDGE_ADDRESS << 8, EXTENDED | REMOTE | _PAGE_BITS | 0xFF00
)
"""What the edge must hear besides."""


def down_frame(down: Down) -> CanFrame:
    """As it goes onto the bus."""
    if isinstance(down, Call):
        return CanFrame(_word(down.stream, _CALLS, down.ask), bytes((down.turn,)))
    return CanFrame(_word(down.stream, down.page, down.number), down.data)


def read_down(frame: CanFrame) -> Down:
    """What the box said."""
    if not DOWN_FILTER.accepts(frame.word):
        raise WireFault("no frame of a broadcast")
    stream, page, number = frame.word >> 18 & 0x3F, frame.word >> 8 & 0x3FF, frame.word & 0xFF
    if page == _CALLS:
        return _call(stream, number, frame.data)
    if len(frame.data) != SYMBOL_SIZE:
        raise WireFault(f"a symbol of {len(frame.data)} bytes")
    return Symbol(stream, page, number, frame.data)


def up_frame(terminal: int, answer: Answer) -> CanFrame:
    """As it goes onto the bus."""
    word = CanId(PRIORITY, EDGE_ADDRESS, terminal, answer.stream, _UP_PAGE).word
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
