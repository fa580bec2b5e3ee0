"""What a till's front says by itself, beside the displays of a tap. Values only."""

from typing import NamedTuple

from edge.terminal.counter.commands import Command, Verb
from edge.terminal.taps.display import Display, Face
from shared.money import yuan
from shared.words.voice import Text

_SILENT = ""
_NOTHING = Text(_SILENT, _SILENT)
KEY_AMOUNT = Text("请输金额", "key the amount")
FIXED = Text("请刷卡", "present the card")
ENTER = Text("确认：回车键　取消：减号键", "Enter to go on, minus to cancel")
NUMBER = Text("请输学号", "key the number")
SCAN = Text("请扫码付款", "scan to pay")
PIN = Text("请持卡人输入口令", "the holder's PIN, please")
DEMO_WORDS = Text("演示", "DEMO")
STOPPED = Text("停止消费", "NOT SELLING")
SELLING = Text("可消费", "selling")
ONLINE = Text("在线", "online")
OFFLINE = Text("断网", "offline")
SERVE = Text("可以放行", "you may serve")
SERVE_NOT = Text("勿放行", "do not serve")
PRESENT = Text("请放卡", "present the card")
TAKE_AWAY = Text("请先取走卡，再放", "take the card away first, then present it")
NOBODY = Text("无人放卡，已取消", "no card came, cancelled")
NO_KEYPAD = Text("键盘未接", "no keypad")
OFF = Text("已取消", "cancelled")
NO_CODE = Text("付款码有误，请重扫；未扣款", "no payment code, scan it again; nothing taken")
NO_PIN = Text("口令须为 4 至 12 位、双数位；未扣款", "a PIN has 4 to 12 digits, an even number; nothing taken")
CARD_CHANGED = Text("卡已换，未扣款", "another card lies there; nothing taken")
NOTHING_WAITS = Text("没有待确认的交易", "nothing waits to be presented again")
MENU_WORDS = {
    Verb.BALANCE: Text("卡内余额", "balance of the card"),
    Verb.CLAIM: Text("领款", "claim onto the card"),
    Verb.SALES: Text("本班消费", "sales of this shift"),
    Verb.STATUS: Text("本机状态", "state of this till"),
    Verb.LOG: Text("卡内明细", "log of the card"),
    Verb.MEAL: Text("按学号", "by number"),
}
_TITLES = MENU_WORDS | {
    Verb.SELL: Text("消费：请放卡", "sale: present the card"),
    Verb.PAY: Text("账户支付：请放卡或扫付款码", "account payment: present the card, or scan a code"),
    Verb.LOAD: Text("圈存：请放卡", "load: present the card"),
    Verb.AGAIN: Text("请同一张卡再放", "the same card again, please"),
}


class Wish(NamedTuple):
    """A command that waits for its card, as the display tells it."""

    amount: str
    title: Text
    todo: Text


def wish(command: Command, todo: Text) -> Wish:
    """todo: what its card has to do, to come or to be taken away first."""
    amount = f"¥{yuan(command.amount_fen)}" if command.amount_fen else ""
    return Wish(amount, _title(command), todo)


def _title(command: Command) -> Text:
    if command.verb is Verb.VOID and command.word:
        return Text(f"撤销流水 {command.word}：请放主管卡", f"void of sale {command.word}: the supervisor's card")
    if command.verb is Verb.VOID:
        return Text("撤销刚才那笔：请原卡再放", "void of the last sale: the card that paid it")
    return _TITLES[command.verb]


def unsettled(count: int) -> Text:
    """Records that the ledger does not have yet."""
    return Text(f"未入账 {count}", f"{count} not posted")


def notice(what: Text) -> Display:
    """A word of the front's own, as a display."""
    return Display(Face.NOTICE, what, _NOTHING, _NOTHING)
