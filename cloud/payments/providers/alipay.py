"""Alipay 支付宝 open platform, alipay.trade.precreate (a code that the payer scans or opens). Pure.

Request: a form with `sign` (RSA2) over all other parameters, sorted, joined as a=b&c=d. Answer: JSON, `sign` over the
very bytes of the object `alipay_…_response`, so that is cut out of the body as it came. Callback: a form, signed over
its parameters without sign and sign_type, answered by `success`. The bill is a ZIP of CSV in GBK behind an address
that is good for 30 seconds; nothing signs the file, so its address, which is signed, its sums and TLS have to do.
"""

import hashlib
import io
import json
import re
import zipfile
from typing import Any
from urllib.parse import parse_qsl, urlencode

from cloud.payments.providers.interface import (
    BILL_MAX,
    Answer,
    Bill,
    BillEntry,
    Headers,
    Moment,
    ProviderFault,
    Refunded,
    Request,
    Seen,
    Standing,
    Wanted,
)
from cloud.payments.providers.keys import OwnKey, PlatformKeys
from cloud.payments.providers.reading import (
    an_object,
    china_text,
    fen_of_yuan,
    rows_of,
    text_of,
    unix_of_china,
    yuan_of_fen,
)

GATEWAY = "/gateway.do"
OLD_S = 26 * 3600
"""Callbacks are repeated with their first notify_time for 25 hours; they wake a query and nothing else."""
_STANDINGS = {
    "WAIT_BUYER_PAY": Standing.WAITING, "TRADE_SUCCESS": Standing.PAID, "TRADE_FINISHED": Standing.PAID,
    "TRADE_CLOSED": Standing.CLOSED,
}  # fmt: skip
_FORM_MAX = 64
"""Parameters of a callback."""


