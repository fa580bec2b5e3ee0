"""折扣: what a discount took off a sale is paid to its merchant by whoever bears it, once; given back, it is undone.

A record says by how much the price was adjusted, and no TAC covers that: it is believed when the parameters that were
in use there, the card's class and the meal say the very same sum. Else nothing is paid, and it is told. Booked beside
the posting of records, by the look for differences, up to a watermark of records; what is held 待核 waits until it is
the merchant's. A grey purchase that evidence alone has proven brings no discount.
"""

from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple

from cloud.ledger.books.chart import DISCOUNTS, AccountKind
from cloud.ledger.books.entry import Entry, EntryKind, Posting, document_hash
from cloud.ledger.books.keys import discount_key, discount_undone_key, release_key, void_key
from cloud.ledger.books.posting import Postings, discount_borne, withdrawn
from cloud.ledger.fleet.documents.rows import body_of, generation_of
from cloud.ledger.fleet.parameters.spent import moment_of
from cloud.ledger.journal.registry import Registry, ensure_accounts, touch_registry
from cloud.ledger.journal.writing import Writing, first_verdict_key
from cloud.ledger.records.arrival import Arrival, arrive, key_beside
from cloud.ledger.records.values import OWN_PARTITION, Verdict
from cloud.store.db import Database
from shared.errors import StoreFault, WireFault
from shared.facts.books import DiscountDoubted
from shared.fleet.document import DocumentKind, device_scope
from shared.fleet.parameters import EVERY_OTHER, Bearer, ParameterBody, Price, decode_parameters
from shared.ids import DeviceId
from shared.records import PROVEN, Pair, PurchaseRecord, parse_flags
from shared.wire import codec

RECORDS_MAX = 2_000
"""Of a look: they are picked by their bytes, and few have a discount."""
ROWS_MAX = 64
"""Booked, or looked at again, in a look."""
COLUMNS = "record, bearer, fen, state, entry, undone"
_PICKED = (
    "SELECT id, stored, fork, verdict FROM record WHERE id > ? AND id <= ? AND substr(stored, 68, 1) >= ? ORDER BY id"
)
_NEGATIVE = b"\x80"
"""From here on the first byte of what the price was adjusted by, at its place in a stored record."""
_ENDS = "SELECT value, (SELECT COALESCE(MAX(id), 0) FROM record) FROM watermark WHERE name = 'discounts'"


class State(IntEnum):
    """Frozen numbers: they stand in the ledger."""

    WAITING = 1
    """Its sale is not the merchant's yet."""
    BORNE = 2
    UNDONE = 3
    DOUBTED = 4
    """Not what the parameters say: nothing was paid."""


class Discount(NamedTuple):
    """A row: what one record's sale was taken off by."""

    record: int
    bearer: Bearer
    fen: int
    state: State
    entry: int | None = None
    undone: int | None = None


class Paper(NamedTuple):
    """What the document of such an entry says. merchant: the account that is paid."""

    record: int
    bearer: int
    merchant: int
    fen: int

    def to_bytes(self) -> bytes:
        """As it stands in the books."""
        return codec.dumps([int(EntryKind.DISCOUNT_BORNE), *self])


def read_paper(document: bytes) -> Paper:
    """WireFault for a document that is none."""
    kind, *fields = codec.fields(codec.loads(document), int, int, int, int, int, what="discount")
    if kind != EntryKind.DISCOUNT_BORNE:
        raise WireFault("discount: another kind")
    return Paper(*fields)


def paper_postings(registry: Registry, paper: Paper) -> Postings:
    """What it means; KeyError for an account that is none."""
    bearer = registry.drawers[DISCOUNTS[Bearer(paper.bearer)].code]
    return discount_borne(bearer, paper.merchant, paper.fen)


def look_at_discounts(writing: Writing) -> bool:
    """Inside of a transaction. Is there more to look at?"""
    db = writing.db
    ((low, last),) = db.run(_ENDS)
    high = min(last, low + RECORDS_MAX)
    for row in _found(db, low, high):
        db.insert("discount", COLUMNS, [_plain(row)])
        if row.state is State.DOUBTED:
            _tell(writing, row)
    if high > low:
        db.run("UPDATE watermark SET value = ? WHERE name = 'discounts'", (high,))
    for row in waiting(db):
        _settle(writing, row)
    back = given_back(db)
    for row, _ in back:
        _undo(writing, row)
    if back:
        db.run("UPDATE watermark SET value = ? WHERE name = 'discounts-void'", (back[-1][1],))
    return bool(last > high or len(back) == ROWS_MAX)


