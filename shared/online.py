"""Online payloads between a terminal and the cloud; the edge relays them unread.

Kind byte first: the purpose. Load 圈存: the card's INIT FOR LOAD answer goes up, MAC2 or a refusal comes down. The load
key stays in the key process. A repeated request gets the same answer; (device, epoch, request) names it. A request over
0 fen asks for no money: it proves the card's counter, and the answer may name a sum that waits for this card.

Account payment 账户支付: the same bytes of the card, under a terminal id that names this one request (presence_id), so
that MAC1 proves that the card was there for it, and for nothing else. A yes is money that has moved.

Code payment 付款码支付: the same form, with a code out of the holder's wallet in the place of the card, and no MAC1.
The terminal does not learn whose it is: in its record stands the code's digest.

Till order 收款码: the same form with nobody in the place of the card. The answer holds a code, which the till shows
and a wallet pays; the same request again says how it stands. Closing names the order's request: paid, or never.
"""

import hashlib
import struct
from enum import IntEnum
from typing import NamedTuple

from shared.errors import WireFault
from shared.ids import CardId, DeviceId, PsamId, card_id
from shared.words.voice import Text

ANSWER_KIND, PAYMENT_KIND, ORDER_KIND = 1, 2, 3
_REQUEST = struct.Struct(">B10sHIIBBBB4s4s")
_ANSWER = struct.Struct(">BBI4sI")
_PAYMENT = struct.Struct(">BBIi")
_ORDER = struct.Struct(">BBIQ")
_PRESENCE = struct.Struct(">6sH6sI")
_PRESENCE_LABEL = b"openykt account payment v1\0"
PRESENCE_SIZE = 6
CODE_DIGITS, CODE_PREFIX, ORDER_PREFIX = 18, "71", "72"
"""Of a payment code, and of the code of a till's order. None of the prefixes that others' codes begin with: 10–15,
25–30, 62."""
CODES_MAX = 10 ** (CODE_DIGITS - len(CODE_PREFIX) - 1)
"""So many there are: what lies between the prefix and the check digit."""
_CODE_LABEL = b"openykt payment code v1\0"
_ASKED_CODE, _SPENT_CODE = b"\xff\xfe", b"\xff\xfd"
"""In the place of an issuer: behind it stands a code, or a code's digest. No issuer has these numbers."""
ORDER_MEANS = CardId(b"\xff\xfc" + bytes(8))
"""In the place of the card of a till's order, asked for or paid: the terminal does not learn who pays."""


class Purpose(IntEnum):
    """What is asked for: the first byte of a request. Where the money comes from is the ledger's to say."""

    LOAD = 1
    """圈存 from the online account, by the holder's own act at a load machine or desk."""
    CLAIM = 2
    """领款 from the pending load 过渡余额, at any terminal."""
    RETRY = 3
    """A load that was granted, and proven not to have reached the card: the same sum from where it came, once."""
    RETRY_CLAIM = 4
    """As RETRY, of a claim: its record carries the claim flag, so that a ledger that lost the debit knows who pays."""
    PAYMENT = 5
    """账户支付: a sale at a till, paid by the online account; the card's purse is not touched."""
    CHECK = 6
    """May this card buy? Asked where the terminal's own hotlist is too old to say; no MAC1, moves nothing."""
    CODE = 7
    """付款码: as PAYMENT, with a code out of the holder's wallet in the place of card and MAC1."""
    AUTO = 8
    """自动圈存 from the online account by the holder's rule or order, at any terminal. Over 0 fen: what is due?"""
    ORDER = 9
    """收款码: an order of this till's, for a wallet to pay. The same request again: how does it stand?"""
    ORDER_CLOSE = 10
    """The order of an earlier request is closed, unless it is paid: then the answer says so."""


CLAIMS = frozenset({Purpose.CLAIM, Purpose.RETRY_CLAIM})
"""The pending load 过渡余额 pays."""
RETRIES = frozenset({Purpose.RETRY, Purpose.RETRY_CLAIM})
"""A second try."""
ORDERS = frozenset({Purpose.ORDER, Purpose.ORDER_CLOSE})
"""What is answered with an OrderAnswer."""
LOADS = frozenset(set(Purpose) - {Purpose.PAYMENT, Purpose.CHECK, Purpose.CODE} - ORDERS)
"""What is answered with a LoadAnswer."""


