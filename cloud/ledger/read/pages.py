"""What pages ask of a ledger of any size: a bounded number of questions, each about so many rows. In a snapshot.

Whoever looks at one account, which may be a merchant's, of which no index has all, walks back over WINDOW entries at a
time, and is told how far he has looked. A card's are found by `told/card_entries.py`.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from cloud.ledger.books.chart import OF_A_CARD, SIDES, AccountKind
from cloud.ledger.held.entries import held_after
from cloud.ledger.journal.balances import balances_of, ends, folded_up_to
from cloud.ledger.read.books import entries_of_numbers
from cloud.ledger.read.held import HeldView, views_of
from cloud.ledger.read.overview import moved_by_kind
from cloud.ledger.read.views import EntryView
from cloud.ledger.receive.quarantine import QuarantineState
from cloud.ledger.receive.voids import VoidState
from cloud.ledger.records.arrival import KEY_SIZE, split_key
from cloud.ledger.records.grey import State
from cloud.store.db import Database
from shared.ids import CardId

WINDOW = 200_000
"""Entries that one question about an account walks over."""
_NEWEST = "SELECT COALESCE(MAX(entry), 0) FROM posting"
_COUNTS = (
    "SELECT (SELECT COUNT(*) FROM suspense WHERE state = ?), (SELECT COUNT(*) FROM quarantine WHERE state = ?), "
    "(SELECT COUNT(*) FROM void_case WHERE state <> ?), (SELECT MIN(opened_ms) FROM suspense WHERE state = ?), "
    "(SELECT MIN(opened_ms) FROM quarantine WHERE state = ?), (SELECT MIN(opened_ms) FROM void_case WHERE state <> ?)"
)

_OPEN_DRAWERS = (
    "SELECT r.cashier, MIN(r.day) FROM receipt r LEFT JOIN (SELECT cashier, MAX(at_ms) AS at_ms FROM desk_close "
    "GROUP BY cashier) c ON c.cashier = r.cashier WHERE c.at_ms IS NULL OR r.at_ms > c.at_ms GROUP BY r.cashier"
)


class Leaf(NamedTuple):
    """One leaf of the journal, newest first. looked_from: the first entry that was looked at. older: what to ask for
    next, `before` it; 0: nothing is older."""

    entries: Sequence[EntryView]
    looked_from: int
    older: int


class KindSum(NamedTuple):
    """All accounts of a kind. balance_fen is positive on the side where the kind grows."""

    kind: str
    debit_fen: int
    credit_fen: int
    balance_fen: int


class AccountLine(NamedTuple):
    """An account and what it holds, positive on the side where it grows. card: whose it is, or empty."""

    number: int
    code: str
    kind: str
    balance_fen: int
    card: bytes = b""
    label: str = ""


class HeldLeaf(NamedTuple):
    """Held entries, oldest first. newer: what to ask for next, `after` it; 0: these were the last."""

    rows: Sequence[HeldView]
    newer: int


class QueueSums(NamedTuple):
    """How many cases wait of each kind, and since when; None: none waits."""

    suspense: int
    quarantine: int
    voids: int
    suspense_ms: int | None
    quarantine_ms: int | None
    voids_ms: int | None


def journal(db: Database, before: int, most: int) -> Leaf:
    """before 0: from the newest on."""
    upto = before or _newest(db) + 1
    rows = db.run("SELECT entry FROM posting WHERE line = 0 AND entry < ? ORDER BY entry DESC LIMIT ?", (upto, most))
    return _leaf(db, [entry for (entry,) in rows], 1, most)


def of_sum(db: Database, day: int, fen: int, most: int) -> Leaf:
    """Entries of this day that moved this sum in all, whatever parts it has; the newest first."""
    sql = (
        "SELECT p.entry FROM posting h JOIN posting p ON p.entry = h.entry WHERE h.line = 0 AND h.effective_day = ? "
        "GROUP BY p.entry HAVING SUM(p.fen) = ? ORDER BY p.entry DESC LIMIT ?"
    )
    return _leaf(db, [entry for (entry,) in db.run(sql, (day, fen, most))], 1, most)


def moved(db: Database, accounts: Sequence[int], before: int, most: int) -> Leaf:
    """What moved these accounts, within WINDOW entries."""
    upto = before or _newest(db) + 1
    low = max(1, upto - WINDOW)
    marks = ", ".join("?" * len(accounts))
    rows = db.run(
        f"SELECT DISTINCT entry FROM posting WHERE entry < ? AND entry >= ? AND (debit IN ({marks}) "  # noqa: S608  # marks only
        f"OR credit IN ({marks})) ORDER BY entry DESC LIMIT ?",
        (upto, low, *accounts, *accounts, most),
    )
    return _leaf(db, [entry for (entry,) in rows], low, most)


def entry(db: Database, number: int) -> EntryView | None:
    """None: there is none."""
    return next(iter(entries_of_numbers(db, [number])), None)


def chart(db: Database) -> list[KindSum]:
    """Every kind of account, in the order of the chart; those that never moved are zero."""
    sums = {kind: (debit, credit) for kind, debit, credit in moved_by_kind(db, folded_up_to(db))}
    return [
        KindSum(kind, *sums.get(kind, (0, 0)), (sums[kind][0] - sums[kind][1]) * SIDES[kind] if kind in sums else 0)
        for kind in AccountKind
    ]


def accounts_like(db: Database, start: str, most: int) -> list[AccountLine]:
    """Those whose code begins so, or the accounts of the card that is named so; by code."""
    named = db.run("SELECT card FROM card WHERE label = ?", (start,)) if start else []
    if named:
        return accounts_of(db, CardId(bytes(named[0][0])))
    rows = db.run(
        "SELECT id, code, kind FROM account WHERE code >= ? AND code < ? ORDER BY code LIMIT ?",
        (start, f"{start}\U0010ffff", most),
    )
    return _lines(db, rows)


def accounts_of(db: Database, card: CardId) -> list[AccountLine]:
    """The accounts of a card, in the order of the chart."""
    codes = [f"{kind}:{card.hex()}" for kind in OF_A_CARD]
    rows = db.find("SELECT id, code, kind FROM account WHERE code", codes)
    return sorted(_lines(db, rows), key=lambda line: codes.index(line.code))


def account(db: Database, code: str, before: int, most: int) -> tuple[list[AccountLine], Leaf] | None:
    """The account, or of a card all that are its, in the order of the chart, and what moved them, in one snapshot."""
    card = _card_in(code)
    codes = [f"{kind}:{card.hex()}" for kind in OF_A_CARD] if card else [code]
    tail = ends(db)
    lines = _lines(db, db.find("SELECT id, code, kind FROM account WHERE code", codes), tail)
    if all(line.code != code for line in lines):
        return None
    numbers = [line.number for line in lines]
    return sorted(lines, key=lambda line: codes.index(line.code)), moved(db, numbers, before or tail[1] + 1, most)


def labels(db: Database, cards: Collection[bytes]) -> Mapping[bytes, str]:
    """Card → label, of those that are registered."""
    rows = db.find("SELECT card, label FROM card WHERE card", list(cards)) if cards else []
    return {bytes(card): label for card, label in rows}


def places(db: Database, records: Collection[int]) -> Mapping[int, tuple[str, int, int]]:
    """Record → its device in hex, epoch and sequence; those that are answered without a device have none."""
    rows = db.find("SELECT id, key FROM record WHERE id", list(dict.fromkeys(records))) if records else []
    keys = {number: split_key(bytes(key)) for number, key in rows if len(key) == KEY_SIZE}
    return {number: (device.hex(), epoch, seq) for number, (device, epoch, seq) in keys.items()}


def open_drawers(db: Database) -> Mapping[str, int]:
    """Cashier → the first day (since 2000) of his receipts that no close has yet. All cashiers in one question."""
    return dict(db.run(_OPEN_DRAWERS))


def held_leaf(db: Database, after: int, most: int, now_ms: int) -> HeldLeaf:
    """What waits for two persons behind this entry."""
    found, last = held_after(db, after)
    rows = found[:most]
    if len(found) > most:
        return HeldLeaf(views_of(db, rows, now_ms), rows[-1].entry)
    return HeldLeaf(views_of(db, rows, now_ms), last)


def queue_sums(db: Database) -> QueueSums:
    """By indexes alone."""
    states = (int(State.OPEN), int(QuarantineState.OPEN), int(VoidState.POSTED))
    return QueueSums(*db.run(_COUNTS, states + states)[0])


def _newest(db: Database) -> int:
    return int(db.run(_NEWEST)[0][0])


def _leaf(db: Database, numbers: list[int], low: int, most: int) -> Leaf:
    """A full leaf goes on below its last entry, one that is not goes on below what was looked at."""
    looked = numbers[-1] if len(numbers) == most else low
    return Leaf(entries_of_numbers(db, numbers)[::-1], looked, looked if looked > 1 else 0)


def _lines(db: Database, rows: Sequence[tuple[Any, ...]], tail: tuple[int, int] | None = None) -> list[AccountLine]:
    if not rows:
        return []
    surplus = balances_of(db, [number for number, _, _ in rows], tail)
    cards = {code: _card_in(code) for _, code, _ in rows}
    names = labels(db, {card for card in cards.values() if card})
    return [
        AccountLine(
            number, code, kind, surplus.get(number, 0) * SIDES[AccountKind(kind)], cards[code],
            names.get(cards[code], ""),
        )
        for number, code, kind in rows
    ]  # fmt: skip


def _card_in(code: str) -> bytes:
    kind, _, rest = code.partition(":")
    try:
        return bytes.fromhex(rest) if kind in OF_A_CARD else b""
    except ValueError:
        return b""
