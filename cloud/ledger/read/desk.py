"""What a card desk is told of one card: its balances, what is not decided, and the counters that no record has brought.

A counter is known when a record with a TAC proved it, when a grey record was posted by evidence, or when a load that
the card certainly took has it. Counters before the first known one are not missing if that one read the opening
balance: cards begin to count where their maker says. Inside of a snapshot.
"""

from collections.abc import Iterable
from typing import NamedTuple

from cloud.ledger.books.chart import AccountKind, Side
from cloud.ledger.books.entry import EntryKind
from cloud.ledger.cards.life import life_of
from cloud.ledger.journal.balances import all_balances, balance
from cloud.ledger.loads.cases import online_steps
from cloud.ledger.loads.evidence import MAIN_PURSE
from cloud.ledger.loads.unloads import UnloadState
from cloud.ledger.records.arrival import arrive
from cloud.ledger.records.grey import State
from cloud.ledger.records.load_state import CaseState
from cloud.store.db import Database
from shared.ids import CardId
from shared.records import CounterKind
from shared.records.kinds import PurseRecord
from shared.wire import codec
from shared.wire.desk.calls import MISSING_MAX, CardAsk, CardBooks, OpenMatter, parse_day_sheet

_CARD = (
    "SELECT label, key_version, card_class, hotlisted, opening_fen, purse_account, online_account, transit_account, "
    "pending_account, subsidy_account, pending_subsidy_account FROM card WHERE card = ?"
)


def card_books(db: Database, ask: CardAsk) -> CardBooks | None:
    """None for a card in no inventory."""
    rows = db.run(_CARD, (ask.card,))
    if not rows:
        return None
    label, version, card_class, hotlisted, opening_fen, *accounts = rows[0]
    purse = ask.card + bytes((MAIN_PURSE,))
    grey = db.run("SELECT COUNT(*) FROM suspense WHERE purse = ? AND state = ?", (purse, int(State.OPEN)))[0][0]
    life = life_of(db, ask.card)
    named = db.run("SELECT label FROM card WHERE card = ?", (life.successor,)) if life.successor else []
    successor = named[0][0] if named else ""
    purse_fen, online_fen, transit_fen, pending_fen, subsidy_fen, given_back_fen = (
        balance(db, account, Side.CREDIT) for account in accounts
    )
    return CardBooks(
        label, version, life.card_class or card_class, life.state, successor, bool(hotlisted),
        purse_fen, online_fen, transit_fen, pending_fen, subsidy_fen, grey,
        _missing(_offline(db, purse), ask.offline, opening_fen),
        _missing(_online(db, ask.card), ask.online, opening_fen),
        _open(db, ask.card), _places(db, ask.terminals), given_back_fen,
    )  # fmt: skip


class OpenPeriod(NamedTuple):
    """A cashier 收银员 and the first campus day (since 2000) whose receipts no close has yet."""

    cashier: str
    day: int


def open_periods(db: Database) -> list[OpenPeriod]:
    """Of every drawer that there is; one without receipts since its last close has none."""
    return drawers(db)[1]


def cashiers(db: Database) -> list[str]:
    """Whoever has a drawer, by name."""
    rows = db.run("SELECT code FROM account WHERE kind = ? ORDER BY code", (AccountKind.CASH.value,))
    return [code.partition(":")[2] for (code,) in rows]


def drawers(db: Database) -> tuple[list[str], list[OpenPeriod]]:
    """Whoever has one, by name, and of them those with receipts that no close has yet. Two questions for all."""
    rows = db.run(_DRAWERS, (AccountKind.CASH.value,))
    last = {
        code.partition(":")[2]: parse_day_sheet(codec.loads(document)).last_receipt if document else 0
        for code, document in rows
    }
    if not last:
        return [], []
    behind = " OR ".join(["(cashier = ? AND number > ?)"] * len(last))
    first: dict[str, int] = dict(
        db.run(
            f"SELECT cashier, MIN(day) FROM receipt WHERE {behind} GROUP BY cashier",  # noqa: S608  # our own words
            [value for pair in last.items() for value in pair],
        )
    )
    return list(last), [OpenPeriod(one, first[one]) for one in last if one in first]


_DRAWERS = (
    "SELECT a.code, d.document FROM account a LEFT JOIN desk_close d ON a.code = 'cash:' || d.cashier "
    "AND d.day = (SELECT MAX(l.day) FROM desk_close l WHERE l.cashier = d.cashier) WHERE a.kind = ? ORDER BY a.code"
)


