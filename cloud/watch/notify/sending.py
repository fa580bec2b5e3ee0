"""Takes what is due of the queue to its way, one after another, and keeps what became of it.

When the usual way has refused a message for a while, it goes by another way to the same person as well, once. A way
that is back does not flood: what waited for it, more than LATE_MAX to one address, comes as one digest. What has waited
for a day is given up by itself and waits as a line of a digest: nothing is lost however long a way is away.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from cloud.store.db import Database
from cloud.watch.notify import queue
from cloud.watch.notify.channels import receipts
from cloud.watch.notify.channels.door import ChannelFault, Door, Given, Reply
from cloud.watch.notify.channels.nowhere import NowhereDoor
from cloud.watch.notify.digests import by_another_way, digest_of
from cloud.watch.notify.persons import address, find
from cloud.watch.notify.queue import Message, Patience
from cloud.watch.notify.terms import ANSWERED, Channel
from shared.words.voice import Language

PATIENCE = Patience()
_NOWHERE = NowhereDoor()
AT_ONCE = 20
"""Messages of one look: a burst of one way does not keep the others waiting."""
LATE_MAX = 3
"""So many late ones to one address go each by itself, unless a digest waits that takes them up."""


@dataclass
class Counts:
    """Since the start of this process."""

    sent: int = 0
    refused: int = 0
    failed: int = 0
    deaf: int = 0
    """Looks at a way that would not be heard."""
    replies: int = 0


class Sending:
    """Over a connection of its own to the watch's file; belongs to one thread."""

    def __init__(
        self, db: Database, doors: Mapping[Channel, Door], answers: Callable[[Reply], object],
        codes: Callable[[], str] = str, patience: Patience = PATIENCE, ways: Collection[Channel] = tuple(Channel),
    ) -> None:  # fmt: skip
        """answers: what to do with what somebody has written back, in a transaction of its own. codes: gives a fresh
        one-time code for an answer. ways: those that are looked at here; the others have a thread of their own."""
        self.counts = Counts()
        self._db, self._doors, self._answers = db, doors, answers
        self._codes, self._patience, self._ways = codes, patience, ways

    def turn(self, now_ms: int) -> int:
        """Try what is due; how many were tried. Each is marked before the next one is tried."""
        tried = 0
        for channel in self._ways:
            door = self._doors.get(channel, _NOWHERE)
            with self._db.reading():
                found = queue.due(self._db, channel, now_ms, AT_ONCE)
            tried += self._try_all(door, found, now_ms)
            self._listen(channel, door, now_ms)
        return tried

    def _listen(self, channel: Channel, door: Door, now_ms: int) -> None:
        def awaited() -> Sequence[str]:
            with self._db.reading():
                return receipts.awaited(self._db, channel, now_ms)

        try:
            heard = door.heard(awaited)
        except ChannelFault:
            self.counts.deaf += 1
            return
        for one in heard:
            if isinstance(one, Reply):
                self._answers(one)
                self.counts.replies += 1
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
        for several in queue.late(self._db, channel, now_ms - self._patience.late_ms):
            if len(several) > LATE_MAX or queue.standing_digest(self._db, several[0]):
                self._put_digest(several, now_ms, now_ms)

    def _refused(self, several: Sequence[Message], now_ms: int, fault: ChannelFault) -> None:
        with self._db.writing():
            for at, message in enumerate(several):
                if fault.for_good:
                    queue.failed(self._db, message, now_ms, str(fault))
                else:
                    # it may be this one at which the way breaks: it never stands before the others again
                    is_last = at == 0 and len(several) > 1
                    queue.refused(self._db, message, now_ms, str(fault), self._patience.longest_ms, is_last=is_last)
                if fault.for_good or message.made_ms + self._patience.fallback_ms <= now_ms:
                    self._by_another_way(message, now_ms)
                self.counts.failed += fault.for_good
                self.counts.refused += not fault.for_good
            if not fault.for_good:
                self._give_up(several[0].channel, now_ms)

    def _give_up(self, channel: Channel, now_ms: int) -> None:
        """What no way has taken for a day is a line of a digest, one for each address, that waits for its way for ever:
        it comes at once when the way is back, and its alarms are told."""
        for several in queue.late(self._db, channel, now_ms - self._patience.given_up_ms):
            self._put_digest(several, now_ms, now_ms + self._patience.longest_ms)

    def _put_digest(self, newest: Sequence[Message], now_ms: int, next_ms: int) -> None:
        """What waits already takes these up: there is never a second one for the same address."""
        former = queue.standing_digest(self._db, newest[0])
        several = [*queue.lines_of(self._db, former), *newest] if former else newest
        code = self._codes() if several[0].channel is Channel.SMS else ""
        digest = digest_of(several, self._language(several[0]), now_ms, code)
        kept = queue.digest(code, digest.address) if code else ""
        queue.join(self._db, several, digest._replace(next_ms=next_ms, code=kept), former)

    def _by_another_way(self, message: Message, now_ms: int) -> None:
        if message.instead_of is not None or queue.has_other(self._db, message.number):
            return
        person = find(self._db, message.person)
        for channel in self._doors:
            to = address(person, channel) if person and channel is not message.channel else ""
            if to:
                code = self._codes() if channel is Channel.SMS and message.why in ANSWERED else ""
                other = by_another_way(message, channel, to, self._language(message), now_ms, code)
                queue.put(self._db, other._replace(code=queue.digest(code, to) if code else ""))
                return

    def _language(self, message: Message) -> Language:
        person = find(self._db, message.person)
        return person.language if person else Language.ZH
