"""What terminals took by offline codes 脱机付款码, into the books: each posted once, and its merchant has it whole.

The first record of a use is the holder's, as far as his account has money; the rest is the school's. Of a second one,
and of what goes beyond its certificate, the school bears all: a terminal without a network could not know. By the
record's own time, so what was on its way when a certificate ended is the holder's. What waits, because the terminal is
not as registered, is posted as soon as that is known. A second use ends its certificate at once.
"""

from collections.abc import Sequence
from typing import NamedTuple

from cloud.ledger.books.chart import Side
from cloud.ledger.books.entry import Entry, EntryKind
from cloud.ledger.books.posting import CardAccounts, code_paid
from cloud.ledger.funds.offline.certificates import certificate_of, end
from cloud.ledger.funds.offline.rules import bearing_account, highest_day_fen
from cloud.ledger.funds.offline.terms import Beyond, CertificateRow, EndWhy
from cloud.ledger.funds.successors import home_of
from cloud.ledger.journal.balances import balance_now
from cloud.ledger.journal.registry import Card, Place, ensure_accounts, merchant_at
from cloud.ledger.journal.writing import Writing, first_verdict_key
from cloud.ledger.records.arrival import Arrival, arrive
from cloud.ledger.records.judge import Reason
from cloud.ledger.records.values import OWN_PARTITION
from cloud.store.db import Database
from shared.errors import RuleBroken
from shared.facts.money.codes import (
    OfflineCodeBeyond,
    OfflineCodeDay,
    OfflineCodeShort,
    OfflineCodeTwice,
    OfflineCodeWaits,
)
from shared.keys.offline_code import Use, is_signed_use
from shared.purse.tac import TacVerdict
from shared.records import CodeRecord

COLUMNS = (
    "id, record, key, certificate, use, card, day, fen, borne_fen, device, stall, time_s, against, entry, reason, at_ms"
)
CODE_KINDS = (EntryKind.CODE_PAID, EntryKind.CODE_BORNE)
DAYS = 2
"""Of the ledger, on which one business day of a terminal may fall."""
WAITING_MAX = 500
"""Records that wait and are looked at in one transaction; the next look goes on behind them."""
_NOBODY = Card(CardAccounts(0, 0, 0, 0, 0, 0), "", 0, hotlisted=False)


class CodeUse(NamedTuple):
    """A row of the table. entry None: it waits for `reason`."""

    id: int
    record: int
    key: bytes
    certificate: int
    use: int
    card: bytes
    day: int
    fen: int
    borne_fen: int
    device: bytes
    stall: str
    time_s: int
    against: int
    entry: int | None
    reason: int
    at_ms: int


class Shown(NamedTuple):
    """A record of a code that is genuine, by its number in the books. reason: NONE, or why it waits."""

    arrival: Arrival
    record: int
    fork: int
    box: str
    partition: int
    received_s: int
    reason: Reason


def code_of(arrival: Arrival) -> CodeRecord:
    """Its record; RuleBroken when that is none of a code."""
    if not isinstance(arrival.record, CodeRecord):
        raise RuleBroken("an offline code has a code's record")
    return arrival.record


def signed_by(db: Database, arrival: Arrival) -> int | None:
    """Has the phone of its certificate signed it? A TacVerdict; None: this card was never given such a certificate."""
    record = code_of(arrival)
    row = certificate_of(db, record.certificate)
    if row is None or row.card != record.card:
        return None
    return int(TacVerdict.OK if is_shown(row, record) else TacVerdict.WRONG)


def is_shown(row: CertificateRow, record: CodeRecord) -> bool:
    """Did this certificate's phone sign what the record says of it?"""
    if not 0 <= record.made_s < 1 << 32:
        return False
    return is_signed_use(row.public, row.number, Use(record.use, record.made_s, record.nonce), record.signature)


def take_codes(writing: Writing, shown: Sequence[Shown]) -> None:
    """In the order in which they came. Inside of the transaction that has their records."""
    for one in shown:
        _take(writing, one)


