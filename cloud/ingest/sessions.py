"""The broker sessions of the ingest: two for each box, so that each has a queue of its own there for each lane.

What a box says more than it may is read slowly (SessionPlan.pace), stays at the broker, and is dropped by it at its
bound: nobody else's message stands behind it, and it costs us no more than the pace. One session for all would have one
queue for all, and to refuse twenty thousand messages a second takes all the time that there is.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from cloud.ingest.mqtt import Endpoint, Session, SessionPlan, refuse_lossy
from cloud.ingest.ticket import Arrival, Letter
from cloud.process.settings import MqttChoice
from shared.ids import BoxId
from shared.wire.topics import DOWN_MONEY, STATE, UP_MONEY, UP_NOW, parse, topic

NOW, MONEY = "now", "money"
LANES = {NOW: (UP_NOW, STATE), MONEY: (UP_MONEY,)}
PACE = {NOW: 500, MONEY: 2_000}
"""Messages a second. A box of 130 terminals says 13 of *now*; one that has eight batches under way may send a thousand
small ones of *money*."""
_NOBODY = BoxId("nobody")


@dataclass(frozen=True, slots=True)
class Ears:
    """What the sessions tell. All are called on the loop; `fault` with what should never have happened.

    slowed: a box has said more on this lane than its pace.
    """

    take: Callable[[Arrival], Awaitable[None]]
    lost: Callable[[str, int], None]
    taken: Callable[[str], None]
    slowed: Callable[[BoxId, str], None]
    fault: Callable[[BaseException], None]


class Sessions:
    """Belongs to the loop."""

    def __init__(self, endpoint: Endpoint, choice: MqttChoice, ears: Ears) -> None:
        """ConfigFault when the choice would lose records."""
        self._endpoint = endpoint
        self._choice = choice
        self._ears = ears
        self._sessions: dict[tuple[BoxId, str], Session] = {}
        self._tasks: list[asyncio.Task[None]] = []
        for lane in LANES:
            refuse_lossy(self._plan(_NOBODY, 0, lane))

    def follow(self, boxes: Mapping[BoxId, int]) -> None:
        """Open the sessions of each box (id → partition) that has none yet. One that is registered stays so."""
        for box, partition in boxes.items():
            for lane in LANES:
                if (box, lane) not in self._sessions:
                    self._open(box, partition, lane)

    async def all_up(self) -> None:
        """Returns when every session that there is now is connected."""
        for session in tuple(self._sessions.values()):
            await session.up.wait()

    def publish(self, letter: Letter) -> bool:
        """Through the session of its lane, or the box's other one while that is away. False: neither is there."""
        box = parse(letter.topic).box
        lanes = (MONEY, NOW) if letter.lane == DOWN_MONEY else (NOW, MONEY)
        there = (self._sessions[box, lane] for lane in lanes if (box, lane) in self._sessions)
        return any(session.publish(letter.topic, letter.payload) for session in there)

    async def end(self, bound_s: float) -> None:
        """Flush what was PUBACKed and disconnect; who is not through in time is cut."""
        for session in self._sessions.values():
            session.close()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=bound_s)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def are_up(self) -> bool:
        """Is every one connected?"""
        return all(session.up.is_set() for session in self._sessions.values())

    @property
    def losses(self) -> int:
        """Connections lost since the start."""
        return sum(session.losses for session in self._sessions.values())

    def _open(self, box: BoxId, partition: int, lane: str) -> None:
        ears, plan = self._ears, self._plan(box, partition, lane)
        session = Session(plan, self._endpoint, ears.lost, ears.taken, lambda _: ears.slowed(box, lane))
        self._sessions[box, lane] = session
        task = asyncio.get_running_loop().create_task(session.run(), name=f"{lane} of {box}")
        task.add_done_callback(self._ended)
        self._tasks.append(task)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        fault = None if task.cancelled() else task.exception()
        if fault is not None:
            self._ears.fault(fault)

    def _plan(self, box: BoxId, partition: int, lane: str) -> SessionPlan:
        shared = f"$share/{self._choice.share}/" if self._choice.share else ""
        filters = tuple((shared + topic(partition, box, name), int(name != STATE)) for name in LANES[lane])
        return SessionPlan(session_of(box, lane), filters, self._ears.take, PACE[lane], self._choice.version)


def session_of(box: BoxId, lane: str) -> str:
    """The client id: no name of a box has a dot, so that no box's own id can be this one."""
    return f"{lane}.{box}"