class Alipay:
    """One application 应用, paid into one seller 收款方."""

    name = "alipay"

    def __init__(self, app_id: str, seller_id: str, own: OwnKey, platform: PlatformKeys, notify_url: str) -> None:
        self._app_id, self._seller_id, self._own, self._platform = app_id, seller_id, own, platform
        self._notify_url = notify_url

    # --- out ------------------------------------------------------------------------------------------------------

    def make(self, wanted: Wanted, now: Moment) -> Request:
        """预下单."""
        content = {
            "out_trade_no": wanted.number, "total_amount": yuan_of_fen(wanted.fen), "subject": wanted.subject,
            "seller_id": self._seller_id, "time_expire": china_text(wanted.expires_s),
        }  # fmt: skip
        return self._request("alipay.trade.precreate", content, now, notify_url=self._notify_url)

    def query(self, number: str, now: Moment) -> Request:
        """查询, by our number."""
        return self._request("alipay.trade.query", {"out_trade_no": number}, now)

    def close(self, number: str, now: Moment) -> Request:
        """关闭."""
        return self._request("alipay.trade.close", {"out_trade_no": number}, now)

    def refund(
        self, number: str, refund: str, fen: int, total_fen: int, reason: str, now: Moment  # noqa: ARG002
    ) -> Request:  # fmt: skip
        """退款."""
        content = {
            "out_trade_no": number, "out_request_no": refund, "refund_amount": yuan_of_fen(fen),
            "refund_reason": reason,
        }  # fmt: skip
        return self._request("alipay.trade.refund", content, now)

    def refund_query(self, number: str, refund: str, now: Moment) -> Request:
        """退款查询."""
        content = {"out_trade_no": number, "out_request_no": refund}
        return self._request("alipay.trade.fastpay.refund.query", content, now)

    def bill(self, day: str, now: Moment) -> Request:
        """查询对账单下载地址."""
        content = {"bill_type": "trade", "bill_date": day}
        return self._request("alipay.data.dataservice.bill.downloadurl.query", content, now)

    # --- in -------------------------------------------------------------------------------------------------------

    def made(self, number: str, answer: Answer, now: Moment) -> str:
        """The address of the code."""
        said = self._said("alipay.trade.precreate", answer, now)
        _require(said, number)
        return text_of(said, "qr_code", 512)

    def queried(self, number: str, answer: Answer, now: Moment) -> Seen:
        """Of this order. Before a payer opened the code, Alipay has no trade yet: that is waiting for it."""
        said = self._said("alipay.trade.query", answer, now, ("ACQ.TRADE_NOT_EXIST",))
        if said.get("sub_code") == "ACQ.TRADE_NOT_EXIST":
            return Seen(Standing.NOWHERE, number)
        _require(said, number)
        if said.get("seller_id", self._seller_id) != self._seller_id:
            raise ProviderFault("another seller's", is_forged=True)
        standing = _STANDINGS.get(str(said.get("trade_status")))
        if standing is None:
            raise ProviderFault("a state that we do not know")
        is_refunded = standing is Standing.CLOSED and bool(said.get("send_pay_date"))
        if standing is not Standing.PAID and not is_refunded:  # paid and given back whole is closed, too
            return Seen(standing, number)
        return Seen(
            Standing.PAID, number, text_of(said, "trade_no"), fen_of_yuan(text_of(said, "total_amount")),
            unix_of_china(text_of(said, "send_pay_date")),
        )  # fmt: skip

    def closed(self, number: str, answer: Answer, now: Moment) -> None:  # noqa: ARG002  # the protocol's
        """That it is paid, or nobody opened it, a query says."""
        self._said("alipay.trade.close", answer, now, ("ACQ.TRADE_NOT_EXIST", "ACQ.TRADE_STATUS_ERROR"))

    def refund_taken(self, refund: str, answer: Answer, now: Moment) -> None:  # noqa: ARG002  # the protocol's
        """Taken; a query or the bill says when it is through."""
        self._said("alipay.trade.refund", answer, now)

    def refund_queried(self, refund: str, answer: Answer, now: Moment) -> Refunded | None:
        """REFUND_SUCCESS, or nothing yet."""
        said = self._said("alipay.trade.fastpay.refund.query", answer, now)
        if said.get("refund_status") != "REFUND_SUCCESS":
            return None
        if said.get("out_request_no") != refund:
            raise ProviderFault("an answer about another refund")
        return Refunded(refund, fen_of_yuan(text_of(said, "refund_amount")))

    def woken(self, headers: Headers, body: bytes, now: Moment) -> str:  # noqa: ARG002  # the protocol's
        """异步通知: signed, about our application and seller."""
        try:
            pairs = parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True, max_num_fields=_FORM_MAX)
        except ValueError:
            raise ProviderFault("a callback is no form", is_forged=True) from None
        given = dict(pairs)
        sign = given.pop("sign", "")
        if given.pop("sign_type", "") != "RSA2" or not sign:
            raise ProviderFault("not signed", is_forged=True)
        self._platform.verify_any(joined(given).encode(), sign, now.unix_s)
        if given.get("app_id") != self._app_id or given.get("seller_id", self._seller_id) != self._seller_id:
            raise ProviderFault("another application's or seller's", is_forged=True)
        if abs(now.unix_s - unix_of_china(given.get("notify_time", ""))) > OLD_S:
            raise ProviderFault("signed too long ago", is_forged=True)
        return text_of(given, "out_trade_no", 64)

    def bill_place(self, answer: Answer, now: Moment) -> tuple[Request, str]:
        """An address that is good for 30 seconds."""
        said = self._said("alipay.data.dataservice.bill.downloadurl.query", answer, now)
        return Request("GET", text_of(said, "bill_download_url", 2048), {}), ""

    def bill_read(self, answer: Answer, promised: str, day: str) -> Bill:  # noqa: ARG002  # the protocol's
        """Whole: by its own sums."""
        if answer.status != 200:
            raise ProviderFault(f"HTTP {answer.status}")
        return read_bill(unpacked(answer.body), day)

    # --- both -----------------------------------------------------------------------------------------------------

    def _request(self, method: str, content: dict[str, Any], now: Moment, **more: str) -> Request:
        given = {
            "app_id": self._app_id, "method": method, "format": "JSON", "charset": "utf-8", "sign_type": "RSA2",
            "timestamp": china_text(now.unix_s), "version": "1.0", **more,
            "biz_content": json.dumps(content, ensure_ascii=False, separators=(",", ":")),
        }  # fmt: skip
        given["sign"] = self._own.sign(joined(given).encode())
        headers = {"Content-Type": "application/x-www-form-urlencoded;charset=utf-8"}
        return Request("POST", GATEWAY, headers, urlencode(given).encode())

    def _said(self, method: str, answer: Answer, now: Moment, may_be: tuple[str, ...] = ()) -> dict[str, Any]:
        """What is signed, of this very method; a refusal is a fault unless it is one that we know."""
        if answer.status != 200:
            raise ProviderFault(f"HTTP {answer.status}")
        name = f"{method.replace('.', '_')}_response"
        whole = an_object(answer.body)
        sign, said = whole.get("sign"), whole.get(name)
        if not isinstance(sign, str) or not isinstance(said, dict):
            raise ProviderFault("not signed", is_forged=True)
        self._platform.verify_any(cut_out(answer.body, name), sign, now.unix_s)
        if said.get("code") == "10000" or said.get("sub_code") in may_be:
            return said
        raise ProviderFault(f"refused: {str(said.get('sub_code', said.get('code')))[:64]!r}")


