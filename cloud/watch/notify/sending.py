"""Takes what is due of the queue to its way, one after another, and keeps what became of it.

When the usual way has refused a message for FALLBACK_MS, it goes by another way to the same person as well, once. A
way that is back does not flood: what waited for it, more than LATE_MAX to one address, comes as one digest.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from cloud.store.db import Database
from cloud.watch.notify import queue
from cloud.watch.notify.channels import receipts
from cloud.watch.notify.channels.door import ChannelFault, Door, Given, Reply
from cloud.watch.notify.channels.nowhere import NowhereDoor
from cloud.watch.notify.digests import by_another_way, digest_of
from cloud.watch.notify.persons import address, find
from cloud.watch.notify.queue import Message
from cloud.watch.notify.terms import Channel
from shared.words.voice import Language

_NOWHERE = NowhereDoor()
AT_ONCE = 20
"""Messages of one look: a burst of one way does not keep the others waiting."""
FALLBACK_MS = 300_000
LATE_MS, LATE_MAX = 60_000, 3
"""What has waited so long is late; so many late ones to one address go each by itself."""


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
        for channel in Channel:
            door = self._doors.get(channel, _NOWHERE)
            with self._db.reading():
                found = queue.due(self._db, channel, now_ms, AT_ONCE)
            tried += self._try_all(door, found, now_ms)
            self._listen(channel, door, now_ms)
        return tried

    def _listen(self, channel: Channel, door: Door, now_ms: int) -> None:
        with self._db.reading():
            awaited = receipts.awaited(self._db, channel, now_ms)
        try:
            heard = door.heard(awaited)
        except ChannelFault:
            self.counts.deaf += 1
            return
        for one in heard:
            if isinstance(one, Reply):
                self._answers(one)
            else:
                with self._db.writing():
                    lost = receipts.came(self._db, channel, one)
                    if lost is not None:
                        self._by_another_way(lost, now_ms)

    def _try_all(self, door: Door, found: Sequence[Message], now_ms: int) -> int:
        """How many were tried. A way that is away costs one time-out: it has refused the rest as well."""
        for at, message in enumerate(found, 1):
            try:
                given = door.send(message)
            except ChannelFault as fault:
                self._refused(found[at - 1 :] if fault.for_all else (message,), now_ms, fault)
                if fault.for_all:
                    return at
                continue
            self._taken(message, now_ms, given)
            if message.tries:
                return at  # what waited may be joined now
        return len(found)

    def _taken(self, message: Message, now_ms: int, given: Given) -> None:
        with self._db.writing():
            queue.taken(self._db, message, now_ms, given.receipt)
            receipts.sent(self._db, message, given)
            if message.tries:
                self._join(message.channel, now_ms)
        self.counts.sent += 1

    def _join(self, channel: Channel, now_ms: int) -> None:
        for several in queue.late(self._db, channel, now_ms - LATE_MS):
            if len(several) > LATE_MAX:
                person = find(self._db, several[0].person)
                queue.join(self._db, several, digest_of(several, person.language if person else Language.ZH, now_ms))

    def _refused(self, several: Sequence[Message], now_ms: int, fault: ChannelFault) -> None:
        with self._db.writing():
            for message in several:
                has_failed = queue.refused(self._db, message, now_ms, str(fault), for_good=fault.for_good)
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
                other = by_another_way(message, channel)._replace(
                    channel=channel, address=to, made_ms=now_ms, next_ms=now_ms, tries=0, instead_of=message.number,
                    state=queue.State.WAITING, done_ms=0, receipt="", code="",
                )  # fmt: skip
                queue.put(self._db, other)
                return
