"""The verb `cloud firmware`: releases, and their roll-out in waves. It imports what it needs only when it runs."""

import argparse
import re
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from cloud.verbs.arguments import LIST, Made, add_json, add_steps, add_who, named, need, span_s
from cloud.verbs.fleet import number_of, targets_of
from shared.errors import ConfigFault
from shared.input.command_line import Parser
from shared.words.voice import Text

if TYPE_CHECKING:
    from cloud.commands.fleet.firmware import Asked
    from cloud.commands.fleet.jobs import Place

STEPS = (LIST, "release", "roll-out", "status", "stop", "resume", "roll-back", "retry")
WAIT_S, RUN_S = 86_400, 14_400
"""A terminal that has its permit begins within a day, and comes to an end within four hours."""
STOP_PERCENT = 5
_WAVES = re.compile(r"\d{1,3}%?(,\d{1,3}%?)*")


def firmware_verbs() -> dict[str, Made]:
    """Firmware of terminals."""
    return {
        "firmware": (
            Text(
                "固件：入库、分批升级、进展、停止、退回",
                "firmware: releases, roll-out in waves, progress, stop, way back",
            ),
            _firmware,
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
        "release：保管员签好的文件；roll-out：版本，如 pos:3；其余：升级号，status 缺省最新",
        "release: the file that the officers signed; roll-out: as pos:3; else its number (status: the newest)",
    )
    parser.add_argument("what", nargs="?", metavar="WHAT", help=what)
    parser.add_argument("--reason", metavar="TEXT", help=Text("缘由", "why"))
    back = Text("roll-back：退到此版本，缺省为保管员签过的旧程序", "roll-back: to this release (a signed way back)")
    parser.add_argument("--with", dest="back", metavar="RELEASE", default="", help=back)
    parser.add_argument("--follow", action="store_true", help=Text("跟踪到结束", "follow it to its end"))
    keys = Text("密钥进程的指令接口；缺省找运行中的", "the key process's socket for orders (the running one's)")
    parser.add_argument("--keys", type=Path, metavar="SOCKET", help=keys)
    clock = Text("回放用的校园时钟；缺省找运行中的", "the campus clock of a replay (the running one's)")
    parser.add_argument("--clock", default="", metavar="T0:REAL0:SPEED", help=clock)


def _targets(parser: Parser) -> None:
    whom = parser.add_mutually_exclusive_group()
    whom.add_argument("--to", metavar="NAME,…", help=str(Text("这些终端，按此次序", "these terminals, in this order")))
    whom.add_argument("--box", metavar="BOX", help=str(Text("此网关的同型终端", "this box's terminals of that model")))
    whom.add_argument("--all", action="store_true", help=str(Text("全部同型终端", "all terminals of that model")))


def add_bounds(parser: Parser) -> None:
    """Canary, waves, stop, clocks."""
    canary = Text("先行几台；用上后暂停，由人 resume", "so many first; then a pause, until a person resumes")
    parser.add_argument("--canary", type=int, default=0, metavar="N", help=canary)
    waves = Text("各批累计百分比，缺省 100%%", "waves, per cent of all, rising (100%%)")
    parser.add_argument("--waves", default="100%", metavar="10%,50%,100%", help=waves)
    stop = Text(
        f"已开始的未成（含无答复）达此百分比即停，缺省 {STOP_PERCENT}%%，0 不停",
        f"stop at so many per cent of failures, silence too, of those begun ({STOP_PERCENT}%%; 0: never)",
    )
    parser.add_argument("--stop-at", default=f"{STOP_PERCENT}%", metavar="5%", help=stop)
    least = Text("至少几台未成才停，缺省 1", "and not before so many have failed (1)")
    parser.add_argument("--stop-min", type=int, default=1, metavar="N", help=least)
    wait = Text("准装发出后多久须开始，缺省 1d", "a terminal begins within this of its permit (1d)")
    parser.add_argument("--wait", dest="wait_s", type=span_s, default=WAIT_S, metavar="SPAN", help=wait)
    run = Text("开始后多久须有结果，缺省 4h", "and comes to an end within this (4h)")
    parser.add_argument("--run", dest="run_s", type=span_s, default=RUN_S, metavar="SPAN", help=run)


def _firmware(chosen: argparse.Namespace) -> int:
    from cloud.commands.fleet import firmware
    from cloud.commands.fleet.jobs import Place

    place = Place(chosen.data, chosen.dsn, chosen.keys, chosen.clock)
    match chosen.step:
        case "release":
            need(chosen, "WHAT")
            return firmware.release(place, Path(chosen.what), named(chosen), as_json=chosen.json)
        case "status":
            number = number_of(chosen) if chosen.what is not None else 0
            return firmware.status(place, number, as_json=chosen.json, follow=chosen.follow)
        case "stop" | "resume":
            return _held_up(chosen, place)
        case "roll-out" | "roll-back" | "retry":
            return _rolled(chosen, place)
    return firmware.listing(place, as_json=chosen.json)


def _held_up(chosen: argparse.Namespace, place: "Place") -> int:
    from cloud.commands.fleet import firmware

    need(chosen, "reason")
    said = number_of(chosen), named(chosen), chosen.reason
    if chosen.step == "stop":
        return firmware.stop(place, *said, as_json=chosen.json)
    return firmware.resume(place, *said, as_json=chosen.json, follow=chosen.follow)


def _rolled(chosen: argparse.Namespace, place: "Place") -> int:
    from cloud.commands.fleet import firmware

    need(chosen, "WHAT", "reason")
    how, asked = {"as_json": chosen.json, "follow": chosen.follow}, asked_of(chosen)
    if chosen.step == "roll-out":
        return firmware.roll_out(place, chosen.what, targets_of(chosen), asked, **how)
    if chosen.step == "roll-back":
        return firmware.roll_back(place, number_of(chosen), chosen.back, asked, **how)
    return firmware.retry(place, number_of(chosen), asked, **how)


def asked_of(chosen: argparse.Namespace) -> "Asked":
    """ConfigFault for shares that do not rise to 100, and for bounds below zero."""
    from cloud.commands.fleet.firmware import Asked

    shares = _shares(chosen.waves)
    stop_percent = _percent(chosen.stop_at)
    if min(chosen.canary, chosen.stop_min) < 0 or min(chosen.wait_s, chosen.run_s) < 1:
        raise ConfigFault(
            Text("--canary、--stop-min、--wait、--run 应为正数", "--canary, --stop-min, --wait, --run: above 0")
        )
    return Asked(
        named(chosen), chosen.reason, chosen.canary, shares, stop_percent, chosen.stop_min, chosen.wait_s, chosen.run_s
    )


def _shares(text: str) -> tuple[int, ...]:
    found = tuple(int(one.rstrip("%")) for one in text.split(",")) if _WAVES.fullmatch(text) else ()
    if not found or found[-1] != 100 or any(a >= b for a, b in pairwise(found)) or not found[0]:
        raise ConfigFault(Text(f"--waves {text[:40]}：应递增到 100%", f"--waves {text[:40]}: must rise to 100%"))
    return found


def _percent(text: str) -> int:
    if not re.fullmatch(r"\d{1,3}%?", text) or int(text.rstrip("%")) > 100:
        raise ConfigFault(Text(f"--stop-at {text[:10]}：应为 0 至 100", f"--stop-at {text[:10]}: must be 0 to 100"))
    return int(text.rstrip("%"))
