"""The card desk 卡务台 through its agents: which are heard, what lies on the reader of one, and what it shall do to it.

What is asked of a desk is an order with an honest state; nothing here says that a card was changed before its desk has.
What was read is told with both purses as one sum: what of it is aid this page tells nobody.
"""

import re
from typing import NamedTuple

from flask import abort, g, redirect, render_template, request, url_for

from cloud.console.access.rights import Right, Signed
from cloud.console.desks.kept import Asked, DeskRefused, Desks, PairedDesk, desks_of
from cloud.console.frame.clock import moment_of, wall_now
from cloud.console.frame.money import sum_text
from cloud.console.frame.page import Menu, Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.told import tell
from cloud.console.pages.cards.cards import new_key
from cloud.ledger.held.two_persons import REASON_MAX
from shared.errors import WireFault
from shared.ids import CardId
from shared.input.amount import parse_amount
from shared.input.table import LABEL_MAX
from shared.wire.desk.line import ID_SIZE, Deed, Order
from shared.words.voice import Text

MARKS = {"waiting": "off", "taken": "warn", "done": "ok", "failed": "bad", "unknown": "warn", "expired": "off"}
MATCHES = {"AGREES": "ok", "LATE": "warn", "IN_DOUBT": "warn", "APART": "warn", "UNEXPLAINED": "bad"}
PIN = re.compile(r"(?:[0-9]{2}){2,6}")
DEEDS = {
    Deed.READ: Text("读卡", "read the card"),
    Deed.PIN_RELOAD: Text("口令重装", "reload the PIN"),
    Deed.PIN_UNBLOCK: Text("口令解锁", "unblock the PIN"),
    Deed.CASH_IN: Text("现金充值到电子账户", "cash into the online account"),
    Deed.CASH_OUT: Text("电子账户退现金", "cash out of the online account"),
    Deed.LOAD: Text("圈存：电子账户 → 卡", "load: online account → card"),
    Deed.UNLOAD: Text("圈提：卡 → 电子账户", "unload: card → online account"),
    Deed.REPLACE: Text("坏卡换卡", "replacement of a broken card"),
}


MONEY = (Deed.CASH_IN, Deed.LOAD, Deed.UNLOAD, Deed.CASH_OUT)


class Row(NamedTuple):
    """An order as it is shown."""

    asked: Asked
    state: str


def _card_desks(sources: Sources) -> Reply:
    now_ms = wall_now().unix_ms
    return render_template(
        "cards/desks.html", desks=_of(sources).desks(), now_ms=now_ms, moment=moment_of, as_of=moment_of(now_ms),
        code="",
    )  # fmt: skip


def _desk_code(sources: Sources) -> Reply:
    """Shown once, in the answer to this form, and nowhere else."""
    name = " ".join(request.form.get("name", "").split())
    now_ms = wall_now().unix_ms
    code = _of(sources).make_code(name, _signed().name, now_ms)
    tell(f"card-desk:{name}", Text(f"给卡务台 {name} 开配对码", f"made a pairing code for card desk {name}"))
    return render_template(
        "cards/desks.html", desks=_of(sources).desks(), now_ms=now_ms, moment=moment_of, as_of=moment_of(now_ms),
        code=code, name=name, console=request.host_url.rstrip("/"),
    )  # fmt: skip


def _card_desk(sources: Sources, number: int) -> Reply:
    desk, now_ms = _desk(sources, number), wall_now().unix_ms
    asked = _of(sources).asked(number, now_ms)
    rows = [Row(one, one.state(now_ms)) for one in asked]
    read = next((one for one in asked if one.told and one.told.seen), None)
    seen = read.told.seen if read and read.told else None
    found = sources.reader.card_lines(seen.card.hex(), 1) if seen else []
    return render_template(
        "cards/desk.html", desk=desk, is_heard=desk.is_heard(now_ms), rows=rows, marks=MARKS, deeds=DEEDS, seen=seen,
        read_ms=read.ended_ms if read else 0, is_stale=_is_stale(asked, read), matches=MATCHES, moment=moment_of,
        is_open=any(one.is_open(now_ms) for one in asked[:1]), key=new_key(), reason_max=REASON_MAX, money=MONEY,
        as_of=moment_of(now_ms), label=found[0].label if found else "",
    )  # fmt: skip


