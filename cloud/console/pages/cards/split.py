"""自动圈存与保底: what is loaded onto cards by rule, what stays in online accounts, and an order for one card.

The last word on a class or a card counts; the rules are the ledger's own, and what contradicts itself is refused with
the reason. What is ordered for a holder comes onto his card at its next tap on line.
"""

from collections.abc import Callable

from flask import jsonify, redirect, render_template, request, url_for

from cloud.console.access.rights import Right
from cloud.console.frame.clock import moment_of, wall_now
from cloud.console.frame.page import Menu, Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.told import tell
from cloud.console.pages.cards.cards import new_key
from cloud.console.pages.money.shown import seen
from cloud.ledger.desk.bank import BankLedger
from cloud.ledger.desk.split import SplitLedger
from cloud.ledger.held.two_persons import REASON_MAX
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.loads.split.moving import Quota
from cloud.ledger.loads.split.orders import KEY_MAX
from cloud.ledger.loads.split.rules import CLASS_MAX, OFF, RuleRefused
from cloud.words.balance.split import quota_text, rule_json
from shared.errors import ConfigFault, WireFault
from shared.input.amount import parse_yuan
from shared.money import yuan
from shared.words.voice import Text

LABEL_MAX = 40
_NO_CLASS = Text(f"卡类型是 0..{CLASS_MAX} 的数", f"a card type is a number, 0..{CLASS_MAX}")
_ONE_OF = Text("填卡类型或卡面号之一", "give a card type or a card label, one of them")


def _page(sources: Sources) -> Reply:
    now_ms = wall_now().unix_ms
    return render_template(
        "cards/split.html", rules=sources.reader.split_rules(), floors=sources.reader.floors(), key=new_key(),
        card=request.args.get("card", "")[:LABEL_MAX], moment=moment_of, as_of=moment_of(now_ms), class_max=CLASS_MAX,
        reason_max=REASON_MAX, label_max=LABEL_MAX,
    )  # fmt: skip


def _api(sources: Sources) -> Reply:
    floors = [one._asdict() for one in sources.reader.floors()]
    return jsonify({"auto_load": [rule_json(one) for one in sources.reader.split_rules()], "floors": floors})


def _set_rule(opened: OpenedLedger) -> Text:
    form, reason = request.form, request.form.get("reason", "")
    label, card_class = form.get("label", "").strip()[:LABEL_MAX], form.get("card_class", "").strip()
    if bool(label) == bool(card_class):
        raise RuleRefused(_ONE_OF)
    is_off = form.get("off") == "1"
    quota = OFF if is_off else Quota(*(parse_yuan(form.get(name, "")) for name in ("below", "target", "day")))
    books = SplitLedger(opened)
    if label:
        books.set_of_card(label, quota, seen().name, reason, wall_now())
    else:
        books.set_of_class(_class_of(card_class), quota, seen().name, reason, wall_now())
    whose = Text(f"卡 {label}", f"card {label}") if label else Text(f"卡类型 {card_class}", f"card type {card_class}")
    said = quota_text(None if is_off else quota)
    tell(f"card:{label}" if label else f"class:{card_class}", Text(f"{whose.zh} {said.zh}", f"{whose.en} {said.en}"))
    return said


def _set_floor(opened: OpenedLedger) -> Text:
    form, number = request.form, _class_of(request.form.get("card_class", "").strip())
    made = BankLedger(opened).set_floor(
        number, parse_yuan(form.get("yuan", "")), seen().name, form.get("reason", ""), wall_now()
    )
    fen = yuan(made.fen)
    said = Text(f"卡类型 {number} 保底 ¥{fen}", f"card type {number}: ¥{fen} stay in the account")
    tell(f"class:{number}", said)
    return said


def _order(opened: OpenedLedger) -> Text:
    """0 calls off; a form that is sent twice is one order."""
    form = request.form
    label, fen = form.get("label", "").strip()[:LABEL_MAX], parse_yuan(form.get("yuan", ""))
    SplitLedger(opened).order(form.get("key", "")[:KEY_MAX], label, fen, seen().name, wall_now())
    said = Text(
        f"卡 {label} 预约圈存 ¥{yuan(fen)}", f"card {label}: ¥{yuan(fen)} ordered onto it"
    ) if fen else Text(f"卡 {label} 取消预约圈存", f"card {label}: what was ordered is called off")  # fmt: skip
    tell(f"card:{label}", said)
    return said


def _class_of(text: str) -> int:
    if not text.isdecimal() or not text.isascii() or len(text) > len(str(CLASS_MAX)):
        raise RuleRefused(_NO_CLASS)
    return int(text)


def _does(deed: Callable[[OpenedLedger], Text]) -> Callable[[Sources], Reply]:
    def view(sources: Sources) -> Reply:
        try:
            with sources.books() as opened:
                deed(opened)
        except (ConfigFault, WireFault) as refused:
            return render_template("fault.html", fault=refused.args[0], back=url_for("split_rules")), 409
        return redirect(url_for("split_rules"))

    return view


PAGES = (
    Page("split_rules", "/split", Right.SEE_BALANCES, _page, Menu.MONEY, whole=True),
    Page("api_split_rules", "/api/v1/split", Right.SEE_BALANCES, _api, whole=True),
    Page("set_split_rule", "/split/rule", Right.DECIDE, _does(_set_rule), writes=True, whole=True),
    Page("set_floor", "/split/floor", Right.DECIDE, _does(_set_floor), writes=True, whole=True),
    Page("order_load", "/split/order", Right.DECIDE, _does(_order), writes=True, whole=True),
)
