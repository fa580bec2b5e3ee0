"""Checks of what a terminal asks the centre: account payments, codes of phones, orders of its own. Pure.

docs/protocol/online.md. A terminal need have none of them: whoever is at the bench leaves out what it does not do.
"""

from collections.abc import Callable

from edge.conform.report import Failed, Skipped
from edge.conform.stand import ANSWER_S, Heard, Stand, Steps
from edge.link import messages as link
from edge.link.messages import Ask, Type
from shared.errors import WireFault
from shared.online import (
    ORDER_MEANS,
    ORDER_PREFIX,
    OrderAnswer,
    PaymentAnswer,
    PaymentResult,
    Purpose,
    code_means,
    code_of,
    code_request,
    order_request,
    parse_request,
)
from shared.records import Kind, PaymentRecord, decode
from shared.words.voice import Text

LOOK_LEAST_S, LOOK_MOST_S = 0.5, 5.0
"""Between an answer that an order is open and the next look at it."""
GIVEN_UP_S = 60.0
"""From the last answer about an order until it is reversed."""
_PAY = Text("请做一笔账户支付；终端没有此功能则不必", "pay by account: one sale; leave it where there are none")
_CODES = (code_of(123_456_789_012_345), code_of(543_210_987_654_321))
_ORDER = Text("请出一个 1 元的收款码；终端没有此功能则不必", "show an order of 1 yuan; leave it where there are none")
_SHOWN = code_of(123_456_789_012_345, ORDER_PREFIX)


def reversed_(stand: Stand) -> Steps[None]:
    """Without an answer a payment is reversed by a record, and a late yes sells nothing."""
    ask = yield from _begun(stand, _PAY, Purpose.PAYMENT)
    yield from _never_paid(stand, ask, ask.wait_ms / 1000 + ANSWER_S)


def by_code(stand: Stand) -> Steps[None]:
    """A code is asked about as it is, is in no record, and ends as an account payment does: reversed, or sold."""
    ask = yield from _with_code(stand, _CODES[0])
    reversal = yield from _never_paid(stand, ask, ask.wait_ms / 1000 + ANSWER_S)
    _require_means(reversal, code_means(_CODES[0]))
    ask = yield from _with_code(stand, _CODES[1])
    paid = yield from _sold(stand, ask, PaymentAnswer(PaymentResult.APPROVED, _fen(ask)).to_bytes())
    _require_means(paid, code_means(_CODES[1]))


def order(stand: Stand) -> Steps[None]:
    """An order is looked at under its own number, at a pace; paid it is a record; without an answer it is reversed."""
    ask = yield from _begun(stand, _ORDER, Purpose.ORDER)
    yield from _looked_at(stand, ask)
    paid = yield from _sold(stand, ask, OrderAnswer(PaymentResult.APPROVED, _fen(ask)).to_bytes())
    _require_means(paid, ORDER_MEANS)
    ask = yield from _begun(stand, _ORDER, Purpose.ORDER)
    yield from _looked_at(stand, ask)
    reversal = yield from _never_paid(stand, ask, GIVEN_UP_S)
    _require_means(reversal, ORDER_MEANS)


def _begun(stand: Stand, what: Text, purpose: Purpose) -> Steps[Ask]:
    """The first question of what the person at the bench was asked to do. Skipped when nobody does it."""
    yield from stand.joined()
    if not stand.tap_s:
        raise Skipped(Text("没有人刷卡（--no-taps）", "nobody taps (--no-taps)"))
    stand.said.append(what)
    return (yield from _asked(stand, purpose))


def _with_code(stand: Stand, code: str) -> Steps[Ask]:
    what = Text(
        f"请收 1 元，扫或输入付款码 {code}；终端没有此功能则不必",
        f"key this payment code for 1 yuan; leave it where there are none: {code}",
    )
    ask = yield from _begun(stand, what, Purpose.CODE)
    if ask.payload != code_request(code, _fen(ask)).to_bytes():
        raise Failed(Text("请求与付款码不符", f"request {ask.request}: not what is asked with that code"))
    return ask


