"""What the books have found of a card 发现: a row each, with its records, and what persons have said of it.

By policy a proved clone alone refuses a card, beside a report of loss, which the desk's own list does. Every other one
caps it at one meal a period 限餐, from the next period on, for SCHOOL_DAYS; a person confirms it, and it stays until
it is undone; or undoes it, and it ends at once.
"""

from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import NamedTuple

from cloud.ledger.cards.listing import Why, unlist_card
from cloud.ledger.fleet.parameters.door import calendar
from cloud.ledger.held.two_persons import REASON_MAX, person
from cloud.ledger.journal.book_chain import BookLinkKind, digest_of
from cloud.ledger.journal.writing import Writing
from cloud.store.db import Database, Row
from shared.clocks.clock import DAY_S, day_number
from shared.clocks.school_days import LOOK_MAX, Calendar
from shared.errors import ConfigFault
from shared.facts.books import CardUncapped, FindingConfirmed, FindingUndone
from shared.facts.desks import Unlisted
from shared.fleet.capped import CAPPED_MAX, UNTIL_UNDONE, CapRow
from shared.ids import CardId
from shared.words.voice import Text

SCHOOL_DAYS = 3
"""So many whole school days a cap counts; without a school calendar they are Monday to Friday."""
COLUMNS = "id, card, application, kind, mark, record, beside, state, found_ms, found_s, until_s, changed_ms"
WORD_COLUMNS = "id, finding, deed, who, reason, at_ms, at_s"
LAPSED_MAX = 64
"""Caps that are ended in a look."""
_NAMES = ", ".join(f"f.{name}" for name in COLUMNS.split(", "))
_SELECT = f"SELECT {_NAMES}, c.label FROM finding f JOIN card c ON c.card = f.card WHERE f."  # noqa: S608  # ours


class What(IntEnum):
    """Frozen numbers: they stand in the books."""

    CLONE = 1
    """Two genuine records at one counter. mark: the second one, which is in quarantine; beside: the first."""
    REPLAY = 2
    """One transaction under another number. mark, beside: as CLONE."""
    BACK = 3
    """At one terminal a later purchase has a lower counter. mark: that record; beside: the one before it."""
    JUMPED = 4
    """Purchases that it counted, and no terminal owes. mark: the counter that is missing; record: the one after it."""
    OVERDRAFT = 5
    """mark: the difference (findings.rows); so of the other two."""
    CHAIN = 6
    LOST = 7


REFUSES = frozenset({What.CLONE})
CAPS = frozenset({What.REPLAY, What.BACK, What.JUMPED, What.OVERDRAFT, What.CHAIN})
"""What lists a card, and what caps it. A loss is listed by its own report."""


class Standing(IntEnum):
    """Frozen numbers: they stand in the books."""

    OPEN = 1
    LAPSED = 2
    """Its cap has ended by itself; it stays in the list."""
    CONFIRMED = 3
    UNDONE = 4
    OVER = 5
    """What was late has come, or somebody has explained the difference."""


COUNT = (int(Standing.OPEN), int(Standing.CONFIRMED))
"""In which a finding acts."""


class Deed(IntEnum):
    """What a person says. Frozen numbers."""

    CONFIRM = 1
    UNDO = 2


class Seen(NamedTuple):
    """What shows now; record None: none shows it by itself."""

    card: bytes
    application: int
    what: What
    mark: int
    record: int | None
    beside: int | None = None


class Word(NamedTuple):
    """Somebody's."""

    deed: Deed
    who: str
    reason: str
    at_ms: int
    at_s: int


class CardFinding(NamedTuple):
    """A row. found_s, until_s: campus seconds."""

    number: int
    label: str
    seen: Seen
    standing: Standing
    found_ms: int
    found_s: int
    until_s: int
    changed_ms: int
    words: tuple[Word, ...] = ()

    @property
    def acts(self) -> bool:
        """Does it refuse or cap its card?"""
        return int(self.standing) in COUNT and self.seen.what is not What.LOST


class FindingRefused(ConfigFault):
    """Happens when there is no such finding, or it is settled otherwise. Nothing was changed."""


# --- rows ----------------------------------------------------------------------------------------------------------


def find(db: Database, number: int) -> CardFinding | None:
    """With all that was said of it."""
    return next(iter(_with_words(db, db.run(f"{_SELECT}id = ?", (number,)))), None)


