"""WeChat Pay v3 as a merchant meets it. Pure: requests and the moment come in, answers and callbacks go out."""

import base64
import gzip
import hashlib
import json
import re
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cloud.emulators.providers import forms
from cloud.emulators.providers.keys import EmulatorKeys
from cloud.emulators.providers.trades import CHINA, Callback, Trade, Trades, text_of, yuan

Out = tuple[int, dict[str, str], bytes]
_ORDER = re.compile(r"/v3/pay/transactions/out-trade-no/([0-9A-Za-z]+)(/close)?")
_WAYS = ("native", "h5", "jsapi")
SECRET, OPENID = "demonstration-secret", "oDEMONSTRATION000000000000"
"""Of the official account, and its only user."""
_AUTH = re.compile(r'(\w+)="([^"]*)"')


class WeChatEmulator:
    """One merchant's view of it."""

    def __init__(self, trades: Trades, keys: EmulatorKeys, mchid: str, appid: str) -> None:
        self.trades, self.keys, self._mchid, self._appid = trades, keys, mchid, appid
        self._bills: dict[str, bytes] = {}
        self._codes: dict[str, str] = {}

    def handle(self, method: str, path: str, headers: dict[str, str], body: bytes, now_s: int) -> Out:
        """One request. headers: names in lower case."""
        mood, dice = self.trades.mood, self.trades.dice
        if dice.randrange(100) < mood.fail:
            return 500, {}, b'{"code":"SYSTEM_ERROR"}'
        if path.startswith(("/connect/oauth2/authorize?", "/sns/oauth2/access_token?")):
            return self._who(dict(parse_qsl(urlsplit(path).query)), is_asked=path.startswith("/connect/"))
        if not self._is_merchants(method, path, headers, body):
            return 401, {}, b'{"code":"SIGN_ERROR"}'
        if dice.randrange(100) < mood.unsigned:
            return 200, {"content-type": "application/json"}, json.dumps(self._lie(path)).encode()
        if path.startswith("/bills/"):
            return 200, {}, self._bills[path.removeprefix("/bills/")]
        status, said = self._answered(path, body, now_s)
        is_asked = method == "POST" and path.endswith(("/native", "/h5", "/jsapi", "/refunds"))
        if is_asked and dice.randrange(100) < mood.lost:
            return 502, {}, b""
        raw = b"" if said is None else json.dumps(said, ensure_ascii=False).encode()
        return status, self._signed(raw, now_s, headers.get("wechatpay-serial", "")), raw

    def callback(self, one: Callback, now_s: int) -> tuple[dict[str, str], bytes]:
        """Headers and body, as they are posted."""
        trade = self.trades.all[one.number]
        said = self._order_of(trade) if not one.is_forged else {
            **self._order_of(trade), "trade_state": "SUCCESS", "transaction_id": "4200FORGED",
            "amount": {"total": trade.fen * 10, "currency": "CNY"}, "success_time": _rfc(now_s),
        }  # fmt: skip
        nonce = f"{self.trades.dice.getrandbits(48):012x}"
        sealed = AESGCM(self.keys.apiv3).encrypt(nonce.encode(), json.dumps(said).encode(), b"transaction")
        raw = json.dumps(
            {
                "id": f"EV-{one.turn}", "create_time": _rfc(now_s), "resource_type": "encrypt-resource",
                "event_type": "TRANSACTION.SUCCESS", "summary": forms.PAID,
                "resource": {
                    "original_type": "transaction", "algorithm": "AEAD_AES_256_GCM", "nonce": nonce,
                    "ciphertext": base64.b64encode(sealed).decode(), "associated_data": "transaction",
                },
            }
        ).encode()  # fmt: skip
        head = self._signed(raw, now_s)
        if one.is_forged:
            head["Wechatpay-Signature"] = base64.b64encode(hashlib.sha256(raw).digest() * 8).decode()
        return head, raw

    # --- what is asked --------------------------------------------------------------------------------------------

    def _answered(self, path: str, body: bytes, now_s: int) -> tuple[int, dict[str, Any] | None]:
        plain = urlsplit(path).path
        if plain.startswith("/v3/pay/transactions/") and plain.rpartition("/")[2] in _WAYS:
            return self._made(json.loads(body), plain.rpartition("/")[2], now_s)
        if plain == "/v3/refund/domestic/refunds":
            return self._refunded(json.loads(body), now_s)
        if plain.startswith("/v3/refund/domestic/refunds/"):
            return self._refund(plain.rpartition("/")[2], now_s)
        if plain in ("/v3/bill/tradebill", "/v3/bill/fundflowbill"):
            return self._bill(parse_qs(urlsplit(path).query)["bill_date"][0], is_flow=plain.endswith("fundflowbill"))
        found = _ORDER.fullmatch(plain)
        if found is None:
            return 404, {"code": "NOT_FOUND"}
        if found[2]:
            return (204, None) if self.trades.close(found[1]) else (400, {"code": "ORDERPAID"})
        trade = self.trades.all.get(found[1])
        return (200, self._order_of(trade)) if trade else (404, {"code": "ORDER_NOT_EXIST"})

    def _who(self, given: dict[str, str], *, is_asked: bool) -> Out:
        """网页授权: a user is asked and sent back with a code, which tells who he is once."""
        if is_asked:
            if not given["redirect_uri"].startswith(("https://", "http://")) or not given["redirect_uri"].isprintable():
                return 400, {}, b"{}"
            code = f"{self.trades.dice.getrandbits(96):024x}"
            self._codes[code] = OPENID
            query = urlencode({"code": code, "state": given["state"]})
            return 302, {"Location": f"{given['redirect_uri']}?{query}"}, b""
        who = self._codes.pop(given["code"], "") if given["secret"] == SECRET else ""
        said = {"openid": who, "scope": "snsapi_base"} if who else {"errcode": 40163, "errmsg": "code been used"}
        return 200, {}, json.dumps(said).encode()

    def bridge(self, given: dict[str, str], who: str, now_s: int) -> bool:
        """getBrandWCPayRequest, as WeChat's own browser does it for its user."""
        message = "".join(f"{given[name]}\n" for name in ("appId", "timeStamp", "nonceStr", "package"))
        trade = self.trades.all.get(given["package"].removeprefix("prepay_id=wx"))
        is_right = given["appId"] == self._appid and given["signType"] == "RSA" and trade is not None
        if not is_right or trade is None or trade.payer != who:
            return False
        return self.keys.is_merchants(message.encode(), given["paySign"]) and self.trades.pay(trade.number, now_s)

    def _made(self, said: dict[str, Any], way: str, now_s: int) -> tuple[int, dict[str, Any]]:
        expires_s = int(datetime.fromisoformat(said["time_expire"]).timestamp())
        if (said["mchid"], said["appid"]) != (self._mchid, self._appid):
            return 400, {"code": "APPID_MCHID_NOT_MATCH"}
        number = said["out_trade_no"]
        trade = self.trades.make(number, said["amount"]["total"], expires_s, now_s)
        if trade is None:
            return 400, {"code": "OUT_TRADE_NO_USED"}
        opens = self.trades.opens
        if way == "jsapi":
            trade.payer = said["payer"]["openid"]
            return 200, {"prepay_id": f"wx{number}"}
        if way == "h5":
            if said["scene_info"]["h5_info"]["type"] != "Wap" or not said["scene_info"]["payer_client_ip"]:
                return 400, {"code": "PARAM_ERROR"}
            return 200, {"h5_url": f"{opens or 'https://wx.tenpay.example/checkmweb/'}{number}?prepay_id=wx{number}"}
        return 200, {"code_url": f"{opens}{trade.number}" if opens else f"weixin://wxpay/bizpayurl?pr={number[-9:]}"}

    def _refunded(self, said: dict[str, Any], now_s: int) -> tuple[int, dict[str, Any]]:
        number, fen, trade = said["out_refund_no"], said["amount"]["refund"], self.trades.of_txn(said["transaction_id"])
        if trade is None:
            return 404, {"code": "RESOURCE_NOT_EXISTS"}
        if said["amount"]["total"] != trade.paid_fen:
            return 400, {"code": "PARAM_ERROR"}
        if not self.trades.refund(trade.number, number, fen, now_s):
            return (403, {"code": "NOT_ENOUGH"}) if self.trades.mood.poor else (400, {"code": "INVALID_REQUEST"})
        return 200, {"out_refund_no": number, "status": "PROCESSING", "amount": {"refund": fen}}

    def _refund(self, number: str, now_s: int) -> tuple[int, dict[str, Any]]:
        found = self.trades.refund_of(number)
        if found is None:
            return 404, {"code": "RESOURCE_NOT_EXISTS"}
        trade, fen, at_s = found
        said: dict[str, Any] = {"out_refund_no": number, "status": "PROCESSING", "amount": {"refund": fen}}
        if now_s < at_s:
            return 200, said
        if number in trade.broken:
            return 200, {**said, "status": "CLOSED"}
        return 200, {**said, "status": "SUCCESS", "success_time": _rfc(at_s)}

    def _bill(self, day: str, *, is_flow: bool) -> tuple[int, dict[str, Any]]:
        if self.trades.is_quiet(day):
            return 400, {"code": "NO_STATEMENT_EXIST"}
        plain, name = (self.flow_of(day), f"flow-{day}") if is_flow else (self.bill_of(day), day)
        self._bills[name] = gzip.compress(plain)
        sha1 = hashlib.sha1(plain, usedforsecurity=False).hexdigest()
        return 200, {"hash_type": "SHA1", "hash_value": sha1, "download_url": f"/bills/{name}"}

    def flow_of(self, day: str) -> bytes:
        """The fund flow bill, unpacked: what was paid, its fees, what went back, and the rest to the bank."""
        paid, back = self.trades.of_day(day)
        rows = [self._flow(one.txn, forms.TRADE, one.paid_fen) for one in paid]
        rows += [self._flow(f"F{one.txn[1:]}", forms.FEE, -one.fee_fen) for one in paid if one.fee_fen]
        rows += [self._flow(f"R{number}", forms.BACK, -fen) for _, number, fen, _ in back]
        _, net = self.trades.flow_of(day)
        rows += [self._flow(f"W{day.replace('-', '')}", forms.TO_BANK, -net)] if net else []
        into = [row for row in rows if row[5] == forms.INTO]
        out = [row for row in rows if row[5] == forms.OUT]
        sums = [str(len(rows))]
        for some in (into, out):
            sums += [str(len(some)), yuan(sum(round(float(row[6]) * 100) for row in some))]
        lines = [forms.WECHAT_FLOW, *map(_ticked, rows), forms.WECHAT_FLOW_SUMS, _ticked(sums), ""]
        return "\r\n".join(lines).encode("utf-8-sig")

    def _flow(self, ident: str, kind: str, fen: int) -> list[str]:
        way = forms.INTO if fen > 0 else forms.OUT
        return [text_of(0), ident, ident, kind, kind, way, yuan(abs(fen)), "0.00", "system", "", ident]

    def bill_of(self, day: str) -> bytes:
        """The file, unpacked."""
        paid, back = self.trades.of_day(day)
        rows = [self._line(one, "SUCCESS", one.paid_s) for one in paid]
        rows += [self._line(one, "REFUND", at_s, number, fen) for one, number, fen, at_s in back]
        times = 2 if self.trades.mood.twice else 1
        paid_fen, back_fen = sum(one.paid_fen for one in paid), sum(fen for _, _, fen, _ in back)
        paid_fen, back_fen, rows = paid_fen * times, back_fen * times, rows * times
        fee = f"{yuan(sum(one.fee_fen for one in paid) * times)}000"
        sums = [str(len(rows)), yuan(paid_fen), yuan(back_fen), "0.00", fee, yuan(paid_fen), yuan(back_fen)]
        lines = [forms.WECHAT_HEAD, *map(_ticked, rows), forms.WECHAT_SUMS, _ticked(sums), ""]
        return "\r\n".join(lines).encode("utf-8-sig")

    def _line(self, one: Trade, state: str, at_s: int, refund: str = "", fen: int = 0) -> list[str]:
        is_back = state == "REFUND"
        return [
            text_of(at_s), self._appid, self._mchid, "0", "", one.txn, one.number, "oOPENID", "NATIVE", state, "OTHERS",
            "CNY", "0.00" if is_back else yuan(one.paid_fen), "0.00", f"50{one.txn[2:]}" if is_back else "0",
            refund or "0", yuan(fen), "0.00", "ORIGINAL" if is_back else "", "SUCCESS" if is_back else "",
            forms.SUBJECT, "",
            "0.00000" if is_back else f"{yuan(one.fee_fen)}000", "0.60%",
            "0.00" if is_back else yuan(one.paid_fen), yuan(fen), "",
        ]  # fmt: skip

    def _order_of(self, trade: Trade) -> dict[str, Any]:
        said: dict[str, Any] = {
            "mchid": self._mchid, "appid": self._appid, "out_trade_no": trade.number, "trade_type": "NATIVE",
            "amount": {"total": trade.paid_fen or trade.fen, "currency": "CNY"},
        }  # fmt: skip
        if trade.txn:
            state = "REFUND" if trade.refunds else "SUCCESS"
            return {**said, "trade_state": state, "transaction_id": trade.txn, "success_time": _rfc(trade.paid_s)}
        return {**said, "trade_state": "CLOSED" if trade.is_closed else "NOTPAY"}

    def _lie(self, path: str) -> dict[str, Any]:
        """What a stranger in between would say: paid, and ten times as much."""
        found = _ORDER.match(urlsplit(path).path)
        number = found[1] if found else "?"
        return {
            "mchid": self._mchid, "appid": self._appid, "out_trade_no": number, "trade_state": "SUCCESS",
            "transaction_id": "4200LIE", "amount": {"total": 99_999, "currency": "CNY"}, "success_time": _rfc(0),
            "code_url": "weixin://lie",
        }  # fmt: skip

    # --- signing --------------------------------------------------------------------------------------------------

    def _signed(self, raw: bytes, now_s: int, wanted: str = "") -> dict[str, str]:
        """wanted: the key that a request names."""
        serial = wanted if wanted in self.keys.signers else self.keys.newest
        if self.trades.mood.old_key:
            serial = self.keys.oldest
        nonce = f"{self.trades.dice.getrandbits(64):016x}"
        message = f"{now_s}\n{nonce}\n".encode() + raw + b"\n"
        return {
            "Wechatpay-Timestamp": str(now_s), "Wechatpay-Nonce": nonce, "Wechatpay-Serial": serial,
            "Wechatpay-Signature": self.keys.sign(message, serial), "Content-Type": "application/json",
        }  # fmt: skip

    def _is_merchants(self, method: str, path: str, headers: dict[str, str], body: bytes) -> bool:
        said = dict(_AUTH.findall(headers.get("authorization", "")))
        message = f"{method}\n{path}\n{said.get('timestamp')}\n{said.get('nonce_str')}\n".encode() + body + b"\n"
        return said.get("mchid") == self._mchid and self.keys.is_merchants(message, said.get("signature", ""))


def _ticked(cells: list[str]) -> str:
    return ",".join(f"`{cell}" for cell in cells)


def _rfc(unix_s: int) -> str:
    return datetime.fromtimestamp(unix_s, CHINA).isoformat(timespec="seconds")
