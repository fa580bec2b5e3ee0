"""Checks of what a terminal asks the centre: account payments. docs/protocol/online.md. Pure."""

from edge.conform.report import Failed, Skipped
from edge.conform.stand import ANSWER_S, Heard, Stand, Steps
from edge.link import messages as link
from edge.link.messages import Ask, Type
from shared.errors import WireFault
from shared.online import PaymentAnswer, PaymentResult, Purpose, parse_request
from shared.records import Kind, PaymentRecord, decode
from shared.words.voice import Text

_PAY = Text("请做一笔账户支付；终端没有此功能则不必", "pay by account: one sale; leave it where there are none")


def reversed_(stand: Stand) -> Steps[None]:
    """Without an answer a payment is reversed by a record, and a late yes sells nothing."""
    yield from stand.joined()
    if not stand.tap_s:
        raise Skipped(Text("没有人刷卡（--no-taps）", "nobody taps (--no-taps)"))
    stand.said.append(_PAY)
    ask = yield from _asked(stand)
    heard = yield from _ended(stand, ask, ask.wait_ms / 1000 + ANSWER_S)
    if heard is None:
        raise Failed(Text(f"请求 {ask.request} 未答，也没有冲正", f"request {ask.request} had no answer, no reversal"))
    if heard is not Kind.REVERSAL:
        raise Failed(Text(f"请求 {ask.request} 未答却已收款", f"request {ask.request} had no answer, and was sold"))
    yes = PaymentAnswer(PaymentResult.APPROVED, parse_request(ask.payload).amount_fen).to_bytes()
    stand.say(stand.sealed(Type.ONLINE_ANSWER, link.ONLINE_ANSWER.encode(link.Online(ask.request, yes))))
    if (yield from _ended(stand, ask, ANSWER_S)) is not None:
        raise Failed(Text("冲正之后又有一条记录", f"request {ask.request}: another record behind its reversal"))


def _asked(stand: Stand) -> Steps[Ask]:
    """The next account payment. Skipped when none is made."""
    until_s = stand.now.mono_s + stand.tap_s
    while True:
        heard = yield from stand.until(until_s - stand.now.mono_s, Type.ONLINE_REQUEST)
        if heard is None:
            raise Skipped(Text(f"{stand.tap_s:g} 秒内没有账户支付", f"no account payment within {stand.tap_s:g} s"))
        ask = link.ONLINE_REQUEST.decode(heard.payload)
        if ask.payload[:1] == bytes((Purpose.PAYMENT,)):
            return ask


def _ended(stand: Stand, ask: Ask, within_s: float) -> Steps[Kind | None]:
    """The kind of the next record of this payment."""
    until_s = stand.now.mono_s + within_s
    while True:
        heard = yield from stand.until(until_s - stand.now.mono_s, Type.RECORD)
        if heard is None:
            return None
        kind = _kind_of(heard, ask.request)
        if kind is not None:
            return kind


def _kind_of(heard: Heard, request: int) -> Kind | None:
    try:
        record = decode(heard.payload)
    except WireFault:
        return None  # watch.py has told
    is_of = isinstance(record, PaymentRecord) and record.request == request
    return Kind(record.kind) if is_of else None
