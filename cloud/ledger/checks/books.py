"""Entries against their sources, balances against postings, batches against their hashes."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from cloud.ledger.books.chart import CODE_LOSS, meal_debt
from cloud.ledger.books.entry import Entry, EntryKind, Posting, document_hash, entry_digest
from cloud.ledger.books.keys import payment_key, release_key
from cloud.ledger.books.posting import (
    CardAccounts,
    Postings,
    account_paid,
    account_reversed,
    code_paid,
    deposit,
    grant,
    meal_given,
    meal_repaid,
    opening_balance,
    opening_subsidy,
    purchase,
    voided,
    withdrawn,
)
from cloud.ledger.checks.check import Check, Line, walk, walk_entries
from cloud.ledger.checks.releases import paying_purses, release_fault
from cloud.ledger.findings import discounts
from cloud.ledger.funds.documents import DESK_KINDS, desk_postings
from cloud.ledger.funds.grants import payer_account
from cloud.ledger.funds.meals.backs import back_postings
from cloud.ledger.funds.offline.taking import CODE_KINDS, code_of
from cloud.ledger.funds.orders import papers
from cloud.ledger.funds.providers.posting import PROVIDER_KINDS, provider_postings
from cloud.ledger.funds.spares import borrowed
from cloud.ledger.funds.successors import homes_of
from cloud.ledger.held.losses.bearing import paper_postings, read_paper, read_unprovided, unprovided_postings
from cloud.ledger.held.losses.write_off import provision_postings, read_provision
from cloud.ledger.held.releases import RELEASE_KINDS
from cloud.ledger.journal.balances import all_balances
from cloud.ledger.journal.booking import BatchKind, record_digest, seal_hash
from cloud.ledger.journal.registry import Registry, read_registry
from cloud.ledger.journal.writing import first_verdict_key, is_half
from cloud.ledger.loads.sources import LOAD_POSTINGS
from cloud.ledger.records.arrival import Arrival, arrive, is_by_code, payment_case_key, split_key, target_key
from cloud.ledger.records.values import EntryUnbalanced
from cloud.store.db import Database
from shared.errors import WireFault
from shared.ids import person_number
from shared.records import CodeRecord, Kind, MealRecord, PaymentRecord, PurselessRecord
from shared.wire import codec

_DOCUMENTS = {
    EntryKind.OPENING: opening_balance,
    EntryKind.OPENING_SUBSIDY: opening_subsidy,
    EntryKind.DEPOSIT: deposit,
}


def check_balances(db: Database) -> Check:
    """The folded balances and their tail equal the sums of all postings, and together they are zero."""
    sums: dict[int, int] = {}
    for account, fen in db.run(
        "SELECT account, CAST(SUM(fen) AS BIGINT) FROM (SELECT debit AS account, fen FROM posting "
        "UNION ALL SELECT credit, -fen FROM posting) m GROUP BY account"
    ):
        sums[account] = fen
    folded, known = all_balances(db), {number for (number,) in db.run("SELECT id FROM account")}
    for account in sorted({*sums, *folded}):
        if account not in known:
            return Check("balances", len(sums), f"account {account} does not exist")
        if sums.get(account, 0) != folded.get(account, 0):
            text = f"account {account}: balance {folded.get(account, 0)}, postings say {sums.get(account, 0)}"
            return Check("balances", len(sums), text)
    total = sum(folded.values())
    return Check("balances", len(sums), f"trial balance is {total} fen, not 0" if total else "")


def check_entries(db: Database) -> Check:
    """Every posting is what its record or document says: accounts and sum."""
    registry, checked = read_registry(db), 0
    ((since,),) = db.run("SELECT value FROM watermark WHERE name = 'pending_subsidy'")
    for number, lines in walk_entries(db):
        checked += 1
        broken = _lines_fault(lines) or _entry_fault(db, registry, lines, is_old=number <= since)
        if broken:
            return Check("entries", checked, f"entry {number}: {broken}")
    return Check("entries", checked)


def _lines_fault(lines: list[Line]) -> str:
    if [line.line for line in lines] != list(range(len(lines))):
        return "a line is missing"
    if any(line.every != lines[0].every for line in lines):
        return "its lines name another kind, day or batch"
    return ""


def _entry_fault(db: Database, registry: Registry, lines: list[Line], *, is_old: bool) -> str:
    """is_old: booked before subsidies that are given back had an account of their own."""
    head, kind = lines[0], EntryKind(lines[0].kind)
    try:
        actual = _postings(lines)
    except EntryUnbalanced:
        return "a posting that moves nothing"
    if head.reverses is not None:
        return _withdrawal_fault(db, kind, actual, head.reverses)
    if kind in RELEASE_KINDS and head.document is not None and document_hash(head.document) == head.input_hash:
        return release_fault(db, registry, kind, actual, head.document, is_old=is_old)
    if head.record is not None:
        return _record_fault(db, registry, kind, actual, head.record, head.input_hash, is_old=is_old)
    return _document_fault(registry, kind, actual, head.document, head.input_hash)


def _postings(lines: list[Line]) -> Postings:
    return tuple(Posting(line.debit, line.credit, line.fen) for line in lines)


def _withdrawal_fault(db: Database, kind: EntryKind, actual: Postings, reverses: int) -> str:
    rows = db.run("SELECT debit, credit, fen FROM posting WHERE entry = ? ORDER BY line", (reverses,))
    kinds = (EntryKind.EVIDENCE_WITHDRAWN, EntryKind.LOSS_TAKEN_BACK, EntryKind.DISCOUNT_TAKEN_BACK)
    if kind not in kinds or actual != withdrawn(tuple(Posting(*row) for row in rows)):
        return f"is not the opposite of entry {reverses}"
    return ""


def _record_fault(
    db: Database, registry: Registry, kind: EntryKind, actual: Postings, record: int, input_hash: bytes | None,
    *, is_old: bool,
) -> str:  # fmt: skip
    rows = db.run("SELECT stored FROM record WHERE id = ?", (record,))
    if not rows:
        return f"record {record} does not exist"
    a = arrive(rows[0][0])
    named = f"record {record} ({a.device.hex()}/{a.epoch}/{a.seq})"
    if a.sha != input_hash:
        return f"{named} is not the one it was made from"
    if isinstance(a.record, MealRecord):
        return _meal_fault(registry, kind, a, a.record, actual)
    if isinstance(a.record, CodeRecord):
        return _code_fault(db, registry, kind, a, actual)
    card = registry.cards.get(_payer(db, a)) if a.record else None
    if a.record is None or card is None:
        return f"{named} names no card of ours"
    fen = a.record.amount_fen
    if sum(p.fen for p in actual) != fen:
        return f"posts {sum(p.fen for p in actual)} fen, {named} says {fen}"
    if isinstance(a.record, PaymentRecord):
        return _reversal_fault(registry, kind, homes_of(db, _payer(db, a)), a, actual)
    if kind is EntryKind.VOID:
        return _void_fault(db, card.accounts, a, actual, paying_purses(paid_by(a), is_old=is_old))
    if actual != _of_record(registry, kind, card.accounts, a, actual[0].credit, is_old=is_old):
        return f"posts to accounts that {named} does not name"
    return ""


def _meal_fault(registry: Registry, kind: EntryKind, a: Arrival, record: MealRecord, actual: Postings) -> str:
    """An emergency meal is what its person owes, and its terminal's merchant's."""
    body, debt = registry.devices.get(a.device), registry.drawers.get(meal_debt(person_number(record.card)).code)
    is_one = kind is EntryKind.MEAL and body is not None and debt is not None
    if is_one and actual == meal_given(debt or 0, body.merchant_account if body else 0, record.amount_fen):
        return ""
    return "is no emergency meal as its record says it"


def _code_fault(db: Database, registry: Registry, kind: EntryKind, a: Arrival, actual: Postings) -> str:
    """An offline code is its terminal's merchant's, whole; who pays it are the card's account and losses by codes."""
    record, body = code_of(a), registry.devices.get(a.device)
    cards = [registry.cards[card].accounts for card in homes_of(db, record.card) if card in registry.cards]
    losses = {number for code, number in registry.drawers.items() if code.startswith(CODE_LOSS.code)}
    loss, borne_fen = next(((one.debit, one.fen) for one in actual if one.debit in losses), (0, 0))
    if kind not in CODE_KINDS or body is None or borne_fen > record.amount_fen:
        return "is no offline code"
    if kind is EntryKind.CODE_BORNE and borne_fen != record.amount_fen:
        return "is borne by somebody else than the school"
    fen, merchant = record.amount_fen, body.merchant_account
    if all(actual != code_paid(card, loss, merchant, fen, borne_fen) for card in cards):
        return "is no offline code as its record says it"
    return ""