def _take(writing: Writing, one: Shown) -> None:
    a, record = one.arrival, code_of(one.arrival)
    place = writing.registry.place(one.box, a.device, a.psam)
    day, doubt = _day(writing, a, place, one.received_s)
    made = CodeUse(
        _next(writing.db), one.record, first_verdict_key(EntryKind.CODE_PAID, a, one.fork), record.certificate,
        record.use, record.card, day, record.amount_fen, 0, a.device, merchant_at(writing.db, a.device), record.time, 0,
        None, int(one.reason), writing.now.unix_ms,
    )  # fmt: skip
    if one.reason:
        told = OfflineCodeWaits(one.reason.word, made.fen)
        writing.notes.tell(told, box=one.box, device=writing.named(a.device))
    else:
        made = _posted(writing, made, a, Where(place.account, one.partition, one.box, doubt))
    writing.db.insert("code_use", COLUMNS, [made])


class Where(NamedTuple):
    """Where an entry belongs. account: the merchant's; doubt: its flags."""

    account: int
    partition: int
    box: str
    doubt: int


def settle_waiting(writing: Writing, after: int = 0) -> int:
    """What waits behind this row and can be posted by now is posted. The row behind which the next look goes on; 0: it
    begins anew, so that what waits for ever keeps nothing behind it. Inside of a transaction."""
    rows = writing.db.run(
        "SELECT u.id, r.stored, r.fork, r.box, r.received_s FROM code_use u JOIN record r ON r.id = u.record "
        "WHERE u.entry IS NULL AND u.id > ? ORDER BY u.id LIMIT ?", (after, WAITING_MAX)
    )  # fmt: skip
    for row in rows:
        _settle(writing, *row)
    return int(rows[-1][0]) if len(rows) == WAITING_MAX else 0


def _settle(writing: Writing, number: int, stored: bytes, fork: int, box: str, received_s: int) -> None:
    a = arrive(stored)
    place = writing.registry.origin(box, a)
    if place.reason or fork:
        return
    (found,) = uses_where(writing.db, "id = ?", (number,))
    day, doubt = _day(writing, a, place, received_s)
    known = found._replace(day=day, stall=merchant_at(writing.db, a.device), reason=0)
    made = _posted(writing, known, a, Where(place.account, OWN_PARTITION, box, doubt))
    writing.db.run(
        "UPDATE code_use SET entry = ?, reason = 0, against = ?, borne_fen = ?, stall = ?, day = ? WHERE id = ?",
        (made.entry, made.against, made.borne_fen, made.stall, made.day, number),
    )


def _posted(writing: Writing, made: CodeUse, a: Arrival, where: Where) -> CodeUse:
    """Booked, and said where the school bears some of it."""
    row = certificate_of(writing.db, made.certificate)
    if row is None:
        raise RuleBroken("an offline code is posted by its certificate")
    against = beyond(writing, row, made)
    home = writing.registry.cards[home_of(writing.db, made.card)].accounts
    writing.booking.flush()
    left_fen = 0 if against else max(0, balance_now(writing.db, home.online, Side.CREDIT))
    borne_fen = made.fen - min(made.fen, left_fen)
    loss = bearing_account(writing.db)
    account = ensure_accounts(writing.db, (loss,))[loss.code] if borne_fen else 0
    kind = EntryKind.CODE_BORNE if against else EntryKind.CODE_PAID
    postings = code_paid(home, account, where.account, made.fen, borne_fen)
    entry = Entry(kind, made.day, made.key, a.sha, postings, record=made.record, flags=where.doubt)
    booked = made._replace(against=int(against), borne_fen=borne_fen)
    if against is Beyond.TWICE:
        end(writing, row, EndWhy.TWICE, "")
    _tell(writing, booked, where.box)
    return booked._replace(entry=writing.booking.add_entry(entry, where.partition))


