"""The verb `cloud firmware`: releases, and their roll-out in waves. It imports what it needs only when it runs."""

import argparse
from pathlib import Path

from cloud.verbs.arguments import Made, add_json, add_who
from cloud.verbs.rollouts.rolling import add_bounds, add_rolling, add_whom, run
from shared.input.command_line import Parser
from shared.words.voice import Text


def firmware_verbs() -> dict[str, Made]:
    """Firmware of terminals."""
    return {
        "firmware": (
            Text(
                "固件：入库、分批升级、进展、停止、退回",
                "firmware: releases, roll-out in waves, progress, stop, way back",
            ),
            _run,
            (_options, _targets, add_bounds, add_who, add_json),
        ),
    }


def _options(parser: Parser) -> None:
    what = Text(
        "release：保管员签好的文件；roll-out：版本，如 pos:3；其余：升级号，status 缺省最新",
        "release: the file that the officers signed; roll-out: as pos:3; else its number (status: the newest)",
    )
    back = Text("roll-back：退到此版本，缺省为保管员签过的旧程序", "roll-back: to this release (a signed way back)")
    add_rolling(parser, what, back)
    keys = Text("密钥进程的指令接口；缺省找运行中的", "the key process's socket for orders (the running one's)")
    parser.add_argument("--keys", type=Path, metavar="SOCKET", help=keys)


def _targets(parser: Parser) -> None:
    these = Text("这些终端，按此次序", "these terminals, in this order")
    of_box = Text("此网关的同型终端", "this box's terminals of that model")
    add_whom(parser, "NAME,…", these, of_box, Text("全部同型终端", "all terminals of that model"))


def _run(chosen: argparse.Namespace) -> int:
    from cloud.commands.fleet import firmware

    return run(chosen, firmware)
