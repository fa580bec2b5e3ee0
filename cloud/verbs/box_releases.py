"""The verb `cloud box-release`: releases of boxes, their roll-out in waves. It imports what it needs when it runs."""

import argparse
from pathlib import Path

from cloud.verbs.arguments import Made, add_json, add_steps, add_who, named, need
from cloud.verbs.firmware import STEPS, add_bounds, asked_of
from cloud.verbs.fleet import number_of, targets_of
from shared.input.command_line import Parser
from shared.words.voice import Text


def box_release_verbs() -> dict[str, Made]:
    """Releases of boxes."""
    return {
        "box-release": (
            Text(
                "网关发行：入库、分批升级、进展、停止、退回",
                "releases of boxes: roll-out in waves, progress, stop, way back",
            ),
            _run,
            (_options, _targets, add_bounds, add_who, add_json),
        ),
    }


def _options(parser: Parser) -> None:
    told = Text(
        "列出、入库、升级、进展、停止、继续、退回、重试未成的",
        "list; take a release; roll it out; progress; stop; go on; roll back; try again what failed",
    )
    add_steps(parser, STEPS, told)
    what = Text(
        "release：归档，旁有保管员签的 .trust；roll-out：如 aarch64:3；其余：升级号",
        "release: the archive, its .trust beside it; roll-out: as aarch64:3; else its number",
    )
    parser.add_argument("what", nargs="?", metavar="WHAT", help=what)
    parser.add_argument("--reason", metavar="TEXT", help=Text("缘由", "why"))
    back = Text("roll-back：退到此发行", "roll-back: to this release")
    parser.add_argument("--with", dest="back", metavar="RELEASE", default="", help=back)
    parser.add_argument("--now", action="store_true", help=Text("不等空闲，收全即换", "at once, at no quiet moment"))
    parser.add_argument("--follow", action="store_true", help=Text("跟踪到结束", "follow it to its end"))
    clock = Text("回放用的校园时钟；缺省找运行中的", "the campus clock of a replay (the running one's)")
    parser.add_argument("--clock", default="", metavar="T0:REAL0:SPEED", help=clock)


def _targets(parser: Parser) -> None:
    whom = parser.add_mutually_exclusive_group()
    whom.add_argument("--to", metavar="BOX,…", help=str(Text("这些网关，按此次序", "these boxes, in this order")))
    whom.add_argument("--box", metavar="BOX", help=str(Text("只此一台", "this one alone")))
    whom.add_argument("--all", action="store_true", help=str(Text("全部网关", "all boxes")))


def _run(chosen: argparse.Namespace) -> int:
    from cloud.commands.fleet import box_releases as boxes
    from cloud.commands.fleet.jobs import Place

    place = Place(chosen.data, chosen.dsn, None, chosen.clock)
    how = {"as_json": chosen.json}
    match chosen.step:
        case "release":
            need(chosen, "WHAT")
            return boxes.release(place, Path(chosen.what), named(chosen), **how)
        case "status":
            return boxes.status(place, number_of(chosen) if chosen.what else 0, follow=chosen.follow, **how)
        case "stop":
            need(chosen, "reason")
            return boxes.stop(place, number_of(chosen), named(chosen), chosen.reason, **how)
        case "resume":
            need(chosen, "reason")
            return boxes.resume(place, number_of(chosen), named(chosen), chosen.reason, follow=chosen.follow, **how)
        case "roll-out" | "roll-back" | "retry":
            return _rolled(chosen)
    return boxes.listing(place, **how)


def _rolled(chosen: argparse.Namespace) -> int:
    from cloud.commands.fleet import box_releases as boxes
    from cloud.commands.fleet.jobs import Place

    need(chosen, "WHAT", "reason")
    place, asked = Place(chosen.data, chosen.dsn, None, chosen.clock), asked_of(chosen)
    how = {"as_json": chosen.json, "follow": chosen.follow, "at_once": chosen.now}
    if chosen.step == "roll-out":
        return boxes.roll_out(place, chosen.what, targets_of(chosen), asked, **how)
    if chosen.step == "roll-back":
        return boxes.roll_back(place, number_of(chosen), chosen.back, asked, **how)
    return boxes.retry(place, number_of(chosen), asked, **how)
