"""Alipay 支付宝 open platform: alipay.trade.precreate (a code that is scanned), wap.pay and page.pay, which a payer's
browser opens with our signature on them, so that nobody is asked (opendocs.alipay.com/open/203, /open/270). Pure.

Request: a form with `sign` (RSA2) over all other parameters, sorted, joined as a=b&c=d. Answer: JSON, `sign` over the
very bytes of the object `alipay_…_response`, so that is cut out of the body as it came. Callback: a form, signed over
its parameters without sign and sign_type, answered by `success`. The bill is a ZIP of CSV in GBK behind an address
that is good for 30 seconds; nothing signs the file, so its address, which is signed, its sums and TLS have to do.
"""

import json
import re
from typing import Any
from urllib.parse import parse_qsl, urlencode

from cloud.payments.providers.alipay_files import LEDGER, read_bill, read_movements, unpacked
from cloud.payments.providers.interface import (
    Answer,
    Back,
    BackSeen,
    BackStanding,
    Bill,
    Headers,
    KeyEnd,
    Moment,
    NothingThere,
    OpenerRefused,
    OrderWay,
    ProviderFault,
    Refusal,
    Request,
    Seen,
    Settlement,
    Standing,
    Wanted,
)
from cloud.payments.providers.keys import OwnKey, PlatformKeys, key_ends
from cloud.payments.providers.reading import (
    REASON_MAX,
    a_sum,
    an_object,
    back_of,
    china_text,
    fen_of_yuan,
    of_a_file,
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
_NEVER = frozenset(
    {
        "ACQ.TRADE_NOT_EXIST", "ACQ.TRADE_HAS_FINISHED", "ACQ.TRADE_STATUS_ERROR", "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL",
        "ACQ.REASON_TRADE_REFUND_FEE_ERR", "ACQ.TRADE_NOT_ALLOW_REFUND", "ACQ.REFUND_FEE_ERROR",
        "ACQ.DISCORDANT_REPEAT_REQUEST", "ACQ.INVALID_PARAMETER",
    }
)  # fmt: skip
"""Refusals of a refund that asking again does not change; ACQ.SELLER_BALANCE_NOT_ENOUGH and others are asked again."""
_PAGES = {
    OrderWay.PHONE: ("alipay.trade.wap.pay", "QUICK_WAP_WAY"),
    OrderWay.PAGE: ("alipay.trade.page.pay", "FAST_INSTANT_TRADE_PAY"),
}  # fmt: skip
_NO_BILL = ("isp.bill_not_exist", "bill_not_exist")
"""A day without any movement has no file."""
_FORM_MAX = 64
"""Parameters of a callback."""


class Alipay:
    """One application 应用, paid into one seller 收款方."""

    name = "alipay"

    def __init__(self, app_id: str, seller_id: str, own: OwnKey, platform: PlatformKeys, notify_url: str) -> None:
        self._app_id, self._seller_id, self._own, self._platform = app_id, seller_id, own, platform
        self._notify_url = notify_url

    # --- out ------------------------------------------------------------------------------------------------------

    def opener(self, code: str, now: Moment) -> Request:  # noqa: ARG002  # the protocol's
        """Nobody has to be known."""
        raise OpenerRefused("no orders inside of Alipay")

    def opened(self, answer: Answer) -> str:  # noqa: ARG002  # the protocol's
        """See opener."""
        raise OpenerRefused("no orders inside of Alipay")

    def make(self, wanted: Wanted, now: Moment) -> Request:
        """预下单, or the signed address of 手机网站支付 or 电脑网站支付: a trade is there once it is opened, until then
        a query says that there is none, and `time_expire` holds it to the order's own end."""
        content = {
            "out_trade_no": wanted.number, "total_amount": yuan_of_fen(wanted.fen), "subject": wanted.subject,
            "seller_id": self._seller_id, "time_expire": china_text(wanted.expires_s),
        }  # fmt: skip
        if wanted.way not in _PAGES:
            return self._request("alipay.trade.precreate", content, now, notify_url=self._notify_url)
        method, product = _PAGES[wanted.way]
        back = back_of(self._notify_url)
        content |= {"product_code": product, **({"quit_url": back} if wanted.way is OrderWay.PHONE else {})}
        whole = self._request(method, content, now, notify_url=self._notify_url, return_url=back)
        return Request("GET", f"{GATEWAY}?{whole.body.decode()}", {})

    def query(self, number: str, now: Moment) -> Request:
        """查询, by our number."""
        return self._request("alipay.trade.query", {"out_trade_no": number}, now)

    def close(self, number: str, now: Moment) -> Request:
        """关闭."""
        return self._request("alipay.trade.close", {"out_trade_no": number}, now)

    def refund(self, back: Back, now: Moment) -> Request:
        """退款, of the payment by Alipay's own number."""
        content = {
            "trade_no": back.txn, "out_request_no": back.refund, "refund_amount": yuan_of_fen(back.fen),
            "refund_reason": back.reason[:REASON_MAX],
        }  # fmt: skip
        return self._request("alipay.trade.refund", content, now)

    def refund_query(self, number: str, refund: str, now: Moment) -> Request:
        """退款查询."""
        content = {
            "out_trade_no": number, "out_request_no": refund, "query_options": ["gmt_refund_pay"],
        }  # fmt: skip
        return self._request("alipay.trade.fastpay.refund.query", content, now)

    def bill(self, day: str, now: Moment) -> Request:
        """查询对账单下载地址."""
        content = {"bill_type": "trade", "bill_date": day}
        return self._request("alipay.data.dataservice.bill.downloadurl.query", content, now)

    def settlement(self, day: str, now: Moment) -> Request:
        """查询对账单下载地址 of the account's own movements."""
        content = {"bill_type": "signcustomer", "bill_date": day}
        return self._request("alipay.data.dataservice.bill.downloadurl.query", content, now)

    # --- in -------------------------------------------------------------------------------------------------------

    def made(self, wanted: Wanted, answer: Answer, now: Moment) -> str:
        """The address of the code."""
        said = self._said("alipay.trade.precreate", answer, now)
        _require(said, wanted.number)
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
            Standing.PAID, number, text_of(said, "trade_no"), a_sum(fen_of_yuan(text_of(said, "total_amount"))),
            unix_of_china(text_of(said, "send_pay_date")),
        )  # fmt: skip

    def closed(self, number: str, answer: Answer, now: Moment) -> None:  # noqa: ARG002  # the protocol's
        """That it is paid, or nobody opened it, a query says."""
        self._said("alipay.trade.close", answer, now, ("ACQ.TRADE_NOT_EXIST", "ACQ.TRADE_STATUS_ERROR"))

    def refund_taken(self, refund: str, answer: Answer, now: Moment) -> Refusal | None:  # noqa: ARG002
        """Taken; a query or the bill says when it is through. A refusal counts only signed."""
        said = self._signed("alipay.trade.refund", answer, now)
        if said.get("code") == "10000":
            return None
        code = text_of(said, "sub_code", 64)
        return Refusal(code, code in _NEVER)

    def refund_queried(self, refund: str, answer: Answer, now: Moment) -> BackSeen:
        """REFUND_SUCCESS; without a state Alipay has no such refund, or not yet."""
        said = self._said("alipay.trade.fastpay.refund.query", answer, now, ("ACQ.TRADE_NOT_EXIST",))
        status = said.get("refund_status")
        if not status:
            return BackSeen(BackStanding.NOWHERE, refund)
        if said.get("out_request_no") != refund:
            raise ProviderFault("an answer about another refund")
        if status != "REFUND_SUCCESS":
            return BackSeen(BackStanding.WORKING, refund)
        at = said.get("gmt_refund_pay")
        paid_s = unix_of_china(at) if isinstance(at, str) and at else 0
        return BackSeen(BackStanding.DONE, refund, a_sum(fen_of_yuan(text_of(said, "refund_amount"))), paid_s)

    def woken(self, headers: Headers, body: bytes, now: Moment) -> str:  # noqa: ARG002  # the protocol's
        """异步通知: signed, about our application and seller."""
        try:
            pairs = parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True, max_num_fields=_FORM_MAX)
        except ValueError:
            raise ProviderFault("a callback is no form", is_forged=True) from None
        given = dict(pairs)
        if len(given) < len(pairs):
            raise ProviderFault("a name stands twice in a callback", is_forged=True)
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
        said = self._said("alipay.data.dataservice.bill.downloadurl.query", answer, now, _NO_BILL)
        if said.get("code") != "10000":
            raise NothingThere(str(said["sub_code"]))
        return Request("GET", text_of(said, "bill_download_url", 2048), {}), ""

    def bill_read(self, answer: Answer, promised: str, day: str) -> Bill:  # noqa: ARG002  # the protocol's
        """Whole: by its own sums."""
        if answer.status != 200:
            raise ProviderFault(f"HTTP {answer.status}")
        return of_a_file(lambda: read_bill(unpacked(answer.body), day))

    def settlement_read(self, answer: Answer, promised: str, day: str) -> Settlement:  # noqa: ARG002  # the protocol's
        """Whole: by its own sums."""
        if answer.status != 200:
            raise ProviderFault(f"HTTP {answer.status}")
        return of_a_file(lambda: read_movements(unpacked(answer.body, LEDGER), day))

    def key_ends(self, now: Moment) -> list[KeyEnd]:
        """Keys of both sides that are about to end."""
        return key_ends(self._own, self._platform, now.unix_s)

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
        said = self._signed(method, answer, now)
        if said.get("code") == "10000" or said.get("sub_code") in may_be:
            return said
        raise ProviderFault(f"refused: {str(said.get('sub_code', said.get('code')))[:64]!r}")

    def _signed(self, method: str, answer: Answer, now: Moment) -> dict[str, Any]:
        """What is signed, of this very method, whatever it says. What is read are the bytes that were verified, and
        not what another object of this name, deeper or behind, has in their place."""
        if answer.status != 200:
            raise ProviderFault(f"HTTP {answer.status}")
        name = f"{method.replace('.', '_')}_response"
        whole = an_object(answer.body)
        sign, raw = whole.get("sign"), cut_out(answer.body, name)
        if not isinstance(sign, str):
            raise ProviderFault("not signed", is_forged=True)
        self._platform.verify_any(raw, sign, now.unix_s)
        return an_object(raw)


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
