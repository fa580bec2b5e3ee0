"""Offline codes 脱机付款码 against certificates, records and entries: each posted once and whole, and the school's loss
is what it bore: what no account had, second uses, and what goes beyond a certificate."""

from collections.abc import Iterator
from typing import NamedTuple

from cloud.ledger.books.chart import AccountKind
from cloud.ledger.books.entry import EntryKind
from cloud.ledger.checks.check import Check
from cloud.ledger.funds.offline.certificates import GIVEN, every
from cloud.ledger.funds.offline.taking import CODE_KINDS, CodeUse, code_of, is_shown, uses_where
from cloud.ledger.funds.offline.terms import Beyond, CertificateRow
from cloud.ledger.funds.successors import home_of
from cloud.ledger.records.arrival import Arrival, arrive
from cloud.ledger.records.values import CheckTac
from cloud.store.db import Database
from shared.purse.tac import TacVerdict
from shared.words.voice import Text

NAME = "offline-codes"
_KINDS = tuple(map(int, CODE_KINDS))
_LINES = (
    "SELECT p.entry, p.kind, p.debit, p.fen, p.record, p.key, p.booked_at_ms, a.kind FROM posting p "
    "JOIN account a ON a.id = p.debit WHERE p.kind IN (?, ?) ORDER BY p.entry, p.line"
)
_LOST = (
    "SELECT CAST(COALESCE(SUM(CASE WHEN d.id IS NULL THEN 0 ELSE p.fen END), 0) - "
    "COALESCE(SUM(CASE WHEN c.id IS NULL THEN 0 ELSE p.fen END), 0) AS BIGINT) FROM posting p "
    "LEFT JOIN account d ON d.id = p.debit AND d.kind = ? LEFT JOIN account c ON c.id = p.credit AND c.kind = ? "
    "WHERE d.id IS NOT NULL OR c.id IS NOT NULL"
)
_MOVED = "SELECT entry, fen, {side} FROM posting WHERE {side}"


class _Entry(NamedTuple):
    """An entry of a code. payer: the holder's account, 0: the school bears all."""

    number: int
    kind: int
    fen: int
    borne_fen: int
    payer: int
    record: int | None
    key: bytes
    booked_ms: int


def check_codes(db: Database, check_tac: CheckTac) -> Check:
    """All of them."""
    uses, entries = uses_where(db, "id > 0"), {one.number: one for one in _entries(db)}
    certificates = {one.number: one for one in every(db)}
    ended_ms, broken = _steps(db, certificates)
    broken = broken or _uses_fault(uses, dict(entries)) or _record_fault(db, uses, certificates, check_tac)
    booked = sorted((entries[one.entry], one) for one in uses if one.entry is not None and one.entry in entries)
    broken = broken or _beyond_fault(booked, certificates, ended_ms)
    broken = broken or _money_fault(db, booked) or _loss_fault(db, uses)
    waiting = sum(one.entry is None for one in uses)
    note = Text(f"{waiting} 笔脱机付款码挂账", f"{waiting} offline codes wait") if waiting else None
    return Check(NAME, len(certificates) + len(uses), broken, note)


def _entries(db: Database) -> Iterator[_Entry]:
    found: dict[int, _Entry] = {}
    for number, kind, debit, fen, record, key, booked_ms, of in db.run(_LINES, _KINDS):
        known = found.get(number) or _Entry(number, kind, 0, 0, 0, record, bytes(key), booked_ms)
        borne, payer = (fen, known.payer) if of == AccountKind.CODE_LOSS else (0, debit)
        found[number] = known._replace(fen=known.fen + fen, borne_fen=known.borne_fen + borne, payer=payer)
    return iter(found.values())


def _steps(db: Database, certificates: dict[int, CertificateRow]) -> tuple[dict[int, int], str]:
    """When each certificate ended, as its steps say, Unix ms; and what of a certificate follows from no step."""
    campus = int(next((value for (value,) in db.run("SELECT value FROM meta WHERE name = 'campus'")), 0))
    said: dict[int, CertificateRow] = {}
    ended_ms: dict[int, int] = {}
    for number, why, document, at_s, at_ms in db.run(
        "SELECT number, why, document, at_s, at_ms FROM certificate_step ORDER BY id"
    ):
        row = certificates.get(number)
        if row is None:
            return {}, f"certificate {number}: has a step, and is gone"
        if why == GIVEN:
            if number in said or row.phone(campus).encode() != bytes(document):
                return {}, f"certificate {number}: says another thing than was given out"
            said[number] = row._replace(ended_why=0, ended_s=0)
        elif number in said and not said[number].ended_why:
            said[number], ended_ms[number] = said[number]._replace(ended_why=why, ended_s=at_s), at_ms
        else:
            return {}, f"certificate {number}: ended twice, or before it was given out"
    wrong = next((number for number, row in certificates.items() if said.get(number) != row), None)
    return ended_ms, "" if wrong is None else f"certificate {wrong}: no step says so"


def _uses_fault(uses: list[CodeUse], entries: dict[int, _Entry]) -> str:
    for one in uses:
        if one.entry is None:
            continue
        entry = entries.pop(one.entry, None)
        kind = EntryKind.CODE_BORNE if one.against else EntryKind.CODE_PAID
        said = (int(kind), one.fen, one.borne_fen, one.record, one.key)
        if entry is None or (entry.kind, entry.fen, entry.borne_fen, entry.record, entry.key) != said:
            return f"offline code {one.id}: its entry is another one, or over another sum"
        if one.against and one.borne_fen != one.fen:
            return f"offline code {one.id}: beyond its certificate, and not borne by the school"
    return f"entry {min(entries)}: an offline code that nobody showed" if entries else ""


