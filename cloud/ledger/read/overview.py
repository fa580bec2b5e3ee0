"""Sums over the whole ledger: overview, trial balance, cards. Inside of a snapshot."""

from typing import NamedTuple

from cloud.ledger.books.chart import SIDES, AccountKind
from cloud.ledger.books.entry import EntryKind
from cloud.ledger.fleet.heard import box_states, terminals
from cloud.ledger.funds.orders.rows import OnlineState
from cloud.ledger.funds.payments.cases import PaymentState
from cloud.ledger.journal.balances import all_balances, balances_of, folded_up_to
from cloud.ledger.journal.registry import CARD_ACCOUNTS
from cloud.ledger.read.views import AccountView, CardName, CardView, Counts, LedgerSums
from cloud.ledger.receive.quarantine import QuarantineState
from cloud.ledger.receive.voids import VoidState
from cloud.ledger.records.arrival import APART_KEYS, KEY_SIZE
from cloud.ledger.records.grey import State
from cloud.ledger.records.load_state import CaseState
from cloud.ledger.records.values import Verdict
from cloud.store.db import Database

CARD_SIZE = 10
"""Octets of a card's number: issuer and application number."""
_FIRST = (
    "SELECT (SELECT COALESCE(MAX(id), 0) FROM record), (SELECT COUNT(*) FROM void_case WHERE state = ?), "
    "(SELECT COUNT(*) FROM held_release h JOIN posting p ON p.entry = h.held AND p.line = 0 "
    "JOIN record r ON r.id = p.record WHERE r.verdict = ?), "
    "CAST(COALESCE(SUM(posted), 0) AS BIGINT), CAST(COALESCE(SUM(held), 0) AS BIGINT), "
    "CAST(COALESCE(SUM(suspense), 0) AS BIGINT), CAST(COALESCE(SUM(quarantined), 0) AS BIGINT), "
    "CAST(COALESCE(SUM(no_entry), 0) AS BIGINT), CAST(COALESCE(SUM(duplicates), 0) AS BIGINT) FROM device_mark"
)
"""The last record; voids that are posted; records that were held at first and are no more, by two persons; and sums of
what was said of records first."""
_SUMS = "CAST(SUM(m.d) AS BIGINT), CAST(SUM(m.c) AS BIGINT)"
_MOVED = (
    "(SELECT account, debit_fen AS d, credit_fen AS c FROM balance "
    "UNION ALL SELECT debit, fen, 0 FROM posting WHERE entry > ? "
    "UNION ALL SELECT credit, 0, fen FROM posting WHERE entry > ?) m JOIN account a ON a.id = m.account"
)
_TRIAL = f"SELECT a.code, a.kind, {_SUMS} FROM {_MOVED} GROUP BY a.code, a.kind ORDER BY a.code"  # noqa: S608
_BY_KIND = f"SELECT a.kind, {_SUMS} FROM {_MOVED} GROUP BY a.kind"  # noqa: S608  # our own words

_VOIDS = "SELECT COUNT(*), CAST(COALESCE(SUM(amount_fen), 0) AS BIGINT) FROM void_case WHERE state = ?"
_PAYMENTS = "SELECT COUNT(*), CAST(COALESCE(SUM(amount_fen), 0) AS BIGINT) FROM payment_case WHERE state IN (?, ?)"
_CODES = "SELECT CAST(COALESCE(SUM(fen), 0) AS BIGINT) FROM code_use WHERE entry IS NOT NULL"
_MEALS = "SELECT CAST(COALESCE(SUM(fen), 0) AS BIGINT) FROM meal WHERE entry IS NOT NULL"
"""Given to merchants, and paid by no purse."""
_BY_ORDERS = (
    "SELECT COUNT(*), CAST(COALESCE(SUM(captured_fen - refunded_fen), 0) AS BIGINT) FROM online_payment "
    "WHERE state = ?"
)
_RETURNED = "SELECT CAST(COALESCE(SUM(fen), 0) AS BIGINT) FROM held_release WHERE kind = ? AND undone IS NULL"
"""Spent, held, and given to the holder's pending load by two persons."""
_GREY_HALVES = (
    "SELECT CAST(COALESCE(SUM(p.fen), 0) AS BIGINT) FROM suspense s JOIN posting p ON p.entry = s.entry "
    "JOIN account a ON a.id = p.credit WHERE s.state = ? AND a.kind IN (?, ?)"
)
"""Halves of mixed payments that evidence has given back at once."""
_SINCE = (
    "SELECT 'record', verdict, COUNT(*) FROM record WHERE key >= ? AND key < ? AND length(key) > ? GROUP BY verdict "
    "UNION ALL SELECT 'suspense', state, COUNT(*) FROM suspense GROUP BY state "
    "UNION ALL SELECT 'quarantine', state, COUNT(*) FROM quarantine GROUP BY state"
)
"""First verdicts of what was answered without its device, which no mark counts; what became of grey records, and of
those in quarantine."""
_SUBSIDY_SPENT = (
    "SELECT CAST(COALESCE(SUM(CASE WHEN a.id = p.debit THEN p.fen ELSE -p.fen END), 0) AS BIGINT) "
    "FROM posting p JOIN account a ON a.id IN (p.debit, p.credit) WHERE a.kind = ? AND p.kind NOT IN (?, ?, ?, ?, ?)"
)
_SUBSIDY_MOVED = (
    "SELECT CAST(COALESCE(SUM(p.fen), 0) AS BIGINT) FROM posting p JOIN account a ON a.id = p.debit "
    "WHERE a.kind = ? AND p.kind IN (?, ?)"
)
_GIVEN_BACK = (AccountKind.PENDING, AccountKind.PENDING_SUBSIDY)


