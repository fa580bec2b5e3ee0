"""What the ledger tells of deposits through providers 渠道充值."""

from dataclasses import dataclass

from shared.facts.told import Level, Told


@dataclass(frozen=True)
class DepositPosted(Told):
    code, level = "deposit-posted", Level.NOTICE
    zh = "渠道充值入账 {fen:yuan}：卡 {card}，{provider} 订单 {order}"
    en = "a deposit of {fen:yuan} is posted: card {card}, order {order} of {provider}"
    provider: str
    order: str
    fen: int
    card: bytes


@dataclass(frozen=True)
class DepositOdd(Told):
    code, level = "deposit-odd", Level.IMPORTANT
    zh = "渠道充值金额不符：应付 {asked_fen:yuan}，实付 {fen:yuan}，入账 {posted_fen:yuan}，{provider} 订单 {order}"
    en = "a deposit of {asked_fen:yuan}: {fen:yuan} was paid, {posted_fen:yuan} posted: order {order} of {provider}"
    provider: str
    order: str
    asked_fen: int
    fen: int
    posted_fen: int


@dataclass(frozen=True)
class DepositLate(Told):
    code, level = "deposit-late", Level.GENERAL
    zh = "关单后到账 {fen:yuan}，已入账：{provider} 订单 {order}"
    en = "{fen:yuan} was paid after the order was closed, and is posted: order {order} of {provider}"
    provider: str
    order: str
    fen: int


@dataclass(frozen=True)
class DepositRefunded(Told):
    code, level = "deposit-refunded", Level.GENERAL
    zh = "渠道退款 {fen:yuan}，电子账户余 {left_fen:yuan}：{provider} 订单 {order}"
    en = "a deposit of {fen:yuan} was given back, {left_fen:yuan} is left in the account: order {order} of {provider}"
    provider: str
    order: str
    fen: int
    left_fen: int


@dataclass(frozen=True)
class DepositUnknown(Told):
    code, level = "deposit-unknown", Level.IMPORTANT
    zh = "渠道充值一天问不到结果，待人工：{provider} 订单 {order}，{fen:yuan}"
    en = "a day of asking does not say what became of a deposit: order {order} of {provider}, {fen:yuan}"
    provider: str
    order: str
    fen: int


@dataclass(frozen=True)
class DepositItem(Told):
    code, level = "deposit-item", Level.IMPORTANT
    zh = "渠道对账差错（{kind}）：{provider} 交易 {txn}，账单 {bill_fen:yuan}，账本 {books_fen:yuan}"
    en = "a bill of {provider} does not match ({kind}): transaction {txn}, bill {bill_fen:yuan}, books {books_fen:yuan}"
    provider: str
    kind: str
    txn: str
    bill_fen: int
    books_fen: int


@dataclass(frozen=True)
class DepositBillBroken(Told):
    code, level = "deposit-bill-broken", Level.IMPORTANT
    zh = "渠道账单不可信，未采用：{provider}，{day}：{why}"
    en = "a provider's bill is not to be believed, and was not used: {provider}, {day}: {why}"
    provider: str
    day: str
    why: str


@dataclass(frozen=True)
class DepositForged(Told):
    code, level = "deposit-forged", Level.IMPORTANT
    zh = "渠道回调伪造或过期，一小时内 {count} 次：{provider}"
    en = "forged or old callbacks in the name of {provider}: {count} within an hour"
    provider: str
    count: int


@dataclass(frozen=True)
class RefundRefused(Told):
    code, level = "refund-refused", Level.IMPORTANT
    zh = "渠道拒绝退款 {fen:yuan}，已退回原账户：{provider} 订单 {order}，{why}"
    en = "a refund of {fen:yuan} was refused and is where it came from: order {order} of {provider}, {why}"
    provider: str
    order: str
    fen: int
    why: str


@dataclass(frozen=True)
class RefundUnknown(Told):
    code, level = "refund-unknown", Level.IMPORTANT
    zh = "渠道退款一天问不到结果，待人工：{provider} 订单 {order}，{fen:yuan}"
    en = "a day of asking does not say what became of a refund: order {order} of {provider}, {fen:yuan}"
    provider: str
    order: str
    fen: int


@dataclass(frozen=True)
class ProviderSettled(Told):
    code, level = "provider-settled", Level.NOTICE
    zh = "渠道结算到行 {fen:yuan}，手续费 {fee_fen:yuan}：{provider}"
    en = "{provider} has brought {fen:yuan} to the bank, its fee {fee_fen:yuan}"
    provider: str
    fen: int
    fee_fen: int


@dataclass(frozen=True)
class FeeInvoiceApart(Told):
    code, level = "fee-invoice-apart", Level.IMPORTANT
    zh = "渠道手续费发票不符：{provider} {month}，发票 {fen:yuan}，账单 {fees_fen:yuan}"
    en = "an invoice of fees differs: {provider} {month}, {fen:yuan} by the invoice, {fees_fen:yuan} by its bills"
    provider: str
    month: str
    fen: int
    fees_fen: int


@dataclass(frozen=True)
class ProviderKeyEnds(Told):
    code, level = "provider-key-ends", Level.IMPORTANT
    zh = "渠道 {provider} 的密钥 {serial} 还认 {days} 天，换上新的：此后其应答与回调不再可信"
    en = "key {serial} of {provider} counts for {days} days more: bring the new one, or nothing it says is believed"
    provider: str
    serial: str
    days: int