class LoadResult(IntEnum):
    """Why a load is allowed or not; in words: RESULT_TEXT."""

    GRANTED = 0
    NO_FUNDS = 1
    WRONG_MAC = 2
    UNKNOWN_CARD = 3
    HOTLISTED = 4
    OVER_LIMIT = 5
    ALREADY_LOADED = 6
    NOT_NOW = 7
    WRONG_DEVICE = 8
    CLAIMABLE = 9
    """amount waits in the pending load: ask for it, or for less, as a CLAIM. Answers a CLAIM over 0 fen."""
    RETRY = 10
    """A load over amount has not reached this card: ask for it as a RETRY. Answers a request over 0 fen."""
    NOTHING = 11
    """Nothing waits for this card."""
    RETRY_CLAIM = 12
    """As RETRY, of a claim: ask for it as a RETRY_CLAIM."""
    AUTO = 13
    """amount is due by rule or order: ask for it, or for less, as an AUTO. Answers an AUTO over 0 fen, and no other."""


RESULT_TEXT: dict[LoadResult, Text] = {
    LoadResult.GRANTED: Text("圈存金额不符", "the amount granted differs"),
    LoadResult.NO_FUNDS: Text("账户余额不足", "not enough in the account"),
    LoadResult.WRONG_MAC: Text("卡认证失败，请到卡务中心", "the card failed its check, please go to the card office"),
    LoadResult.UNKNOWN_CARD: Text("非本系统卡", "not a card of this system"),
    LoadResult.HOTLISTED: Text("黑名单卡", "the card is on the hotlist"),
    LoadResult.OVER_LIMIT: Text("超过圈存限额", "over the limit for loads"),
    LoadResult.ALREADY_LOADED: Text("该笔已圈存", "already loaded"),
    LoadResult.NOT_NOW: Text("中心忙，请稍后再试", "the centre is busy, please try later"),
    LoadResult.WRONG_DEVICE: Text("本机未登记为圈存机", "this body is no load machine"),
    LoadResult.CLAIMABLE: Text("有款待领，请再放卡", "money waits for this card, present it again"),
    LoadResult.RETRY: Text("有一笔圈存待补，请再放卡", "a load is to be tried again, present the card again"),
    LoadResult.RETRY_CLAIM: Text("有一笔领款待补，请再放卡", "a claim is to be tried again, present the card again"),
    LoadResult.NOTHING: Text("没有待领的款", "nothing waits for this card"),
    LoadResult.AUTO: Text("有款自动圈存，请再放卡", "money is due to this card, present it again"),
}
"""What a person is told of each."""


class PaymentResult(IntEnum):
    """Why an account payment is allowed or not; in words: PAYMENT_TEXT. Frozen numbers."""

    APPROVED = 0
    NO_FUNDS = 1
    WRONG_MAC = 2
    UNKNOWN_CARD = 3
    HOTLISTED = 4
    OVER_LIMIT = 5
    REVERSED = 6
    """Its reversal came before it: never."""
    NOT_NOW = 7
    WRONG_DEVICE = 8
    CODE_INVALID = 9
    """No code that is alive: never given out, over, or mistyped."""
    CODE_USED = 10
    """It was judged before, for another request."""
    ORDER_OPEN = 11
    """Nobody has paid the order yet; the answer holds its code."""
    ORDER_CLOSED = 12
    """Nobody has paid the order, and nobody ever will: closed, or its time is over."""


PAYMENT_TEXT: dict[PaymentResult, Text] = {
    PaymentResult.APPROVED: Text("已批准", "approved"),
    PaymentResult.NO_FUNDS: Text("电子账户余额不足", "not enough in the online account"),
    PaymentResult.WRONG_MAC: RESULT_TEXT[LoadResult.WRONG_MAC],
    PaymentResult.UNKNOWN_CARD: Text("非本系统卡", "not a card of this system"),
    PaymentResult.HOTLISTED: Text("黑名单卡", "the card is on the hotlist"),
    PaymentResult.OVER_LIMIT: Text("超过账户支付限额", "over the limit for account payments"),
    PaymentResult.REVERSED: Text("该笔已冲正", "reversed already"),
    PaymentResult.NOT_NOW: Text("中心忙，请稍后再试", "the centre is busy, please try later"),
    PaymentResult.WRONG_DEVICE: Text("本机不能账户支付", "no account payments at this terminal"),
    PaymentResult.CODE_INVALID: Text("付款码无效或已过期，请刷新", "the code is not valid any more, show a new one"),
    PaymentResult.CODE_USED: Text("付款码已用过，请刷新", "the code was used, show a new one"),
    PaymentResult.ORDER_OPEN: Text("收款码待付款", "nobody has paid the till's code yet"),
    PaymentResult.ORDER_CLOSED: Text("收款码已关闭，未付款", "the till's code is closed: not paid"),
}
"""What a person is told of each."""