def findings(db: Database, *, open_only: bool = False) -> list[CardFinding]:
    """Oldest first."""
    which = f"state IN ({COUNT[0]}, {COUNT[1]})" if open_only else "id > 0"
    return _with_words(db, db.run(f"{_SELECT}{which} ORDER BY f.id"))


def of_cards(db: Database, cards: Sequence[bytes]) -> list[CardFinding]:
    """Those of these cards, oldest first."""
    return sorted(_with_words(db, db.find(f"{_SELECT}card", cards)))


def known_of(db: Database, cards: Sequence[bytes]) -> bool:
    """Was anything ever found of one of these cards?"""
    return bool(db.find("SELECT id FROM finding WHERE card", cards))


def add(writing: Writing, seen: Seen) -> CardFinding:
    """A new one; it caps from now on, as long as its kind does."""
    (last,) = writing.db.run("SELECT COALESCE(MAX(id), 0) FROM finding")[0]
    now = writing.now
    until_s = lapses_s(now.campus_s, calendar(writing.db)) if seen.what in CAPS else 0
    row = (
        last + 1, seen.card, seen.application, int(seen.what), seen.mark, seen.record, seen.beside,
        int(Standing.OPEN), now.unix_ms, now.campus_s, until_s, now.unix_ms,
    )  # fmt: skip
    writing.db.insert("finding", COLUMNS, [row])
    label = writing.registry.cards[seen.card].label
    return CardFinding(last + 1, label, seen, Standing.OPEN, now.unix_ms, now.campus_s, until_s, now.unix_ms)


def move(writing: Writing, known: CardFinding, standing: Standing, until_s: int | None = None) -> None:
    """It stands otherwise."""
    until = known.until_s if until_s is None else until_s
    writing.db.run(
        "UPDATE finding SET state = ?, until_s = ?, changed_ms = ? WHERE id = ?",
        (int(standing), until, writing.now.unix_ms, known.number),
    )


def lapses_s(found_s: int, days: Calendar) -> int:
    """The end of the third school day after that of the finding. Within LOOK_MAX days, or then at the latest."""
    day, left = day_number(found_s), SCHOOL_DAYS
    for _ in range(LOOK_MAX):
        day += 1
        left -= days.is_school_day(day)
        if not left:
            break
    return (day + 1) * DAY_S


def lapse(writing: Writing) -> None:
    """End the caps whose time is over: terminals have ended them by themselves."""
    due = writing.db.run(
        f"{_SELECT}state = ? AND f.until_s > 0 AND f.until_s <= ? ORDER BY f.id LIMIT ?",
        (int(Standing.OPEN), writing.now.campus_s, LAPSED_MAX),
    )
    for one in map(_finding, due):
        move(writing, one, Standing.LAPSED)
        tell_uncapped(writing, one)


def tell_uncapped(writing: Writing, one: CardFinding) -> None:
    """Of one that caps."""
    if one.seen.what in CAPS:
        writing.notes.tell(CardUncapped(one.label, one.number, one.seen.what.name.lower()))


# --- what counts ----------------------------------------------------------------------------------------------------


def capped_now(db: Database, now_s: int) -> list[CapRow]:
    """For the document: a row a card, the newest CAPPED_MAX of them."""
    kinds = ", ".join(str(int(one)) for one in sorted(CAPS))
    rows = db.run(
        f"SELECT card, MIN(found_s), MAX(until_s) FROM finding WHERE kind IN ({kinds}) AND state IN (?, ?) "  # noqa: S608  # ours
        "AND until_s > ? GROUP BY card ORDER BY MAX(id) DESC LIMIT ?",
        (*COUNT, now_s, CAPPED_MAX),
    )
    return sorted(CapRow(CardId(bytes(card)), since, until) for card, since, until in rows)


def capped_of(db: Database, card: bytes) -> CapRow | None:
    """That of one card, whatever the document had room for."""
    acting = [one for one in of_cards(db, [card]) if one.acts and one.seen.what in CAPS] if known_of(db, [card]) else []
    if not acting:
        return None
    return CapRow(CardId(card), min(one.found_s for one in acting), max(one.until_s for one in acting))


# --- persons --------------------------------------------------------------------------------------------------------


