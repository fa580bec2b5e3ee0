"""How the books are shown to whoever looks: by his rights, and never with a named person's aid (AID alone sees that).

Who may not see aid sees of a card one account for what is on it and one for what waits to be loaded, whatever purse it
is of; what a card got has one word, and the school one account.
"""

import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple, TypeVar

from flask import g, request
from werkzeug.wrappers import Response

from cloud.console.access.rights import Right, Signed
from cloud.console.frame.export import csv_answer
from cloud.console.frame.halves import joined_entries
from cloud.console.frame.page import Reply
from cloud.console.frame.sheet import xlsx_answer
from cloud.console.frame.table import Column
from cloud.console.words.catalogue import words
from cloud.ledger.books.chart import OF_A_CARD
from cloud.ledger.read.reader import Reader
from cloud.ledger.read.views import EntryView, RecordView
from cloud.ledger.records.values import Now
from shared.clocks.campus_clock import WALL
from shared.clocks.clock import time_text
from shared.facts.terms import REASONS
from shared.words.spans import span
from shared.words.voice import Text

T = TypeVar("T")
View = Callable[..., Reply]
HEX = re.compile(r"[0-9a-fA-F]{1,40}")
NOBODYS: Mapping[bytes, str] = {}
NUMBER_MAX = 0x7FFF_FFFF_FFFF
_ONE_TOTAL = {"subsidy": "purse", "pending-subsidy": "pending"}
"""A card's account of aid → the account that it is shown as to whoever may not see aid."""
_SCHOOL = ("bank", "fund", "discount")
_AID_ACCOUNTS = ("fund", "discount:subsidy")
"""Accounts whose postings name who gets aid."""
_ONE_WORD = {"grant": "deposit", "opening_subsidy": "opening"}


class Line(NamedTuple):
    """One posting as it is shown; a side: kind of account (a key of the words), what is behind it, its code or ''."""

    debit: tuple[str, str, str]
    credit: tuple[str, str, str]
    fen: int


class Shown(NamedTuple):
    """An entry as it is shown. card: its label, '' where nobody may see it or it has none."""

    entry: int
    kind: str
    booked: str
    lines: Sequence[Line]
    record: RecordView | None
    card: str
    reverses: int
    who: str
    is_doubtful: bool


def now() -> Now:
    """The moment, by this machine's clock."""
    unix_s = time.time()
    return Now(int(unix_s * 1000), WALL.at(unix_s))


def moment(unix_ms: int) -> str:
    """A moment of the ledger as people read it; '' for none."""
    return time_text(WALL.at(unix_ms / 1000)) if unix_ms else ""


