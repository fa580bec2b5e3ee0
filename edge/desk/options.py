"""The words of `python -m edge.desk`: every verb, its options, Chinese first."""

from __future__ import annotations

import argparse
from pathlib import Path

from edge.desk.card.adding import What
from edge.desk.doors.finding import Line
from edge.desk.doors.laying import Laying
from edge.desk.reading.words import CLASSES
from shared.clocks.clock import day_of_date_bcd
from shared.errors import WireFault
from shared.input.amount import AMOUNT_HELP, typed_sum, typed_yuan
from shared.input.command_line import Parser
from shared.input.data_folder import add_data

ABOUT = """\
卡务台：读卡、充值圈存、圈提、口令、锁定、换卡、日结。卡在读卡器里，或是演练卡文件。
The card desk: read, load, unload, PIN, block, replace, close the day. The card lies in a reader or is a
demonstration's file. 金额以元计 sums are in yuan."""


def parse(arguments: list[str]) -> argparse.Namespace:
    """The chosen verb and its options; SystemExit 2 for wrong use."""
    parser = Parser(prog="./ykt desk", description=ABOUT, formatter_class=argparse.RawTextHelpFormatter)
    _Verbs(parser).add_all()
    return parser.parse_args(arguments)


def line_of(given: argparse.Namespace) -> Line:
    """What they say of the line to the ledger."""
    return Line(given.data, given.url, given.token, given.cashier, given.ca, given.offline)


def laying_of(given: argparse.Namespace) -> Laying:
    """What they say of the card."""
    return Laying(given.data, given.card, given.reader)


