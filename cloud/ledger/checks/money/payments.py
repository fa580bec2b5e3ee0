"""Account payments 账户支付 and reversals against their cases, their entries, and the terminals' signed records."""

from cloud.ledger.books.entry import EntryKind
from cloud.ledger.books.keys import payment_key, payment_reversed_key
from cloud.ledger.checks.check import Check
from cloud.ledger.funds.payments.cases import COLUMNS, PaymentCase, PaymentState
from cloud.ledger.records.arrival import Arrival, arrive, payment_case_key, split_key
from cloud.ledger.records.values import CheckTac
from cloud.store.db import Database
from shared.purse.tac import TacVerdict
from shared.records import Kind, PaymentRecord
from shared.words.voice import Text

_ENTRIES = "SELECT key, entry, fen, record FROM posting WHERE kind = ? AND line = 0"
_PAYS = frozenset({PaymentState.APPROVED, PaymentState.REVERSED, PaymentState.HELD})
_Entry = tuple[int, int, int | None]
"""Number, sum, record."""


def check_payments(db: Database, check_tac: CheckTac) -> Check:
    """What was approved was paid once, what was reversed was given back once by a record with a right MAC, and of what
    was reversed before it was asked for nothing was ever paid."""
    cases = [PaymentCase(*row) for row in db.run(f"SELECT {COLUMNS} FROM payment_case ORDER BY key")]  # noqa: S608  # ours
    paid, back = _entries(db, EntryKind.ACCOUNT_PAID), _entries(db, EntryKind.ACCOUNT_REVERSED)
    broken = next(filter(None, (_fault(case, paid, back) for case in cases)), "")
    if not broken and (paid or back):
        broken = f"an entry of an account payment that nobody asked for: {min((*paid, *back)).hex()}"
    held = sum(case.state == PaymentState.HELD for case in cases)
    note = Text(f"{held} 笔冲正待核定", f"{held} reversals wait for two persons") if held else None
    return Check("payments", len(cases), broken or _record_fault(db, cases, check_tac), note)


def _entries(db: Database, kind: EntryKind) -> dict[bytes, _Entry]:
    return {bytes(key): (entry, fen, record) for key, entry, fen, record in db.run(_ENTRIES, (int(kind),))}


def _fault(case: PaymentCase, paid: dict[bytes, _Entry], back: dict[bytes, _Entry]) -> str:
    """Takes its entries out of what is there."""
    entry, reversal = paid.pop(payment_key(case.key), None), back.pop(payment_reversed_key(case.key), None)
    if (entry is not None) != (case.state in _PAYS):
        return f"{_named(case)}: paid, and not approved; or approved, and not paid"
    if entry is not None and entry[:2] != (case.entry, case.amount_fen):
        return f"{_named(case)}: its entry is another one, or over another sum"
    if (reversal is not None) != (case.state == PaymentState.REVERSED):
        return f"{_named(case)}: given back, and not reversed; or reversed, and not given back"
    if reversal is not None and reversal[1:] != (case.amount_fen, case.reversal):
        return f"{_named(case)}: given back by another record, or another sum"
    return ""


def _record_fault(db: Database, cases: list[PaymentCase], check_tac: CheckTac) -> str:
    """Every record that a case names says so, and its terminal's MAC is right."""
    wanted = {number: (case, kind) for case in cases for number, kind in _records(case)}
    rows = db.find("SELECT id, stored FROM record WHERE id", list(wanted))
    found = [(wanted[number], arrive(stored)) for number, stored in rows]
    if len(found) != len(wanted):
        return "an account payment names a record that there is not"
    for (case, kind), a in found:
        if not isinstance(a.record, PaymentRecord) or (payment_case_key(a), a.record.kind) != (case.key, kind):
            return f"{_named(case)}: a record of it speaks of another one"
    return _mac_fault([a for _, a in found], check_tac)


def _records(case: PaymentCase) -> list[tuple[int, Kind]]:
    named = (case.record, Kind.ONLINE), (case.reversal, Kind.REVERSAL)
    return [(number, kind) for number, kind in named if number is not None]


def _mac_fault(arrivals: list[Arrival], check_tac: CheckTac) -> str:
    items = [a.item for a in arrivals if a.item is not None]
    verdicts = check_tac(b"".join(items)) if items else b""
    wrong = next((a for a, verdict in zip(arrivals, verdicts, strict=True) if verdict != TacVerdict.OK), None)
    return "" if wrong is None else f"record {wrong.device.hex()}/{wrong.epoch}/{wrong.seq}: its MAC is wrong"


def _named(case: PaymentCase) -> str:
    device, epoch, request = split_key(case.key)
    return f"request {device.hex()}/{epoch}/{request}"
