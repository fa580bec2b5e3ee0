"""The page on which somebody pays an emulated order by hand, as a payer's own app would. Pure."""

from collections.abc import Iterable
from html import escape
from urllib.parse import parse_qsl

from cloud.emulators.providers.trades import Trade, yuan
from shared.words.voice import Text

PAGE = "/-/"
PLACE = f"{PAGE}order/"
"""Where an order's page is, by its number."""
_TITLE = Text("支付渠道（模拟，不动真钱）", "payment provider (emulated: no real money)")
_PAY, _PAID, _CLOSED = Text("付款", "Pay"), Text("已付款", "paid"), Text("已关闭", "closed")
_NONE = Text("没有订单", "no orders")
_BACK = Text("回到钱包页面查看结果", "go back to the wallet, and see it arrive")


def listed(trades: Iterable[Trade]) -> bytes:
    """All orders, the newest first."""
    return _page("".join(_row(one) for one in reversed([*trades])) or f"<p>{_NONE}</p>")


def shown(trade: Trade | None, query: str = "") -> bytes:
    """One order, with a button while it can be paid, and the way back to the merchant that its address names."""
    back = dict(parse_qsl(query)).get("redirect_url", "")
    is_one = back.startswith(("https://", "http://"))
    link = f'<a href="{escape(back, quote=True)}">{_BACK}</a>' if is_one else str(_BACK)
    return _page(f"<p>{_NONE}</p>" if trade is None else f"{_row(trade, query)}<p>{link}</p>")


def _row(trade: Trade, query: str = "") -> str:
    number = escape(trade.number, quote=True)
    there = number + (f"?{escape(query, quote=True)}" if query else "")
    return f"<p>{number} ¥{yuan(trade.paid_fen or trade.fen)} {_deed(trade, there)}</p>"


def _deed(trade: Trade, number: str) -> str:
    if trade.txn:
        return f"<b>{_PAID}</b>"
    if trade.is_closed:
        return f"<b>{_CLOSED}</b>"
    return f'<form method="post" action="{PLACE}{number}"><button>{_PAY}</button></form>'


def _page(body: str) -> bytes:
    head = '<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    return f"{head}<title>{_TITLE}</title><h1>{_TITLE}</h1>{body}".encode()