class _Verbs:
    """All verbs."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self._verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")

    def add_all(self) -> None:
        self._verb("read", "读卡：状态、余额、明细、与账本核对 · a card's state in words", card=True)
        log = self._verb("log", "打印卡内明细 · print the card's log", card=True)
        log.add_argument("--csv", type=Path, metavar="FILE", help="另存为 CSV · as a CSV file, too")
        self._add_money()
        self._add_upkeep()
        self._add_day()

    def _add_money(self) -> None:
        _sum(self._verb("cash-in", "现金充值到电子账户 · cash into the online account", card=True))
        _sum(self._verb("cash-out", "电子账户退现金 · cash out of the online account", card=True))
        _sum(self._verb("float", "登记备用金 · change for the drawer"))
        load = self._verb("load", "圈存：电子账户 → 卡 · account → card", card=True)
        _sum(load)
        load.add_argument("--cash", action="store_true", help="先收现金充值同额 · take the sum in cash first")
        unload = self._verb("unload", "圈提：卡 → 电子账户 · card → account; settles one that was torn", card=True)
        _sum(unload)
        unload.add_argument("--pay", action="store_true", help="随后付出现金 · then pay it out in cash")
        self._verb("claim", "领款：过渡余额 → 卡 · pending load → card", card=True)
        self._verb("settle", "办结未了事项 · settle what was left open")

    def _add_upkeep(self) -> None:
        self._verb("activate", "领卡激活 · enable a card before its holder", card=True)
        block = self._verb("block", "应用锁定 · block the application", card=True)
        block.add_argument("--forever", action="store_true", help="永久 · for ever")
        self._verb("unblock", "应用解锁 · unblock the application", card=True)
        more = self._verb("add", "补写乘车记录；不能补写的说明换卡 · add what an older card lacks", card=True)
        more.add_argument("what", choices=[each.value for each in What], help=_ADDED)
        self._add_cards()
        self._verb("pin-verify", "核对口令；不符时报剩余次数 · check the PIN, its tries left if wrong", card=True)
        self._verb("pin-change", "更换口令（凭旧口令）· change the PIN by the old one", card=True)
        self._verb("pin-reload", "口令重装（忘记口令）· a new PIN by the issuer's key", card=True)
        self._verb("pin-unblock", "口令解锁 · give the PIN its tries again", card=True)

    def _add_cards(self) -> None:
        change = self._verb("class", "更改卡类型（如学生转教工）· change the card's class", card=True)
        change.add_argument("--to", type=int, choices=sorted(CLASSES), required=True, help=_classes())
        _reason(change)
        _reason(_label(self._verb("lost", "挂失：列入黑名单并冻结 · report a card lost")))
        _reason(_label(self._verb("found", "解挂 · cancel the report")))
        broken = self._verb("replace", "坏卡换卡：旧卡在场，或 --label 不可读 · a broken card's successor")
        which = broken.add_mutually_exclusive_group(required=True)
        which.add_argument("--card", default="", metavar="LABEL", help="旧演练卡 · the old demonstration card")
        which.add_argument("--reader", default="", metavar="NAME", help="旧卡所在读卡器 · the old card's reader")
        which.add_argument("--label", default="", metavar="LABEL", help="旧卡不可读：卡面号 · not readable: label")
        broken.add_argument("--kept", action="store_true", help=KEPT)
        _reason(_new(broken))
        _reason(_new(_label(self._verb("reissue", "挂失补卡 · a lost card's successor"))))
        _reason(_label(self._verb("release", "余款解冻：收齐后转入新卡账户 · release what was kept back")))

    def _add_day(self) -> None:
        draw = self._verb("draw", "领用库存卡（号段）· draw cards of the stock by number range")
        draw.add_argument("--first", required=True, metavar="LABEL", help="起号 · first")
        draw.add_argument("--last", required=True, metavar="LABEL", help="止号 · last")
        _reason(_label(self._verb("spoil", "废卡登记 · a drawn card is waste")))
        close = self._verb("close", "日结：点钞、点卡、上交，打印日结单 · close the day, print its sheet")
        counted = "实点现金（元）· cash in yuan"
        close.add_argument("--counted", type=typed_yuan, required=True, metavar="SUM", help=counted)
        close.add_argument("--left", type=int, required=True, metavar="N", help="实点空白卡 · cards in hand")
        sheet = self._verb("sheet", "日结单：今日或某日 · the sheet of today or of a day")
        sheet.add_argument("--day", type=_day, default=0, metavar="DAY", help="如 2026-11-26，缺省今日 · today")
        for verb in (close, sheet):
            verb.add_argument("--out", type=Path, metavar="FILE", help="另存文本 · as a text file, too")

    def _verb(self, name: str, text: str, *, card: bool = False) -> argparse.ArgumentParser:
        verb = self._verbs.add_parser(name, help=text, description=text)
        add_data(verb)
        verb.add_argument("--name", default="", metavar="NAME", help="卡务台终端名 · the desk's terminal")
        verb.add_argument("--url", default="", metavar="URL", help="账本接口，缺省自动查找 · the ledger's desk service")
        verb.add_argument("--cashier", default="", metavar="NAME", help="收银员 · the cashier (cloud cashier --name)")
        verb.add_argument("--token", type=Path, metavar="FILE", help="令牌文件 · the cashier's token")
        verb.add_argument("--ca", type=Path, metavar="PEM", help="证书颁发者 · the authority's certificate")
        verb.add_argument("--desk-keys", type=Path, metavar="SOCKET", help="密钥进程的卡务套接字 · its desk socket")
        verb.add_argument("--key-version", type=int, default=0, help="卡密钥版本，缺省依账本 · of the card's keys")
        verb.add_argument("--offline", action="store_true", help="不问账本 · do not ask the ledger")
        if card:
            _card(verb)
        return verb


KEPT = "随 --label：不可读的旧卡由卡务台收存 · with --label: the desk keeps the card that cannot be read"
_ADDED = "transit 乘车记录 transit record · subsidy 补助钱包 subsidy purse"


def _label(verb: argparse.ArgumentParser) -> argparse.ArgumentParser:
    text = "卡面号，卡不必在场 · the text printed on the card, which need not be here"
    verb.add_argument("--label", "--card", required=True, metavar="LABEL", help=text)
    return verb


def _new(verb: argparse.ArgumentParser) -> argparse.ArgumentParser:
    verb.add_argument("--new", required=True, metavar="LABEL", help="库存新卡的卡面号 · a new card of the stock")
    return verb


def _reason(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--reason", default="", metavar="TEXT", help="事由 · why")


def _classes() -> str:
    return "，".join(f"{number} {zh} {en}" for number, (zh, en) in CLASSES.items())


def _card(verb: argparse.ArgumentParser) -> None:
    which = verb.add_mutually_exclusive_group(required=True)
    which.add_argument("--card", default="", metavar="LABEL", help="演练卡的卡面号 · a demonstration card")
    which.add_argument("--reader", default="", metavar="NAME", help="读卡器名 · a PC/SC reader")


def _sum(verb: argparse.ArgumentParser) -> None:
    told = f"金额（元）in yuan: {AMOUNT_HELP}"
    verb.add_argument("--yuan", type=typed_sum, dest="fen", required=True, metavar="SUM", help=told)


def _day(text: str) -> int:
    try:
        return day_of_date_bcd(bytes.fromhex(text.replace("-", "")))
    except (ValueError, WireFault) as fault:
        raise argparse.ArgumentTypeError("日期应如 2026-11-26 / a day, as 2026-11-26") from fault
