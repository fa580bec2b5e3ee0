"""The verb `cloud box-release`: releases of boxes, their roll-out in waves. It imports what it needs when it runs."""

import argparse

from cloud.verbs.arguments import Made, add_json, add_who
from cloud.verbs.rollouts.rolling import add_bounds, add_rolling, add_whom, run
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
    what = Text(
        "release：归档，旁有保管员签的 .trust；roll-out：如 aarch64:3；其余：升级号，status 缺省最新",
        "release: the archive, its .trust beside it; roll-out: as aarch64:3; else its number (status: the newest)",
    )
    back = Text("roll-back：退到此发行，缺省为保管员签过的旧归档", "roll-back: to this release (a signed way back)")
    add_rolling(parser, what, back)
    parser.add_argument("--now", action="store_true", help=Text("不等空闲，收全即换", "at once, at no quiet moment"))


def _targets(parser: Parser) -> None:
    these = Text("这些网关，按此次序", "these boxes, in this order")
    add_whom(parser, "BOX,…", these, Text("只此一台", "this one alone"), Text("全部网关", "all boxes"))


def _run(chosen: argparse.Namespace) -> int:
    from cloud.commands.fleet import box_releases

    return run(chosen, box_releases)