class LoadRequest(NamedTuple):
    """What INIT FOR LOAD answered, and what is asked for. amounts in fen; mac1 proves counter and balance, not the
    purpose: who may ask for what is decided by terminal and account."""

    card: CardId
    counter: int
    balance_fen: int
    amount_fen: int
    type: int
    key_version: int
    algorithm: int
    key_id: int
    rnd: bytes
    mac1: bytes
    purpose: Purpose = Purpose.LOAD

    def to_bytes(self) -> bytes:
        """33 bytes."""
        return _REQUEST.pack(
            self.purpose, self.card, self.counter, self.balance_fen, self.amount_fen, self.type,
            self.key_version, self.algorithm, self.key_id, self.rnd, self.mac1,
        )  # fmt: skip


class LoadAnswer(NamedTuple):
    """GRANTED: host time (s since 2000) and MAC2 for 8052, else both are zero. amount: what is granted or offered."""

    result: LoadResult
    time: int = 0
    mac2: bytes = b"\0\0\0\0"
    amount_fen: int = 0

    def to_bytes(self) -> bytes:
        """14 bytes."""
        return _ANSWER.pack(ANSWER_KIND, self.result, self.time, self.mac2, self.amount_fen)


class PaymentAnswer(NamedTuple):
    """To a PAYMENT, a CODE or a CHECK. left_fen: what the account holds after a PAYMENT that was approved; else 0."""

    result: PaymentResult
    amount_fen: int = 0
    left_fen: int = 0

    def to_bytes(self) -> bytes:
        """10 bytes."""
        return _PAYMENT.pack(PAYMENT_KIND, self.result, self.amount_fen, self.left_fen)


class OrderAnswer(NamedTuple):
    """To an ORDER or an ORDER_CLOSE. APPROVED: it is paid. code: its 18 digits where it is open, else empty."""

    result: PaymentResult
    amount_fen: int = 0
    code: str = ""

    def to_bytes(self) -> bytes:
        """14 bytes."""
        return _ORDER.pack(ORDER_KIND, self.result, self.amount_fen, int(self.code or 0))


def presence_id(device: DeviceId, epoch: int, psam: PsamId, request: int) -> bytes:
    """6 bytes in the place of the terminal id, under which the card makes MAC1 for this request of this terminal: it is
    of no use for another one, for a load, or anywhere else."""
    named = _PRESENCE.pack(device, epoch, psam, request)
    return hashlib.sha256(_PRESENCE_LABEL + named).digest()[:PRESENCE_SIZE]


def parse_request(raw: bytes) -> LoadRequest:
    """WireFault when malformed or of an unknown kind."""
    if len(raw) != _REQUEST.size or raw[0] not in _PURPOSES:
        raise WireFault("unknown online request")
    purpose, card, counter, balance, amount, kind, version, algorithm, key_id, rnd, mac1 = _REQUEST.unpack(raw)
    return LoadRequest(
        card_id(card), counter, balance, amount, kind, version, algorithm, key_id, rnd, mac1, Purpose(purpose)
    )


def parse_answer(raw: bytes) -> LoadAnswer:
    """WireFault when malformed or of an unknown kind or result."""
    if len(raw) != _ANSWER.size or raw[0] != ANSWER_KIND or raw[1] > max(LoadResult):
        raise WireFault("unknown online answer")
    _, result, time, mac2, amount = _ANSWER.unpack(raw)
    return LoadAnswer(LoadResult(result), time, mac2, amount)


def code_of(drawn: int, prefix: str = CODE_PREFIX) -> str:
    """The 18 digits of a number below CODES_MAX. prefix: ORDER_PREFIX for the code of a till's order."""
    body = f"{prefix}{drawn:0{CODE_DIGITS - len(prefix) - 1}d}"
    return body + str(_check_digit(body))


