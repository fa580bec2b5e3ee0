"""The book-only chain, worked out again: its hashes, its numbers, and that each link is about a row as it stands.

Nothing that no record can bring again stands beside the chain. Of a ledger of before, what people did and said has got
its links; its entries have none, up to the first one that has.
"""

from collections.abc import Iterator
from hashlib import sha256

from cloud.ledger.checks.books import digest_of_lines, entry_of_lines
from cloud.ledger.checks.check import Check, walk_entries
from cloud.ledger.journal.book_chain import COLUMNS, NO_HEAD, BookLink, BookLinkKind, digest_of, is_book_only, link_hash
from cloud.ledger.journal.booking import CHUNK
from cloud.store.db import Database

NAME = "book-chain"
_TABLES = {
    BookLinkKind.DEED: ("card_deed", "id, key, card, other, kind, cashier, text, at_ms, at_s", 0),
    BookLinkKind.PROPOSAL: ("proposal", "id, kind, document, maker, reason, at_ms, until_ms", 0),
    BookLinkKind.DECISION: ("decision", "proposal, outcome, checker, reason, at_ms", 0),
    BookLinkKind.CLOSE: ("desk_close", "cashier, day, at_ms, document", 1),
    BookLinkKind.DAY: ("day_close", "day, last_entry, maker, checker, at_ms, document", 0),
    BookLinkKind.BANK: ("bank_figure", "id, day, fen, books_fen, last_entry, who, source, items, at_ms", 0),
    BookLinkKind.FINDING_WORD: ("finding_word", "id, finding, deed, who, reason, at_ms, at_s", 0),
    BookLinkKind.FLOOR: ("account_floor", "id, card_class, fen, who, reason, at_ms", 0),
    BookLinkKind.ACCOUNT_BOUND: ("account_bound", "id, key, card, day_fen, who, at_ms", 0),
    BookLinkKind.PAY_BOUND: ("pay_bound", "id, one_fen, day_fen, who, reason, at_ms", 0),
    BookLinkKind.ROSTER: ("roster", "id, body, source, who, at_ms", 0),
    BookLinkKind.MEAL_RULE: ("meal_rule", "id, fen, per_week, who, reason, at_ms", 0),
    BookLinkKind.AUTO_LOAD: (
        "auto_load", "id, card_class, card, below_fen, target_fen, day_fen, who, reason, at_ms", 0,
    ),
    BookLinkKind.MOVE_ORDER: ("move_order", "id, key, card, fen, who, at_ms", 0),
    BookLinkKind.DEPOSIT_STEP: ("deposit_step", "id, number, state, document, at_ms", 0),
    BookLinkKind.DEPOSIT_BILL: (
        "deposit_bill", "id, provider, day, digest, lines, paid_fen, refunded_fen, who, at_ms", 0,
    ),
    BookLinkKind.CODE_RULE: ("offline_rule", "id, uses, one_fen, day_fen, bearer, who, reason, at_ms", 0),
    BookLinkKind.CERTIFICATE: ("certificate_step", "id, number, why, document, who, at_s, at_ms", 0),
    BookLinkKind.REFUND_STEP: ("deposit_refund_step", "id, number, state, document, at_ms", 0),
    BookLinkKind.SETTLEMENT: (
        "deposit_settlement", "id, provider, day, digest, lines, settled_fen, fee_fen, who, at_ms", 0,
    ),
    BookLinkKind.ITEM_BACK: ("deposit_item_back", "id, item, refund, fen, at_ms", 0),
    BookLinkKind.FEE_INVOICE: ("deposit_invoice", "id, provider, month, fen, fees_fen, note, who, at_ms", 0),
    BookLinkKind.SPARE: (
        "spare_card",
        "id, key, card, act, holder, person, place, deposit_fen, in_cash, limit_fen, until_day, who, reason, at_ms, "
        "at_s", 0,
    ),
    BookLinkKind.REVOCATION: (
        "revocation", "id, version, act, psam, device, since_s, who, reason, at_ms, record, entry", 0,
    ),
    BookLinkKind.EXPLANATION: ("explanation", "difference, who, reason, at_ms", 0),
    BookLinkKind.DOCUMENT: (
        "document", "id, kind, scope, generation, length, digest, pages, who, made_ms, made_s", 0,
    ),
}  # fmt: skip
"""Append-only tables with a link for each row: its columns, and which of them is the link's `what`."""
_Key = tuple[int, int, bytes]


def check_book_chain(db: Database) -> Check:
    """All links."""
    named: set[_Key] = set()
    since: int | None = None
    last, checked = NO_HEAD, 0
    for link in _links(db):
        checked += 1
        if link.number != last[0] + 1 and link.kind != BookLinkKind.PUT_BACK:
            return Check(NAME, checked, f"link {last[0] + 1} is missing")
        if link_hash(last[1], link.number, link.kind, link.what, link.digest, link.at_ms) != link.hash:
            return Check(NAME, checked, f"link {link.number}: was edited")
        last = link.number, link.hash
        named.add((link.kind, link.what, link.digest))
        if link.kind == BookLinkKind.ENTRY:
            since = link.what if since is None else min(since, link.what)
    return Check(NAME, checked, _rows_fault(db, named, since))


def _links(db: Database) -> Iterator[BookLink]:
    last = 0
    while True:
        rows = db.run(f"SELECT {COLUMNS} FROM book_chain WHERE number > ? ORDER BY number LIMIT ?", (last, CHUNK))  # noqa: S608  # ours
        yield from (BookLink(n, kind, what, bytes(told), ms, bytes(sealed)) for n, kind, what, told, ms, sealed in rows)
        if len(rows) < CHUNK:
            return
        last = rows[-1][0]


def _rows_fault(db: Database, named: set[_Key], since: int | None) -> str:
    """What stands in the books and in no link, and the other way round. since: the first entry that has one."""
    standing = {key for key in _standing(db) if key[0] != BookLinkKind.ENTRY or (since is not None and key[1] >= since)}
    linked = {key for key in named if key[0] == BookLinkKind.ENTRY or key[0] in _TABLES}
    if extra := standing - linked:
        kind, what, _ = min(extra)
        return f"{BookLinkKind(kind).name.lower()} {what}: has no link, or was edited"
    if gone := linked - standing:
        kind, what, _ = min(gone)
        return f"{BookLinkKind(kind).name.lower()} {what}: has a link and is gone, or was edited"
    return ""


def _standing(db: Database) -> Iterator[_Key]:
    for number, lines in walk_entries(db):
        entry = entry_of_lines(lines) if lines[0].record is None and lines[0].reverses is None else None
        if entry is not None and is_book_only(entry):
            yield BookLinkKind.ENTRY, number, sha256(digest_of_lines(lines[0], entry)).digest()
    for kind, (table, columns, what) in _TABLES.items():
        for row in db.run(f"SELECT {columns} FROM {table}"):  # noqa: S608  # our own names
            yield kind, row[what], digest_of(row)
