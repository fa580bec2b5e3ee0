"""Takes what is due of the queue to its way, one after another, and keeps what became of it.

When the usual way has refused a message for FALLBACK_MS, it goes by another way to the same person as well, once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cloud.store.db import Database
from cloud.watch.notify import queue
from cloud.watch.notify.channels.door import ChannelFault, Door, Reply
from cloud.watch.notify.persons import address, find
from cloud.watch.notify.queue import Message
from cloud.watch.notify.terms import Channel

AT_ONCE = 20
"""Messages of one look: a burst of one way does not keep the others waiting."""
FALLBACK_MS = 300_000


@dataclass
class Counts:
    """Since the start of this process."""

    sent: int = 0
    refused: int = 0
    failed: int = 0
    deaf: int = 0
    """Looks at a way that would not be heard."""


class Sending:
    """Over a connection of its own to the watch's file; belongs to one thread."""

    def __init__(self, db: Database, doors: Mapping[Channel, Door], answers: Callable[[Reply], None]) -> None:
        """answers: what to do with what somebody has written back, in a transaction of its own."""
        self.counts = Counts()
        self._db, self._doors, self._answers = db, doors, answers

    def turn(self, now_ms: int) -> int:
        """Try what is due; how many were tried. Each is marked before the next one is tried."""
        tried = 0
        for channel, door in self._doors.items():
            with self._db.reading():
                found = queue.due(self._db, channel, now_ms, AT_ONCE)
            for message in found:
                self._try(door, message, now_ms)
            tried += len(found)
            self._listen(channel, door)
        return tried

    def _listen(self, channel: Channel, door: Door) -> None:
        try:
            heard = door.heard()
        except ChannelFault:
            self.counts.deaf += 1
            return
        for one in heard:
            if isinstance(one, Reply):
                self._answers(one)
            else:
                with self._db.writing():
                    queue.arrived(self._db, channel, one.receipt, is_there=one.is_there)

    def _try(self, door: Door, message: Message, now_ms: int) -> None:
        try:
            receipt = door.send(message)
        except ChannelFault as fault:
            self._refused(message, now_ms, str(fault), for_good=fault.for_good)
            return
        with self._db.writing():
            queue.taken(self._db, message, now_ms, receipt)
        self.counts.sent += 1

    def _refused(self, message: Message, now_ms: int, why: str, *, for_good: bool) -> None:
        with self._db.writing():
            has_failed = queue.refused(self._db, message, now_ms, why, for_good=for_good)
            if has_failed or message.made_ms + FALLBACK_MS <= now_ms:
                self._by_another_way(message, now_ms)
        self.counts.failed += has_failed
        self.counts.refused += not has_failed

    def _by_another_way(self, message: Message, now_ms: int) -> None:
        if message.instead_of is not None or queue.has_other(self._db, message.number):
            return
        person = find(self._db, message.person)
        for channel in self._doors:
            to = address(person, channel) if person and channel is not message.channel else ""
            if to:
                other = message._replace(
                    channel=channel, address=to, made_ms=now_ms, next_ms=now_ms, tries=0, instead_of=message.number
                )
                queue.put(self._db, other)
                return