class SubsidySums(NamedTuple):
    """Since the first start, fen, of all subsidy purses. spent: by its postings, less what was withdrawn again."""

    opening_fen: int
    spent_fen: int
    replaced_fen: int
    """Moved from void cards' subsidy purses."""


class Waiting(NamedTuple):
    """Records that are not posted yet, by what they wait for."""

    held: int
    suspense: int
    quarantined: int


def waiting(db: Database) -> Waiting:
    """Of `counts` what waits."""
    return Waiting(*_verdicts(db)[1:4])


def counts(db: Database) -> Counts:
    """Looks at devices, boxes and cases only: cheap however many cards and entries there are."""
    posted, held, suspense, quarantined, no_entry, duplicates = _verdicts(db)
    told = [(at_ms, state) for at_ms, state in box_states(db).values() if state.unsettled]
    oldest = [at_ms - state.oldest_unsettled_ms for at_ms, state in told if state.oldest_unsettled_ms]
    return Counts(
        posted + suspense + quarantined + no_entry, posted, held, suspense, quarantined, no_entry, duplicates,
        min(oldest, default=0),
    )  # fmt: skip


def overview(db: Database) -> LedgerSums:
    """See LedgerSums."""
    meta: dict[str, str] = dict(db.run("SELECT name, value FROM meta"))
    counted = counts(db)
    kinds, difference_fen = _by_kind(db)
    loads, loads_fen = db.run(
        "SELECT COUNT(*), CAST(COALESCE(SUM(amount_fen), 0) AS BIGINT) FROM load_case WHERE state IN (?, ?)",
        (int(CaseState.CONFIRMED), int(CaseState.CONFIRMED_BY_COUNTER)),
    )[0]
    voids, voided_fen = db.run(_VOIDS, (int(VoidState.POSTED),))[0]
    (returned_fen,) = db.run(_RETURNED, (int(EntryKind.HELD_RETURNED),))[0]
    payments, payments_fen = db.run(_PAYMENTS, (int(PaymentState.APPROVED), int(PaymentState.HELD)))[0]
    (meals_fen,), (codes_fen,) = db.run(_MEALS)[0], db.run(_CODES)[0]
    orders, orders_fen = db.run(_BY_ORDERS, (int(OnlineState.CAPTURED),))[0]
    payments, payments_fen = payments + orders, payments_fen + orders_fen
    voided_fen += db.run(_GREY_HALVES, (int(State.EVIDENCE), *map(str, _GIVEN_BACK)))[0][0]
    return LedgerSums(
        ledger=bytes.fromhex(meta["ledger"]), campus=meta.get("name", ""), demo=meta.get("demo") == "1",
        records=counted.records, posted=counted.posted, held=counted.held, suspense=counted.suspense,
        quarantined=counted.quarantined, no_entry=counted.no_entry, duplicates=counted.duplicates,
        opening_fen=db.run("SELECT CAST(COALESCE(SUM(opening_fen + subsidy_fen), 0) AS BIGINT) FROM card")[0][0],
        loads=loads, loads_fen=loads_fen,
        spent_fen=kinds[AccountKind.MERCHANT] + kinds[AccountKind.HELD] - kinds[AccountKind.DISCOUNT] + voided_fen
        + returned_fen - payments_fen - meals_fen - codes_fen,
        voids=voids,
        voided_fen=voided_fen,
        float_fen=kinds[AccountKind.PURSE] + kinds[AccountKind.SUBSIDY],
        subsidy_fen=kinds[AccountKind.SUBSIDY], pending_fen=kinds[AccountKind.PENDING],
        pending_subsidy_fen=kinds[AccountKind.PENDING_SUBSIDY],
        online_fen=kinds[AccountKind.ONLINE] + kinds[AccountKind.RESERVED], transit_fen=kinds[AccountKind.TRANSIT],
        held_fen=kinds[AccountKind.HELD],
        owed=sum(terminal.owes for terminal in terminals(db)),
        unsettled=sum(state.unsettled for _, state in box_states(db).values()), oldest_ms=counted.oldest_ms,
        entries=db.run("SELECT COALESCE(MAX(entry), 0) FROM posting")[0][0],
        difference_fen=difference_fen, payments=payments, payments_fen=payments_fen,
    )  # fmt: skip


