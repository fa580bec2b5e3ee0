"""The durable queue of messages: made with the alarm, sent until it has arrived, by another way, or given up.

Inside of transactions of the watch's file. A message is never sent twice on purpose: what a way has taken is marked
before the next one is looked at, and a process that dies in between sends that one again.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import NamedTuple

from cloud.store.db import Database, Row
from cloud.watch.alarms.terms import source_of
from cloud.watch.alarms.watching import Key
from cloud.watch.notify.calling import WINDOW_MS, Call, Calling, CallKey
from cloud.watch.notify.terms import Channel, Why
from shared.facts.told import Level

FIRST_MS = 5_000
"""A way that refuses for now is tried again after this, then twice as late each time, up to the longest."""
LATELY_MAX = 2_000
"""Messages that are looked through for who was told lately."""
KEPT_MAX = 50_000
"""Messages that are kept, sent ones too; beyond it the oldest done ones go."""
_COLUMNS = (
    "id, made_ms, person, channel, address, why, alarms, subject, text, state, tries, next_ms, done_ms, receipt, "
    "instead_of, code"
)


class State(StrEnum):
    """What became of a message. A promise to receipts: added to, never renamed."""

    WAITING = "waiting"
    SENT = "sent"
    ARRIVED = "arrived"
    """The way's own receipt says so."""
    FAILED = "failed"
    JOINED = "joined"
    """It is told in a digest, whose number is its receipt: its way was away for too long."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long what waits is waited for. longest_ms: between two tries; fallback_ms: then it goes by another way as
    well; given_up_ms: then it is a line of a digest that waits in its place; late_ms: what has waited so long is late.
    """

    longest_ms: int = 300_000
    fallback_ms: int = 300_000
    given_up_ms: int = 86_400_000
    late_ms: int = 60_000


class Message(NamedTuple):
    """One message to one address. instead_of: the message for which this one goes by another way."""

    number: int
    made_ms: int
    person: str
    channel: Channel
    address: str
    why: Why
    keys: tuple[Key, ...]
    subject: str
    text: str
    state: State = State.WAITING
    tries: int = 0
    next_ms: int = 0
    done_ms: int = 0
    receipt: str = ""
    instead_of: int | None = None
    code: str = ""
    """Digest of the one-time code that an answer to it has; empty: it asks for none, or it was used."""


class Way(NamedTuple):
    """How a way has done. last_ms: when it took something last; oldest_ms: since when the oldest one waits; failed:
    those that have not gone by another way either; why: of the last one that it has refused."""

    last_ms: int = 0
    waiting: int = 0
    oldest_ms: int = 0
    failed: int = 0
    why: str = ""


def put(db: Database, message: Message) -> int:
    """Queue it under a number of ours."""
    number: int = (db.run("SELECT MAX(id) FROM message")[0][0] or 0) + 1
    db.insert("message", _COLUMNS, [_row(message._replace(number=number))])
    return number


def due(db: Database, channel: Channel, now_ms: int, most: int) -> list[Message]:
    """Those of a way that are to be tried now, the longest due first."""
    sql = (
        f"SELECT {_COLUMNS} FROM message WHERE state = ? AND channel = ? AND next_ms <= ? ORDER BY next_ms, id LIMIT ?"  # noqa: S608
    )
    return [_message(row) for row in db.run(sql, (str(State.WAITING), str(channel), now_ms, most))]


def messages(db: Database, most: int) -> list[Message]:
    """The newest first."""
    return [_message(row) for row in db.run(f"SELECT {_COLUMNS} FROM message ORDER BY id DESC LIMIT ?", (most,))]  # noqa: S608


def message(db: Database, number: int) -> Message | None:
    """The one of this number; None: there is none any more."""
    rows = db.run(f"SELECT {_COLUMNS} FROM message WHERE id = ?", (number,))  # noqa: S608  # our own names
    return _message(rows[0]) if rows else None


def by_way(db: Database, from_ms: int) -> dict[Channel, Way]:
    """Of messages that were made since then."""
    sql = (
        "SELECT channel, MAX(CASE WHEN state IN ('sent', 'arrived') THEN done_ms ELSE 0 END), "
        "SUM(state = 'waiting'), MIN(CASE WHEN state = 'waiting' THEN made_ms END), "
        "SUM(state = 'failed' AND NOT EXISTS ("
        "SELECT 1 FROM message o WHERE o.instead_of = m.id AND o.state IN ('sent', 'arrived'))) "
        "FROM message m WHERE made_ms >= ? GROUP BY channel"
    )
    whys: dict[str, str] = dict(
        db.run(
            "SELECT channel, receipt FROM message WHERE made_ms >= ? AND receipt <> '' AND "
            "(state = 'failed' OR (state = 'waiting' AND tries > 0)) ORDER BY id",
            (from_ms,),
        )
    )
    return {
        Channel(channel): Way(last or 0, waiting, oldest or 0, failed, whys.get(channel, ""))
        for channel, last, waiting, oldest, failed in db.run(sql, (from_ms,))
    }


