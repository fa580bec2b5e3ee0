"""Refunds and settlements of providers: each refund is what its steps say, its money is taken aside exactly as long as
it is on its way, no two persons means by rule, and fees and what was brought are what bills and settlements say."""

from collections.abc import Iterator, Mapping

from cloud.ledger.books.chart import REFUNDING, Side
from cloud.ledger.books.entry import EntryKind
from cloud.ledger.checks.check import Check, walk
from cloud.ledger.funds.providers.posting import booking_key
from cloud.ledger.funds.providers.refunds import COLUMNS
from cloud.ledger.funds.providers.settlements import Moves, fees_wanted, read_settlement
from cloud.ledger.funds.providers.terms import DepositRefund, RefundState
from cloud.ledger.held.two_persons import Outcome
from cloud.ledger.journal.balances import balance
from cloud.store.db import Database
from shared.errors import WireFault
from shared.wire import codec
from shared.words.voice import Text

NAME = "refunds"
_KINDS = EntryKind.REFUND_HELD, EntryKind.REFUND_DONE, EntryKind.REFUND_BACK
_ENTRIES = "SELECT key, fen FROM posting WHERE kind = ? AND key IS NOT NULL"
_MADE = 8
"""Fields of a refund's first step."""
_Booked = Mapping[EntryKind, Mapping[str, int]]


def check_refunds(db: Database) -> Check:
    """Every refund that we asked for, and every settlement."""
    refunds = [DepositRefund(*row) for row in db.run(f"SELECT {COLUMNS} FROM deposit_refund ORDER BY number")]  # noqa: S608
    try:
        steps = dict(_steps(db))
        settled = _settlement_fault(db)
    except (WireFault, ValueError, TypeError):
        return Check(NAME, 0, "a document of a step or a settlement cannot be read")
    booked = {kind: _booked(db, kind) for kind in _KINDS}
    decided = db.run("SELECT proposal FROM decision WHERE outcome = ?", (int(Outcome.CONFIRMED),))
    confirmed = {int(number) for (number,) in decided}
    broken = next(filter(None, (_fault(one, steps.pop(one.number, []), booked, confirmed) for one in refunds)), "")
    known = {booking_key(one.provider, one.number) for one in refunds}
    stray = sorted(key for entries in booked.values() for key in entries if key not in known)
    if not broken and (steps or stray):
        broken = f"a step or an entry of a refund that there is not: {(stray or sorted(steps))[0]}"
    waiting = [one for one in refunds if one.is_open]
    broken = broken or _aside_fault(db, sum(one.fen for one in waiting)) or settled
    note = Text(f"{len(waiting)} 笔退款在途", f"{len(waiting)} refunds are on their way") if waiting else None
    return Check(NAME, len(refunds), broken, note)


def _steps(db: Database) -> Iterator[tuple[str, list[tuple[int, list[object]]]]]:
    found: dict[str, list[tuple[int, list[object]]]] = {}
    for _, number, state, document in walk(db, "id, number, state, document", "deposit_refund_step"):
        found.setdefault(number, []).append((int(state), codec.loads(bytes(document))))
    yield from found.items()


def _fault(
    one: DepositRefund, steps: list[tuple[int, list[object]]], booked: _Booked, confirmed: set[int]
) -> str:  # fmt: skip
    told = [one.order, one.provider, one.txn, one.card, one.item, one.fen, one.reason, one.proposal]
    if not steps or len(steps[0][1]) != _MADE or steps[0][1] != told or steps[-1][0] != one.state:
        return f"refund {one.number}: is not what its steps say"
    if one.proposal and one.proposal not in confirmed:
        return f"refund {one.number}: two persons never agreed on it"
    key, ended = booking_key(one.provider, one.number), {RefundState.DONE: 1, RefundState.REFUSED: 2}
    wanted = [one.fen, 0, 0]
    if RefundState(one.state) in ended:
        wanted[ended[RefundState(one.state)]] = one.fen
    if [booked[kind].get(key, 0) for kind in _KINDS] != wanted:
        return f"refund {one.number}: its entries are not what it stands at"
    return ""


def _aside_fault(db: Database, fen: int) -> str:
    """What is on its way is all that is taken aside."""
    rows = db.run("SELECT id FROM account WHERE code = ?", (REFUNDING.code,))
    held = balance(db, int(rows[0][0]), Side.CREDIT) if rows else 0
    return "" if held == fen else f"{held} fen are taken aside, {fen} are on their way"


def _settlement_fault(db: Database) -> str:
    fees: dict[str, int] = {}
    for kind, sign in ((EntryKind.PROVIDER_FEE, 1), (EntryKind.PROVIDER_FEE_BACK, -1)):
        for key, fen in _booked(db, kind).items():
            provider = key.partition(":")[0]
            fees[provider] = fees.get(provider, 0) + sign * fen
    tables = ("deposit_bill", "deposit_settlement")
    providers = {name for table in tables for (name,) in db.run(f"SELECT DISTINCT provider FROM {table}")}  # noqa: S608
    for provider in sorted(providers | set(fees)):
        if fees.get(provider, 0) != fees_wanted(db, provider):
            return f"{provider}: {fees.get(provider, 0)} fen of fees are booked, {fees_wanted(db, provider)} were kept"
    brought = {  # of one that came again over another sum the first one counts
        booking_key(provider, line.ident): line.fen
        for provider, document in db.run("SELECT provider, lines FROM deposit_settlement ORDER BY id DESC")
        for line in read_settlement(bytes(document)) if line.kind == Moves.BANK
    }  # fmt: skip
    booked = _booked(db, EntryKind.PROVIDER_SETTLED)
    apart = next((key for key in sorted(set(booked) | set(brought)) if booked.get(key) != brought.get(key)), "")
    return f"{apart}: what was brought to the bank is not what its settlement says" if apart else ""


def _booked(db: Database, kind: EntryKind) -> dict[str, int]:
    """Fen by the key as it was given."""
    return {bytes(key)[1:].decode("utf-8", "replace"): int(fen) for key, fen in db.run(_ENTRIES, (int(kind),))}
