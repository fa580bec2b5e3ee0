"""The words of `python -m edge.desk`: every verb, its options, Chinese first."""

from __future__ import annotations

import argparse
from pathlib import Path

from edge.desk.finding import Line
from edge.desk.laying import Laying

ABOUT = """\
卡务台：读卡、充值圈存、圈提、换卡、日结。卡在读卡器里，或是演练卡文件。
The card desk: read, load, unload, replace, close the day. The card lies in a reader or is a demonstration's file."""


def parse(arguments: list[str]) -> argparse.Namespace:
    """The chosen verb and its options; SystemExit 2 for wrong use."""
    parser = argparse.ArgumentParser(prog="desk", description=ABOUT, formatter_class=argparse.RawTextHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    read = verbs.add_parser("read", help="读卡：状态、余额、明细、与账本核对 · read a card, say its state in words")
    _card(_line(read))
    return parser.parse_args(arguments)


def line_of(given: argparse.Namespace) -> Line:
    """What they say of the line to the ledger."""
    return Line(given.data, given.url, given.token, given.cashier, given.ca, given.offline)


def laying_of(given: argparse.Namespace) -> Laying:
    """What they say of the card."""
    return Laying(given.data, given.card, given.reader)


def _line(verb: argparse.ArgumentParser) -> argparse.ArgumentParser:
    verb.add_argument("--data", type=Path, default=Path("var/campus"), help="数据目录 · data folder (var/campus)")
    verb.add_argument("--url", default="", metavar="URL", help="账本接口，缺省自动查找 · the ledger's desk service")
    verb.add_argument("--cashier", default="", metavar="NAME", help="收银员 · the cashier (cloud cashier --name)")
    verb.add_argument("--token", type=Path, metavar="FILE", help="令牌文件 · the cashier's token")
    verb.add_argument("--ca", type=Path, metavar="PEM", help="证书颁发者 · the authority's certificate")
    verb.add_argument("--offline", action="store_true", help="不问账本 · do not ask the ledger")
    return verb


def _card(verb: argparse.ArgumentParser) -> argparse.ArgumentParser:
    which = verb.add_mutually_exclusive_group(required=True)
    which.add_argument("--card", default="", metavar="LABEL", help="演练卡的卡面号 · a demonstration card")
    which.add_argument("--reader", default="", metavar="NAME", help="读卡器名 · a PC/SC reader")
    return verb