def beyond(writing: Writing, row: CertificateRow, made: CodeUse) -> Beyond:
    """Why the school bears all of it: the first that is so."""
    before = (
        "SELECT 1 FROM code_use WHERE certificate = ? AND use = ? AND entry IS NOT NULL AND id <> ? LIMIT 1"
    )  # fmt: skip
    against = (
        (bool(writing.db.run(before, (made.certificate, made.use, made.id))), Beyond.TWICE),
        *beyond_certificate(row, made),
        (_is_listed(writing, made), Beyond.LISTED),
    )
    return next((why for is_so, why in against if is_so), Beyond.NOTHING)


def beyond_certificate(row: CertificateRow, made: CodeUse) -> tuple[tuple[bool, Beyond], ...]:
    """What its certificate itself says against it, in this order."""
    return (
        (made.use > row.uses, Beyond.USES),
        (made.fen > row.one_fen, Beyond.SUM),
        (not row.from_s <= made.time_s < row.until_s, Beyond.TIME),
        (bool(row.ended_why) and made.time_s >= row.ended_s, Beyond.ENDED),
    )


def uses_where(db: Database, where: str, values: tuple[object, ...] = (), order: str = "id") -> list[CodeUse]:
    """Rows that fit. where, order: our own words, never a caller's data."""
    rows = db.run(f"SELECT {COLUMNS} FROM code_use WHERE {where} ORDER BY {order}", values)  # noqa: S608  # our own
    return [CodeUse(*row)._replace(key=bytes(row[2]), card=bytes(row[5]), device=bytes(row[9])) for row in rows]


def _is_listed(writing: Writing, made: CodeUse) -> bool:
    """Was its card on the hotlist when the terminal took the code, for a reason that still counts?"""
    rows = writing.db.run("SELECT MIN(since_ms) FROM hotlisted WHERE card = ?", (made.card,))
    if rows[0][0] is None:
        return False
    ago_s = (writing.now.unix_ms - int(rows[0][0])) // 1000
    return made.time_s >= writing.now.campus_s - ago_s


def _tell_day(writing: Writing, made: CodeUse, box: str) -> None:
    """No terminal of ours takes so much: its business day may be two of the ledger's days, and no more."""
    sql = "SELECT CAST(COALESCE(SUM(fen), 0) AS BIGINT) FROM code_use WHERE device = ? AND day = ? AND id <> ?"
    ((before_fen,),) = writing.db.run(sql, (made.device, made.day, made.id))
    most, fen = DAYS * highest_day_fen(writing.db), int(before_fen) + made.fen
    if fen > most:
        told = OfflineCodeDay(made.stall, fen, most)
        writing.notes.tell(told, box=box, device=writing.named(made.device))  # type: ignore[arg-type]  # a body's number


def _tell(writing: Writing, made: CodeUse, box: str) -> None:
    """A phone's holder that has shown one code at two terminals, or whose account has not what he spent."""
    _tell_day(writing, made, box)
    if not made.borne_fen:
        return
    label = writing.registry.cards[made.card].label
    told: OfflineCodeTwice | OfflineCodeBeyond | OfflineCodeShort
    if made.against == Beyond.TWICE:
        told = OfflineCodeTwice(label, made.stall, made.certificate, made.use, made.borne_fen)
    elif made.against:
        told = OfflineCodeBeyond(label, made.stall, made.certificate, Beyond(made.against).word, made.borne_fen)
    else:
        told = OfflineCodeShort(label, made.stall, made.certificate, made.borne_fen)
    writing.notes.tell(told, box=box, device=writing.named(made.device))  # type: ignore[arg-type]  # a body's number


def _day(writing: Writing, a: Arrival, place: Place, received_s: int) -> tuple[int, int]:
    return writing.day_of(a, place, _NOBODY, received_s)


def _next(db: Database) -> int:
    return 1 + int(db.run("SELECT COALESCE(MAX(id), 0) FROM code_use")[0][0])
