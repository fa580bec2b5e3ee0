"""What a person at the interactive counter may type. Pure: a line in, a command out.

An amount alone is a sale. What is not understood is said so, with what there is; an amount that is written another
way is answered with what is meant, and never taken for it: money moves for what was typed.
"""

import re
import unicodedata
from dataclasses import dataclass, replace
from enum import StrEnum

from shared.errors import WireFault
from shared.ids import PERSON_DIGITS_MAX, PERSON_DIGITS_MIN, PERSON_LETTERS_MAX
from shared.input.amount import meant_fen, parse_yuan
from shared.money import yuan
from shared.words.voice import Text


class Verb(StrEnum):
    """What was asked for."""

    SELL = "sell"
    PAY = "pay"
    CODE = "code"
    ORDER = "order"
    AGAIN = "again"
    VOID = "void"
    MEAL = "meal"
    SALES = "sales"
    RIDE = "ride"
    STOP = "stop"
    CLAIM = "claim"
    CARD = "card"
    PULL = "pull"
    NET = "net"
    BOX_KILL = "box kill"
    LOG = "log"
    BALANCE = "balance"
    LOAD = "load"
    STATUS = "status"
    HELP = "help"
    QUIT = "quit"
    NOTHING = ""
    UNKNOWN = "?"


@dataclass(frozen=True, slots=True)
class Command:
    """A verb with its word (label, before/after, on/off, stop, which sale is void, a payment code) or amount."""

    verb: Verb
    word: str = ""
    amount_fen: int = 0


HELP = Text(
    """\
  12.50                 消费 12.50 元
  pay 12.50             账户支付：由电子账户付款，卡内余额不动（需联网）
  code 12.50 [71…|80…]  付款码：扫码，或输入手机上的 18 位数字；80 开头为脱机码，断网也收
  order 12.50           收款码：本机出码，顾客用手机扫码付款；cancel 取消（需联网）
  again                 同一张卡再放一次（空行也行）
  claim                 领款：待领的补助、退款圈入卡内（需联网）
  void                  原卡再放：撤销刚才那笔（3 分钟内、30 元内）
  void 17 [主管01]      主管卡：撤销本班流水 17
  void pin              仅凭口令：只登记上一笔，中心待核
  sales                 本班可撤销的消费
  meal 20260001         无卡：按学号记一餐（应急餐）
  ride                  刷卡乘车（车载机）
  stop 3 [back]         报站：到 3 站，上行（back 为下行）
  card 0012             换一张卡
  pull [before|after]   下一次扣款时拔卡：扣款前或扣款后
  load 50               圈存 50 元（圈存机）
  balance · log         卡内余额、卡内明细（0018）
  net off · net on      断网、复网
  box kill              强制结束数据网关
  status                本机状态
  help · quit           帮助、退出""",
    """\
  12.50                 sell for 12.50 yuan
  pay 12.50             an account payment: the online account pays, the purse is not touched (on line)
  code 12.50 [71…|80…]  a payment code: scan it, or key its 18 digits; 80… is an offline one, no network needed
  order 12.50           a code on this till for the customer's phone to scan; cancel calls it off (on line)
  again                 present the same card again (an empty line does too)
  claim                 claim onto the card what waits for it (on line)
  void                  the card that paid, again: void the newest sale (within 3 minutes, up to 30 yuan)
  void 17 [LABEL]       a supervisor's operator card: void sale 17 of this shift
  void pin              by PIN alone: the last sale is noted, the centre holds it
  sales                 the sales of this shift that a void can take back
  meal 20260001         no card: one meal by number (emergency meal)
  ride                  tap on or off (at a validator)
  stop 3 [back]         the bus is at stop 3, outward (back: inward)
  card 0012             choose another card
  pull [before|after]   pull the card at the next debit, before or after it
  load 50               load 50 yuan (at a load machine)
  balance · log         the card's balance and own log (0018)
  net off · net on      cut and mend the network
  box kill              kill the edge box
  status                this terminal's state
  help · quit           this text, the end""",
)