def _payer(db: Database, a: Arrival) -> bytes:
    """Its card; of an account payment, by a code or a spare card, whose account the payment's own entry names."""
    if not isinstance(a.record, PaymentRecord):
        return a.record.card if a.record else b""
    rows = db.run("SELECT document FROM posting WHERE key = ?", (payment_key(payment_case_key(a)),))
    return bytes(codec.loads(rows[0][0])[2]) if rows else b"" if is_by_code(a) else a.record.card


def _reversal_fault(registry: Registry, kind: EntryKind, homes: list[bytes], a: Arrival, actual: Postings) -> str:
    """A reversal takes from the terminal's merchant, for the card or one in its place; what a terminal calls paid moves
    nothing."""
    body, fen = registry.devices.get(a.device), sum(p.fen for p in actual)
    is_one = kind is EntryKind.ACCOUNT_REVERSED and a.record is not None and a.record.kind == Kind.REVERSAL
    cards = [registry.cards[one].accounts for one in homes if one in registry.cards]
    if is_one and body is not None and any(
        actual == account_reversed(one, body.merchant_account, fen) for one in cards
    ):  # fmt: skip
        return ""
    return "is no reversal of an account payment, or goes elsewhere"


def _void_fault(db: Database, card: CardAccounts, a: Arrival, actual: Postings, purses: tuple[int, ...]) -> str:
    """A void takes from where the purchase that it names gave to, and no more."""
    target = target_key(a)
    rows = db.run("SELECT id, stored, fork FROM record WHERE key = ?", (target,)) if target else []
    keys = [first_verdict_key(EntryKind.PURCHASE, arrive(stored), fork) for _, stored, fork in rows]
    found = db.find("SELECT credit, fen, entry FROM posting WHERE key", keys)
    released = db.find("SELECT credit, fen, entry FROM posting WHERE key", [release_key(row[2]) for row in found])
    for credited, fen, _ in (*found, *released):
        if any(actual == voided(card, purse, credited, fen) for purse in purses):
            return ""
    return "gives back what no purchase that it names has brought"


