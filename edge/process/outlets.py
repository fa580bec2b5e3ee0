"""Messages out to the links: a short queue for each place, so that a deaf terminal delays nobody but itself.

At the bound of a queue, or when a link does not take a message, it is dropped and counted: every message of ours is
said again when the terminal asks again.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Mapping

from edge.box.terminals.conversation import Place
from edge.box.values.effects import Send
from edge.link.port import MessageLink

QUEUE_MAX = 64


class Outlets:
    """failed: told of an exception that a link should never raise."""

    def __init__(self, links: Mapping[str, MessageLink], failed: Callable[[BaseException], None]) -> None:
        self.counters: Counter[str] = Counter()
        self._links = links
        self._failed = failed
        self._queues: dict[Place, deque[Send]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def send(self, effect: Send) -> None:
        """Take a message; never blocks."""
        place = (effect.link, effect.peer)
        queue = self._queues.get(place)
        if queue is None:
            queue = self._queues[place] = deque((effect,))
            task = asyncio.get_running_loop().create_task(self._drain(place, queue))
            self._tasks.add(task)
            task.add_done_callback(self._done)
        elif len(queue) < QUEUE_MAX:
            queue.append(effect)
        else:
            self.counters["outlet_full"] += 1

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        fault = None if task.cancelled() else task.exception()
        if fault is not None:
            self._failed(fault)

    async def _drain(self, place: Place, queue: deque[Send]) -> None:
        link = self._links[place[0]]
        while queue:
            effect = queue.popleft()
            if not await link.send(effect.peer, effect.message, effect.urgent):
                self.counters["untaken"] += 1
        del self._queues[place]
