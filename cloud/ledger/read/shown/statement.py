"""What moved a card's money, as a statement 对账单 that tells nobody what of it is aid. Pure.

Both purses are one sum, and so are both pending loads. What was given to a pending load is one line whatever it came
from; both openings are one, and so are both halves of a mixed payment: what a line would tell apart, a sum does not.
"""

from collections.abc import Iterable
from typing import NamedTuple

from cloud.ledger.read.views import CardView, EntryView

OPENINGS = frozenset({"opening", "opening_subsidy"})
PAYMENTS = frozenset({"purchase", "evidence"})
TOGETHER_S = 2
"""Two records of one terminal that are so near to each other are one payment."""
_PURSES, _PENDING = ("purse", "subsidy"), ("pending", "pending-subsidy")


class Sums(NamedTuple):
    """Of a card, in fen, as everybody sees them who may: never added to each other."""

    purses: int = 0
    online: int = 0
    transit: int = 0
    pending: int = 0

    def plus(self, other: "Sums") -> "Sums":
        """Each for itself."""
        return Sums(*(a + b for a, b in zip(self, other, strict=True)))


class Line(NamedTuple):
    """what: a word's key is `moved_` and this. time: campus seconds, 0: of several moments. entries: in it."""

    entry: int
    what: str
    time: int
    place: str
    moved: Sums
    entries: int = 1


def sums_of(view: CardView) -> Sums:
    """The balances."""
    return Sums(
        view.purse_fen + view.subsidy_fen,
        view.online_fen,
        view.transit_fen,
        view.pending_fen + view.pending_subsidy_fen,
    )


def statement(card: bytes, entries: Iterable[EntryView], day_s: int) -> list[Line]:
    """Newest first, as they come. day_s: seconds of a day; an entry without a record is known by its day."""
    lines: list[Line] = []
    given, opened = Line(0, "given", 0, "", Sums(), 0), Line(0, "opening", 0, "", Sums(), 0)
    for entry in entries:
        moved = _moved(card, entry)
        if not any(moved):
            continue
        if entry.kind in OPENINGS:
            opened = opened._replace(entry=entry.entry, moved=opened.moved.plus(moved), entries=1)
        elif moved.pending > 0:
            given = given._replace(moved=given.moved.plus(moved), entries=given.entries + 1)
        else:
            _add(lines, _line(entry, moved, day_s), entry.kind)
    return [*lines, *(one for one in (given, opened) if one.entries)]


def _add(lines: list[Line], line: Line, kind: str) -> None:
    last = lines[-1] if lines else None
    is_half = last is not None and kind in PAYMENTS and last.what == line.what == "paid" and last.place == line.place
    if last is not None and is_half and abs(last.time - line.time) <= TOGETHER_S:
        lines[-1] = last._replace(moved=last.moved.plus(line.moved))
    else:
        lines.append(line)


def _line(entry: EntryView, moved: Sums, day_s: int) -> Line:
    record = entry.record
    time, place = (record.time, record.terminal) if record else (entry.effective_day * day_s, "")
    return Line(entry.entry, WORDS.get(entry.kind, "other"), time, place, moved)


def _moved(card: bytes, entry: EntryView) -> Sums:
    found = dict.fromkeys(Sums._fields, 0)
    for debit, credit, fen in entry.postings:
        for code, signed in ((debit, -fen), (credit, fen)):
            if bucket := _bucket(code, card):
                found[bucket] += signed
    return Sums(**found)


def _bucket(code: str, card: bytes) -> str:
    kind, _, whose = code.partition(":")
    if whose != card.hex():
        return ""
    return "purses" if kind in _PURSES else "pending" if kind in _PENDING else kind


WORDS = {
    **dict.fromkeys(PAYMENTS, "paid"), "evidence_withdrawn": "corrected", "deposit": "topped_up",
    "load_authorised": "loading", "claim_authorised": "loading",
    "load_confirmed": "loaded", "load_confirmed_by_counter": "loaded", "load_alone": "loaded", "claim_alone": "loaded",
    "load_reversed": "load_back", "claim_reversed": "load_back", "cash_in": "cash_in", "cash_out": "cash_out",
    "unloaded": "unloaded", "unloaded_by_counter": "unloaded", "card_replaced": "exchanged",
    "loss_released": "exchanged", "account_paid": "account_paid", "account_reversed": "account_back",
    "meal_repaid": "meal_repaid", "meal_taken_back": "meal_back", "code_paid": "code_paid",
    **dict.fromkeys(("loss_borne", "loss_taken_back", "loss_provided", "loss_unprovided"), "borne"),
}  # fmt: skip
"""Kind of an entry → what its line says; loads and claims say the same."""