_PLAIN = {
    "again": Verb.AGAIN,
    "void": Verb.VOID,
    "sales": Verb.SALES,
    "ride": Verb.RIDE,
    "claim": Verb.CLAIM,
    "log": Verb.LOG,
    "balance": Verb.BALANCE,
    "status": Verb.STATUS,
    "help": Verb.HELP,
    "?": Verb.HELP,
    "quit": Verb.QUIT,
    "exit": Verb.QUIT,
    "box kill": Verb.BOX_KILL,
    "": Verb.NOTHING,
}
_CHINESE = (
    Text("再放", "again"),
    Text("撤销", "void"),
    Text("流水", "sales"),
    Text("乘车", "ride"),
    Text("领款", "claim"),
    Text("明细", "log"),
    Text("余额", "balance"),
    Text("状态", "status"),
    Text("帮助", "help"),
    Text("退出", "quit"),
    Text("换卡", "card"),
    Text("拔卡", "pull"),
    Text("抽卡", "pull"),
    Text("网络", "net"),
    Text("报站", "stop"),
    Text("圈存", "load"),
    Text("付款", "pay"),
    Text("记餐", "meal"),
    Text("付款码", "code"),
    Text("出码", "order"),
)
_VERBS = {word.zh: word.en for word in _CHINESE}
"""Both are understood at every counter, whatever it speaks."""


_SPENDING = ("", "load", "pay", "code", "order")
CALL_OFF = Text("取消", "cancel")
PIN_ALONE = Text("口令", "pin")
_VOID = re.compile(rf"{PIN_ALONE.en}|{PIN_ALONE.zh}|[0-9]{{1,10}}( \S.*)?")
_NUMBER = re.compile(
    rf"[0-9]{{{PERSON_DIGITS_MIN},{PERSON_DIGITS_MAX}}}|[0-9A-Za-z]{{{PERSON_DIGITS_MIN},{PERSON_LETTERS_MAX}}}"
)
_STOP = re.compile(r"[0-9]{1,3}( back)?")


def parse(line: str) -> Command:
    """The command of a line."""
    text = " ".join(line.split())
    plain = _VERBS.get(text, text.lower())
    if plain in _PLAIN:
        return Command(_PLAIN[plain])
    verb, _, rest = text.partition(" ")
    match _VERBS.get(verb, verb.lower()), rest.lower():
        case ("void", _) if _VOID.fullmatch(rest):
            return Command(Verb.VOID, rest)
        case ("card", _) if rest:
            return Command(Verb.CARD, rest)
        case ("code", _):
            amount, _, code = rest.partition(" ")
            return replace(_amount(Verb.CODE, amount), word=code) if _fen(amount) else Command(Verb.UNKNOWN, text)
        case ("pull", "" | "after" | "before"):
            return Command(Verb.PULL, rest.lower() or "after")
        case ("net", "on" | "off"):
            return Command(Verb.NET, rest.lower())
        case ("meal", _) if _NUMBER.fullmatch(rest):
            return Command(Verb.MEAL, rest.upper())
        case ("stop", _) if _STOP.fullmatch(rest):
            return Command(Verb.STOP, rest)
        case (("load" | "pay" | "order") as spending, _) if rest:
            return _amount(Verb(spending), rest)
        case _:
            return _amount(Verb.SELL, text)


def meant(command: Command) -> str:
    """What an amount that was not understood probably means, as it is to be typed; empty when nobody can tell."""
    verb, _, rest = unicodedata.normalize("NFKC", command.word).rpartition(" ")
    found = meant_fen(rest) if verb in _SPENDING else None
    return "" if found is None else f"{verb} {yuan(found)}".strip()


def _fen(text: str) -> int | None:
    try:
        return parse_yuan(text)
    except WireFault:
        return None


def _amount(verb: Verb, text: str) -> Command:
    amount_fen = _fen(text)
    if amount_fen is None:
        return Command(Verb.UNKNOWN, text if verb is Verb.SELL else f"{verb.value} {text}")
    return Command(verb, amount_fen=amount_fen)