def _of_record(
    registry: Registry, kind: EntryKind, card: CardAccounts, a: Arrival, credited: int, *, is_old: bool
) -> Postings | None:
    fen = a.record.amount_fen if a.record else 0
    if kind in LOAD_POSTINGS:
        return LOAD_POSTINGS[kind](card, fen)
    body = registry.devices.get(a.device)
    sides = [registry.held_unknown, *((body.merchant_account, body.held_account) if body else ())]
    if kind is EntryKind.EVIDENCE and a.record and is_half(a):
        sides += map(card.waiting, paying_purses(paid_by(a), is_old=is_old))
    if kind not in (EntryKind.PURCHASE, EntryKind.EVIDENCE) or credited not in sides:
        return None
    return purchase(card, paid_by(a), credited, fen)


def paid_by(a: Arrival) -> int:
    """The purse/key byte of a record of a purse."""
    if a.record is None or isinstance(a.record, PurselessRecord):
        raise ValueError("no record of a purse")
    return a.record.purse


def _document_fault(
    registry: Registry, kind: EntryKind, actual: Postings, document: bytes | None, input_hash: bytes | None
) -> str:
    if document is None or document_hash(document) != input_hash:
        return "its document is not the one it was made from"
    try:
        expected = _of_document(registry, kind, codec.loads(document))
    except (WireFault, KeyError, TypeError, ValueError, EntryUnbalanced):
        return "its document cannot be read"
    if actual != expected:
        posted, said = sum(p.fen for p in actual), sum(p.fen for p in expected)
        return f"posts {posted} fen, its document says {said}, or other accounts"
    return ""


