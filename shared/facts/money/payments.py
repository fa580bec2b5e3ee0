"""What the ledger tells of account payments 账户支付."""

from dataclasses import dataclass

from shared.facts.told import Level, Told


@dataclass(frozen=True)
class PaymentReused(Told):
    code, level = "payment-reused", Level.IMPORTANT
    zh = "账户支付请求号重用：{request}"
    en = "an account payment's request number is used again: {request}"
    request: int


@dataclass(frozen=True)
class PaymentReversed(Told):
    code, level = "payment-reversed", Level.GENERAL
    zh = "账户支付已冲正，{fen:yuan} 退回电子账户：请求 {request}"
    en = "an account payment is reversed, {fen:yuan} back in the online account: request {request}"
    request: int
    fen: int


@dataclass(frozen=True)
class ReversalHeld(Told):
    code, level = "reversal-held", Level.IMPORTANT
    zh = "冲正待两人核定，{fen:yuan}：请求 {request}"
    en = "a reversal waits for two persons, {fen:yuan}: request {request}"
    request: int
    fen: int


@dataclass(frozen=True)
class PaymentUnapproved(Told):
    code, level = "payment-unapproved", Level.URGENT
    zh = "终端称账户支付成功而账本未批准，{fen:yuan}：请求 {request}"
    en = "a terminal says paid, and this ledger never approved it, {fen:yuan}: request {request}"
    request: int
    fen: int


@dataclass(frozen=True)
class PaymentContradicted(Told):
    code, level = "payment-contradicted", Level.URGENT
    zh = "同一笔账户支付有两种说法：请求 {request}，序号 {seq}"
    en = "two records say different things of one account payment: request {request}, seq {seq}"
    request: int
    seq: int


@dataclass(frozen=True)
class OnlineExpired(Told):
    code, level = "online-expired", Level.GENERAL
    zh = "预授权超时，{fen:yuan} 已退回电子账户：付款 {payment}"
    en = "an authorisation is over, {fen:yuan} back in the online account: payment {payment}"
    payment: int
    fen: int


@dataclass(frozen=True)
class CodesGuessed(Told):
    code, level = "codes-guessed", Level.IMPORTANT
    zh = "本终端今日已用 {count} 个无效付款码，今日不再受理付款码"
    en = "{count} codes that are none were asked with here today: no more codes are judged today"
    count: int


@dataclass(frozen=True)
class CodesGuessedByApp(Told):
    code, level = "app-guesses", Level.IMPORTANT
    zh = "应用 {app} 今日已用 {count} 个无效付款码问身份，今日不再受理"
    en = "the application {app} asked who shows {count} codes that are none: no more are looked at today"
    count: int
    app: str