def subsidy_sums(db: Database) -> SubsidySums:
    """Reads every posting: for a report, not for a page."""
    (opening,) = db.run("SELECT CAST(COALESCE(SUM(subsidy_fen), 0) AS BIGINT) FROM card")[0]
    kind, moves = str(AccountKind.SUBSIDY), (int(EntryKind.CARD_REPLACED), int(EntryKind.LOSS_RELEASED))
    borne = (int(EntryKind.LOSS_BORNE), int(EntryKind.LOSS_TAKEN_BACK))
    (spent,) = db.run(_SUBSIDY_SPENT, (kind, int(EntryKind.OPENING_SUBSIDY), *moves, *borne))[0]
    (moved,) = db.run(_SUBSIDY_MOVED, (kind, *moves))[0]
    return SubsidySums(opening, spent, moved)


def trial_balance(db: Database) -> list[AccountView]:
    """Every account that moved."""
    low = folded_up_to(db)
    return [
        AccountView(code, kind, debit, credit, (debit - credit) * SIDES[AccountKind(kind)])
        for code, kind, debit, credit in db.run(_TRIAL, (low, low))
    ]


def account_fen(db: Database, code: str) -> int:
    """One account's balance."""
    rows = db.run("SELECT id, kind FROM account WHERE code = ?", (code,))
    return balances_of(db, [rows[0][0]]).get(rows[0][0], 0) * SIDES[AccountKind(rows[0][1])] if rows else 0


def cards(db: Database) -> list[CardView]:
    """Every registered card."""
    surplus = all_balances(db)
    rows = db.run(
        f"SELECT card, label, hotlisted, {CARD_ACCOUNTS} FROM card ORDER BY label"  # noqa: S608  # our own names
    )
    return [
        CardView(card, label, bool(hot), *(-surplus.get(account, 0) for account in accounts))
        for card, label, hot, *accounts in rows
    ]


def cards_like(db: Database, start: str, most: int) -> list[CardName]:
    """Bounds instead of LIKE: what people type holds `%` and `_` too, and an index can serve a range."""
    rows = db.run(
        "SELECT card, label, hotlisted FROM card WHERE label >= ? AND label < ? ORDER BY label LIMIT ?",
        (start, f"{start}\U0010ffff", most),
    )
    if not rows and (low := _octets(start)):
        high = low + bytes((0xFF,)) * (CARD_SIZE - len(low))
        rows = db.run(
            "SELECT card, label, hotlisted FROM card WHERE card >= ? AND card <= ? ORDER BY label LIMIT ?",
            (low, high, most),
        )
    return [CardName(bytes(card), label, bool(hot)) for card, label, hot in rows]


def _octets(start: str) -> bytes:
    """Whole bytes of a card's number; empty for anything else."""
    try:
        found = bytes.fromhex(start)
    except ValueError:
        return b""
    return found if len(found) <= CARD_SIZE else b""


def moved_by_kind(db: Database, low: int) -> list[tuple[AccountKind, int, int]]:
    """What each kind of account that moved was debited and credited. low: up to where balances are folded."""
    return [(AccountKind(kind), debit, credit) for kind, debit, credit in db.run(_BY_KIND, (low, low))]


def _by_kind(db: Database) -> tuple[dict[AccountKind, int], int]:
    """Balance per kind, positive on the side where it grows; and Σ of all, debits positive."""
    low, found, total = folded_up_to(db), dict.fromkeys(AccountKind, 0), 0
    for kind, debit, credit in moved_by_kind(db, low):
        found[kind] += (debit - credit) * SIDES[kind]
        total += debit - credit
    return found, total


def _verdicts(db: Database) -> tuple[int, int, int, int, int, int]:
    """First verdicts, moved by what became of suspense and quarantine since."""
    asked = int(VoidState.POSTED), int(Verdict.HELD)
    last, voids, decided, posted, held, suspense, quarantined, no_entry, duplicates = db.run(_FIRST, asked)[0]
    tables: dict[str, dict[int, int]] = {"record": {}, "suspense": {}, "quarantine": {}}
    for table, state, count in db.run(_SINCE, (*APART_KEYS, KEY_SIZE)):
        tables[table][state] = count
    apart, grey, cases = tables.values()
    posted, held = posted + apart.get(Verdict.POSTED, 0), held + apart.get(Verdict.HELD, 0)
    suspense, no_entry = suspense + apart.get(Verdict.SUSPENSE, 0), no_entry + apart.get(Verdict.NO_ENTRY, 0)
    quarantined = last - posted - held - suspense - no_entry  # also bytes without a readable head, which have no mark
    evidence = grey.get(State.EVIDENCE, 0)
    settled = sum(grey.get(state, 0) for state in (State.RECOVERED, State.NOTHING, State.EMPTY))
    released, without = cases.get(QuarantineState.POSTED, 0), cases.get(QuarantineState.NO_ENTRY, 0)
    readable = cases.get(QuarantineState.SUSPENSE, 0)
    return (
        posted + held + evidence + released + voids,
        held - decided,
        suspense + readable - evidence - settled - voids,
        quarantined - released - without - readable,
        no_entry + settled + without,
        duplicates,
    )
