"""Online payments 在线支付 against their entries: reserved once, ended once, and never more given back than captured.

The postings of each entry are held against its document by check_entries; here documents are held against the rows.
"""

from cloud.ledger.books.chart import RESERVED, Side
from cloud.ledger.books.entry import EntryKind
from cloud.ledger.checks.check import Check
from cloud.ledger.funds.orders.papers import KINDS, key_of
from cloud.ledger.funds.orders.rows import (
    ORDER_COLUMNS,
    PAYMENT_COLUMNS,
    REFUND_COLUMNS,
    OnlineState,
    OrderRow,
    OrderState,
    PaymentRow,
    RefundRow,
)
from cloud.ledger.journal.balances import balance
from cloud.ledger.journal.book_chain import BookLinkKind, digest_of
from cloud.store.db import Database
from shared.wire import codec
from shared.words.voice import Text

_ENTRIES = f"SELECT key, document FROM posting WHERE line = 0 AND kind IN ({', '.join('?' * len(KINDS))})"  # noqa: S608  # ours
_ENDS = {
    OnlineState.CAPTURED: EntryKind.ONLINE_CAPTURED,
    OnlineState.VOID: EntryKind.ONLINE_VOID,
    OnlineState.EXPIRED: EntryKind.ONLINE_VOID,
}
_Papers = dict[bytes, list[object]]


def check_online(db: Database) -> Check:
    """Every payment was reserved once and ended once, refunds are within what was captured, and what is reserved is the
    sum of what is still authorised."""
    payments = [PaymentRow(*row) for row in db.run(f"SELECT {PAYMENT_COLUMNS} FROM online_payment ORDER BY id")]  # noqa: S608  # ours
    papers: _Papers = {bytes(key): codec.loads(paper) for key, paper in db.run(_ENTRIES, tuple(map(int, KINDS)))}
    refunds = _refunds(db)
    broken = next(filter(None, (_fault(one, papers, refunds.pop(one.id, [])) for one in payments)), "")
    if not broken and (papers or refunds):
        broken = f"an entry or a refund of an online payment that there is not: {min(papers, default=b'').hex()}"
    held = [one for one in payments if one.state == OnlineState.AUTHORISED]
    broken = broken or _reserved_fault(db, sum(one.amount_fen for one in held)) or _order_fault(db)
    note = Text(f"{len(held)} 笔预授权未请款", f"{len(held)} authorisations are not captured") if held else None
    return Check("online-payments", len(payments), broken, note)


def _fault(row: PaymentRow, papers: _Papers, refunds: list[RefundRow]) -> str:
    """Takes its documents out of what is there."""
    begun = papers.pop(key_of(EntryKind.ONLINE_AUTHORISED, row.id), None)
    ended = {kind: papers.pop(key_of(kind, row.id), None) for kind in dict.fromkeys(_ENDS.values())}
    back = [papers.pop(key_of(EntryKind.ONLINE_REFUNDED, one.id), None) for one in refunds]
    if begun is None or begun[1:4] != [row.id, row.card, row.amount_fen]:
        return f"payment {row.id}: was never authorised, or over another sum"
    due = _ENDS.get(OnlineState(row.state))
    if [kind for kind, paper in ended.items() if paper is not None] != ([] if due is None else [due]):
        return f"payment {row.id}: ended twice, or otherwise than it stands"
    return _sums_fault(row, None if due is None else ended[due], refunds, back)


def _sums_fault(
    row: PaymentRow, end: list[object] | None, refunds: list[RefundRow], back: list[list[object] | None]
) -> str:  # fmt: skip
    is_captured = row.state == OnlineState.CAPTURED
    rest_fen = row.amount_fen - row.captured_fen
    due = [row.merchant_account, row.captured_fen, rest_fen] if is_captured else [row.amount_fen]
    if end is not None and end[3 : 3 + len(due)] != due:
        return f"payment {row.id}: captured or given back over another sum"
    given = [one.fen for one in refunds]
    if [None if paper is None else paper[5] for paper in back] != given or sum(given) != row.refunded_fen:
        return f"payment {row.id}: its refunds are others than its entries"
    if not 0 <= row.refunded_fen <= row.captured_fen <= row.amount_fen or (row.captured_fen and not is_captured):
        return f"payment {row.id}: more is given back than was captured, or captured than was authorised"
    return ""


def _refunds(db: Database) -> dict[int, list[RefundRow]]:
    found: dict[int, list[RefundRow]] = {}
    for row in db.run(f"SELECT {REFUND_COLUMNS} FROM online_refund ORDER BY id"):  # noqa: S608  # our own names
        found.setdefault(row[1], []).append(RefundRow(*row))
    return found


def _reserved_fault(db: Database, held_fen: int) -> str:
    rows = db.run("SELECT id FROM account WHERE code = ?", (RESERVED.code,))
    there_fen = balance(db, rows[0][0], Side.CREDIT) if rows else 0
    return "" if there_fen == held_fen else f"{there_fen} fen are reserved, authorised are {held_fen}"


def _order_fault(db: Database) -> str:
    """An order is as it was made; a single one is paid once."""
    sql = "SELECT what, digest FROM book_chain WHERE kind = ?"
    links: dict[int, bytes] = {what: bytes(digest) for what, digest in db.run(sql, (int(BookLinkKind.PAY_ORDER),))}
    for raw in db.run(f"SELECT {ORDER_COLUMNS} FROM pay_order ORDER BY id"):  # noqa: S608  # our own names
        row = OrderRow(*raw)
        if links.get(row.id) != digest_of(row._replace(state=int(OrderState.OPEN))):
            return f"order {row.id}: was edited, or never made"
    twice = (
        "SELECT p.pay_order FROM online_payment p JOIN pay_order o ON o.id = p.pay_order WHERE o.is_single = 1 "
        "AND p.state IN (?, ?) GROUP BY p.pay_order HAVING COUNT(*) > 1"
    )
    rows = db.run(twice, (int(OnlineState.AUTHORISED), int(OnlineState.CAPTURED)))
    return f"order {rows[0][0]}: is paid twice" if rows else ""