def age(opened_ms: int, now_ms: int) -> Text:
    """How long it waits."""
    return Text(*span(max(0, now_ms - opened_ms) // 1000))


def seen() -> Signed:
    """Who looks."""
    signed: Signed = g.signed
    return signed


def before(name: str = "before") -> int:
    """Where a list goes on, from the address; 0: at its begin."""
    text = request.args.get(name, "")
    return min(int(text), NUMBER_MAX) if text.isascii() and text.isdigit() and len(text) < 16 else 0


def yuan_of(fen: int | None) -> Decimal | None:
    """For an export: a number with two decimals, and nothing for what is not known."""
    return None if fen is None else Decimal(fen).scaleb(-2)


def taken_home(form: str, name: str, columns: Sequence[Column[T]], rows: Iterable[T]) -> Response:
    """As CSV or XLSX, with heads in the page's language."""
    said = words(g.language)
    answer = xlsx_answer if form == "xlsx" else csv_answer
    return answer(name, [said[column.name] for column in columns], columns, rows)


def reason_of(word: str) -> Text:
    """Why the ledger did not simply post it."""
    plain = word.lower().replace("_", "-")
    return Text(*REASONS.get(plain, (plain, plain)))


def sees_aid() -> bool:
    """May he see a named person's aid? A machine that has its own token may not."""
    found: Signed | None = g.get("signed")
    return found is not None and found.everywhere(Right.SEE_AID)


def of_one_total(reader: Reader, entries: Sequence[EntryView], *, alone: bool) -> list[EntryView]:
    """Entries as whoever asks may see them, for a program: a card's account is one, and a total has no parts."""
    found = joined_entries(reader, entries, alone=alone)
    return found if sees_aid() else [_folded(one) for one in found]


def _folded(one: EntryView) -> EntryView:
    is_personal = any(card_in(code) for line in one.postings for code in line[:2])
    sums: dict[tuple[str, str], int] = {}
    for debit, credit, fen in one.postings:
        sides = _plain(debit, is_personal=is_personal), _plain(credit, is_personal=is_personal)
        sums[sides] = sums.get(sides, 0) + fen
    kind = _ONE_WORD.get(one.kind, one.kind)
    postings = tuple((*sides, fen) for sides, fen in sums.items())
    return replace(one, kind=kind, who=one.who if kind == one.kind else "", postings=postings)


def _plain(code: str, *, is_personal: bool) -> str:
    kind, _, rest = code.partition(":")
    if is_personal and kind in _SCHOOL:
        return "school"
    return f"{_ONE_TOTAL[kind]}:{rest}" if kind in _ONE_TOTAL and card_in(code) else code


def may_walk(code: str) -> bool:
    """May he see what moved this account? Its postings name who got aid."""
    kind = code.partition(":")[0]
    return sees_aid() or (kind not in _ONE_TOTAL and code not in _AID_ACCOUNTS)


def card_label(label: str, card: bytes) -> str:
    """For who may see cards; else a mark that there is one."""
    return (label or card.hex()) if seen().everywhere(Right.SEE_CARDS) else "····" if card or label else ""


def entries_shown(
    reader: Reader, found: Sequence[EntryView], known: Mapping[bytes, str] = NOBODYS, *, alone: bool = False
) -> list[Shown]:
    """With the labels of all their cards, asked at once; those that are known are not asked for. Both halves of a mixed
    payment are one sale; alone: of an entry that is looked at by itself."""
    entries = joined_entries(reader, found, alone=alone)
    cards = {card for one in entries for line in one.postings for code in line[:2] if (card := card_in(code))}
    wanted = cards - set(known)
    labels = {**known, **(reader.labels(wanted) if wanted else {})}
    return [_shown(one, labels) for one in entries]


def card_in(code: str) -> bytes:
    """Whose account it is; empty for one that is no card's."""
    kind, _, rest = code.partition(":")
    return bytes.fromhex(rest) if kind in OF_A_CARD and HEX.fullmatch(rest) else b""


def _shown(one: EntryView, labels: Mapping[bytes, str]) -> Shown:
    cards = {card for debit, credit, _ in one.postings for code in (debit, credit) if (card := card_in(code))}
    kind = one.kind if sees_aid() else _ONE_WORD.get(one.kind, one.kind)
    lines = [
        Line(_side(debit, labels, is_personal=bool(cards)), _side(credit, labels, is_personal=bool(cards)), fen)
        for debit, credit, fen in one.postings
    ]
    whose = next((card_label(labels.get(card, ""), card) for card in cards), "")
    return Shown(
        one.entry, kind, moment(one.booked_at_ms), _joined(lines), one.record, whose, one.reverses,
        one.who if kind == one.kind else "", bool(one.flags & 1),
    )  # fmt: skip


def _side(code: str, labels: Mapping[bytes, str], *, is_personal: bool) -> tuple[str, str, str]:
    kind, _, rest = code.partition(":")
    card = card_in(code)
    if card:
        shown = kind if sees_aid() else _ONE_TOTAL.get(kind, kind)
        return shown, card_label(labels.get(card, ""), card), f"{shown}:{rest}"
    if is_personal and not sees_aid() and kind in _SCHOOL:
        return "school", "", ""
    return kind, rest, code


def _joined(lines: list[Line]) -> list[Line]:
    """Two lines between the same accounts as they are shown are one: a total has no parts."""
    sums: dict[tuple[tuple[str, str, str], tuple[str, str, str]], int] = {}
    for line in lines:
        sums[line[:2]] = sums.get(line[:2], 0) + line.fen
    return [Line(*sides, fen) for sides, fen in sums.items()]
