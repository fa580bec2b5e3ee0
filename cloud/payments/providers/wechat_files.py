"""Files of WeChat Pay: the bill 交易账单 and the fund flow bill 资金账单, each whole by its own sums. Pure."""

import gzip
import hashlib
import re
import zlib

from cloud.payments.providers.interface import BILL_MAX, Bill, BillEntry, Movement, ProviderFault, Settlement
from cloud.payments.providers.reading import fee_of_yuan, fen_of_yuan, rows_of

_HEAD = {
    "交易时间": "time",
    "公众账号ID": "appid",
    "商户号": "mchid",
    "特约商户号": "submch",
    "设备号": "device",
    "微信订单号": "txn",
    "商户订单号": "number",
    "用户标识": "user",
    "交易类型": "type",
    "交易状态": "state",
    "付款银行": "bank",
    "货币种类": "currency",
    "应结订单金额": "settled",
    "代金券金额": "coupon",
    "微信退款单号": "provider_refund",
    "商户退款单号": "refund",
    "退款金额": "refund_fen",
    "充值券退款金额": "coupon_back",
    "退款类型": "refund_type",
    "退款状态": "refund_state",
    "商品名称": "subject",
    "商户数据包": "attach",
    "手续费": "fee",
    "费率": "rate",
    "订单金额": "fen",
    "申请退款金额": "asked_back",
    "费率备注": "rate_note",
}
"""Columns of the ALL bill, in its order, and what we call them."""
_SUMS = {
    "总交易单数": "lines",
    "应结订单总金额": "settled",
    "退款总金额": "back",
    "充值券退款总金额": "coupon_back",
    "手续费总金额": "fee",
    "订单总金额": "paid",
    "申请退款总金额": "asked_back",
}


def read_bill(plain: bytes, mchid: str) -> Bill:
    """The ALL bill: a head, a line each, then the head and the line of its sums. ProviderFault: it does not add up."""
    try:
        rows = [row for row in rows_of(plain.decode("utf-8-sig")) if any(row)]
    except UnicodeDecodeError:
        raise ProviderFault("a bill is not UTF-8") from None
    if len(rows) < 3 or rows[0] != list(_HEAD) or rows[-2] != list(_SUMS):
        raise ProviderFault("a bill of another form")
    if any(len(row) != len(_HEAD) for row in rows[1:-2]):
        raise ProviderFault("a line of another form")
    cells = [dict(zip(_HEAD.values(), row, strict=True)) for row in rows[1:-2]]
    lines = tuple(_line(row, mchid) for row in cells)
    sums = dict(zip(_SUMS.values(), rows[-1], strict=False))
    paid = sum(line.fen for line in lines if not line.refund)
    back = sum(line.fen for line in lines if line.refund)
    told = fen_of_yuan(sums.get("paid", "")), fen_of_yuan(sums.get("asked_back", ""))
    if (sums.get("lines"), *told) != (str(len(lines)), paid, back):
        raise ProviderFault("a bill that does not add up")
    if fee_of_yuan(sums.get("fee", "")) != sum(line.fee for line in lines):
        raise ProviderFault("a bill whose fees do not add up")
    failed = {row["refund"] for row in cells if row["state"] == "REFUND" and row["refund_state"] == "FAIL"}
    return Bill(tuple(line for line in lines if line.refund not in failed), hashlib.sha256(plain).digest())


def _line(cells: dict[str, str], mchid: str) -> BillEntry:
    if cells["mchid"] != mchid or cells["currency"] != "CNY":
        raise ProviderFault("another merchant's line, or another currency's")
    fee = fee_of_yuan(cells["fee"])
    if cells["state"] == "REFUND":
        return BillEntry(cells["txn"], cells["number"], fen_of_yuan(cells["asked_back"]), cells["refund"], fee)
    return BillEntry(cells["txn"], cells["number"], fen_of_yuan(cells["fen"]), "", fee)


_FLOW = {
    "记账时间": "at", "微信支付业务单号": "txn", "资金流水单号": "ident", "业务名称": "name", "业务类型": "type",
    "收支类型": "way", "收支金额": "fen", "账户结余": "left", "资金变更提交申请人": "who", "备注": "note",
    "业务凭证号": "voucher",
}  # fmt: skip
"""Columns of the fund flow bill, without the unit that some have behind them."""
_FLOW_SUMS = {
    "资金流水总笔数": "lines", "收入笔数": "in", "收入金额": "in_fen", "支出笔数": "out", "支出金额": "out_fen",
}  # fmt: skip
_WAYS = {"收入": 1, "支出": -1}
_KINDS = {"交易": "", "退款": "", "扣除交易手续费": "fee", "退还交易手续费": "fee", "提现": "bank"}
"""What a movement is; empty: the bill has it. Of any other name it is none of ours."""
_UNIT = re.compile("[（(]元[）)]$")


def read_fund_flow(plain: bytes) -> Settlement:
    """The fund flow bill 资金账单: a head, a line each, then the head and the line of its sums. ProviderFault."""
    try:
        rows = [row for row in rows_of(plain.decode("utf-8-sig")) if any(row)]
    except UnicodeDecodeError:
        raise ProviderFault("a settlement is not UTF-8") from None
    if len(rows) < 3 or _plain_heads(rows[0]) != list(_FLOW) or _plain_heads(rows[-2]) != list(_FLOW_SUMS):
        raise ProviderFault("a settlement of another form")
    if any(len(row) != len(_FLOW) for row in rows[1:-2]) or len(rows[-1]) != len(_FLOW_SUMS):
        raise ProviderFault("a line of another form")
    cells = [dict(zip(_FLOW.values(), row, strict=True)) for row in rows[1:-2]]
    if any(one["way"] not in _WAYS for one in cells):
        raise ProviderFault("a line of another form")
    sums = [fen_of_yuan(one["fen"]) for one in cells]
    into = [fen for one, fen in zip(cells, sums, strict=True) if _WAYS[one["way"]] > 0]
    out = [fen for one, fen in zip(cells, sums, strict=True) if _WAYS[one["way"]] < 0]
    told = rows[-1][0], rows[-1][1], fen_of_yuan(rows[-1][2]), rows[-1][3], fen_of_yuan(rows[-1][4])
    if told != (str(len(cells)), str(len(into)), sum(into), str(len(out)), sum(out)):
        raise ProviderFault("a settlement that does not add up")
    lines = tuple(found for one, fen in zip(cells, sums, strict=True) if (found := _movement(one, fen)) is not None)
    return Settlement(lines, hashlib.sha256(plain).digest())


def _movement(cells: dict[str, str], fen: int) -> Movement | None:
    """None: the bill has it."""
    kind, gone = _KINDS.get(cells["type"], "other"), -fen * _WAYS[cells["way"]]
    if not kind:
        return None
    return Movement("other" if kind == "bank" and gone < 0 else kind, cells["ident"], gone)


def _plain_heads(row: list[str]) -> list[str]:
    return [_UNIT.sub("", cell) for cell in row]


def unzipped(raw: bytes) -> bytes:
    """At most BILL_MAX octets: what unpacks to more is no bill."""
    try:
        unpack = zlib.decompressobj(wbits=31)
        plain = unpack.decompress(raw, BILL_MAX)
    except (zlib.error, gzip.BadGzipFile):
        raise ProviderFault("a bill is not GZIP") from None
    if unpack.unconsumed_tail or not unpack.eof:
        raise ProviderFault("a bill is too long, or cut off")
    return plain
