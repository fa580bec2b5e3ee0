"""Differences between a card and the books as rows, and what people have said of them.

A difference counts until somebody has explained it, or until what was late has come and nothing differs any more. What
was explained is never changed: more of the same is a difference of its own.
"""

from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum
from typing import NamedTuple

from cloud.ledger.held.two_persons import REASON_MAX, person
from cloud.ledger.journal.book_chain import BookLinkKind, digest_of
from cloud.ledger.journal.facts import append, row_of
from cloud.ledger.journal.writing import Writing
from cloud.store.db import Database, Row
from shared.errors import ConfigFault
from shared.facts.books import BalanceChainOver, LostCardOver, PurseNegativeOver
from shared.facts.desks import DifferenceExplained
from shared.facts.told import Told
from shared.words.voice import Text

MAIN, SUBSIDY = 0, 1
"""Applications of a card (records.application_of)."""
WATCHED_MAX = 64
"""Most cards with an open difference that are looked at again though nothing has moved; the oldest first."""
_COLUMNS = "id, card, application, kind, mark, expected_fen, read_fen, record, state, found_ms, changed_ms"
_SELECT = (
    "SELECT d.id, c.label, d.card, d.application, d.kind, d.mark, d.expected_fen, d.read_fen, d.record, d.state, "
    "d.found_ms, d.changed_ms, e.who, e.reason, e.at_ms FROM difference d JOIN card c ON c.card = d.card "
    "LEFT JOIN explanation e ON e.difference = d.id WHERE d."
)
_STANDING = (
    "SELECT COUNT(CASE WHEN e.who IS NULL AND d.state = ? THEN 1 END), COUNT(e.who), "
    "CAST(COALESCE(SUM(CASE WHEN e.who IS NOT NULL AND d.kind = ? THEN d.read_fen - d.expected_fen END), 0) AS BIGINT) "
    "FROM difference d LEFT JOIN explanation e ON e.difference = d.id"
)


class Kind(IntEnum):
    """Frozen numbers: they stand in the books."""

    NEGATIVE = 1
    """A purse below zero: expected 0, read what its account says."""
    CHAIN = 2
    """A balance that does not follow from the one before it. mark: which step (chain.mark_of)."""
    LOST = 3
    """What a card has spent since it was reported lost: expected 0. mark: the report (card_deed.id)."""


class State(IntEnum):
    """Frozen numbers: they stand in the books."""

    OPEN = 1
    CLEARED = 2
    """What was late has come: nothing differs any more."""
    WAITING = 3
    """Told to nobody yet: a terminal owes records, and what explains it may be among them (look.OWED_WAIT_MS)."""


_OVER = {Kind.NEGATIVE: PurseNegativeOver, Kind.CHAIN: BalanceChainOver, Kind.LOST: LostCardOver}


class Finding(NamedTuple):
    """What differs now, of one purse. record: the newest one that shows it."""

    card: bytes
    application: int
    kind: Kind
    mark: int
    expected_fen: int
    read_fen: int
    record: int | None

    @property
    def identity(self) -> tuple[bytes, int, Kind, int]:
        """What stays when it grows."""
        return self[:4]


class Explanation(NamedTuple):
    """What somebody has found out."""

    who: str
    reason: str
    at_ms: int


class Difference(NamedTuple):
    """A row."""

    number: int
    label: str
    found: Finding
    state: State
    found_ms: int
    changed_ms: int
    explanation: Explanation | None

    @property
    def is_unexplained(self) -> bool:
        """Does it still ask for somebody?"""
        return self.explanation is None and self.state is State.OPEN

    def covers(self, found: Finding) -> bool:
        """Is that all of it, or less?"""
        if self.found.identity != found.identity:
            return False
        mine, theirs = self.found.read_fen, found.read_fen
        return mine <= theirs if found.kind is Kind.NEGATIVE else found.kind is Kind.CHAIN or mine >= theirs


class DifferenceSums(NamedTuple):
    """How many there are. explained_fen: what cards hold beyond the books, by chains that are explained."""

    unexplained: int
    explained: int
    explained_fen: int


class DifferenceRefused(ConfigFault):
    """Happens when there is no such difference, or it was explained before. Nothing was changed."""