def confirm(writing: Writing, number: int, who: str, reason: str) -> CardFinding:
    """A cap stays until it is undone. Said again by the same person it is a success. FindingRefused."""
    known, said = _said(writing, number, Deed.CONFIRM, who, reason)
    if said is None:
        return known
    if known.standing is not Standing.OPEN:
        raise FindingRefused(_not_open(known))
    _keep(writing, known, said)
    move(writing, known, Standing.CONFIRMED, UNTIL_UNDONE if known.until_s else 0)
    writing.notes.tell(FindingConfirmed(number, known.label, said.who, said.reason))
    return _again(writing.db, number)


def undo(writing: Writing, number: int, who: str, reason: str) -> CardFinding:
    """It was nothing: it acts no more, and is not found again. As `confirm`."""
    known, said = _said(writing, number, Deed.UNDO, who, reason)
    if said is None:
        return known
    if known.standing in (Standing.UNDONE, Standing.OVER):
        raise FindingRefused(_not_open(known))
    _keep(writing, known, said)
    move(writing, known, Standing.UNDONE)
    writing.notes.tell(FindingUndone(number, known.label, said.who, said.reason))
    if known.acts:
        tell_uncapped(writing, known)
    unlist(writing, known)
    return _again(writing.db, number)


def unlist(writing: Writing, known: CardFinding) -> None:
    """Take the card off the hotlist, where no other clone was found of it."""
    others = (one for one in of_cards(writing.db, [known.seen.card]) if one.seen.what in REFUSES and one.acts)
    if known.seen.what in REFUSES and not any(others) and unlist_card(writing, known.seen.card, Why.CLONE):
        writing.notes.tell(Unlisted(known.seen.card))


def _said(writing: Writing, number: int, deed: Deed, who: str, reason: str) -> tuple[CardFinding, Word | None]:
    """What is known, and what is to be kept; None: it was said before."""
    signed, why = person(who), reason.strip()
    if not 0 < len(why) <= REASON_MAX or "\0" in why:
        raise FindingRefused(Text(f"--reason: 1..{REASON_MAX} 个字", f"--reason: 1..{REASON_MAX} characters"))
    known = find(writing.db, number)
    if known is None:
        raise FindingRefused(Text(f"没有发现 {number}", f"there is no finding {number}"))
    if any((one.deed, one.who, one.reason) == (deed, signed, why) for one in known.words):
        return known, None
    return known, Word(deed, signed, why, writing.now.unix_ms, writing.now.campus_s)


def _keep(writing: Writing, known: CardFinding, said: Word) -> None:
    (last,) = writing.db.run("SELECT COALESCE(MAX(id), 0) FROM finding_word")[0]
    row = (last + 1, known.number, int(said.deed), *said[1:])
    writing.db.insert("finding_word", WORD_COLUMNS, [row])
    writing.booking.link(BookLinkKind.FINDING_WORD, last + 1, digest_of(row))


def _not_open(known: CardFinding) -> Text:
    how = STANDINGS[known.standing]
    return Text(f"发现 {known.number} {how.zh}", f"finding {known.number} {how.en}")


STANDINGS = {
    Standing.OPEN: Text("待定", "is open"),
    Standing.LAPSED: Text("已到期", "has lapsed"),
    Standing.CONFIRMED: Text("已确认", "is confirmed"),
    Standing.UNDONE: Text("已解除", "was undone"),
    Standing.OVER: Text("已消除", "is over"),
}


def _again(db: Database, number: int) -> CardFinding:
    found = find(db, number)
    if found is None:
        raise FindingRefused(Text(f"没有发现 {number}", f"there is no finding {number}"))
    return found


def _with_words(db: Database, rows: Iterable[Row]) -> list[CardFinding]:
    found = [_finding(row) for row in rows]
    words: dict[int, list[Word]] = {}
    numbers = [one.number for one in found]
    said = db.find("SELECT finding, deed, who, reason, at_ms, at_s FROM finding_word WHERE finding", numbers)
    for number, deed, *rest in sorted(said):
        words.setdefault(number, []).append(Word(Deed(deed), *rest))
    return [one._replace(words=tuple(words.get(one.number, ()))) for one in found]


def _finding(row: Row) -> CardFinding:
    number, card, application, kind, mark, record, beside, state, found_ms, found_s, until_s, changed_ms, label = row
    seen = Seen(bytes(card), application, What(kind), mark, record, beside)
    return CardFinding(number, label, seen, Standing(state), found_ms, found_s, until_s, changed_ms)
