"""What a person at the interactive counter may type. Pure: a line in, a command out, texts zh and en.

An amount alone is a sale. What is not understood is said so, with what there is; an amount that is written another
way is answered with what is meant, and never taken for it: money moves for what was typed.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from shared.errors import WireFault
from shared.input.amount import meant_fen, parse_yuan
from shared.money import yuan


class Verb(StrEnum):
    """What was asked for."""

    SELL = "sell"
    AGAIN = "again"
    VOID = "void"
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
    """A verb with its word (label, before/after, on/off, stop, which sale is void) or amount."""

    verb: Verb
    word: str = ""
    amount_fen: int = 0


HELP = """\
  12.50            消费 12.50 元 / sell for 12.50 yuan
  again            同一张卡再放一次（空行也行）/ present the same card again (an empty line does too)
  claim            领款：待领的补助、退款圈入卡内（需联网）/ claim what waits for the card (on line)
  void             原卡再放：撤销刚才那笔（3 分钟内、30 元内）/ the card that paid, again: void the newest sale
  void 17 [主管01] 主管卡：撤销本班流水 17 / a supervisor's operator card: void sale 17 of this shift
  void pin         仅凭口令：只登记上一笔，中心待核 / by PIN alone: the last sale is noted, the centre holds it
  sales            本班可撤销的消费 / the sales of this shift
  ride             刷卡乘车（车载机）/ tap on or off (at a validator)
  stop 3 [back]    报站：到 3 站，上行（back 下行）/ the bus is at stop 3, outward (back: inward)
  card 0012        换一张卡 / choose another card
  pull [before|after]  下一次扣款时拔卡：扣款前 / 扣款后 / pull the card at the next debit, before or after it
  load 50          圈存 50 元（圈存机）/ load 50 yuan (at a load machine)
  balance · log    卡内余额、卡内明细 0018 / the card's balance and own log
  net off · net on 断网、复网 / cut and mend the network
  box kill         强制结束数据网关 / kill the edge box
  status           本机状态（文字）/ this terminal's state in words
  help · quit      帮助、退出 / this text, the end"""

_PLAIN = {
    "again": Verb.AGAIN,
    "再放": Verb.AGAIN,
    "void": Verb.VOID,
    "撤销": Verb.VOID,
    "sales": Verb.SALES,
    "流水": Verb.SALES,
    "ride": Verb.RIDE,
    "乘车": Verb.RIDE,
    "claim": Verb.CLAIM,
    "领款": Verb.CLAIM,
    "log": Verb.LOG,
    "明细": Verb.LOG,
    "balance": Verb.BALANCE,
    "余额": Verb.BALANCE,
    "status": Verb.STATUS,
    "状态": Verb.STATUS,
    "help": Verb.HELP,
    "帮助": Verb.HELP,
    "?": Verb.HELP,
    "quit": Verb.QUIT,
    "exit": Verb.QUIT,
    "退出": Verb.QUIT,
    "box kill": Verb.BOX_KILL,
    "": Verb.NOTHING,
}


_SPENDING = ("", "load")
_VOID = re.compile(r"pin|口令|[0-9]{1,10}( \S.*)?")
_STOP = re.compile(r"[0-9]{1,3}( back)?")


def parse(line: str) -> Command:
    """The command of a line."""
    text = " ".join(line.split())
    if text.lower() in _PLAIN:
        return Command(_PLAIN[text.lower()])
    verb, _, rest = text.partition(" ")
    match verb.lower(), rest.lower():
        case ("void" | "撤销", _) if _VOID.fullmatch(rest):
            return Command(Verb.VOID, rest)
        case ("card" | "换卡", _) if rest:
            return Command(Verb.CARD, rest)
        case ("pull" | "拔卡" | "抽卡", "" | "after" | "before"):
            return Command(Verb.PULL, rest.lower() or "after")
        case ("net" | "网络", "on" | "off"):
            return Command(Verb.NET, rest.lower())
        case ("stop" | "报站", _) if _STOP.fullmatch(rest):
            return Command(Verb.STOP, rest)
        case ("load" | "圈存", _) if rest:
            return _amount(Verb.LOAD, rest)
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
