"""Exposure 风险敞口: the most that terminals which are waited for could still bring of a card, by the caps they use.

A terminal that says which of our parameters it uses lets a card spend no more than their day's sum on each business day
since it was heard with nothing owed: it may have sold up to that on any of them, and go on to any later version. One
that owes records or has a slot open, one that was never heard, uses parameters that we have not made, or has no day's
sum for this card in some meal, may bring anything. Inside of a transaction.
"""

from collections.abc import Iterable, Iterator, Sequence

from cloud.ledger.cards.life import life_of
from cloud.ledger.fleet.documents.reported import known_of
from cloud.ledger.fleet.documents.rows import body_of, generation_of, newest
from cloud.ledger.held.losses.waiting import Waiting
from cloud.ledger.records.grey import State
from cloud.ledger.records.values import Now
from cloud.store.db import Database
from shared.clocks.clock import business_day
from shared.fleet.document import DocumentKind, device_scope
from shared.fleet.parameters import ParameterBody, decode_parameters
from shared.ids import DeviceId

VERSIONS_MAX = 16
"""It may use any version from the one that it named up to the newest; one that is further behind may bring anything."""
BEFORE_THE_FIRST = 0
"""The meal before the first one of a day."""


def certain_fen(db: Database, card: bytes, purse_fen: int, waiting: Iterable[Waiting], now: Now) -> int:
    """What of a purse is the holder's, whatever those that are waited for bring."""
    if _has_grey(db, card):
        return 0
    classes, left_fen = _classes(db, card), purse_fen
    for one in waiting:
        fen = _of(db, one, classes, now)
        if fen is None or fen >= left_fen:
            return 0
        left_fen -= fen
    return left_fen


def _has_grey(db: Database, card: bytes) -> bool:
    """A grey purchase of this card waits for evidence that may never come: a person decides it, no release does."""
    query = "SELECT 1 FROM suspense WHERE purse >= ? AND purse <= ? AND state = ?"
    return bool(db.run(query, (card, card + b"\xff", int(State.OPEN))))


def _classes(db: Database, card: bytes) -> set[int]:
    """As it was issued, and as a desk may have written it since."""
    rows = db.run("SELECT card_class FROM card WHERE card = ?", (card,))
    later = life_of(db, card).card_class
    return {int(row[0]) for row in rows} | (set() if later is None else {later})


def _of(db: Database, one: Waiting, classes: set[int], now: Now) -> int | None:
    if one.records or one.open_slots or not one.terminal.heard_ms:
        return None
    bodies = list(_versions(db, DeviceId(one.terminal.device)))
    day_fen = _highest([_day_fen(body, classes) for body in bodies])
    if day_fen is None:
        return None
    heard_s = now.campus_s - (now.unix_ms - one.terminal.heard_ms) // 1000
    return day_fen * max(_days(body, heard_s, now.campus_s) for body in bodies)


def _versions(db: Database, device: DeviceId) -> Iterator[ParameterBody]:
    """All that it may use by now; none where that is not known."""
    which = DocumentKind.PARAMETERS, device_scope(device)
    known, last = known_of(db, device, *which), newest(db, *which)
    if known is None or last is None or not 0 <= last.generation - known.said.generation < VERSIONS_MAX:
        return
    used = generation_of(db, *which, known.said.generation)
    if used is None or used.digest != known.said.digest:
        return
    for generation in range(used.generation, last.generation + 1):
        made = generation_of(db, *which, generation)
        if made is not None:
            yield decode_parameters(body_of(db, made))


def _day_fen(body: ParameterBody, classes: Iterable[int]) -> int | None:
    """The most that a card of one of these classes spends on a day; None: no limit in some meal."""
    meals = [BEFORE_THE_FIRST, *(row.meal for row in body.meals)]
    caps = [body.limits_of(card_class, meal) for card_class in classes for meal in meals]
    return _highest([0 if limits.is_refused else limits.day_fen for limits in caps])


def _highest(caps: Sequence[int | None]) -> int | None:
    known = [fen for fen in caps if fen is not None]
    return max(known) if known and len(known) == len(caps) else None


def _days(body: ParameterBody, first_s: int, last_s: int) -> int:
    """Business days that these moments belong to, and those between them."""
    return business_day(last_s, body.day_start_s) - business_day(first_s, body.day_start_s) + 1
