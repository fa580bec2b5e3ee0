"""What several verbs have in common: options, what a step needs, who does it."""

import argparse
import re
from collections.abc import Callable
from pathlib import Path

from shared.clocks.clock import ClockError, day_number, parse_time
from shared.errors import ConfigFault, WireFault
from shared.ids import PsamId, psam_id
from shared.input.amount import AMOUNT_HELP, typed_sum
from shared.input.command_line import Parser
from shared.words.voice import Text

LABEL_HELP = Text("卡面号", "the text printed on the card")
LIST = "list"
WHY = Text("缘由（提议、否决）", "why (propose, reject)")
DECIDES: dict[str, tuple[str, ...]] = {"confirm": ("proposal", "who"), "reject": ("proposal", "who", "reason")}
"""What the second person's steps need."""
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
Verb = Callable[[argparse.Namespace], int]
Made = tuple[Text, Verb, tuple[Callable[[Parser], None], ...]]
"""A verb: what it is for, what runs it, what adds its options."""


def add_json(parser: Parser) -> None:
    """One line for programs."""
    parser.add_argument("--json", action="store_true", help=Text("一行 JSON", "one line of JSON"))


def add_keys(parser: Parser) -> None:
    """The key process."""
    parser.add_argument(
        "--keys",
        type=Path,
        metavar="SOCKET",
        help=Text("密钥进程，用来复核 TAC", "the key process, to check TACs again"),
    )


def add_sum(parser: Parser) -> None:
    """In yuan; --fen of before is understood, and no longer told."""
    parser.add_argument(
        "--yuan",
        type=typed_sum,
        dest="fen",
        metavar="SUM",
        help=Text(f"金额，元：{AMOUNT_HELP}", f"sum in yuan: {AMOUNT_HELP}"),
    )
    parser.add_argument("--fen", type=int, help=argparse.SUPPRESS, default=argparse.SUPPRESS)


def add_who(parser: Parser) -> None:
    """Whose deed it is; without it the login name."""
    told = Text("经手人，缺省为系统登录名", "who does it (the login name)")
    parser.add_argument("--who", metavar="NAME", help=told)


def add_steps(parser: Parser, steps: tuple[str, ...], told: Text) -> None:
    """The first word: one of these; without it LIST, where that is one."""
    parser.add_argument("step", choices=steps, nargs="?", default=LIST, metavar="|".join(steps), help=told)


def add_decision(parser: Parser, why: Text = WHY) -> None:
    """What two persons say: of which proposal, who, and why."""
    told = Text("提议号（确认、否决）", "number of the proposal (confirm, reject)")
    parser.add_argument("--proposal", type=int, metavar="N", help=told)
    parser.add_argument("--who", metavar="NAME", help=Text("经手人", "who does it"))
    parser.add_argument("--reason", metavar="TEXT", help=why)


def need(chosen: argparse.Namespace, *names: str) -> None:
    """ConfigFault, naming the first of these options that is missing; a name in capitals is no option."""
    for name in names:
        if getattr(chosen, name.lower()) is None:
            named = name if name.isupper() else f"--{name}"
            raise ConfigFault(Text(f"缺少 {named}", f"{named} is missing"))


def named(chosen: argparse.Namespace) -> str:
    """Who does it."""
    from cloud.process.who import login_name

    return login_name() if chosen.who is None else str(chosen.who)


def psam(text: str) -> PsamId:
    """As a person types it."""
    try:
        return psam_id(bytes.fromhex(text))
    except (ValueError, WireFault):
        raise argparse.ArgumentTypeError(Text("12 位十六进制", "12 hexadecimal digits")) from None


def campus_day(text: str) -> int:
    """Campus days since 2000 of a date."""
    try:
        return day_number(parse_time(text))
    except ClockError:
        raise argparse.ArgumentTypeError(Text("日期应如 2026-11-27", "a date is as 2026-11-27")) from None


def span_s(text: str) -> int:
    """Seconds of 30s, 10m, 2h, 3d, or a bare number of them."""
    found = re.fullmatch(r"(\d{1,6})([smhd]?)", text)
    if found is None:
        raise argparse.ArgumentTypeError(Text("应为 30s、10m、2h、3d 或 0", "must be 30s, 10m, 2h, 3d or 0"))
    return int(found[1]) * _UNITS[found[2] or "s"]