PURSES = (AccountKind.PURSE, AccountKind.SUBSIDY)
"""What is on a card."""


class DeskSums(NamedTuple):
    """Since the first start, fen. unloads: cards → accounts; replaced: of void cards' purses, moved to new cards'
    accounts; cash: what the drawers took in, less what they paid out and what was handed over to the bank."""

    unloads_fen: int
    replaced_fen: int
    cash_fen: int


def desk_sums(db: Database) -> DeskSums:
    """What the card desks added up to."""
    unloads = "SELECT CAST(COALESCE(SUM(fen), 0) AS BIGINT) FROM posting WHERE kind IN (?, ?)"
    moved = (
        "SELECT CAST(COALESCE(SUM(p.fen), 0) AS BIGINT) FROM posting p JOIN account a ON a.id = p.debit "
        "WHERE p.kind IN (?, ?) AND a.kind IN (?, ?)"
    )
    drawers = all_balances(db)
    rows = db.run("SELECT id FROM account WHERE kind IN (?, ?)", (AccountKind.CASH.value, AccountKind.OVER_SHORT.value))
    return DeskSums(
        db.run(unloads, (int(EntryKind.UNLOADED), int(EntryKind.UNLOADED_BY_COUNTER)))[0][0],
        db.run(moved, (int(EntryKind.CARD_REPLACED), int(EntryKind.LOSS_RELEASED), *map(str, PURSES)))[0][0],
        sum(drawers.get(account, 0) for (account,) in rows),
    )


def _offline(db: Database, purse: bytes) -> dict[int, int]:
    """Counter → balance read before it, of every purchase that is in the books."""
    found = _proven(db, purse, CounterKind.OFFLINE)
    for stored, counter in db.run(
        "SELECT r.stored, s.counter FROM suspense s JOIN record r ON r.id = s.record "
        "WHERE s.purse = ? AND s.load IS NULL AND s.state = ?",
        (purse, int(State.EVIDENCE)),
    ):
        found[counter] = _balance(stored)
    return found


def _online(db: Database, card: CardId) -> dict[int, int]:
    """The same of loads and unloads, and those of which only the next counter was seen."""
    found = _proven(db, card + bytes((MAIN_PURSE,)), CounterKind.ONLINE)
    return {counter: before for counter, before, _ in online_steps(db, card)} | found


def _proven(db: Database, purse: bytes, kind: CounterKind) -> dict[int, int]:
    low, high = purse + bytes((kind, 0, 0)), purse + bytes((kind, 0xFF, 0xFF))
    rows = db.run(
        "SELECT p.card_key, r.stored FROM proof p JOIN record r ON r.id = p.record "
        "WHERE p.card_key >= ? AND p.card_key <= ?",
        (low, high),
    )
    return {int.from_bytes(key[-2:], "big"): _balance(stored) for key, stored in rows}


def _balance(stored: bytes) -> int:
    record = arrive(stored).record
    return record.balance_fen if isinstance(record, PurseRecord) else -1


def _missing(known: dict[int, int], below: int, opening_fen: int) -> tuple[int, ...]:
    """Newest first, at most MISSING_MAX."""
    first = min(known, default=0)
    if known and known[first] != opening_fen:
        first = 0
    gone = (counter for counter in range(below - 1, first - 1, -1) if counter not in known)
    return tuple(counter for counter, _ in zip(gone, range(MISSING_MAX), strict=False))


def _open(db: Database, card: CardId) -> tuple[OpenMatter, ...]:
    rows = db.run(
        "SELECT counter, amount_fen, opened_ms FROM load_case WHERE card = ? AND state = ? ORDER BY counter, key",
        (card, int(CaseState.PENDING)),
    )
    loads = tuple(OpenMatter("load", *row) for row in rows)
    rows = db.run(
        "SELECT counter, amount_fen, opened_ms FROM unload_case WHERE card = ? AND state = ? ORDER BY counter, key",
        (card, int(UnloadState.PENDING)),
    )
    return loads + tuple(OpenMatter("unload", *row) for row in rows)


def _places(db: Database, terminals: Iterable[bytes]) -> tuple[tuple[bytes, str, str], ...]:
    """By PSAM id, or by its own number where a body has no PSAM."""
    wanted = list(dict.fromkeys(terminals))
    named = "SELECT p.psam, d.name, d.place FROM psam p JOIN device d ON d.device = p.device WHERE p.psam"
    rows = db.find(named, wanted)
    rows += db.find("SELECT device, name, place FROM device WHERE device", wanted)
    return tuple((bytes(terminal), name, place) for terminal, name, place in rows)