def oldest_waiting_ms(db: Database) -> int:
    """When the oldest one that waits was made; 0: none waits."""
    return db.run("SELECT MIN(made_ms) FROM message WHERE state = ?", (str(State.WAITING),))[0][0] or 0


def taken(db: Database, message: Message, now_ms: int, receipt: str) -> None:
    """A way has taken it."""
    _end(db, message, State.SENT, now_ms, receipt)


def arrived(db: Database, number: int) -> None:
    """The way's own receipt says that its address has it."""
    _told(db, number, State.ARRIVED)


def lost(db: Database, number: int) -> Message | None:
    """The way's own receipt says that it will not arrive; the message, to go by another."""
    sql = f"SELECT {_COLUMNS} FROM message WHERE id = ? AND state = ?"  # noqa: S608  # our own names
    found = [_message(row) for row in db.run(sql, (number, str(State.SENT)))]
    _told(db, number, State.FAILED)
    return found[0] if found else None


def late(db: Database, channel: Channel, until_ms: int) -> list[list[Message]]:
    """What was made until then and still waits for its way, but for digests of `join`: by address, oldest first."""
    sql = (
        f"SELECT {_COLUMNS} FROM message WHERE state = ? AND channel = ? AND made_ms <= ? "  # noqa: S608
        "AND id NOT IN (SELECT CAST(receipt AS INTEGER) FROM message WHERE state = ?) ORDER BY id"
    )
    found: dict[str, list[Message]] = {}
    for row in db.run(sql, (str(State.WAITING), str(channel), until_ms, str(State.JOINED))):
        one = _message(row)
        found.setdefault(one.address, []).append(one)
    return list(found.values())


def join(db: Database, several: Sequence[Message], digest: Message, instead_of: int = 0) -> int:
    """One in place of several that wait; its number. instead_of: a digest that is joined too, for these hold all its
    lines; what stands in it from then on is no line of the new one."""
    number = put(db, digest)
    for one in several:
        _end(db, one, State.JOINED, digest.made_ms, str(number))
    if instead_of:
        joined, new, old = str(State.JOINED), str(number), str(instead_of)
        was_digest = "UPDATE message SET instead_of = ? WHERE state = ? AND receipt = ? AND instead_of = ?"
        db.run(was_digest, (number, joined, old, instead_of))
        db.run("UPDATE message SET receipt = ? WHERE state = ? AND receipt = ?", (new, joined, old))
        ends = "UPDATE message SET state = ?, receipt = ?, done_ms = ?, instead_of = ? WHERE id = ?"
        db.run(ends, (joined, new, digest.made_ms, number, instead_of))
    return number


def lines_of(db: Database, number: int) -> list[Message]:
    """What a digest of `join` stands for, the oldest first; empty: it is none."""
    where = "state = ? AND receipt = ? AND (instead_of IS NULL OR instead_of <> ?) ORDER BY id"
    sql = f"SELECT {_COLUMNS} FROM message WHERE {where}"  # noqa: S608  # our own names
    return [_message(row) for row in db.run(sql, (str(State.JOINED), str(number), number))]


def standing_digest(db: Database, message: Message) -> int:
    """Of `join`, that waits for the same address by the same way; 0: there is none."""
    sql = (
        "SELECT MAX(id) FROM message WHERE state = ? AND channel = ? AND address = ? AND why = ? "
        "AND id IN (SELECT CAST(receipt AS INTEGER) FROM message WHERE state = ?)"
    )
    where = (str(State.WAITING), str(message.channel), message.address, str(Why.DIGEST), str(State.JOINED))
    return db.run(sql, where)[0][0] or 0


def digest(code: str, address: str) -> str:
    """Of a one-time code, for one phone: what is kept of it."""
    return sha256(f"{code} {digits(address)}".encode()).hexdigest()


def digits(address: str) -> str:
    """The last eleven: a network writes a country's prefix or not."""
    return "".join(filter(str.isdecimal, address))[-11:]


def keys_of(alarms: str) -> tuple[Key, ...]:
    """The alarms that a message is about, of their column."""
    return tuple(Key(rule, source_of(source)) for rule, source in json.loads(alarms))


def failed(db: Database, message: Message, now_ms: int, why: str) -> None:
    """A way will never take it."""
    _end(db, message, State.FAILED, now_ms, why)


def refused(
    db: Database, message: Message, now_ms: int, why: str, longest_ms: int, *, is_last: bool = False
) -> None:  # fmt: skip
    """A way has not taken it: later again. is_last: after all others that wait now."""
    wait_ms = longest_ms + 1 if is_last else min(FIRST_MS << min(message.tries, 16), longest_ms)
    db.run(
        "UPDATE message SET tries = tries + 1, next_ms = ?, receipt = ? WHERE id = ?",
        (now_ms + wait_ms, why, message.number),
    )


