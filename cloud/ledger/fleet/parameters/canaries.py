"""Canaries 先行 as rows: what was signed with one for the day on which it is judged, and how its terminals do.

Inside of a transaction. Nobody signs at that hour: the ingest may not, and the person has gone home. What goes back
where it is, and on at the others, was drafted and signed with the push; something else that was pushed since overtakes
it. Terminals take either at their next meal period, as all parameters.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from enum import IntEnum
from typing import NamedTuple

from cloud.ledger.fleet.documents.making import Draft
from cloud.ledger.fleet.documents.rows import newest
from cloud.ledger.fleet.parameters import rows
from cloud.ledger.fleet.parameters.rows import Making, Push, PushKind
from cloud.ledger.fleet.parameters.tallies import Tally, tallies
from cloud.ledger.journal.writing import Writing
from cloud.ledger.records.values import Now
from cloud.parameters.canary import WEEK_DAYS, Rate, Word, judged
from cloud.store.db import Database
from shared.clocks.clock import DAY_S
from shared.fleet.document import DocumentKind, SignedHead, decode_head, device_scope
from shared.ids import DeviceId

_SIGNED = "push, device, outcome, generation, raw, signature, body"
_OPEN = (
    "SELECT w.push FROM canary_word w WHERE w.word = 1 "
    "AND NOT EXISTS (SELECT 1 FROM canary_word e WHERE e.push = w.push AND e.word >= 10)"
)


class Outcome(IntEnum):
    """Of a canary, for a terminal. Frozen numbers: they stand in the ledger."""

    BACK = 1
    """At one that has it: what counted before."""
    ON = 2
    """At one that waits."""


class Watched(NamedTuple):
    """A canary as it stands. reason: why most were refused at it, 0: nobody was; age_s: since the push."""

    push: Push
    word: Word
    canary: Rate
    own: Rate
    rest: Rate
    reason: int
    age_s: int


def keep_watch(writing: Writing, push: Push, signed: Iterable[tuple[Outcome, Making]]) -> None:
    """Beside its push."""
    made = [
        (push.number, one.device, int(outcome), one.draft.before, one.signed.raw, one.signed.signature, one.draft.body)
        for outcome, one in signed
    ]
    writing.db.insert("parameter_canary", _SIGNED, made)
    say(writing, push.number, Word.WATCHED)


def say(writing: Writing, push: int, word: Word) -> None:
    """Once."""
    writing.db.insert("canary_word", "push, word, at_ms", [(push, int(word), writing.now.unix_ms)])


def words_of(db: Database) -> dict[int, list[Word]]:
    """Push → what was said of it as a canary, in order."""
    found: dict[int, list[Word]] = {}
    for push, word in db.run("SELECT push, word FROM canary_word ORDER BY push, word"):
        found.setdefault(push, []).append(Word(word))
    return found


def signed_for(db: Database, push: int, outcome: Outcome) -> list[Making]:
    """What was signed with it."""
    found = db.run(
        "SELECT device, generation, raw, signature, body FROM parameter_canary WHERE push = ? AND outcome = ? "
        "ORDER BY device",
        (push, int(outcome)),
    )
    return [
        Making(bytes(device), Draft(decode_head(bytes(raw)), bytes(body), before), SignedHead(bytes(raw), bytes(name)))
        for device, before, raw, name, body in found
    ]


def is_newest(db: Database, made: Collection[Making]) -> bool:
    """Was nothing else made for these since they were signed?"""
    return all(_newest(db, one.device) == one.draft.before for one in made)


def looked_at(db: Database, now: Now) -> list[Watched]:
    """Every canary that is watched. Cheap where there is none."""
    open_ones = {push for (push,) in db.run(_OPEN)}
    if not open_ones:
        return []
    found = [one for one in rows.pushes(db) if one.number in open_ones and one.kind is PushKind.CANARY]
    return [_watched(db, one, now) for one in found]


def _watched(db: Database, push: Push, now: Now) -> Watched:
    age_s = max(0, now.unix_ms - push.at_ms) // 1000
    began = (now.campus_s - age_s) // DAY_S
    there = tallies(db, {*push.targets}, began - WEEK_DAYS - 1)
    mine = [one for one in there if one.generation >= push.made.get(one.device, 1 << 62)]
    before = [one for one in there if one.device in push.made and one.generation < push.made[one.device]]
    beside = [one for one in there if one.device not in push.made and one.day >= began]
    canary, own, rest = _rate(mine), _rate(before), _rate(beside)
    is_overtaken = any(_newest(db, device) != generation for device, generation in push.made.items())
    word = Word.OVERTAKEN if is_overtaken else judged(canary, own, rest, age_s)
    if word is Word.ON and not signed_for(db, push.number, Outcome.ON):
        word = Word.HELD
    return Watched(push, word, canary, own, rest, _most(mine), age_s)


def _rate(found: Iterable[Tally]) -> Rate:
    return sum((Rate(one.served, one.declined) for one in found), Rate())


def _most(found: Iterable[Tally]) -> int:
    reasons = sum((one.reasons for one in found), Counter[int]())
    return reasons.most_common(1)[0][0] if reasons else 0


def _newest(db: Database, device: bytes) -> int:
    last = newest(db, DocumentKind.PARAMETERS, device_scope(DeviceId(device)))
    return last.generation if last else 0