def parse_code(text: str, prefix: str = CODE_PREFIX) -> str:
    """The digits of a code as it was scanned or keyed, without spaces; WireFault for a mistyped or another one."""
    digits = "".join(text.split())
    is_formed = digits.isascii() and digits.isdecimal() and len(digits) == CODE_DIGITS
    if not is_formed or not digits.startswith(prefix):
        raise WireFault(Text("不是本系统的付款码", "no payment code of this system"))
    if str(_check_digit(digits[:-1])) != digits[-1]:
        raise WireFault(Text("付款码有误，请重扫", "the code is mistyped, scan it again"))
    return digits


def code_request(code: str, amount_fen: int) -> LoadRequest:
    """What a till asks with a code."""
    card = card_id(_ASKED_CODE + int(code).to_bytes(8, "big"))
    return LoadRequest(card, 0, 0, amount_fen, 0, 0, 0, 0, bytes(4), bytes(4), Purpose.CODE)


def code_in(request: LoadRequest) -> str:
    """The code of a CODE request; empty when it holds none."""
    number = int.from_bytes(request.card[len(_ASKED_CODE) :], "big")
    is_one = request.purpose is Purpose.CODE and request.card.startswith(_ASKED_CODE)
    return f"{number:0{CODE_DIGITS}d}" if is_one else ""


def code_digest(code: str) -> bytes:
    """32 bytes: what is kept of a code."""
    return hashlib.sha256(_CODE_LABEL + code.encode("ascii")).digest()


def code_means(code: str) -> CardId:
    """What stands in the place of the card where a code has paid: nothing that pays again."""
    return card_id(_SPENT_CODE + code_digest(code)[:8])


def is_means(card: bytes) -> bool:
    """Is it the trace of a code or of a till's order, and no card?"""
    return card[:2] == _SPENT_CODE or card == ORDER_MEANS


def order_request(amount_fen: int) -> LoadRequest:
    """What a till asks for an order with, and asks again to hear how it stands."""
    return LoadRequest(ORDER_MEANS, 0, 0, amount_fen, 0, 0, 0, 0, bytes(4), bytes(4), Purpose.ORDER)


def close_request(amount_fen: int, epoch: int, number: int) -> LoadRequest:
    """What a till closes the order of that request with, under a request number of its own."""
    return order_request(amount_fen)._replace(counter=epoch, balance_fen=number, purpose=Purpose.ORDER_CLOSE)


def closes(request: LoadRequest) -> tuple[int, int]:
    """Epoch and number of the request whose order an ORDER_CLOSE closes."""
    return request.counter, request.balance_fen


def _check_digit(digits: str) -> int:
    """ISO 7064 MOD 11,10: one wrong digit, or two that were exchanged, are seen."""
    product = 10
    for digit in digits:
        product = ((product + int(digit)) % 10 or 10) * 2 % 11
    return (11 - product) % 10


def parse_code_answer(raw: bytes) -> PaymentAnswer:
    """As parse_payment. A centre of releases before codes takes the request for a load that it does not know, and says
    no: so does this."""
    if raw[:1] == bytes((ANSWER_KIND,)) and parse_answer(raw).result is not LoadResult.GRANTED:
        return PaymentAnswer(PaymentResult.NOT_NOW)
    return parse_payment(raw)


def parse_order_answer(raw: bytes) -> OrderAnswer:
    """WireFault when malformed, of an unknown kind or result, or open without a code of ours. A centre of releases
    before orders says no to a load that it does not know: so does this."""
    if raw[:1] == bytes((ANSWER_KIND,)) and parse_answer(raw).result is not LoadResult.GRANTED:
        return OrderAnswer(PaymentResult.NOT_NOW)
    if len(raw) != _ORDER.size or raw[0] != ORDER_KIND or raw[1] > max(PaymentResult):
        raise WireFault("unknown answer to an order")
    _, result, amount, number = _ORDER.unpack(raw)
    is_open = result == PaymentResult.ORDER_OPEN
    return OrderAnswer(PaymentResult(result), amount, parse_code(str(number), ORDER_PREFIX) if is_open else "")


def parse_payment(raw: bytes) -> PaymentAnswer:
    """WireFault when malformed or of an unknown kind or result."""
    if len(raw) != _PAYMENT.size or raw[0] != PAYMENT_KIND or raw[1] > PaymentResult.CODE_USED:
        raise WireFault("unknown answer to a payment")
    _, result, amount, left = _PAYMENT.unpack(raw)
    return PaymentAnswer(PaymentResult(result), amount, left)


_PURPOSES = frozenset(int(purpose) for purpose in Purpose)
