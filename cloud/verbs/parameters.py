"""Verbs about parameters of terminals, and the school calendar that comes with them. Each imports what it needs."""

import argparse
from pathlib import Path

from cloud.verbs.arguments import DECIDES, Made, add_decision, add_json, add_keys, need
from shared.errors import ConfigFault
from shared.input.amount import typed_sum
from shared.input.command_line import Parser
from shared.words.voice import Text

STEPS = ("check", "diff", "push", "lower", "continue", "history", "rollback", "confirm", "reject")
_NEEDED: dict[str, tuple[str, ...]] = {
    "check": ("WHAT",), "diff": ("WHAT",), "push": ("WHAT", "who"), "continue": ("WHAT", "who"),
    "rollback": ("WHAT", "who"), "history": (), "lower": ("yuan", "who", "reason"), **DECIDES,
}  # fmt: skip


def parameter_verbs() -> dict[str, Made]:
    """One file for the campus, and what it makes of terminals."""
    return {
        "parameters": (
            Text("参数：校验、比较、下发、回退；收紧限额须两人", "parameters: check, compare, push; two tighten"),
            _parameters,
            (_parameter_options, add_json),
        ),
        "holiday": (
            Text("假期断电前：还有谁未收齐", "before the power goes for a holiday: who is not drained"),
            _holiday,
            (_holiday_options, add_json),
        ),
    }


def _holiday_options(parser: Parser) -> None:
    told = Text("列出未收齐的终端与网关；有则退出码 1", "name who is not drained; then the exit code is 1")
    parser.add_argument("step", choices=("check",), metavar="check", help=told)


def _holiday(chosen: argparse.Namespace) -> int:
    from cloud.commands.fleet.holiday import check

    return check(chosen.data, chosen.dsn, as_json=chosen.json)


def _parameter_options(parser: Parser) -> None:
    told = Text(
        "校验、比较、下发、调低当日限额、续推、历史、回退；收紧限额由另一人确认或否决",
        "check, compare, push, lower the day's limit, go on behind a canary, history, take back; another person "
        "confirms or rejects",
    )
    parser.add_argument("step", choices=STEPS, metavar="|".join(STEPS), help=told)
    what = Text("参数文件（TOML），或第几次下发", "the file (TOML), or the number of a push")
    parser.add_argument("what", nargs="?", metavar="FILE|N", help=what)
    to = Text("发给这些终端，逗号分开", "to these terminals, with commas between them")
    parser.add_argument("--to", type=_listed, default=(), metavar="NAME,…", help=to)
    box = Text("发给此网关的全部终端，可重复", "to all terminals of this box; may be repeated")
    parser.add_argument("--box", action="append", default=[], metavar="BOX", help=box)
    parser.add_argument("--all", action="store_true", help=Text("发给全部终端", "to every terminal"))
    canary = Text(
        "先只发给这些：正常则自动续推，拒绝增多则自动恢复",
        "to these alone at first: the others follow if it is well, it goes back if declines rise",
    )
    parser.add_argument("--canary", type=_listed, default=(), metavar="NAME,…", help=canary)
    hand = Text("先行正常也不自动续推", "a canary that is well does not go on by itself")
    parser.add_argument("--by-hand", action="store_true", help=hand)
    days = Text("收紧的限额几天后恢复，缺省 30", "so many days later tightened limits end (30)")
    parser.add_argument("--days", type=int, default=30, metavar="N", help=days)
    most = Text("lower：每卡当日至多，元", "lower: what a card spends on a day at most, in yuan")
    parser.add_argument("--yuan", type=typed_sum, metavar="SUM", help=most)
    add_decision(parser, Text("缘由（收紧、否决）", "why (tighter limits, reject)"))
    add_keys(parser)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _parameters(chosen: argparse.Namespace) -> int:
    from cloud.commands.fleet import parameters as p

    where = p.Where(chosen.data, chosen.dsn, chosen.keys, chosen.json)
    choice = p.Choice(chosen.to, tuple(chosen.box), chosen.all, chosen.canary, chosen.by_hand)
    need(chosen, *_NEEDED[chosen.step])
    order = p.Order(chosen.who or "", chosen.reason or "", chosen.days)
    match chosen.step:
        case "check":
            return p.check(where, Path(chosen.what))
        case "diff":
            return p.diff(where, Path(chosen.what), choice)
        case "push":
            _need_targets(choice)
            return p.push(where, Path(chosen.what), choice, order)
        case "lower":
            _need_targets(choice)
            return p.lower(where, chosen.yuan, choice, order)
        case "continue":
            return p.go_on(where, _number(chosen.what), order)
        case "rollback":
            return p.rollback(where, _number(chosen.what), order)
        case "history":
            return p.history(where)
        case "confirm":
            return p.confirm(where, chosen.proposal, chosen.who)
    return p.reject(where, chosen.proposal, chosen.who, chosen.reason)


def _need_targets(choice: object) -> None:
    if not any((choice.names, choice.boxes, choice.every)):  # type: ignore[attr-defined]  # a Choice, imported late
        raise ConfigFault(Text("发给谁：--to、--box 或 --all", "to whom: --to, --box or --all"))


def _number(text: str) -> int:
    if not text.isdecimal():
        raise ConfigFault(Text("应为第几次下发的号", "the number of a push is wanted"))
    return int(text)