def differences(db: Database) -> list[Difference]:
    """All that ever were, oldest first."""
    return [_difference(row) for row in db.run(f"{_SELECT}id > 0 ORDER BY d.id")]


def of_cards(db: Database, cards: Sequence[bytes]) -> list[Difference]:
    """Those of these cards, oldest first."""
    return sorted(map(_difference, db.find(f"{_SELECT}card", cards)))


def watched(db: Database) -> list[bytes]:
    """Cards with an unexplained difference, or one that waits, WATCHED_MAX of them."""
    rows = db.run(
        "SELECT d.card FROM difference d LEFT JOIN explanation e ON e.difference = d.id "
        "WHERE d.state IN (?, ?) AND e.who IS NULL ORDER BY d.id LIMIT ?",
        (int(State.OPEN), int(State.WAITING), WATCHED_MAX),
    )
    return [bytes(card) for (card,) in rows]


def standing(db: Database) -> DifferenceSums:
    """How many there are."""
    counts = db.run(_STANDING, (int(State.OPEN), int(Kind.CHAIN)))
    return DifferenceSums(*map(int, counts[0]))


def over(label: str, card: bytes, kind: Kind, known: Iterable[Difference]) -> Iterator[Told]:
    """The fact that ends what was told of this card and kind, unless one of these still asks for somebody."""
    if not any(one.is_unexplained and (one.found.card, one.found.kind) == (card, kind) for one in known):
        yield _OVER[kind](label)


def add(writing: Writing, found: Finding, state: State = State.OPEN) -> None:
    """A new one."""
    now_ms = writing.now.unix_ms
    number = 1 + int(writing.db.run("SELECT COALESCE(MAX(id), 0) FROM difference")[0][0])
    row = (number, *found[:2], int(found.kind), *found[3:], int(state), now_ms, now_ms)
    writing.db.insert("difference", _COLUMNS, [row])


def change(writing: Writing, known: Difference, found: Finding, state: State) -> None:
    """It has grown, is open again, or nothing differs any more. Only of one that nobody has explained."""
    writing.db.run(
        "UPDATE difference SET expected_fen = ?, read_fen = ?, record = ?, state = ?, changed_ms = ? WHERE id = ?",
        (found.expected_fen, found.read_fen, found.record, int(state), writing.now.unix_ms, known.number),
    )


def explain(writing: Writing, number: int, who: str, reason: str) -> Difference:
    """Somebody knows what it is; said again by the same person it is a success. DifferenceRefused."""
    signed, why = person(who), reason.strip()
    if not 0 < len(why) <= REASON_MAX or "\0" in why:
        raise DifferenceRefused(Text(f"--reason: 1..{REASON_MAX} 个字", f"--reason: 1..{REASON_MAX} characters"))
    rows = writing.db.run(f"{_SELECT}id = ?", (number,))
    if not rows:
        raise DifferenceRefused(Text(f"没有差异 {number}", f"there is no difference {number}"))
    known = _difference(rows[0])
    if known.explanation is not None:
        if known.explanation[:2] == (signed, why):
            return known
        raise DifferenceRefused(
            Text(
                f"差异 {number} 已由 {known.explanation.who} 说明",
                f"{known.explanation.who} has explained difference {number} before",
            )
        )
    said = Explanation(signed, why, writing.now.unix_ms)
    row = (number, *said)
    writing.db.insert("explanation", "difference, who, reason, at_ms", [row])
    writing.booking.link(BookLinkKind.EXPLANATION, number, digest_of(row))
    told = DifferenceExplained(number, known.label, signed, why)
    card, kind = known.found.card, known.found.kind
    ended = over(known.label, card, kind, of_cards(writing.db, [card])) if known.is_unexplained else ()
    append(writing.db, [row_of(one, writing.now.unix_ms) for one in (told, *ended)])
    return known._replace(explanation=said)


def _difference(row: Row) -> Difference:
    number, label, card, application, kind, mark, expected, read, record, state, found_ms, changed_ms, *said = row
    found = Finding(bytes(card), application, Kind(kind), mark, expected, read, record)
    explanation = None if said[0] is None else Explanation(*said)
    return Difference(number, label, found, State(state), found_ms, changed_ms, explanation)
