"""Which message a receipt of one of its parts is about: kept beside the message, so that it may come after a restart.

Inside of transactions of the watch's file. A message of several parts has arrived when each of them has; one that has
not ends it. The first last word of a part counts: what comes twice, or of nobody's part, changes nothing. A receipt
that names another phone than the message went to is not of that message.
"""

from collections.abc import Sequence

from cloud.store.db import Database
from cloud.watch.notify import queue
from cloud.watch.notify.channels.door import AWAITED_MAX, Arrived, Given
from cloud.watch.notify.queue import Message, digits
from cloud.watch.notify.terms import Channel

PARTS_MAX = 20_000
"""Parts whose receipt is waited for; the oldest are given up, and their messages stay sent."""
ASKED_MS = 86_400_000
"""A way is asked for so long what became of a part."""


def sent(db: Database, message: Message, given: Given) -> None:
    """A way has taken it: wait for its parts. A number that comes round is the newest message's."""
    rows = [(str(message.channel), number, message.number, message.address) for number in given.parts]
    db.upsert("part", "channel, number, message, address", "channel, number", rows)
    if rows:
        db.run("DELETE FROM part WHERE message <= ? - ?", (message.number, PARTS_MAX))


def came(db: Database, channel: Channel, one: Arrived) -> Message | None:
    """A last word about a part. The message is given where it will not arrive: it is to go by another way."""
    found = next((found for number in one.numbers if (found := _part(db, channel, number, one.address))), None)
    if found is None:
        return None
    number, message = found
    db.run("DELETE FROM part WHERE channel = ? AND number = ?", (str(channel), number))
    if not one.is_there:
        db.run("DELETE FROM part WHERE message = ?", (message,))
        return queue.lost(db, message)
    if not db.run("SELECT 1 FROM part WHERE message = ? LIMIT 1", (message,)):
        queue.arrived(db, message)
    return None


def awaited(db: Database, channel: Channel, now_ms: int) -> Sequence[str]:
    """Numbers of parts that no receipt has come of: of messages of the last day, the newest."""
    sql = (
        "SELECT p.number FROM part p JOIN message m ON m.id = p.message "
        "WHERE p.channel = ? AND m.made_ms > ? ORDER BY m.id DESC LIMIT ?"
    )
    return [number for (number,) in db.run(sql, (str(channel), now_ms - ASKED_MS, AWAITED_MAX))]


def _part(db: Database, channel: Channel, number: str, address: str) -> tuple[str, int] | None:
    rows = db.run("SELECT message, address FROM part WHERE channel = ? AND number = ?", (str(channel), number))
    fits = [message for message, to in rows if not digits(address) or digits(address) == digits(to)]
    return (number, fits[0]) if fits else None