_PAPERS: dict[EntryKind, Callable[[Registry, bytes], Postings]] = {
    EntryKind.LOSS_BORNE: lambda registry, raw: paper_postings(registry, read_paper(raw)),
    EntryKind.DISCOUNT_BORNE: lambda registry, raw: discounts.paper_postings(registry, discounts.read_paper(raw)),
    EntryKind.LOSS_PROVIDED: lambda registry, raw: provision_postings(registry, read_provision(raw)),
    EntryKind.LOSS_UNPROVIDED: lambda registry, raw: unprovided_postings(registry, read_unprovided(raw)),
    **dict.fromkeys(papers.KINDS, lambda registry, raw: papers.paper_postings(registry, codec.loads(raw))),
}


def _of_document(registry: Registry, kind: EntryKind, body: list[object]) -> Postings:
    said, *fields = body
    if said != kind:
        raise ValueError("another kind")
    if kind in _PAPERS:
        return _PAPERS[kind](registry, codec.dumps(body))
    if kind in (EntryKind.MEAL_SHEET, EntryKind.MEAL_REPAID):
        return _of_meal(registry, kind, *fields[:3])
    if kind is EntryKind.MEAL_TAKEN_BACK:
        return _of_meal_back(registry, *fields[1:5])
    if kind in DESK_KINDS:
        return desk_postings(registry, kind, fields)
    if kind in PROVIDER_KINDS:
        return provider_postings(registry, kind, fields)
    return _of_money_document(registry, kind, fields)


_LOAD_FIELDS = 4
"""Of a load's document behind its kind; one more where a spare card's holder pays."""


def _of_money_document(registry: Registry, kind: EntryKind, fields: list[object]) -> Postings:
    if kind in LOAD_POSTINGS:
        card, fen, payer = fields[1], fields[2], fields[-1] if len(fields) > _LOAD_FIELDS else fields[1]
        whose = borrowed(registry, _bytes(card), _bytes(payer))
        return LOAD_POSTINGS[kind](whose, _fen(fen))
    if kind is EntryKind.ACCOUNT_PAID:
        key, card, fen, *_ = fields
        merchant = registry.devices[split_key(_bytes(key))[0]].merchant_account
        return account_paid(_accounts(registry, card), merchant, _fen(fen))
    if kind is EntryKind.GRANT:
        payer, card, fen, *_ = fields
        return grant(payer_account(registry, str(payer)), _accounts(registry, card), _fen(fen))
    card, fen, *_ = fields
    make = _DOCUMENTS[kind]
    return make(registry.bank, _accounts(registry, card), _fen(fen))


def _of_meal(registry: Registry, kind: EntryKind, number: object, other: object, fen: object) -> Postings:
    """A sheet's row names the merchant's account, a repayment the card."""
    debt = registry.drawers[meal_debt(str(number)).code]
    if kind is EntryKind.MEAL_SHEET:
        return meal_given(debt, _fen(other), _fen(fen))
    return meal_repaid(_accounts(registry, other), debt, _fen(fen))


def _of_meal_back(registry: Registry, number: object, card: object, debt_fen: object, online_fen: object) -> Postings:
    if not isinstance(debt_fen, int) or not isinstance(online_fen, int):
        raise TypeError("no sums")
    return back_postings(registry, str(number), _bytes(card), debt_fen, online_fen)


def _accounts(registry: Registry, card: object) -> CardAccounts:
    return registry.cards[_bytes(card)].accounts


def _bytes(value: object) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError("a card, or a key, is bytes")
    return value


def _fen(value: object) -> int:
    if type(value) is not int:
        raise TypeError("a sum is an integer")
    return value