def _is_stale(asked: list[Asked], read: Asked | None) -> bool:
    """Has anything been asked since that may have changed the card?"""
    return read is not None and asked[0].number != read.number


def _desk_ask(sources: Sources, number: int) -> Reply:
    desk, now_ms = _desk(sources, number), wall_now().unix_ms
    if not desk.is_heard(now_ms):
        raise DeskRefused(Text("这个卡务台没有应答，未交办", "this desk is not heard: nothing was asked of it"))
    order = _order()
    _of(sources).ask(number, _signed().name, order, now_ms)
    tell(_object(sources, order, desk), _told(order, desk))
    return redirect(url_for("card_desk", number=number))


def _told(order: Order, desk: PairedDesk) -> Text:
    """What was asked, with its sum; a PIN is never told."""
    said, card = DEEDS[order.deed], order.card.hex()
    fen = f" {sum_text(int(order.arguments[0]))}" if order.deed in MONEY else ""
    whose = f" {card}" if card else ""
    return Text(
        f"卡务台 {desk.name}：{said.zh}{fen}{whose}",
        f"card desk {desk.name}: {said.en}{fen}{whose}",
    )


def _object(sources: Sources, order: Order, desk: PairedDesk) -> str:
    """The card, as other acts name it; a look at whichever lies there is the desk's."""
    found = sources.reader.card_file(CardId(order.card)) if order.card else None
    return f"card:{found.line.label}" if found else f"card-desk:{desk.name}"


def _desk_revoke(sources: Sources, number: int) -> Reply:
    desk = _desk(sources, number)
    _of(sources).revoke(number, wall_now().unix_ms)
    tell(f"card-desk:{desk.name}", Text(f"撤销卡务台 {desk.name}", f"revoked card desk {desk.name}"))
    return redirect(url_for("card_desks"))


def _order() -> Order:
    form = request.form
    try:
        key, card = bytes.fromhex(form.get("key", "")), bytes.fromhex(form.get("card", ""))
    except ValueError:
        key, card = b"", b""
    deed = form.get("deed", "")
    if len(key) != ID_SIZE or deed not in set(Deed) or (deed != Deed.READ and not card):
        raise DeskRefused(Text("表单不完整，请重新打开页面", "the form is not whole: open the page again"))
    return Order(key, Deed(deed), b"" if deed == Deed.READ else card, _arguments(Deed(deed)))


def _arguments(deed: Deed) -> tuple[str, ...]:
    form = request.form
    if deed is Deed.READ:
        return ()
    if deed is Deed.REPLACE:
        new, reason = form.get("new", "").strip()[:LABEL_MAX], " ".join(form.get("reason", "").split())[:REASON_MAX]
        if not new or not reason:
            raise DeskRefused(Text("换卡要写新卡的卡面号和缘由", "an exchange needs the new card's label and a reason"))
        return new, reason
    if deed in MONEY:
        return (str(_typed_fen(form.get("yuan", ""))),)
    pin = form.get("pin", "")
    if not PIN.fullmatch(pin):
        raise DeskRefused(
            Text("口令应为 4 到 12 位数字，且为偶数位", "a PIN has 4 to 12 digits, an even number of them")
        )
    if deed is Deed.PIN_RELOAD and pin != form.get("again", ""):
        raise DeskRefused(Text("两次口令不同", "the two PINs differ"))
    return (pin,)


def _typed_fen(text: str) -> int:
    try:
        return parse_amount(text)
    except WireFault as fault:
        raise DeskRefused(*fault.args) from fault


def _desk(sources: Sources, number: int) -> PairedDesk:
    found = _of(sources).desk(number)
    if found is None:
        abort(404)
    return found


def _of(sources: Sources) -> Desks:
    return desks_of(sources.file)


def _signed() -> Signed:
    signed: Signed = g.signed
    return signed


PAGES = (
    Page("card_desks", "/card-desks", Right.ISSUE, _card_desks, Menu.CARDS, whole=True),
    Page("desk_code", "/card-desks/code", Right.ISSUE, _desk_code, writes=True, whole=True),
    Page("card_desk", "/card-desks/<int:number>", Right.ISSUE, _card_desk, whole=True),
    Page("desk_ask", "/card-desks/<int:number>/ask", Right.ISSUE, _desk_ask, writes=True, whole=True),
    Page("desk_revoke", "/card-desks/<int:number>/revoke", Right.ISSUE, _desk_revoke, writes=True, whole=True),
)
