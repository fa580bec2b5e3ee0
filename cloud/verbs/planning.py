"""Verbs about what alarms stand on: groups by name, and planned work. Each imports what it needs."""

import argparse
from pathlib import Path

from cloud.verbs.arguments import LIST, Made, add_json, add_steps, need, span_s
from cloud.verbs.fleet import number_of
from shared.input.command_line import Parser
from shared.words.voice import Text

GROUPS_STEPS = (LIST, "check", "diff", "push", "history", "rollback")
WORK_STEPS = (LIST, "plan", "end")


def planning_verbs() -> dict[str, Made]:
    """What the watch stands on."""
    return {
        "groups": (
            Text("分组：共用交换机、供电线路、场所的终端", "groups: what shares a switch, a power line, a place"),
            _groups,
            (_groups_options, add_json),
        ),
        "work": (
            Text("计划检修：其间不叫人", "planned work: it calls nobody meanwhile"),
            _work,
            (_work_options, add_json),
        ),
    }


def _groups_options(parser: Parser) -> None:
    told = Text("列出、校验、比较、推送、历史、退回", "list, check, compare, push, history, take back")
    add_steps(parser, GROUPS_STEPS, told)
    what = Text("分组文件（TOML），或第几次推送", "the file (TOML), or the number of a push")
    parser.add_argument("what", nargs="?", metavar="FILE|N", help=what)
    parser.add_argument("--who", metavar="NAME", help=Text("登记过的人员", "a known person"))
    parser.add_argument("--reason", default="", metavar="TEXT", help=Text("缘由", "why"))


def _groups(chosen: argparse.Namespace) -> int:
    from cloud.commands.watch import groups

    if chosen.step == LIST:
        return groups.listing(chosen.data, chosen.dsn, as_json=chosen.json)
    if chosen.step == "history":
        return groups.history(chosen.data)
    need(chosen, "WHAT", *(("who",) if chosen.step in ("push", "rollback") else ()))
    match chosen.step:
        case "check":
            return groups.check(chosen.data, chosen.dsn, Path(chosen.what))
        case "diff":
            return groups.diff(chosen.data, Path(chosen.what))
        case "push":
            return groups.push(chosen.data, chosen.dsn, Path(chosen.what), chosen.who, chosen.reason)
    return groups.rollback(chosen.data, number_of(chosen), chosen.who, chosen.reason)


def _work_options(parser: Parser) -> None:
    add_steps(parser, WORK_STEPS, Text("列出、计划、提前结束", "list, plan, end early"))
    what = Text(
        "对象，如 box:canteen-1、group:一个分组、campus；或检修号", "on what, such as box:canteen-1, or the number"
    )
    parser.add_argument("what", nargs="?", metavar="SOURCE|N", help=what)
    begins = Text("何时开始，如 2026-12-01T08:00；缺省为现在", "when it begins, as 2026-12-01T08:00 (now)")
    parser.add_argument("--from", dest="begins", metavar="TIME", help=begins)
    long = Text("多久，至多 3d", "how long, 3d at most")
    parser.add_argument("--for", dest="for", type=span_s, metavar="SPAN", help=long)
    ends = Text("或何时结束，如 2026-12-01T10:00", "or when it ends, as 2026-12-01T10:00")
    parser.add_argument("--until", metavar="TIME", help=ends)
    parser.add_argument("--who", metavar="NAME", help=Text("登记过的人员", "a known person"))
    parser.add_argument("--reason", metavar="TEXT", help=Text("缘由", "why"))


def _work(chosen: argparse.Namespace) -> int:
    from cloud.commands.watch import groups

    match chosen.step:
        case "plan":
            need(chosen, "WHAT", *(() if chosen.until else ("for",)), "who", "reason")
            long_s = getattr(chosen, "for") or 0
            asked = groups.Plan(chosen.what, chosen.begins, long_s, chosen.until, chosen.who, chosen.reason)
            return groups.plan_work(chosen.data, chosen.dsn, asked)
        case "end":
            need(chosen, "WHAT", "who")
            return groups.end_work(chosen.data, number_of(chosen), chosen.who)
    return groups.works(chosen.data, as_json=chosen.json)
