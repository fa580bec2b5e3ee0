"""Grants 发放 as whoever gives them looks at them. Inside of a snapshot.

Whether one has come onto its card nobody can say exactly, for a card has one pending load 过渡余额: when it is empty,
all was claimed; when nothing was claimed since, none of it was; in between it is not known.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

from cloud.ledger.books.chart import FUND
from cloud.ledger.books.entry import EntryKind
from cloud.ledger.journal.balances import balances_of
from cloud.ledger.loads.sources import Source
from cloud.ledger.records.load_state import CaseState
from cloud.store.db import Database, Row
from shared.wire import codec

_GRANTS = "SELECT entry, document, booked_at_ms, effective_day FROM posting"
_CLAIMS = (
    f"SELECT card, opened_ms FROM load_case WHERE source = {int(Source.PENDING)} AND state IN "  # noqa: S608
    f"({int(CaseState.PENDING)}, {int(CaseState.CONFIRMED)}, {int(CaseState.CONFIRMED_BY_COUNTER)}) AND card"
)


class Collected(StrEnum):
    """Words: cloud/console/words/cards.py."""

    ALL = "collected"
    NONE = "waits"
    UNKNOWN = "unknown"


class GrantView(NamedTuple):
    """One. batch lines have their batch's name before the card's in `key`."""

    entry: int
    card: bytes
    label: str
    fen: int
    payer: str
    reason: str
    key: str
    who: str
    booked_ms: int
    day: int
    collected: Collected


class FundView(NamedTuple):
    """fund_fen: paid in, less what was granted; None: there never was one. pending_fen: all that waits on the pending
    loads of all cards, whatever it came from."""

    grants: int
    given_fen: int
    fund_fen: int | None
    pending_fen: int


def fund(db: Database) -> FundView:
    """The whole of it, of nobody in particular."""
    grants, given = db.run(
        "SELECT COUNT(*), CAST(COALESCE(SUM(fen), 0) AS BIGINT) FROM posting WHERE kind = ?", (int(EntryKind.GRANT),)
    )[0]
    accounts = db.run("SELECT id FROM account WHERE code = ?", (FUND.code,))
    waiting = [number for (number,) in db.run("SELECT pending_account FROM card")]
    surplus = balances_of(db, [number for (number,) in accounts] + waiting)
    left = -surplus.get(accounts[0][0], 0) if accounts else None
    return FundView(grants, given, left, -sum(surplus.get(number, 0) for number in waiting))


def last_grants(db: Database, most: int, card: bytes | None = None) -> list[GrantView]:
    """The newest first; of one card, or of all."""
    if card is None:
        rows = db.run(
            f"{_GRANTS} WHERE kind = ? AND line = 0 ORDER BY entry DESC LIMIT ?", (int(EntryKind.GRANT), most)
        )
    else:
        (account,) = db.run("SELECT pending_account FROM card WHERE card = ?", (card,)) or ((0,),)
        sql = f"{_GRANTS} WHERE credit = ? AND kind = ? AND line = 0 ORDER BY entry DESC LIMIT ?"
        rows = db.run(sql, (account[0], int(EntryKind.GRANT), most))
    return _views(db, rows)


def grants_of_keys(db: Database, keys: Iterable[str]) -> dict[str, GrantView]:
    """Those that were made of these keys."""
    wanted = [bytes((EntryKind.GRANT,)) + key.encode() for key in keys]
    return {one.key: one for one in _views(db, db.find(f"{_GRANTS} WHERE key", wanted))}


def cards_of_labels(db: Database, labels: Iterable[str]) -> dict[str, bytes]:
    """Those that are there."""
    rows = db.find("SELECT label, card FROM card WHERE label", list(dict.fromkeys(labels)))
    return {label: bytes(card) for label, card in rows}


def _views(db: Database, rows: Sequence[Row]) -> list[GrantView]:
    read = [(row, codec.loads(bytes(row[1]))) for row in rows]
    cards = list(dict.fromkeys(bytes(said[2]) for _, said in read))
    names = {bytes(c): (label, account) for c, label, account in _cards(db, cards)}
    left = balances_of(db, [account for _, account in names.values()])
    claimed: dict[bytes, int] = {}
    for card, at_ms in db.find(_CLAIMS, cards):
        claimed[bytes(card)] = max(at_ms, claimed.get(bytes(card), 0))
    found = []
    for (entry, _, booked_ms, day), (_, payer, card, fen, reason, key, *who) in read:
        label, account = names[bytes(card)]
        pending = -left.get(account, 0)
        seen = Collected.ALL if not pending else Collected.UNKNOWN
        if pending and claimed.get(bytes(card), 0) < booked_ms:
            seen = Collected.NONE
        found.append(
            GrantView(entry, bytes(card), label, fen, payer, reason, key, who[0] if who else "", booked_ms, day, seen)
        )
    return found


def _cards(db: Database, cards: Sequence[bytes]) -> list[Row]:
    return db.find("SELECT card, label, pending_account FROM card WHERE card", list(cards))
