"""An answer by SMS 接单: the one-time code of a message, from the phone that has it, says that somebody is on it.

It acknowledges nothing: that needs a person who is signed in. A code is good once, for CODE_MS, and only from the right
phone; after WRONG_MAX wrong ones within an hour a phone is heard no more in that hour, and after SUM_MAX of all phones
that have one, none is: a sender's number can be made up. Each code of a text counts, and a text without one is no
guess. Beside the message only a digest is kept.
"""

import re
from enum import Enum
from unicodedata import normalize

from cloud.store.db import Database
from cloud.watch.alarms import states
from cloud.watch.alarms.watching import Change, Key
from cloud.watch.notify.channels.door import Reply
from cloud.watch.notify.queue import digest, digits, keys_of
from cloud.watch.store import WatchStore

CODE_DIGITS = 6
CODE_MS = 86_400_000
WRONG_MAX, SUM_MAX, WRONG_MS = 5, 30, 3_600_000
CODES_MAX = 3
"""Codes of one text that are looked at."""
_CODE = re.compile(rf"(?<!\d)\d{{{CODE_DIGITS}}}(?!\d)", re.ASCII)


class Answer(Enum):
    """What became of it."""

    TAKEN = "taken"
    WRONG = "wrong"
    THROTTLED = "throttled"
    NONE = "none"
    """There was no code in it."""


def answered(store: WatchStore, reply: Reply, now_ms: int) -> Answer:
    """Inside of a transaction. What the message was about is taken, each alarm as far as it still stands."""
    db, address = store.db, digits(reply.address)
    plain = normalize("NFKC", reply.text)  # a Chinese keyboard may write its digits in full width
    codes = list(dict.fromkeys(_CODE.findall(plain)))[:CODES_MAX]
    if not codes:
        return Answer.NONE
    for code in codes:
        if _is_throttled(db, address, now_ms):
            return Answer.THROTTLED
        rows = db.run(
            "SELECT id, person, alarms, address FROM message WHERE code = ? AND made_ms > ?",
            (digest(code, address), now_ms - CODE_MS),
        )
        for number, person, alarms, to in rows:
            if digits(to) == address:
                db.run("UPDATE message SET code = '' WHERE id = ?", (number,))
                _take(store, keys_of(alarms), person, now_ms)
                return Answer.TAKEN
        db.insert("wrong_code", "address, at_ms", [(address, now_ms)])
    return Answer.WRONG


def wrong_codes(db: Database, now_ms: int) -> int:
    """Of the last hour. Inside of a transaction."""
    return sum(_wrong(db, now_ms).values())


def _take(store: WatchStore, keys: tuple[Key, ...], person: str, now_ms: int) -> None:
    for listed in list(store.listed()):
        if listed.key in keys:
            alarm, deed = states.taken(listed.alarm, person)
            if deed:
                store.write([Change(listed.key, now_ms, deed, alarm)], who=person, note="SMS")


def _is_throttled(db: Database, address: str, now_ms: int) -> bool:
    """In sum only phones count that have a code: what strangers write shuts nobody out."""
    db.run("DELETE FROM wrong_code WHERE at_ms <= ?", (now_ms - WRONG_MS,))
    wrong = _wrong(db, now_ms)
    if wrong.get(address, 0) >= WRONG_MAX:
        return True
    rows = db.run("SELECT DISTINCT address FROM message WHERE code <> '' AND made_ms > ?", (now_ms - CODE_MS,))
    return sum(wrong.get(known, 0) for known in {digits(to) for (to,) in rows}) >= SUM_MAX


def _wrong(db: Database, now_ms: int) -> dict[str, int]:
    sql = "SELECT address, COUNT(*) FROM wrong_code WHERE at_ms > ? GROUP BY address"
    return dict(db.run(sql, (now_ms - WRONG_MS,)))