def joined(given: dict[str, str]) -> str:
    """What is signed of parameters: sorted, without empty ones."""
    return "&".join(f"{name}={value}" for name, value in sorted(given.items()) if value != "" and name != "sign")


def cut_out(body: bytes, name: str) -> bytes:
    """The bytes of one object of a JSON text, as they stand there: what the provider has signed."""
    text = body.decode("utf-8", "strict") if _is_utf8(body) else ""
    found = re.search(rf'"{re.escape(name)}"\s*:\s*', text)
    if found is None:
        raise ProviderFault("not signed", is_forged=True)
    try:
        _, end = json.JSONDecoder().raw_decode(text, found.end())
    except (ValueError, RecursionError):
        raise ProviderFault("not JSON") from None
    return text[found.end() : end].encode()


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _require(said: dict[str, Any], number: str) -> None:
    if said.get("out_trade_no") != number:
        raise ProviderFault("an answer about another order", is_forged=True)


# --- the bill ------------------------------------------------------------------------------------------------------

_COLUMNS = {
    "支付宝交易号": "txn",
    "商户订单号": "number",
    "业务类型": "type",
    "订单金额（元）": "fen",
    "退款批次号/请求号": "refund",
}
"""Those that we read, by the names that the bill has for them."""
_KINDS = {"交易": "paid", "退款": "back"}
_DETAIL, _SUMMARY = re.compile("业务明细"), re.compile("汇总")
_DAY = re.compile(r"#起始日期：\[([0-9]{4})年([0-9]{2})月([0-9]{2})日")
_SUM = re.compile(r"#(交易|退款)合计：([0-9]+)笔，商家实收共(-?[0-9.]+)元")


def unpacked(raw: bytes) -> bytes:
    """The detail 业务明细 of a ZIP, not its summary 汇总. Names in it may be GBK without a mark."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as pack:
            named = [(one, _name(one)) for one in pack.infolist()]
            found = [one for one, name in named if _DETAIL.search(name) and not _SUMMARY.search(name)]
            if len(found) != 1 or found[0].file_size > BILL_MAX:
                raise ProviderFault("a bill of another form")
            return pack.read(found[0])
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError):
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
    fen = fen_of_yuan(cells["fen"])
    if kind == "back":
        return BillEntry(cells["txn"], cells["number"], -fen, cells.get("refund", ""))
    return BillEntry(cells["txn"], cells["number"], fen)


def _require_sums(lines: tuple[BillEntry, ...], notes: list[str]) -> None:
    told = {_KINDS[found[1]]: (int(found[2]), fen_of_yuan(found[3])) for one in notes if (found := _SUM.match(one))}
    paid, back = [one for one in lines if not one.refund], [one for one in lines if one.refund]
    wanted = {"paid": (len(paid), sum(one.fen for one in paid)), "back": (len(back), -sum(one.fen for one in back))}
    if told != wanted or any(one.fen <= 0 for one in lines):
        raise ProviderFault("a bill that does not add up")
