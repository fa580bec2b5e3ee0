"""Files of Alipay, CSV in GBK in a ZIP with sums in comments: the bill 业务明细, and what moved 账务明细. Pure."""

import hashlib
import io
import re
import zipfile
import zlib

from cloud.payments.providers.interface import BILL_MAX, Bill, BillEntry, Movement, ProviderFault, Settlement
from cloud.payments.providers.reading import fee_of_yuan, fen_of_yuan, rows_of

_COLUMNS = {
    "支付宝交易号": "txn",
    "商户订单号": "number",
    "业务类型": "type",
    "订单金额（元）": "fen",
    "退款批次号/请求号": "refund",
    "服务费（元）": "fee",
}
"""Those that we read, by the names that the bill has for them."""
_KINDS = {"交易": "paid", "退款": "back"}
_DETAIL, LEDGER, _SUMMARY = re.compile("业务明细"), re.compile("账务明细"), re.compile("汇总")
_DAY = re.compile(r"#起始日期：\[([0-9]{4})年([0-9]{2})月([0-9]{2})日")
_SUM = re.compile(r"#(交易|退款)合计：([0-9]+)笔，商家实收共(-?[0-9.]+)元")


def unpacked(raw: bytes, wanted: re.Pattern[str] = _DETAIL) -> bytes:
    """The detail 业务明细, or 账务明细, of a ZIP, not its summary 汇总. Names in it may be GBK without a mark."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as pack:
            named = [(one, _name(one)) for one in pack.infolist()]
            found = [one for one, name in named if wanted.search(name) and not _SUMMARY.search(name)]
            if len(found) != 1 or found[0].file_size > BILL_MAX:
                raise ProviderFault("a bill of another form")
            return pack.read(found[0])
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError, NotImplementedError):
        raise ProviderFault("a bill is no ZIP") from None


def _name(one: zipfile.ZipInfo) -> str:
    if one.flag_bits & 0x800:
        return one.filename
    try:
        return one.filename.encode("cp437").decode("gbk")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return one.filename


def read_bill(plain: bytes, day: str) -> Bill:
    """Comments begin with #; the last ones hold the sums. ProviderFault: another day's, or it does not add up."""
    try:
        text = plain.decode("gbk")
    except UnicodeDecodeError:
        raise ProviderFault("a bill is not GBK") from None
    notes = [line.strip() for line in text.splitlines() if line.startswith("#")]
    table = "\n".join(line for line in text.splitlines() if line and line[0] != "#")
    rows = [row for row in rows_of(table) if any(row)]
    days = ["-".join(found.groups()) for one in notes if (found := _DAY.match(one))]
    if not rows or not set(_COLUMNS) <= set(rows[0]) or days != [day]:
        raise ProviderFault("a bill of another form, or another day's")
    names = [_COLUMNS.get(one, one) for one in rows[0]]
    lines = tuple(_line(dict(zip(names, row, strict=False)), len(row) >= len(names) - 1) for row in rows[1:])
    _require_sums(lines, notes)
    return Bill(lines, hashlib.sha256(plain).digest())


def _line(cells: dict[str, str], is_whole: bool) -> BillEntry:
    kind = _KINDS.get(cells.get("type", ""))
    if not is_whole or kind is None:
        raise ProviderFault("a line of another form")
    fen, fee = fen_of_yuan(cells["fen"]), -fee_of_yuan(cells["fee"])  # a fee stands there as what goes away
    if kind == "back":
        return BillEntry(cells["txn"], cells["number"], -fen, cells.get("refund", ""), fee)
    return BillEntry(cells["txn"], cells["number"], fen, "", fee)


def _require_sums(lines: tuple[BillEntry, ...], notes: list[str]) -> None:
    told = {_KINDS[found[1]]: (int(found[2]), fen_of_yuan(found[3])) for one in notes if (found := _SUM.match(one))}
    paid, back = [one for one in lines if not one.refund], [one for one in lines if one.refund]
    wanted = {"paid": (len(paid), sum(one.fen for one in paid)), "back": (len(back), -sum(one.fen for one in back))}
    if told != wanted or any(one.fen <= 0 for one in lines):
        raise ProviderFault("a bill that does not add up")


_MOVES = {"账务流水号": "ident", "收入金额（元）": "into", "支出金额（元）": "out", "业务类型": "type"}
"""Columns of 账务明细 that we read."""
_NAMED = {
    "交易": "", "在线支付": "", "退款": "", "收费": "fee", "服务费": "fee", "退费": "fee", "提现": "bank",
}  # fmt: skip
"""What a movement is; empty: the bill has it. Of any other name it is none of ours."""
_WAYS = re.compile(r"#(收入|支出)合计：([0-9]+)笔，共(-?[0-9.]+)元")


def read_movements(plain: bytes, day: str) -> Settlement:
    """账务明细: what moved the account and is neither a payment nor a refund. ProviderFault."""
    try:
        text = plain.decode("gbk")
    except UnicodeDecodeError:
        raise ProviderFault("a settlement is not GBK") from None
    notes = [line.strip() for line in text.splitlines() if line.startswith("#")]
    rows = [
        row for row in rows_of("\n".join(line for line in text.splitlines() if line and line[0] != "#")) if any(row)
    ]
    days = ["-".join(found.groups()) for one in notes if (found := _DAY.match(one))]
    if not rows or not set(_MOVES) <= set(rows[0]) or days != [day] or any(len(row) < len(rows[0]) for row in rows[1:]):
        raise ProviderFault("a settlement of another form, or another day's")
    names = [_MOVES.get(one, one) for one in rows[0]]
    cells = [dict(zip(names, row, strict=False)) for row in rows[1:]]
    sums = [(abs(_some(one["into"])), abs(_some(one["out"]))) for one in cells]
    told = {found[1]: (int(found[2]), abs(fen_of_yuan(found[3]))) for one in notes if (found := _WAYS.match(one))}
    into, out = [fen for fen, _ in sums if fen], [fen for _, fen in sums if fen]
    if told != {"收入": (len(into), sum(into)), "支出": (len(out), sum(out))}:
        raise ProviderFault("a settlement that does not add up")
    moved = (_moved(one, came - went) for one, (came, went) in zip(cells, sums, strict=True))
    return Settlement(tuple(one for one in moved if one is not None), hashlib.sha256(plain).digest())


def _moved(cells: dict[str, str], gain: int) -> Movement | None:
    """None: the bill has it. gain: what the account got by it."""
    kind = _NAMED.get(cells["type"], "other")
    if not kind:
        return None
    return Movement("other" if kind == "bank" and gain > 0 else kind, cells["ident"], -gain)


def _some(cell: str) -> int:
    return fen_of_yuan(cell) if cell else 0