def discounts(db: Database) -> list[Discount]:
    """All of them."""
    return [_row(row) for row in db.run(f"SELECT {COLUMNS} FROM discount ORDER BY record")]  # noqa: S608  # ours


def waiting(db: Database) -> list[Discount]:
    """What is not paid yet: its sale is not its merchant's. ROWS_MAX of them."""
    rows = db.run(
        f"SELECT {COLUMNS} FROM discount WHERE state = ? ORDER BY record LIMIT ?",  # noqa: S608  # ours
        (int(State.WAITING), ROWS_MAX),
    )
    return [_row(row) for row in rows]


def given_back(db: Database) -> list[tuple[Discount, int]]:
    """What was paid for a sale that was made void since the last look, and by which entry. ROWS_MAX of them."""
    rows = db.run(
        f"SELECT {', '.join(f'd.{name}' for name in COLUMNS.split(', '))}, v.entry FROM void_case v "  # noqa: S608  # ours
        "JOIN record r ON r.key = v.target JOIN discount d ON d.record = r.id WHERE d.state = ? "
        "AND v.entry > (SELECT value FROM watermark WHERE name = 'discounts-void') ORDER BY v.entry LIMIT ?",
        (int(State.BORNE), ROWS_MAX),
    )
    return [(_row(row[:-1]), row[-1]) for row in rows]


def judged(db: Database, a: Arrival) -> tuple[Bearer, int, bool] | None:
    """Who bears the discount of this record, how much it is, and whether the parameters say so. None: it has none that
    anybody but its merchant bears."""
    said = a.record
    if not isinstance(said, PurchaseRecord) or said.trip or said.kind not in PROVEN or said.price_adjust_fen >= 0:
        return None
    off_fen, price = -said.price_adjust_fen, _price(db, a, said)
    gross_fen = said.amount_fen + off_fen + _first_fen(db, a, said)
    is_right = price is not None and price.off(gross_fen) == off_fen and price.fixed_fen in (None, gross_fen)
    if price is not None and is_right and price.bearer is Bearer.MERCHANT:
        return None
    return (price.bearer if price is not None else Bearer.MERCHANT), off_fen, is_right


def _found(db: Database, low: int, high: int) -> Iterator[Discount]:
    for record, stored, fork, verdict in db.run(_PICKED, (low, high, _NEGATIVE)):
        if verdict not in (Verdict.POSTED, Verdict.HELD) or fork:
            continue
        found = judged(db, arrive(bytes(stored)))
        if found is not None:
            bearer, fen, is_right = found
            yield Discount(record, bearer, fen, State.WAITING if is_right else State.DOUBTED)


def _price(db: Database, a: Arrival, said: PurchaseRecord) -> Price | None:
    """What counted there then; None: nobody here knows."""
    body = _parameters(db, bytes(a.device), said.parameter_version)
    if body is None:
        return None
    rows = db.run(
        "SELECT COALESCE(l.card_class, c.card_class) FROM card c LEFT JOIN card_life l ON l.card = c.card "
        "WHERE c.card = ?",
        (said.card,),
    )
    _, meal = moment_of(body, said.time)
    return body.price_of(rows[0][0] if rows else EVERY_OTHER, meal)


def _parameters(db: Database, device: bytes, low: int) -> ParameterBody | None:
    """The newest generation with these low 16 bits, as a record has room for."""
    scope = device_scope(DeviceId(device))
    rows = db.run(
        "SELECT generation FROM document WHERE kind = ? AND scope = ? ORDER BY generation DESC",
        (int(DocumentKind.PARAMETERS), scope),
    )
    generation = next((number for (number,) in rows if number & 0xFFFF == low), None)
    document = None if generation is None else generation_of(db, DocumentKind.PARAMETERS, scope, generation)
    try:
        return None if document is None else decode_parameters(body_of(db, document))
    except (WireFault, StoreFault):
        return None


