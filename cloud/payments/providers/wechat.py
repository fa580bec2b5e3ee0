"""WeChat Pay API v3 微信支付: orders by Native (a code that is scanned), H5 (a phone's browser), JSAPI (inside). Pure.

By pay.weixin.qq.com/doc/v3/merchant: 4012791834 (H5下单), 4012791856 (JSAPI下单), 4012791857 (JSAPI调起支付).

Request: `Authorization: WECHATPAY2-SHA256-RSA2048 mchid=…,nonce_str=…,signature=…,timestamp=…,serial_no=…` over
METHOD, path, time, nonce and body, a line each. Answer and callback: `Wechatpay-Signature` over time, nonce and body,
by the key that `Wechatpay-Serial` names: a platform certificate, or a platform public key `PUB_KEY_ID_…`. A request
that names a public key is answered by it; callbacks change over by themselves within seven days, so both have to count
meanwhile (pay.weixin.qq.com/docs/partner/products/platform-certificate/update-pub-key.html). What is not
signed was not said, whatever its status; only a status of the 5xx and 4xx may come unsigned, and then proves nothing.
"""

import hashlib
import hmac
import json
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

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
from cloud.payments.providers.keys import OwnKey, PlatformKeys, key_ends, unsealed
from cloud.payments.providers.reading import (
    REASON_MAX,
    a_sum,
    an_object,
    back_of,
    of_a_file,
    rfc3339,
    text_of,
    unix_of_rfc3339,
)
from cloud.payments.providers.wechat_files import read_bill, read_fund_flow, unzipped

OLD_S = 300
"""A signature's time may be so far from ours: what is older was perhaps kept by somebody, and sent again."""
_STANDINGS = {
    "NOTPAY": Standing.WAITING, "USERPAYING": Standing.WAITING, "SUCCESS": Standing.PAID, "REFUND": Standing.PAID,
    "CLOSED": Standing.CLOSED, "REVOKED": Standing.CLOSED, "PAYERROR": Standing.WAITING,
}  # fmt: skip
_BACK = {
    "SUCCESS": BackStanding.DONE, "PROCESSING": BackStanding.WORKING, "CLOSED": BackStanding.FAILED,
    "ABNORMAL": BackStanding.WORKING,
}  # fmt: skip
"""ABNORMAL: the payer's bank would not take it; at the merchant's platform somebody sends it elsewhere."""
_NEVER = frozenset({"INVALID_REQUEST", "USER_ACCOUNT_ABNORMAL", "MCH_NOT_EXISTS", "RESOURCE_NOT_EXISTS", "PARAM_ERROR"})
"""Refusals of a refund that asking again does not change; NOT_ENOUGH, FREQUENCY_LIMITED and others are asked again."""
_MADE = {
    OrderWay.CODE: ("native", "code_url"), OrderWay.PHONE: ("h5", "h5_url"), OrderWay.INSIDE: ("jsapi", "prepay_id"),
}  # fmt: skip
"""The end of the path, and what the answer has."""
_BUSY = (-1, 45011)
"""errcode of 网页授权 that says to ask again."""
_PROBE = "WECHATPAY/SIGNTEST/"
"""WeChat sends wrong signatures on purpose, marked so, to see whether they are checked."""


class Inside(NamedTuple):
    """secret: of the official account 公众号; place: scheme and host that tell who a payer is."""

    secret: str
    place: str

    def __repr__(self) -> str:
        return f"Inside({self.place!r})"


