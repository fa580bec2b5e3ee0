"""What the parts of the ingest hand to each other: a message as it came, waiting, and gathered. Values only."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from shared.facts.told import Told
from shared.ids import BoxId
from shared.wire.messages import Batch, BoxState, NowUp, OnlineRequest, RecordCopy
from shared.wire.topics import Address


class Arrival(NamedTuple):
    """One message as it came. `connection` counts the connections of this session."""

    session: str
    connection: int
    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Junk:
    """A message that is not one of ours, and why: quarantined as it came."""

    reason: str


Body = Batch | NowUp | Junk


@dataclass(frozen=True, slots=True, eq=False)
class Ticket:
    """A message waiting for the ledger. `done` is called on the loop when it may be PUBACKed."""

    arrival: Arrival
    address: Address | None
    body: Body
    done: Callable[[], None]

    @property
    def sender(self) -> BoxId:
        """Whose turn it takes; nobody's name for what came on no topic of ours."""
        return self.address.box if self.address else BoxId("")

    @property
    def records(self) -> int:
        """How many records it counts for in the gathering."""
        return len(self.body.records) if isinstance(self.body, Batch) else 1

    @property
    def has_own_commit(self) -> bool:
        """Must what it moves be durable before its answer can be made?"""
        return isinstance(self.body, OnlineRequest)

    def is_of(self, session: str, connection: int) -> bool:
        """Did this connection of the session bring it, or one before?"""
        return self.arrival.session == session and self.arrival.connection <= connection


class Notice(NamedTuple):
    """What the ingest itself has to tell. sender: the box that it is about, or nobody's name."""

    sender: BoxId
    told: Told


@dataclass(frozen=True, slots=True)
class Money:
    """Messages for one ledger transaction."""

    tickets: tuple[Ticket, ...]


@dataclass(frozen=True, slots=True)
class Now:
    """Messages to answer at once."""

    tickets: tuple[Ticket, ...]


def parts_of(tickets: Iterable[Ticket]) -> list[tuple[Ticket, ...]]:
    """What of a *now* turn is done in one transaction each: the small messages, the copies of records, and then, for
    themselves, those with a commit of their own."""
    small: list[Ticket] = []
    copies: list[Ticket] = []
    alone: list[Ticket] = []
    for ticket in tickets:
        (alone if ticket.has_own_commit else copies if isinstance(ticket.body, RecordCopy) else small).append(ticket)
    return [part for part in (tuple(small), tuple(copies), *((ticket,) for ticket in alone)) if part]


@dataclass(frozen=True, slots=True)
class States:
    """The newest state of each box that told one."""

    states: tuple[tuple[Address, BoxState], ...]


@dataclass(frozen=True, slots=True)
class Chores:
    """The ledger's small duties. notices: what is to be told with them."""

    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """Has another process listed a card, or made a document, and who lacks it?"""


Work = Money | Now | States | Chores | Look


class Letter(NamedTuple):
    """A message for a box. lane: one of shared.wire.topics.DOWNWARD."""

    lane: str
    topic: str
    payload: bytes
