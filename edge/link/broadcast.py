"""What is said while one document goes to all terminals of a bus at once. Values; CAN's form: can/broadcast.py.

The box announces a signed head (as the symbols of a page of its own), calls for who is ready, sends the symbols of each
page, and asks how many each page still lacks. A terminal answers with counts, never with which; repair symbols are good
for whoever lacks any (shared/fleet/coding.py). Nothing of this is sealed: what is whole is proven by the document's
signature and digest, and an answer that was forged costs bus time that is bounded.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple, Protocol, runtime_checkable

from shared.errors import WireFault
from shared.fleet.coding import DATA_SYMBOLS
from shared.fleet.document import HEAD_SIZE, SIGNATURE_SIZE, SignedHead

STREAMS = 64
"""A number for each broadcast, so that symbols of two of them never mix."""
ANNOUNCEMENT = 1023
"""The page that a signed head is sent as. A document's own pages are 0–959."""
ANNOUNCEMENT_SIZE = HEAD_SIZE + SIGNATURE_SIZE
GROUP = 12
"""Pages whose counts one answer says."""
COUNTS = (0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 24, 32, 64, DATA_SYMBOLS)
"""What the 16 values of 4 bits stand for: a count is rounded up to the next one."""


class Ask(IntEnum):
    """What the box calls for."""

    READY = 1
    """Who has the head, and room for the document?"""
    COUNT = 2
    """How many symbols does each page lack?"""
    END = 3
    """Over: what is not whole by now comes by pages, as any document."""


class Say(IntEnum):
    """What a terminal answers."""

    READY = 1
    LACKING = 2
    COUNTED = 3
    """The last answer to COUNT of somebody who lacks something."""
    WHOLE = 4
    REFUSED = 5
    WRONG_DIGEST = 6


class Symbol(NamedTuple):
    """Down: 8 bytes of a page, as they are or as a sum."""

    stream: int
    page: int
    number: int
    data: bytes


class Call(NamedTuple):
    """Down. turn: of a round of counts, 0–255 and on from 0; a call that is repeated keeps it."""

    stream: int
    ask: Ask
    turn: int


class Answer(NamedTuple):
    """Up. at: the group of LACKING, the turn of COUNTED, the verdict of REFUSED; counts: of LACKING, as they are meant;
    held: pages that READY has already."""

    stream: int
    say: Say
    at: int = 0
    counts: tuple[int, ...] = ()
    held: int = 0


Down = Symbol | Call


class Sender(Protocol):
    """The box's half on one wire: whoever has that wire asks it what goes next, and tells it what was seen there."""

    def next_frame(self, mono_s: float) -> Down | None:
        """None: nothing now; see due_s."""
        ...

    def hear(self, terminal: int, answer: Answer, mono_s: float) -> None:
        """Whose address it came from proves nothing."""
        ...

    def seen(self, bits: int, is_ours: bool, mono_s: float) -> None:
        """A frame went over the wire. is_ours: it was a broadcast's own."""
        ...

    def tick(self, mono_s: float) -> None:
        """Time has passed."""
        ...

    def due_s(self, mono_s: float) -> float:
        """When next_frame or tick may do something."""
        ...


class Hearer(Protocol):
    """A terminal's half."""

    def hear(self, down: Down) -> None:
        """Any frame of a broadcast, in any order."""
        ...

    def next_answer(self) -> Answer | None:
        """What is to be sent next."""
        ...


@runtime_checkable
class Carries(Protocol):
    """A link on which one word reaches all terminals: the edge's end."""

    def carry(self, sender: Sender) -> None:
        """Ask this one whenever nothing else is to be said."""
        ...


@runtime_checkable
class HearsBroadcasts(Protocol):
    """Such a link: a terminal's end."""

    def hear_broadcasts(self, hearer: Hearer) -> None:
        """Tell this one what comes."""
        ...


def announcement(signed: SignedHead) -> bytes:
    """The bytes of the page ANNOUNCEMENT."""
    return signed.raw + signed.signature


def announced(page: bytes) -> SignedHead:
    """WireFault when it is none. Check the signature before it is believed."""
    if len(page) != ANNOUNCEMENT_SIZE:
        raise WireFault(f"an announcement of {len(page)} bytes")
    return SignedHead(page[:HEAD_SIZE], page[HEAD_SIZE:])


def code_of(count: int) -> int:
    """The 4 bits that say at least so many symbols."""
    return next(code for code, meant in enumerate(COUNTS) if meant >= count)


def groups_of(lacking: Sequence[int]) -> dict[int, tuple[int, ...]]:
    """By group: the counts of its pages, rounded up; groups that lack nothing are left out."""
    parts = ((at // GROUP, lacking[at : at + GROUP]) for at in range(0, len(lacking), GROUP))
    return {group: tuple(COUNTS[code_of(one)] for one in part) for group, part in parts if any(part)}
