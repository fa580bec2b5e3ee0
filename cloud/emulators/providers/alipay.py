"""Alipay's gateway as an application meets it. Pure: requests and the moment come in, answers and callbacks go out."""

import io
import json
import zipfile
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from cloud.emulators.providers import forms
from cloud.emulators.providers.keys import EmulatorKeys
from cloud.emulators.providers.trades import CHINA, Callback, Trade, Trades, text_of, yuan

Out = tuple[int, dict[str, str], bytes]
_PAGES = {"alipay.trade.wap.pay": "QUICK_WAP_WAY", "alipay.trade.page.pay": "FAST_INSTANT_TRADE_PAY"}
_OK = {"code": "10000", "msg": "Success"}


class AlipayEmulator:
    """One application's view of it."""

    def __init__(self, trades: Trades, keys: EmulatorKeys, app_id: str, seller_id: str, origin: str = "") -> None:
        """origin: how it calls itself in the addresses of bills."""
        self.trades, self.keys, self._app_id, self._seller_id, self.origin = trades, keys, app_id, seller_id, origin
        self._bills: dict[str, bytes] = {}

    def handle(self, method: str, path: str, headers: dict[str, str], body: bytes, now_s: int) -> Out:  # noqa: ARG002  # its twin reads headers
        """One request."""
        mood, dice = self.trades.mood, self.trades.dice
        if dice.randrange(100) < mood.fail:
            return 500, {}, b"busy"
        if path.startswith("/bills/"):
            return 200, {}, self._bills[path.removeprefix("/bills/")]
        query = urlsplit(path).query if method == "GET" else body.decode()
        given = dict(parse_qsl(query, keep_blank_values=True))
        name = f"{given.get('method', '').replace('.', '_')}_response"
        if not self._is_apps(given):
            return 200, {}, json.dumps({name: {"code": "40002", "sub_code": "isv.invalid-signature"}}).encode()
        content = json.loads(given["biz_content"])
        if given["method"] in _PAGES:
            return self._paged(given, content, now_s)
        if dice.randrange(100) < mood.unsigned:
            lie = {
                **_OK, "out_trade_no": content.get("out_trade_no"), "trade_status": "TRADE_SUCCESS",
                "trade_no": "LIE", "total_amount": "999.99", "send_pay_date": text_of(0), "qr_code": "lie",
            }  # fmt: skip
            return 200, {}, json.dumps({name: lie, "sign": "AAAA"}).encode()
        said = json.dumps(self._answered(given["method"], content, now_s), ensure_ascii=False)
        if given["method"] in ("alipay.trade.precreate", "alipay.trade.refund") and dice.randrange(100) < mood.lost:
            return 502, {}, b""
        return 200, {}, f'{{"{name}":{said},"sign":"{self._sign(said)}"}}'.encode()

    def callback(self, one: Callback, now_s: int) -> tuple[dict[str, str], bytes]:
        """Headers and body, as they are posted."""
        trade = self.trades.all[one.number]
        given = {
            "notify_time": text_of(now_s), "notify_type": "trade_status_sync", "notify_id": f"n{one.turn}",
            "app_id": self._app_id, "seller_id": self._seller_id, "charset": "utf-8", "version": "1.0",
            "out_trade_no": trade.number, "trade_no": trade.txn or "FORGED", "trade_status": "TRADE_SUCCESS",
            "total_amount": yuan(trade.fen * 10 if one.is_forged else trade.paid_fen), "subject": forms.SUBJECT,
        }  # fmt: skip
        text = "&".join(f"{name}={value}" for name, value in sorted(given.items()))
        sign = "Zm9yZ2Vk" if one.is_forged else self._sign(text)
        body = urlencode({**given, "sign_type": "RSA2", "sign": sign}).encode()
        return {"Content-Type": "application/x-www-form-urlencoded"}, body

    def bridge(self, given: dict[str, str], who: str, now_s: int) -> bool:  # noqa: ARG002  # its twin's
        """It has none."""
        return False

    def bill_of(self, day: str) -> bytes:
        """The detail of the ZIP."""
        paid, back = self.trades.of_day(day)
        rows = [self._line(one, forms.TRADE, one.paid_fen, one.paid_s) for one in paid]
        rows += [self._line(one, forms.BACK, -fen, at_s, number) for one, number, fen, at_s in back]
        times = 2 if self.trades.mood.twice else 1
        paid_fen, back_fen = sum(one.paid_fen for one in paid) * times, sum(fen for _, _, fen, _ in back) * times
        sums = (len(paid) * times, yuan(paid_fen)), (len(back) * times, yuan(-back_fen))
        lines = forms.alipay_bill(self._seller_id, day, rows * times, *sums)
        return "\r\n".join(lines).encode("gbk")

    def _answered(self, method: str, content: dict[str, Any], now_s: int) -> dict[str, Any]:
        number, trade = content.get("out_trade_no", ""), self.trades.all.get(content.get("out_trade_no", ""))
        if method == "alipay.trade.precreate":
            return self._made(number, content, now_s)
        if method == "alipay.data.dataservice.bill.downloadurl.query":
            return self._bill(content["bill_date"], is_flow=content["bill_type"] == "signcustomer")
        if method == "alipay.trade.refund":
            return self._refunded(content, now_s)
        if trade is None:
            return {"code": "40004", "msg": "Business Failed", "sub_code": "ACQ.TRADE_NOT_EXIST"}
        if method == "alipay.trade.query":
            return self._order_of(trade)
        if method == "alipay.trade.close":
            is_closed = self.trades.close(number)
            error = {"code": "40004", "sub_code": "ACQ.TRADE_STATUS_ERROR"}
            return {**_OK, "out_trade_no": number} if is_closed else error
        request = content["out_request_no"]
        fen, at_s = trade.refunds.get(request, (0, 0))
        if not fen or (now_s >= at_s and request in trade.broken):
            return {**_OK, "out_trade_no": number}
        done: dict[str, Any] = {"refund_status": "REFUND_SUCCESS", "gmt_refund_pay": text_of(at_s)}
        if now_s < at_s:
            done = {"refund_status": "REFUND_PROCESSING"}
        return {**_OK, "out_trade_no": number, "out_request_no": request, "refund_amount": yuan(fen), **done}

    def _refunded(self, content: dict[str, Any], now_s: int) -> dict[str, Any]:
        trade = self.trades.of_txn(content["trade_no"])
        if trade is None:
            return {"code": "40004", "sub_code": "ACQ.TRADE_NOT_EXIST"}
        fen = round(float(content["refund_amount"]) * 100)
        if self.trades.refund(trade.number, content["out_request_no"], fen, now_s):
            return {**_OK, "out_trade_no": trade.number, "trade_no": trade.txn}
        is_poor = self.trades.mood.poor
        return {"code": "40004", "sub_code": "ACQ.SELLER_BALANCE_NOT_ENOUGH" if is_poor else "ACQ.REFUND_FEE_ERROR"}

    def _paged(self, given: dict[str, str], content: dict[str, Any], now_s: int) -> Out:
        """A payer's browser brings the order along: the trade is there from now on, and he sees the cash desk."""
        is_right = content["product_code"] == _PAGES[given["method"]] and given["return_url"]
        made = self._made(content["out_trade_no"], content, now_s) if is_right else {}
        if made.get("code") != _OK["code"]:
            return 400, {}, b"{}"
        back = urlencode({"redirect_url": given["return_url"]})
        return 302, {"Location": f"{made['qr_code']}?{back}"}, b""

    def _made(self, number: str, content: dict[str, Any], now_s: int) -> dict[str, Any]:
        expires = datetime.strptime(content["time_expire"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA)
        expires_s = int(expires.timestamp())
        trade = self.trades.make(number, round(float(content["total_amount"]) * 100), expires_s, now_s)
        if trade is None:
            return {"code": "40004", "sub_code": "ACQ.CONTEXT_INCONSISTENT"}
        opens = f"{self.trades.opens}{number}" if self.trades.opens else f"https://qr.alipay.example/{number[-9:]}"
        return {**_OK, "out_trade_no": number, "qr_code": opens}

    def _order_of(self, trade: Trade) -> dict[str, Any]:
        said: dict[str, Any] = {**_OK, "out_trade_no": trade.number, "total_amount": yuan(trade.paid_fen or trade.fen)}
        if not trade.txn:
            return {**said, "trade_status": "TRADE_CLOSED" if trade.is_closed else "WAIT_BUYER_PAY"}
        is_back = sum(fen for fen, _ in trade.refunds.values()) >= trade.paid_fen
        return {
            **said, "trade_status": "TRADE_CLOSED" if is_back else "TRADE_SUCCESS", "trade_no": trade.txn,
            "send_pay_date": text_of(trade.paid_s),
        }  # fmt: skip

    def flow_of(self, day: str) -> bytes:
        """What moved the account: payments, fees, what went back, and the rest to the bank."""
        paid, back = self.trades.of_day(day)
        moves = [(one.txn, forms.TRADE, one.paid_fen) for one in paid]
        moves += [(f"F{one.txn[1:]}", forms.FEE_ALIPAY, -one.fee_fen) for one in paid if one.fee_fen]
        moves += [(f"R{number}", forms.BACK, -fen) for _, number, fen, _ in back]
        _, net = self.trades.flow_of(day)
        moves += [(f"W{day.replace('-', '')}", forms.TO_BANK, -net)] if net else []
        return "\r\n".join(forms.alipay_flow(self._seller_id, day, moves)).encode("gbk")

    def _bill(self, day: str, *, is_flow: bool) -> dict[str, Any]:
        if self.trades.is_quiet(day):
            return {"code": "40004", "msg": "Business Failed", "sub_code": "isp.bill_not_exist"}
        if is_flow:
            pack = io.BytesIO()
            with zipfile.ZipFile(pack, "w", zipfile.ZIP_DEFLATED) as file:
                file.writestr(forms.ALIPAY_FLOW.format(day.replace("-", "")), self.flow_of(day))
                file.writestr(forms.ALIPAY_FLOW_SUMMARY.format(day.replace("-", "")), b"#")
            self._bills[f"flow-{day}"] = pack.getvalue()
            return {**_OK, "bill_download_url": f"{self.origin}/bills/flow-{day}"}
        pack = io.BytesIO()
        with zipfile.ZipFile(pack, "w", zipfile.ZIP_DEFLATED) as file:
            start = f"{self._seller_id}0156_{day.replace('-', '')}"
            file.writestr(forms.ALIPAY_DETAIL.format(start), self.bill_of(day))
            file.writestr(forms.ALIPAY_SUMMARY.format(start), b"#")
        self._bills[day] = pack.getvalue()
        return {**_OK, "bill_download_url": f"{self.origin}/bills/{day}"}

    def _line(self, one: Trade, kind: str, fen: int, at_s: int, refund: str = "") -> str:
        cells = [
            f"{one.txn}\t", f"{one.number}\t", kind, forms.SUBJECT, text_of(at_s), text_of(at_s), "", "", "", "",
            forms.PAYER,
            yuan(fen), yuan(fen), *["0.00"] * 5, "", "0.00", "0.00", f"{refund}\t",
            "0.00" if refund else yuan(-one.fee_fen), "0.00", "",
        ]  # fmt: skip
        return ",".join(cells)

    def _sign(self, text: str) -> str:
        serial = self.keys.oldest if self.trades.mood.old_key else self.keys.newest
        return self.keys.sign(text.encode(), serial)

    def _is_apps(self, given: dict[str, str]) -> bool:
        text = "&".join(f"{k}={v}" for k, v in sorted(given.items()) if k != "sign" and v)
        return given.get("app_id") == self._app_id and self.keys.is_merchants(text.encode(), given.get("sign", ""))
