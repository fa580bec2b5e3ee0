"""卡账核对: for every purse whether it closes, always current: what the books expect, what its card was last known to
hold, what is late of the difference, and what nobody can explain.

Beside the posting, with the look: only purses that do not close have a row, so a campus that is in order writes none.
The difference is last known − expected; a late purchase makes it negative, a load on its way positive; what is neither
is unexplained. late + unexplained is the whole difference, by construction; whether late is true, `verify` says anew.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from cloud.ledger.findings.found import COUNT, What
from cloud.ledger.findings.purses import Purse, Whose, place_of, whole_purse
from cloud.ledger.findings.rows import MAIN
from cloud.ledger.held.losses.bearing import losses
from cloud.ledger.held.losses.spent import released_at
from cloud.ledger.journal.writing import Writing
from cloud.store.db import Database, Row

COLUMNS = "card, application, expected_fen, known_fen, late_fen, missing, record, since_ms, at_ms"
AGAIN_MS, AGAIN_MAX = 30_000, 8
"""Rows are looked at again after so long, so many in a look, though nothing has moved."""
UNKNOWN = 1
"""Purchases that are missing before the first one of a purse: how many, nobody can say."""


class Standing(NamedTuple):
    """A purse as the look has read it. balance_fen: of its account."""

    whose: Whose
    opening_fen: int
    balance_fen: int
    purse: Purse


class Apart(NamedTuple):
    """A purse that does not close. missing: purchases that it counted and nobody brought; record: its newest."""

    whose: Whose
    expected_fen: int
    known_fen: int
    late_fen: int
    missing: int
    record: int | None
    since_ms: int
    at_ms: int

    @property
    def difference_fen(self) -> int:
        """Last known less expected."""
        return self.known_fen - self.expected_fen

    @property
    def unexplained_fen(self) -> int:
        """What is neither expected nor late."""
        return self.difference_fen - self.late_fen


class ClosingCounts(NamedTuple):
    """For the overview: cards that do not close, those of them with something unexplained, both sums, and findings
    that act."""

    cards: int
    unexplained: int
    late_fen: int
    unexplained_fen: int
    findings: int


def close(writing: Writing, looked: Sequence[Standing], special: Collection[bytes]) -> None:
    """Inside of a transaction: these purses, as they are now. special: cards that are lost, kept or replaced."""
    db, now_ms = writing.db, writing.now.unix_ms
    cards = sorted({one.whose[0] for one in looked})
    before = {(one.whose): one for one in apart_of(db, cards)}
    for one in looked:
        known = before.get(one.whose)
        found = standing_of(db, one, special=one.whose[0] in special, known=known)
        if found is not None and not found.difference_fen:
            found = None
        if found is None and known is not None:
            db.run("DELETE FROM purse_apart WHERE card = ? AND application = ?", one.whose)
        elif found is not None and (known is None or _differs(known, found) or _is_old(known, now_ms)):
            row = (*one.whose, *found[1:6], known.since_ms if known is not None else now_ms, now_ms)
            db.upsert("purse_apart", COLUMNS, "card, application", [row])


def due(db: Database, now_ms: int) -> list[bytes]:
    """Cards of rows that nobody has looked at for AGAIN_MS, AGAIN_MAX of them: what stood open may be decided."""
    select = "SELECT card FROM purse_apart WHERE at_ms <= ? ORDER BY at_ms LIMIT ?"
    rows = db.run(select, (now_ms - AGAIN_MS, AGAIN_MAX))
    return [bytes(card) for (card,) in rows]


def apart(db: Database) -> list[Apart]:
    """All purses that do not close, the oldest first."""
    return [_row(row) for row in db.run(f"SELECT {COLUMNS} FROM purse_apart ORDER BY since_ms, card, application")]  # noqa: S608  # ours


def apart_of(db: Database, cards: Sequence[bytes]) -> list[Apart]:
    """Those of these cards."""
    return sorted(_row(row) for row in db.find(f"SELECT {COLUMNS} FROM purse_apart WHERE card", list(cards)))  # noqa: S608  # ours


def counts(db: Database) -> ClosingCounts:
    """Of all cards."""
    unexplained = "known_fen - expected_fen - late_fen"
    rows = db.run(
        f"SELECT COUNT(DISTINCT card), COUNT(DISTINCT CASE WHEN {unexplained} <> 0 THEN card END), "  # noqa: S608  # ours
        f"CAST(COALESCE(SUM(late_fen), 0) AS BIGINT), CAST(COALESCE(SUM({unexplained}), 0) AS BIGINT), "
        "(SELECT COUNT(*) FROM finding WHERE state IN (?, ?) AND kind <> ?) FROM purse_apart",
        (*COUNT, int(What.LOST)),
    )
    return ClosingCounts(*map(int, rows[0]))


def standing_of(db: Database, one: Standing, *, special: bool, known: Apart | None = None) -> Apart | None:
    """None: no record tells what it holds, or its balance has moved to another card. special: the desk keeps it, it was
    reported lost, or it has taken another one's place. known: as it was written down last."""
    card, application = one.whose
    expected = one.balance_fen
    if special:
        if released_at(db, card) is not None:
            return None
        standing = (loss for loss in losses(db, [card]) if loss.undone is None and loss.application == application)
        expected -= sum(loss.fen for loss in standing)
    purse = one.purse
    found = _split(one, purse, expected)
    if found is None or not found.difference_fen or purse.whole:
        return found
    if known is not None and known.difference_fen == found.difference_fen and not purse.is_open:
        return found._replace(late_fen=known.late_fen, missing=known.missing)  # nothing has come that was missing
    return _split(one, whole_purse(db, one.whose), expected)


def _split(one: Standing, purse: Purse, expected: int) -> Apart | None:
    newest = _newest(purse, expected)
    if newest is None:
        return None
    known, record = newest
    difference, missing = known - expected, missing_in(purse, one.opening_fen)
    if difference < 0:
        late = difference if missing or purse.is_open else 0
    else:
        late = min(difference, purse.coming_fen) if one.whose[1] == MAIN else 0
    return Apart(one.whose, expected, known, late, missing, record, 0, 0)


def _newest(purse: Purse, expected: int) -> tuple[int, int | None] | None:
    """What its newest step left, and the record that says so. Nothing says whether a purchase or a load was the last:
    the one that fits better."""
    ends = [(step.balance_fen + step.amount_fen, purse.loaded_by) for step in purse.loads[-1:]]
    ends += [(held.said.balance_fen - held.said.amount_fen, held.record) for held in purse.purchases[-1:]]
    return min(ends, key=lambda end: abs(end[0] - expected), default=None)


def missing_in(purse: Purse, opening_fen: int) -> int:
    """Purchases that it has counted and of which no record is here; UNKNOWN before the first."""
    counters = [held.said.counter for held in purse.purchases]
    if not counters:
        return 0
    between = counters[-1] - counters[0] + 1 - len(set(counters))
    first = purse.purchases[0].said
    is_late = purse.whole and counters[0] > 0 and not purse.loads and first.balance_fen < opening_fen
    return between + (UNKNOWN if is_late else 0)


def place(db: Database, one: Apart) -> tuple[str, str]:
    """Name and place of the terminal that told what it was last known to hold; empty: none did."""
    return place_of(db, one.record)[1:] if one.record is not None else ("", "")


def _is_old(known: Apart, now_ms: int) -> bool:
    return now_ms - known.at_ms >= AGAIN_MS


def _differs(known: Apart, found: Apart) -> bool:
    return known[1:6] != found[1:6]


def _row(row: Row) -> Apart:
    card, application, *rest = row
    return Apart((bytes(card), application), *rest)