class WeChat:
    """One merchant 商户号."""

    name = "wechat"

    def __init__(
        self, mchid: str, appid: str, own: OwnKey, platform: PlatformKeys, apiv3_key: bytes, notify_url: str,
        inside: Inside | None = None,
    ) -> None:  # fmt: skip
        """inside: for JSAPI orders; None: there are none."""
        self._mchid, self._appid, self._own, self._platform = mchid, appid, own, platform
        self._apiv3_key, self._notify_url, self._inside = apiv3_key, notify_url, inside

    # --- out ------------------------------------------------------------------------------------------------------

    def opener(self, code: str, now: Moment) -> Request:  # noqa: ARG002  # the protocol's
        """网页授权: openid of a code (developers.weixin.qq.com/doc/offiaccount/OA_Web_Apps). The one address of ours
        that holds a secret, which its provider takes in no other place; it is in no log and no fault."""
        if self._inside is None:
            raise OpenerRefused("no orders inside of WeChat are set up")
        given = {"appid": self._appid, "secret": self._inside.secret, "code": code, "grant_type": "authorization_code"}
        return Request("GET", f"{self._inside.place}/sns/oauth2/access_token?{urlencode(given)}", {})

    def make(self, wanted: Wanted, now: Moment) -> Request:
        """Native, H5 or JSAPI 下单."""
        body: dict[str, Any] = {
            "appid": self._appid, "mchid": self._mchid, "description": wanted.subject, "out_trade_no": wanted.number,
            "time_expire": rfc3339(wanted.expires_s), "notify_url": self._notify_url,
            "amount": {"total": wanted.fen, "currency": "CNY"},
        }  # fmt: skip
        if wanted.way is OrderWay.PHONE:
            body["scene_info"] = {"payer_client_ip": wanted.opener, "h5_info": {"type": "Wap"}}
        elif wanted.way is OrderWay.INSIDE:
            body["payer"] = {"openid": wanted.opener}
        return self._request("POST", f"/v3/pay/transactions/{_MADE[wanted.way][0]}", now, body)

    def query(self, number: str, now: Moment) -> Request:
        """查单, by our number."""
        return self._request("GET", f"/v3/pay/transactions/out-trade-no/{number}?mchid={self._mchid}", now)

    def close(self, number: str, now: Moment) -> Request:
        """关单."""
        return self._request(
            "POST", f"/v3/pay/transactions/out-trade-no/{number}/close", now, {"mchid": self._mchid}
        )  # fmt: skip

    def refund(self, back: Back, now: Moment) -> Request:
        """退款, of the payment by WeChat's own number."""
        amount = {"refund": back.fen, "total": back.total_fen, "currency": "CNY"}
        body = {
            "transaction_id": back.txn, "out_refund_no": back.refund, "reason": back.reason[:REASON_MAX],
            "amount": amount,
        }  # fmt: skip
        return self._request("POST", "/v3/refund/domestic/refunds", now, body)

    def refund_query(self, number: str, refund: str, now: Moment) -> Request:  # noqa: ARG002  # the protocol's
        """查询单笔退款, by our refund number."""
        return self._request("GET", f"/v3/refund/domestic/refunds/{refund}", now)

    def bill(self, day: str, now: Moment) -> Request:
        """申请交易账单."""
        return self._request("GET", f"/v3/bill/tradebill?bill_date={day}&bill_type=ALL&tar_type=GZIP", now)

    def settlement(self, day: str, now: Moment) -> Request:
        """申请资金账单 of the basic account."""
        return self._request("GET", f"/v3/bill/fundflowbill?bill_date={day}&account_type=BASIC&tar_type=GZIP", now)

    # --- in -------------------------------------------------------------------------------------------------------

    def opened(self, answer: Answer) -> str:
        """Not signed, and no proof of anything: who pays another one's order has paid it."""
        if answer.status != 200:
            raise ProviderFault(f"HTTP {answer.status}")
        said = an_object(answer.body)
        if said.get("errcode") in _BUSY:
            raise ProviderFault("busy")
        if said.get("errcode"):
            raise OpenerRefused(f"errcode {str(said['errcode'])[:8]!r}")
        return text_of(said, "openid", 128)

    def made(self, wanted: Wanted, answer: Answer, now: Moment) -> str:
        """The address of the code; of the page that opens WeChat; or what the wallet gives to WeChat's bridge, signed
        by us, as JSON."""
        found = text_of(an_object(self._genuine(answer, now)), _MADE[wanted.way][1], 1024)
        if wanted.way is OrderWay.PHONE:
            back = urlencode({"redirect_url": back_of(self._notify_url)})
            return f"{found}{'&' if '?' in found else '?'}{back}"
        if wanted.way is not OrderWay.INSIDE:
            return found
        package, at = f"prepay_id={found}", str(now.unix_s)
        sign = self._own.sign(f"{self._appid}\n{at}\n{now.nonce}\n{package}\n".encode())
        given = {
            "appId": self._appid, "timeStamp": at, "nonceStr": now.nonce, "package": package, "signType": "RSA",
            "paySign": sign,
        }  # fmt: skip
        return json.dumps(given, separators=(",", ":"))

    def queried(self, number: str, answer: Answer, now: Moment) -> Seen:
        """Of this order and no other; ProviderFault for another merchant's, application's or currency's."""
        body = self._genuine(answer, now, may_be=(404,))
        said = an_object(body)
        if answer.status == 404:
            if said.get("code") != "ORDER_NOT_EXIST":
                raise ProviderFault("an order of which nothing is said")
            return Seen(Standing.NOWHERE, number)
        return self._seen(number, said)

    def closed(self, number: str, answer: Answer, now: Moment) -> None:  # noqa: ARG002  # the protocol's
        """204 is signed over an empty body. That it is paid or closed already, a query says."""
        self._genuine(answer, now, may_be=(400, 404))

    def refund_taken(self, refund: str, answer: Answer, now: Moment) -> Refusal | None:
        """Taken; a query or the bill says when it is through. A refusal counts only signed."""
        said = an_object(self._genuine(answer, now, may_be=(400, 403, 404, 429)))
        if answer.status >= 400:
            code = text_of(said, "code", 64)
            return Refusal(code, code in _NEVER)
        if said.get("out_refund_no") != refund:
            raise ProviderFault("an answer about another refund")
        return None

    def refund_queried(self, refund: str, answer: Answer, now: Moment) -> BackSeen:
        """Of this refund and no other."""
        said = an_object(self._genuine(answer, now, may_be=(404,)))
        if answer.status == 404:
            if said.get("code") != "RESOURCE_NOT_EXISTS":
                raise ProviderFault("a refund of which nothing is said")
            return BackSeen(BackStanding.NOWHERE, refund)
        amount, standing = said.get("amount"), _BACK.get(str(said.get("status")))
        if said.get("out_refund_no") != refund or not isinstance(amount, dict):
            raise ProviderFault("an answer about another refund")
        if standing is None:
            raise ProviderFault("a state that we do not know")
        at = said.get("success_time")
        paid_s = unix_of_rfc3339(at) if isinstance(at, str) and at else 0
        return BackSeen(standing, refund, a_sum(amount.get("refund")), paid_s)

    def woken(self, headers: Headers, body: bytes, now: Moment) -> str:
        """回调: signed, sealed for us, about our merchant."""
        self._verify(headers, body, now)
        told = an_object(body)
        resource = told.get("resource")
        if not isinstance(resource, dict):
            raise ProviderFault("no resource")
        opened = unsealed(
            self._apiv3_key, text_of(resource, "nonce"), str(resource.get("associated_data", "")),
            text_of(resource, "ciphertext", 1 << 20),
        )  # fmt: skip
        said = an_object(opened)
        if said.get("mchid") != self._mchid:
            raise ProviderFault("another merchant's", is_forged=True)
        return text_of(said, "out_trade_no", 32)

    def bill_place(self, answer: Answer, now: Moment) -> tuple[Request, str]:
        """The address takes a signature of its own; the file has none, so its SHA-1 comes in what is signed. Where it
        says that there is no file, it was a day without any movement (/doc/v3/merchant/4013071254): NothingThere."""
        said = an_object(self._genuine(answer, now, may_be=(400,)))
        if answer.status == 400:
            why = text_of(said, "code")
            raise NothingThere(why) if why == "NO_STATEMENT_EXIST" else ProviderFault(f"no file: {why!r}")
        if said.get("hash_type") != "SHA1":
            raise ProviderFault("a hash that we do not know")
        place = urlsplit(text_of(said, "download_url", 2048))
        path = place.path + (f"?{place.query}" if place.query else "")
        return self._request("GET", path, now), text_of(said, "hash_value")

    def bill_read(self, answer: Answer, promised: str, day: str) -> Bill:  # noqa: ARG002  # the protocol's
        """Whole: by its hash, and by its own sums."""
        _require_file(answer)
        return of_a_file(lambda: read_bill(self._plain(answer, promised), self._mchid))

    def settlement_read(self, answer: Answer, promised: str, day: str) -> Settlement:  # noqa: ARG002  # the protocol's
        """Whole: by its hash, and by its own sums."""
        _require_file(answer)
        return of_a_file(lambda: read_fund_flow(self._plain(answer, promised)))

    def _plain(self, answer: Answer, promised: str) -> bytes:
        plain = unzipped(answer.body)
        if not hmac.compare_digest(hashlib.sha1(plain, usedforsecurity=False).hexdigest(), promised.lower()):
            raise ProviderFault("a bill with another hash than was promised", is_forged=True)
        return plain

    def key_ends(self, now: Moment) -> list[KeyEnd]:
        """Keys of both sides that are about to end."""
        return key_ends(self._own, self._platform, now.unix_s)

    # --- both -----------------------------------------------------------------------------------------------------

    def _request(self, method: str, path: str, now: Moment, body: dict[str, Any] | None = None) -> Request:
        raw = b"" if body is None else json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        message = f"{method}\n{path}\n{now.unix_s}\n{now.nonce}\n".encode() + raw + b"\n"
        parts = (
            ("mchid", self._mchid), ("nonce_str", now.nonce), ("signature", self._own.sign(message)),
            ("timestamp", str(now.unix_s)), ("serial_no", self._own.serial),
        )  # fmt: skip
        said = ",".join(f'{name}="{value}"' for name, value in parts)
        headers = {
            "Authorization": f"WECHATPAY2-SHA256-RSA2048 {said}", "Accept": "application/json",
            "Content-Type": "application/json",
        }  # fmt: skip
        if public := self._platform.public_id(now.unix_s):
            headers["Wechatpay-Serial"] = public
        return Request(method, path, headers, raw)

    def _genuine(self, answer: Answer, now: Moment, may_be: tuple[int, ...] = ()) -> bytes:
        if answer.status not in (200, 202, 204, *may_be):
            raise ProviderFault(f"HTTP {answer.status}")
        self._verify(answer.headers, answer.body, now)
        return answer.body

    def _verify(self, headers: Headers, body: bytes, now: Moment) -> None:
        at, nonce = headers.get("wechatpay-timestamp", ""), headers.get("wechatpay-nonce", "")
        signature, serial = headers.get("wechatpay-signature", ""), headers.get("wechatpay-serial", "")
        if not (at.isascii() and at.isdecimal() and len(at) <= 12) or not signature:
            raise ProviderFault("not signed", is_forged=True)
        if signature.startswith(_PROBE):
            raise ProviderFault("WeChat's probe of our check", is_forged=True)
        if abs(now.unix_s - int(at)) > OLD_S:
            raise ProviderFault("signed too long ago", is_forged=True)
        self._platform.verify(serial, f"{at}\n{nonce}\n".encode() + body + b"\n", signature, now.unix_s)

    def _seen(self, number: str, said: dict[str, Any]) -> Seen:
        if (said.get("mchid"), said.get("appid"), said.get("out_trade_no")) != (self._mchid, self._appid, number):
            raise ProviderFault("another merchant's, application's or order's", is_forged=True)
        standing = _STANDINGS.get(str(said.get("trade_state")))
        if standing is None:
            raise ProviderFault("a state that we do not know")
        if standing is not Standing.PAID:
            return Seen(standing, number)
        amount = said.get("amount")
        if not isinstance(amount, dict) or amount.get("currency") != "CNY":
            raise ProviderFault("no sum")
        return Seen(
            standing, number, text_of(said, "transaction_id", 32), a_sum(amount.get("total")),
            unix_of_rfc3339(text_of(said, "success_time")),
        )  # fmt: skip


def _require_file(answer: Answer) -> None:
    if answer.status != 200:
        raise ProviderFault(f"HTTP {answer.status}")
