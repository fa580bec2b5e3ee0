"""What a till asks about its orders 收款码: made, looked at under the same request, closed. Inside of a transaction.

Every answer is what the books say in that moment: paid is final but for the till's own reversal, closed is for ever.
"""

from cloud.ledger.funds.orders.calls import Call
from cloud.ledger.funds.orders.paying import NOTE_MAX, Wanted, make_order
from cloud.ledger.funds.orders.rows import order_by_id, order_of
from cloud.ledger.funds.orders.till import (
    TillOrder,
    keep_till_order,
    maker_of,
    open_at,
    shut,
    till_order_by_case,
    token_of,
    unpaid_on,
)
from cloud.ledger.funds.payments.authorise import place_of
from cloud.ledger.funds.payments.cases import PaymentCase, PaymentState, case_of, keep, unpaid
from cloud.ledger.funds.payments.school import pay_bounds
from cloud.ledger.journal.writing import Writing
from cloud.ledger.records.arrival import record_key
from cloud.store.db import Database
from shared.clocks.clock import day_number
from shared.facts.money.payments import PaymentReused
from shared.online import CODES_MAX, ORDER_PREFIX, LoadRequest, OrderAnswer, PaymentResult, closes, code_of
from shared.wire.messages import OnlineRequest

ORDER_MS = 120_000
"""An order is good for so long: its till closes it before, and one whose till is dead is paid no more."""
OPEN_MAX = 2
"""Orders of one till that may be paid at a time: the one on its glass, and one that a power cut has left."""
UNPAID_MAX = 500
"""Orders of one till on a day that nobody has paid; beyond that it is told to wait for tomorrow."""
_PAID = (PaymentState.APPROVED, PaymentState.HELD)


def ask_order(
    writing: Writing, box: str, request: OnlineRequest, asked: LoadRequest, drawn: int
) -> OrderAnswer:  # fmt: skip
    """An order for this request; the same request again is how it stands. drawn: any number, out of which its code is
    made; where that is another order's already, the till is told to try again."""
    key = record_key(request.device, request.epoch, request.request)
    known = case_of(writing.db, key)
    if known is not None and known.state != PaymentState.WORD:
        return _again(writing, box, known, request)
    result = _against(writing, box, request, asked, is_said=known is not None)
    code = code_of(drawn % CODES_MAX, ORDER_PREFIX)
    if result is not None or order_of(writing.db, token_of(code)) is not None:
        return OrderAnswer(result or PaymentResult.NOT_NOW)  # nobody's row: a repeat is decided anew
    _make(writing, box, request, asked.amount_fen, code)
    return OrderAnswer(PaymentResult.ORDER_OPEN, asked.amount_fen, code)


def looked_at(db: Database, request: OnlineRequest, now_ms: int) -> OrderAnswer | None:
    """How the order of this very request stands, inside of a snapshot; None: it is for ask_order to say. A till looks
    more than once a second, and keeps nobody from writing by it."""
    case = case_of(db, record_key(request.device, request.epoch, request.request))
    if case is None or case.state == PaymentState.WORD or (case.payload, case.psam) != (request.payload, request.psam):
        return None
    return _stands(db, case, now_ms)


def close_asked(writing: Writing, box: str, request: OnlineRequest, asked: LoadRequest) -> OrderAnswer:
    """The order of the request that `asked` names is paid, or it never will be."""
    if place_of(writing, box, request) is None:
        return OrderAnswer(PaymentResult.WRONG_DEVICE)
    epoch, number = closes(asked)
    case = case_of(writing.db, record_key(request.device, epoch, number))
    if case is None:
        return OrderAnswer(PaymentResult.ORDER_CLOSED)  # none came here; one that is under way comes too late
    if case.state == PaymentState.OPEN:
        shut(writing, case.key)
        keep(
            writing.db,
            case._replace(
                state=int(PaymentState.REFUSED), result=int(PaymentResult.ORDER_CLOSED), changed_ms=writing.now.unix_ms
            ),
        )  # fmt: skip
        return OrderAnswer(PaymentResult.ORDER_CLOSED)
    return _stands(writing.db, case, writing.now.unix_ms)


def _again(writing: Writing, box: str, case: PaymentCase, request: OnlineRequest) -> OrderAnswer:
    is_its = (case.payload, case.psam) == (request.payload, request.psam)
    if not is_its and case.state not in (PaymentState.TOMBSTONE, PaymentState.REVERSED):
        writing.notes.tell(PaymentReused(request.request), box=box, device=request.device)
        return OrderAnswer(PaymentResult.NOT_NOW)
    return _stands(writing.db, case, writing.now.unix_ms)


def _stands(db: Database, case: PaymentCase, now_ms: int) -> OrderAnswer:
    if case.state in _PAID:
        return OrderAnswer(PaymentResult.APPROVED, case.amount_fen)
    if case.state in (PaymentState.REVERSED, PaymentState.TOMBSTONE):
        return OrderAnswer(PaymentResult.REVERSED)
    row = till_order_by_case(db, case.key) if case.state == PaymentState.OPEN else None
    if row is None or not order_by_id(db, row.pay_order).is_open(now_ms):
        return OrderAnswer(PaymentResult.ORDER_CLOSED)
    return OrderAnswer(PaymentResult.ORDER_OPEN, case.amount_fen, row.code)


def _against(
    writing: Writing, box: str, request: OnlineRequest, asked: LoadRequest, *, is_said: bool
) -> PaymentResult | None:  # fmt: skip
    """is_said: the till's own word about this request was here first."""
    ms, day, device = writing.now.unix_ms, day_number(writing.now.campus_s), request.device
    if place_of(writing, box, request) is None:
        return PaymentResult.WRONG_DEVICE
    if asked.amount_fen > pay_bounds(writing.db).one_fen:
        return PaymentResult.OVER_LIMIT
    if asked.amount_fen <= 0 or request.is_late(ms) or is_said:
        return PaymentResult.NOT_NOW
    is_full = open_at(writing.db, device, ms) >= OPEN_MAX or unpaid_on(writing.db, device, day) >= UNPAID_MAX
    return PaymentResult.NOT_NOW if is_full else None


def _make(writing: Writing, box: str, request: OnlineRequest, amount_fen: int, code: str) -> None:
    device, ms = request.device, writing.now.unix_ms
    key = record_key(device, request.epoch, request.request)
    merchant, place = _where(writing, device)
    wanted = Wanted(merchant, amount_fen, True, True, ORDER_MS, place)
    call = Call(maker_of(device), f"{request.epoch}/{request.request}")
    order = make_order(writing, call, wanted, token_of(code))
    keep_till_order(writing, TillOrder(key, order.id, code))
    case = PaymentCase(
        key, unpaid(device), amount_fen, request.psam, box, request.payload, int(PaymentResult.ORDER_OPEN), 0,
        int(PaymentState.OPEN), None, day_number(writing.now.campus_s), None, None, None, ms, ms,
    )  # fmt: skip
    keep(writing.db, case)


def _where(writing: Writing, device: bytes) -> tuple[str, str]:
    """Merchant and place of a till, by name."""
    sql = "SELECT a.code, d.place FROM device d JOIN account a ON a.id = d.merchant_account WHERE d.device = ?"
    ((code, place),) = writing.db.run(sql, (device,))
    return str(code).removeprefix("merchant:"), str(place)[:NOTE_MAX]