def _first_fen(db: Database, a: Arrival, said: PurchaseRecord) -> int:
    """What the first half of a mixed payment was over: the discount stands in the second."""
    if parse_flags(said.flags).pair is not Pair.SECOND:
        return 0
    rows = db.run("SELECT stored FROM record WHERE key = ? ORDER BY id LIMIT 1", (key_beside(a.key, -1),))
    first = arrive(bytes(rows[0][0])).record if rows else None
    is_it = isinstance(first, PurchaseRecord) and first.card == said.card
    return first.amount_fen if is_it and isinstance(first, PurchaseRecord) else 0


def _settle(writing: Writing, row: Discount) -> None:
    """Pay what is the merchant's; nothing for what was given back before that."""
    db = writing.db
    ((stored, fork),) = db.run("SELECT stored, fork FROM record WHERE id = ?", (row.record,))
    key = first_verdict_key(EntryKind.PURCHASE, arrive(bytes(stored)), fork)
    posted = db.run("SELECT entry, credit, effective_day FROM posting WHERE key = ?", (key,))
    is_void = bool(db.run("SELECT 1 FROM posting WHERE key = ?", (void_key(key),)))
    if is_void:
        _save(db, row._replace(state=State.UNDONE))
        return
    if posted:
        entry, credited, day = posted[0]
        released = db.run("SELECT credit FROM posting WHERE key = ?", (release_key(entry),))
        merchant = released[0][0] if released else credited
        kinds = db.run("SELECT kind FROM account WHERE id = ?", (merchant,))
        if kinds == [(AccountKind.MERCHANT.value,)]:
            _pay(writing, row, merchant, day)
        elif released:
            _save(db, row._replace(state=State.UNDONE))


def _pay(writing: Writing, row: Discount, merchant: int, day: int) -> None:
    need_accounts(writing)
    paper = Paper(row.record, int(row.bearer), merchant, row.fen)
    document = paper.to_bytes()
    entry = Entry(
        EntryKind.DISCOUNT_BORNE, day, discount_key(row.record), document_hash(document),
        paper_postings(writing.registry, paper), document=document,
    )  # fmt: skip
    number = writing.booking.add_entry(entry, OWN_PARTITION)
    writing.booking.flush()
    _save(writing.db, row._replace(state=State.BORNE, entry=number))


def _undo(writing: Writing, row: Discount) -> None:
    columns = "debit, credit, fen, effective_day, input_hash"
    rows = writing.db.run(f"SELECT {columns} FROM posting WHERE entry = ? ORDER BY line", (row.entry,))  # noqa: S608  # ours
    postings = withdrawn(tuple(Posting(*one[:3]) for one in rows))
    day, input_hash = rows[0][3:]
    entry = Entry(
        EntryKind.DISCOUNT_TAKEN_BACK, day, discount_undone_key(row.record), input_hash, postings, record=row.record,
        reverses=row.entry,
    )  # fmt: skip
    number = writing.booking.add_entry(entry, OWN_PARTITION)
    writing.booking.flush()
    _save(writing.db, row._replace(state=State.UNDONE, undone=number))


def need_accounts(writing: Writing) -> None:
    """Those of the bearers, made with the first discount."""
    if any(one.code not in writing.registry.drawers for one in DISCOUNTS.values()):
        writing.registry.drawers.update(ensure_accounts(writing.db, tuple(DISCOUNTS.values())))
        touch_registry(writing.db)


def _tell(writing: Writing, row: Discount) -> None:
    ((stored,),) = writing.db.run("SELECT stored FROM record WHERE id = ?", (row.record,))
    a = arrive(bytes(stored))
    writing.notes.tell(DiscountDoubted(a.seq, row.fen), device=writing.named(a.device))


def _save(db: Database, row: Discount) -> None:
    db.run(
        "UPDATE discount SET state = ?, entry = ?, undone = ? WHERE record = ?",
        (int(row.state), row.entry, row.undone, row.record),
    )


def _plain(row: Discount) -> tuple[int | None, ...]:
    return row.record, int(row.bearer), row.fen, int(row.state), row.entry, row.undone


def _row(row: tuple[int, ...]) -> Discount:
    record, bearer, fen, state, entry, undone = row
    return Discount(record, Bearer(bearer), fen, State(state), entry, undone)
