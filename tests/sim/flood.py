"""A box that floods both lanes with what proves nothing. Its law: turns_law.py."""

from collections import deque
from typing import TYPE_CHECKING

from cloud.ingest.ticket import Ticket
from cloud.ingest.turns import Turns
from shared.ids import BoxId
from shared.wire import topics
from shared.wire.messages import FORM_2, Batch, Fact, encode_batch, encode_now
from tests.sim.ingest_part import IngestPart
from tests.sim.turns_law import WatchedLanes

if TYPE_CHECKING:
    from tests.sim.campus import Campus

FACTS, BATCHES, RECORDS = 300, 40, 4
_ALL = BoxId("")


class FloodingBox:
    """Speaks as one box of the campus, beside the true one."""

    def __init__(self, campus: "Campus") -> None:
        self._campus = campus

    def send(self) -> None:
        """All at once."""
        campus, world = self._campus, self._campus.world
        if not campus.broker.up:
            return
        box = world.random.choice(campus.plan.boxes)
        world.note("flood", box.box)
        store = world.bytes(8)
        campus.judge.forgeries.stores.add(store)
        fact = encode_now(Fact("bus-off", "urgent", 5, b"", "x"))
        for _ in range(FACTS):
            campus.broker.publish(topics.topic(box.partition, box.box, topics.UP_NOW), topics.UP_NOW, fact)
        for row in range(1, 1 + BATCHES * RECORDS, RECORDS):
            batch = Batch(store, row, tuple(world.bytes(12) for _ in range(RECORDS)), FORM_2)  # type: ignore[arg-type]
            where = topics.topic(box.partition, box.box, topics.UP_MONEY)
            campus.broker.publish(where, topics.UP_MONEY, encode_batch(batch))


class OneQueue(Turns):
    """Everybody in the order of arrival."""

    def put(self, ticket: Ticket) -> None:
        """Behind everybody."""
        self._queues.setdefault(_ALL, deque()).append(ticket)
        self._count(ticket, 1)

    def _remove(self, ticket: Ticket) -> None:
        self._count(ticket, -1)
        if self._given_back:
            self._given_back.popleft()
            return
        queue = self._queues[_ALL]
        queue.popleft()
        if not queue:
            del self._queues[_ALL]


class FirstComeFirstServed(IngestPart):
    """The planted defect: no turns between boxes."""

    def lanes(self) -> WatchedLanes:
        """With one queue for all."""
        lanes = super().lanes()
        lanes._money = OneQueue(lambda ticket: ticket.records)
        return lanes