def has_other(db: Database, number: int) -> bool:
    """Did it go by another way already; a digest: did each of its lines?"""
    if db.run("SELECT 1 FROM message WHERE instead_of = ? AND receipt <> ? LIMIT 1", (number, str(number))):
        return True
    lines = lines_of(db, number)
    return bool(lines) and all(has_other(db, line.number) for line in lines)


def sweep(db: Database) -> None:
    """Let the oldest go that are done, beyond KEPT_MAX; what waits stays."""
    sql = "DELETE FROM message WHERE state <> ? AND id <= (SELECT MAX(id) FROM message) - ?"
    db.run(sql, (str(State.WAITING), KEPT_MAX))


def load_calls(db: Database) -> Calling:
    """How far calls have come, and what waits for digests."""
    found = Calling()
    for rule, source, route, since, grade, opened, step, next_ms, paused, told in db.run(
        "SELECT rule, source, route, since_ms, grade, opened_ms, step, next_ms, paused_ms, told FROM call"
    ):
        whom = tuple((person, Channel(channel)) for person, channel in json.loads(told))
        call = Call(since, Level(grade), opened, step, next_ms, paused, whom)
        found.calls[CallKey(Key(rule, source_of(source)), route)] = call
    for person, channel, rule, source in db.run("SELECT person, channel, rule, source FROM late"):
        found.late.setdefault((person, Channel(channel)), {})[Key(rule, source_of(source))] = None
    return found


def load_measure(db: Database, into: Calling) -> None:
    """Who was told in the last ten minutes: a process that begins anew does not begin with everybody's full measure."""
    sql = (
        "SELECT person, channel, why, made_ms FROM message WHERE id > (SELECT MAX(id) FROM message) - ? "
        "AND made_ms > (SELECT MAX(made_ms) FROM message) - ? AND instead_of IS NULL AND why <> ? "
        "AND id NOT IN (SELECT CAST(receipt AS INTEGER) FROM message WHERE state = ?) ORDER BY made_ms"
    )
    for person, channel, why, made_ms in db.run(sql, (LATELY_MAX, WINDOW_MS, str(Why.TEST), str(State.JOINED))):
        whom = person, Channel(channel)
        into.sent[whom].append(made_ms)
        if why == Why.DIGEST:
            into.digested[whom] = made_ms


def keep_calls(db: Database, before: dict[CallKey, Call], after: Calling, late: bool) -> None:
    """Write what has changed of the calls; late: what waits for digests, too."""
    for at in before.keys() - after.calls.keys():
        where = (at.key.rule, str(at.key.source), at.route)
        db.run("DELETE FROM call WHERE rule = ? AND source = ? AND route = ?", where)
    changed = [(at, call) for at, call in after.calls.items() if before.get(at) != call]
    columns = "rule, source, route, since_ms, grade, opened_ms, step, next_ms, paused_ms, told"
    db.upsert("call", columns, "rule, source, route", [_call_row(at, call) for at, call in changed])
    if late:
        db.run("DELETE FROM late")
        rows = [
            (person, str(channel), key.rule, str(key.source))
            for (person, channel), keys in after.late.items() for key in keys
        ]  # fmt: skip
        db.insert("late", "person, channel, rule, source", rows)


def _call_row(at: CallKey, call: Call) -> Row:
    told = json.dumps([(person, str(channel)) for person, channel in call.told], ensure_ascii=False)
    return (
        at.key.rule, str(at.key.source), at.route, call.since_ms, str(call.grade), call.opened_ms, call.step,
        call.next_ms, call.paused_ms, told,
    )  # fmt: skip


def _told(db: Database, number: int, state: State) -> None:
    sql = "UPDATE message SET state = ? WHERE id = ? AND state = ?"
    db.run(sql, (str(state), number, str(State.SENT)))


def _end(db: Database, message: Message, state: State, now_ms: int, receipt: str) -> None:
    db.run(
        "UPDATE message SET state = ?, done_ms = ?, receipt = ?, tries = tries + 1 WHERE id = ? AND state = ?",
        (str(state), now_ms, receipt, message.number, str(State.WAITING)),
    )


def _row(one: Message) -> Row:
    keys = json.dumps([(key.rule, str(key.source)) for key in one.keys], ensure_ascii=False)
    return (
        one.number, one.made_ms, one.person, str(one.channel), one.address, str(one.why), keys, one.subject, one.text,
        str(one.state), one.tries, one.next_ms, one.done_ms, one.receipt, one.instead_of, one.code,
    )  # fmt: skip


def _message(row: Row) -> Message:
    number, made_ms, person, channel, address, why, keys, subject, text, state, *rest = row
    return Message(
        number, made_ms, person, Channel(channel), address, Why(why), keys_of(keys), subject, text, State(state), *rest
    )