def check_chain(db: Database) -> Check:
    """Every batch hash, worked out again from the rows; numbers go on without a hole, but for announced recoveries."""
    records, entries = _digests(_record_digests(db)), _digests(_entry_digests(db))
    previous: dict[int, tuple[int, bytes]] = {}
    checked = 0
    for partition, number, kind, n_records, n_entries, sealed in db.run(
        "SELECT partition, number, kind, records, entries, hash FROM batch ORDER BY partition, number"
    ):
        checked += 1
        last, before = previous.get(partition, (0, bytes(32)))
        r, r_count, r_named = records.pop((partition, number), _NOTHING)
        e, e_count, e_named = entries.pop((partition, number), _NOTHING)
        named = f"batch p{partition:02d}/{number} (records {r_named or '-'}, entries {e_named or '-'})"
        if number != last + 1 and kind != BatchKind.RECOVERY:
            return Check("batch-chain", checked, f"{named}: batch {last + 1} is missing")
        if (r_count, e_count) != (n_records, n_entries):
            return Check("batch-chain", checked, f"{named}: rows are missing or were added")
        if seal_hash(before, partition, number, r, e) != sealed:
            return Check("batch-chain", checked, f"{named}: a row was edited")
        previous[partition] = number, sealed
    for partition, number in (*records, *entries):
        return Check("batch-chain", checked, f"batch p{partition:02d}/{number} is missing")
    return Check("batch-chain", checked)


Sealed = tuple[bytes, int, str]
_NOTHING: Sealed = (hashlib.sha256().digest(), 0, "")


@dataclass(slots=True)
class _Sum:
    """The digests of one batch's rows so far."""

    first: int
    last: int = 0
    count: int = 0
    made: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def add(self, number: int, digest: bytes) -> None:
        self.last, self.count = number, self.count + 1
        self.made.update(digest)

    def sealed(self) -> Sealed:
        return self.made.digest(), self.count, f"{self.first}–{self.last}"


def _digests(rows: Iterator[tuple[tuple[int, int], int, bytes]]) -> dict[tuple[int, int], Sealed]:
    """(partition, number) → SHA-256 over the digests in order, how many, and 'first–last' id."""
    sums: dict[tuple[int, int], _Sum] = {}
    for key, number, digest in rows:
        if key not in sums:
            sums[key] = _Sum(number)
        sums[key].add(number, digest)
    return {key: found.sealed() for key, found in sums.items()}


def _record_digests(db: Database) -> Iterator[tuple[tuple[int, int], int, bytes]]:
    columns = "id, stored, fork, verdict, reason, received_ms, received_s, partition, number"
    for number, stored, fork, verdict, reason, ms, s, partition, batch in walk(db, columns, "record"):
        sha = hashlib.sha256(stored).digest()
        yield (partition, batch), number, record_digest(sha, number, fork, verdict, reason, ms, s)


def _entry_digests(db: Database) -> Iterator[tuple[tuple[int, int], int, bytes]]:
    for number, lines in walk_entries(db):
        head = lines[0]
        yield (head.partition, head.number), number, _entry_digest(head, lines)


def _entry_digest(head: Line, lines: list[Line]) -> bytes:
    """Where the lines are no entry, something that fits no hash, which is what is said then."""
    entry = entry_of_lines(lines)
    return b"no entry" if entry is None else digest_of_lines(head, entry)


def entry_of_lines(lines: list[Line]) -> Entry | None:
    """As it was booked; None for lines that are no entry."""
    head = lines[0]
    if head.key is None or head.input_hash is None:
        return None
    try:
        return Entry(
            EntryKind(head.kind), head.effective_day, head.key, head.input_hash, _postings(lines), head.record,
            head.document, head.reverses, head.flags,
        )  # fmt: skip
    except EntryUnbalanced:
        return None


def digest_of_lines(head: Line, entry: Entry) -> bytes:
    """What the chains cover of it."""
    return entry_digest(head.entry, head.booked_at_ms, head.book, entry)
