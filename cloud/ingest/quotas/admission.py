"""What of a message comes into the lanes: its sender's quota first, for to refuse must cost less than to read.

Pure. A message of *now* beyond its quota is dropped and counted, for whoever asks asks again. A batch of *money*
beyond it is dropped, too, and nothing is lost: it is not acknowledged, so its box sends it again. Either is PUBACKed at
once, for what is not would stand before the messages of all others at the broker.
"""

from collections.abc import Callable

from cloud.ingest.decoding import read, sender_of
from cloud.ingest.lanes import Lanes
from cloud.ingest.quotas.allowance import Allowance
from cloud.ingest.quotas.notices import Notices
from cloud.ingest.ticket import Arrival, Body, Junk, Ticket
from shared.facts.told import Level
from shared.ids import BoxId
from shared.wire.fleet_lane import FirmwareProgress, Held, OnLink, PagesWanted, Piece, Reported, Tallied
from shared.wire.messages import (
    BoxState,
    DeviceStatus,
    EpochRequest,
    Fact,
    Hello,
    OnlineRequest,
    RecordCopy,
    Swap,
)
from shared.wire.topics import STATE, UP_MONEY

MONEY_EACH = 100
"""Batches of one box that may wait: a quarter of what the broker lets go without PUBACK. A box of ours has eight under
way, and some of them twice after a loss."""
NOW, MONEY, STATES, FACTS, JUNK, DOCUMENTS = "now", "money", "state", "facts", "junk", "documents"
_LANES = {UP_MONEY: MONEY, STATE: STATES}


class Admission:
    """Of one ingest. Belongs to the loop."""

    def __init__(self, lanes: Lanes, notices: Notices, clock: Callable[[], float]) -> None:
        self._lanes = lanes
        self._notices = notices
        self._clock = clock
        self._unread = {NOW: Allowance(1024, 200.0), STATES: Allowance(32, 4.0)}
        """By lane, before a message is read. A box of 130 terminals says 13 statuses a second, and a state in two."""
        self._read: dict[type[Body], tuple[str, Allowance]] = {
            Fact: (FACTS, Allowance(256, 1.0)),
            Junk: (JUNK, Allowance(64, 0.2)),
            EpochRequest: (NOW, Allowance(256, 5.0)),
            Hello: (NOW, Allowance(32, 1.0)),
            Swap: (NOW, Allowance(64, 0.5)),
            OnlineRequest: (NOW, Allowance(512, 50.0)),
            RecordCopy: (NOW, Allowance(512, 50.0)),
            DeviceStatus: (NOW, Allowance(1024, 100.0)),
            Held: (DOCUMENTS, Allowance(64, 1.0)),
            PagesWanted: (DOCUMENTS, Allowance(64, 4.0)),
            Reported: (DOCUMENTS, Allowance(512, 20.0)),
            FirmwareProgress: (DOCUMENTS, Allowance(64, 2.0)),
            OnLink: (DOCUMENTS, Allowance(512, 20.0)),
            Piece: (DOCUMENTS, Allowance(256, 20.0)),
            Tallied: (DOCUMENTS, Allowance(512, 20.0)),
        }
        """By kind, once it is read: each of these may leave a row behind, or cost a commit of its own. PagesWanted:
        32 KiB each, so a box is given 128 KiB a second at most."""
        self._urgent = FACTS, Allowance(64, 0.2)

    def take(self, arrival: Arrival, done: Callable[[], None]) -> bool:
        """Does it wait for the ledger? Then `done` is called when it may be PUBACKed; else that may be at once."""
        address = sender_of(arrival)
        sender = address.box if address else BoxId("")
        lane = _LANES.get(address.lane, NOW) if address else NOW
        if not self._has_room(sender, lane):
            self._notices.refuse(sender, lane)
            return False
        address, body = read(arrival)
        if isinstance(body, BoxState):
            if address is not None:
                self._lanes.put_state(address, body)
            return False
        return self._put(Ticket(arrival, address, body, done), lane)

    def _has_room(self, sender: BoxId, lane: str) -> bool:
        if lane == MONEY:
            return self._lanes.money_of(sender) < MONEY_EACH
        return self._unread[lane].take(sender, self._clock())

    def _put(self, ticket: Ticket, lane: str) -> bool:
        kind = self._kind_of(ticket.body)
        if kind is not None and not kind[1].take(ticket.sender, self._clock()):
            self._notices.refuse(ticket.sender, kind[0])
            return False
        if lane == MONEY:
            self._lanes.put_money(ticket)
        else:
            self._lanes.put_now(ticket)
        return True

    def _kind_of(self, body: Body) -> tuple[str, Allowance] | None:
        """What a box tells all day takes no room of what it tells as urgent."""
        if isinstance(body, Fact) and body.level == Level.URGENT:
            return self._urgent
        return self._read.get(type(body))