def _looked_at(stand: Stand, ask: Ask) -> Steps[None]:
    """Its answer is that it is open; then the same question comes again, not too soon."""
    if ask.payload != order_request(_fen(ask)).to_bytes():
        raise Failed(Text("收款码的请求不符", f"request {ask.request}: not what an order is asked for with"))
    _say(stand, ask, OrderAnswer(PaymentResult.ORDER_OPEN, _fen(ask), _SHOWN).to_bytes())
    began_s = stand.now.mono_s
    heard = yield from stand.until(LOOK_MOST_S, Type.ONLINE_REQUEST)
    look = None if heard is None else link.ONLINE_REQUEST.decode(heard.payload)
    if look is None or (look.request, look.payload) != (ask.request, ask.payload):
        raise Failed(Text("没有用原请求再查", f"request {ask.request} was not asked again as it was"))
    if stand.now.mono_s - began_s < LOOK_LEAST_S:
        raise Failed(Text("查得太密", f"request {ask.request} was asked again after less than {LOOK_LEAST_S:g} s"))


def _never_paid(stand: Stand, ask: Ask, within_s: float) -> Steps[PaymentRecord]:
    """Nobody answers: its reversal comes, and a yes behind that changes nothing."""
    record = yield from _ended(stand, ask, within_s)
    if record is None:
        raise Failed(Text(f"请求 {ask.request} 未答，也没有冲正", f"request {ask.request} had no answer, no reversal"))
    if record.kind != Kind.REVERSAL:
        raise Failed(Text(f"请求 {ask.request} 未答却已收款", f"request {ask.request} had no answer, and was sold"))
    is_order = parse_request(ask.payload).purpose is Purpose.ORDER
    form: Callable[[PaymentResult, int], OrderAnswer | PaymentAnswer] = OrderAnswer if is_order else PaymentAnswer
    _say(stand, ask, form(PaymentResult.APPROVED, _fen(ask)).to_bytes())
    if (yield from _ended(stand, ask, ANSWER_S)) is not None:
        raise Failed(Text("冲正之后又有一条记录", f"request {ask.request}: another record behind its reversal"))
    return record


def _sold(stand: Stand, ask: Ask, answer: bytes) -> Steps[PaymentRecord]:
    """A yes is one record."""
    _say(stand, ask, answer)
    record = yield from _ended(stand, ask, ANSWER_S)
    if record is None or (record.kind, record.amount_fen) != (Kind.ONLINE, _fen(ask)):
        raise Failed(Text("已批准却没有收款记录", f"request {ask.request} was approved, and there is no record of it"))
    return record


def _require_means(record: PaymentRecord, means: bytes) -> None:
    if record.card != means:
        raise Failed(Text("记录中卡号位不符", f"request {record.request}: not {means.hex()} in the place of the card"))


def _say(stand: Stand, ask: Ask, answer: bytes) -> None:
    stand.say(stand.sealed(Type.ONLINE_ANSWER, link.ONLINE_ANSWER.encode(link.Online(ask.request, answer))))


def _fen(ask: Ask) -> int:
    return parse_request(ask.payload).amount_fen


def _asked(stand: Stand, purpose: Purpose) -> Steps[Ask]:
    """The next question of this purpose. Skipped when none is asked."""
    until_s = stand.now.mono_s + stand.tap_s
    while True:
        heard = yield from stand.until(until_s - stand.now.mono_s, Type.ONLINE_REQUEST)
        if heard is None:
            raise Skipped(Text(f"{stand.tap_s:g} 秒内没有这种请求", f"nothing of it within {stand.tap_s:g} s"))
        ask = link.ONLINE_REQUEST.decode(heard.payload)
        if ask.payload[:1] == bytes((purpose,)):
            return ask


def _ended(stand: Stand, ask: Ask, within_s: float) -> Steps[PaymentRecord | None]:
    """The next record of this payment."""
    until_s = stand.now.mono_s + within_s
    while True:
        heard = yield from stand.until(until_s - stand.now.mono_s, Type.RECORD)
        if heard is None:
            return None
        record = _record_in(heard)
        if record is not None and record.request == ask.request:
            return record


def _record_in(heard: Heard) -> PaymentRecord | None:
    try:
        record = decode(heard.payload)
    except WireFault:
        return None  # watch.py has told
    return record if isinstance(record, PaymentRecord) else None