def _record_fault(
    db: Database, uses: list[CodeUse], certificates: dict[int, CertificateRow], check_tac: CheckTac
) -> str:  # fmt: skip
    """Each record says its use, its phone has signed it, and its terminal's MAC is right."""
    wanted = {one.record: one for one in uses}
    rows = db.find("SELECT id, stored FROM record WHERE id", list(wanted))
    if len(rows) != len(uses):
        return "an offline code names a record that there is not, or two name one"
    found = [(wanted[number], arrive(stored)) for number, stored in rows]
    broken = next(filter(None, (_use_fault(one, a, certificates) for one, a in found)), "")
    items = [(one, a.item) for one, a in found if a.item is not None]
    verdicts = check_tac(b"".join(item for _, item in items)) if items and not broken else b""
    wrong = next((u for (u, _), verdict in zip(items, verdicts, strict=False) if verdict != TacVerdict.OK), None)
    return broken or ("" if wrong is None else f"offline code {wrong.id}: its MAC is wrong")


def _use_fault(one: CodeUse, a: Arrival, certificates: dict[int, CertificateRow]) -> str:
    record, row = code_of(a), certificates.get(one.certificate)
    said = (record.certificate, record.use, record.card, record.amount_fen, record.time)
    if said != (one.certificate, one.use, one.card, one.fen, one.time_s):
        return f"offline code {one.id}: its record says another one"
    if row is None or row.card != one.card:
        return f"offline code {one.id}: of no certificate that this card was given"
    return "" if is_shown(row, record) else f"offline code {one.id}: its phone has not signed it"


def _beyond_fault(
    booked: list[tuple[_Entry, CodeUse]], certificates: dict[int, CertificateRow], ended_ms: dict[int, int]
) -> str:  # fmt: skip
    """What is said against each is so, worked out anew. That a card was listed then, no row says any more; and of what
    was booked in the very moment of an end nobody knows which came first."""
    seen: set[tuple[int, int]] = set()
    for entry, one in booked:
        row = certificates[one.certificate]
        said, expected = Beyond(one.against), _expected(row, one, is_second=(one.certificate, one.use) in seen)
        seen.add((one.certificate, one.use))
        since_ms = entry.booked_ms - ended_ms.get(row.number, entry.booked_ms + 1)
        may = {expected}
        if expected is Beyond.ENDED and since_ms <= 0:
            may = {Beyond.NOTHING} if since_ms < 0 else {Beyond.NOTHING, Beyond.ENDED}
        if said not in may and not (said is Beyond.LISTED and Beyond.NOTHING in may):
            return f"offline code {one.id}: {said.word} was said of it, and it is {expected.word}"
    return ""


def _expected(row: CertificateRow, one: CodeUse, *, is_second: bool) -> Beyond:
    if is_second:
        return Beyond.TWICE
    if one.use > row.uses:
        return Beyond.USES
    if one.fen > row.one_fen:
        return Beyond.SUM
    if one.time_s < row.from_s or one.time_s >= row.until_s:
        return Beyond.TIME
    return Beyond.ENDED if row.ended_why and one.time_s >= row.ended_s else Beyond.NOTHING


def _money_fault(db: Database, booked: list[tuple[_Entry, CodeUse]]) -> str:
    """An account pays as far as it had money, never more and never less."""
    left = [(entry, one) for entry, one in booked if not one.against]
    homes = _payers(db, left)
    moved: dict[int, list[tuple[int, int]]] = {account: [] for account in homes.values()}
    for side, sign in (("debit", -1), ("credit", 1)):
        for number, fen, account in db.find(_MOVED.format(side=side), sorted(moved)):
            moved[account].append((number, sign * fen))
    for entry, one in left:
        had_fen = max(0, sum(fen for number, fen in moved[homes[entry.number]] if number < entry.number))
        if one.fen - one.borne_fen != min(one.fen, had_fen):
            return f"offline code {one.id}: its account had {had_fen} fen, and paid {one.fen - one.borne_fen}"
    return ""


def _payers(db: Database, booked: list[tuple[_Entry, CodeUse]]) -> dict[int, int]:
    """Entry → the account that pays it; where it had nothing at all, that of its card."""
    homes = {one.card: home_of(db, one.card) for entry, one in booked if not entry.payer}
    rows = db.find("SELECT online_account, card FROM card WHERE card", sorted(set(homes.values())))
    own = {bytes(card): int(account) for account, card in rows}
    return {entry.number: entry.payer or own.get(homes[one.card], 0) for entry, one in booked}


def _loss_fault(db: Database, uses: list[CodeUse]) -> str:
    """The loss account has what was borne, and nothing else moved it."""
    kind = str(AccountKind.CODE_LOSS)
    ((lost_fen,),) = db.run(_LOST, (kind, kind))
    borne_fen = sum(one.borne_fen for one in uses if one.entry is not None)
    return "" if lost_fen == borne_fen else f"losses by offline codes are {lost_fen} fen, {borne_fen} were borne"
