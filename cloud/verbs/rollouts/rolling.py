"""What `cloud firmware` and `cloud box-release` share: steps, options, bounds of a roll-out, and what a step calls."""

import argparse
import re
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from cloud.verbs.arguments import LIST, add_steps, named, need, span_s
from cloud.verbs.fleet import number_of, targets_of
from shared.errors import ConfigFault
from shared.input.command_line import Parser
from shared.words.voice import Text

if TYPE_CHECKING:
    from cloud.commands.fleet.jobs import Place, Targets
    from cloud.fleet.rolling import RolloutAsked

STEPS = (LIST, "release", "roll-out", "status", "stop", "resume", "roll-back", "retry")
WAIT_S, RUN_S = 86_400, 14_400
STOP_PERCENT = 5
"""As cloud.fleet.rolling has them, which is imported only when a step runs."""
_WAVES = re.compile(r"\d{1,3}%?(,\d{1,3}%?)*")


class Rolls(Protocol):
    """What a kind of release does, step by step; each gives its exit code."""

    def release(self, place: "Place", file: Path, who: str, *, as_json: bool) -> int: ...

    def listing(self, place: "Place", *, as_json: bool) -> int: ...

    def status(self, place: "Place", number: int, *, as_json: bool, follow: bool) -> int: ...

    def stop(self, place: "Place", number: int, who: str, reason: str, *, as_json: bool) -> int: ...

    def resume(self, place: "Place", number: int, who: str, reason: str, *, as_json: bool, follow: bool) -> int: ...

    def roll_out(
        self, place: "Place", named: str, targets: "Targets", asked: "RolloutAsked", *, as_json: bool, follow: bool
    ) -> int: ...

    def roll_back(
        self, place: "Place", number: int, named: str, asked: "RolloutAsked", *, as_json: bool, follow: bool
    ) -> int: ...

    def retry(self, place: "Place", number: int, asked: "RolloutAsked", *, as_json: bool, follow: bool) -> int: ...


def add_rolling(parser: Parser, what: Text, back: Text) -> None:
    """Steps, and what they are about. what: says what WHAT is; back: to what a roll-back goes."""
    told = Text(
        "列出、入库、升级、进展、停止、继续、退回、重试未成的",
        "list; take a release; roll it out; progress; stop; go on; roll back; try again what failed",
    )
    add_steps(parser, STEPS, told)
    parser.add_argument("what", nargs="?", metavar="WHAT", help=what)
    parser.add_argument("--reason", metavar="TEXT", help=Text("缘由", "why"))
    parser.add_argument("--with", dest="back", metavar="RELEASE", default="", help=back)
    parser.add_argument("--follow", action="store_true", help=Text("跟踪到结束", "follow it to its end"))
    clock = Text("回放用的校园时钟；缺省找运行中的", "the campus clock of a replay (the running one's)")
    parser.add_argument("--clock", default="", metavar="T0:REAL0:SPEED", help=clock)
    parser.set_defaults(keys=None, now=False)


def add_whom(parser: Parser, listed: str, these: Text, of_box: Text, every: Text) -> None:
    """For whom a roll-out is: named ones (`listed`: how they are written), those of a box, all."""
    whom = parser.add_mutually_exclusive_group()
    whom.add_argument("--to", metavar=listed, help=str(these))
    whom.add_argument("--box", metavar="BOX", help=str(of_box))
    whom.add_argument("--all", action="store_true", help=str(every))


def add_bounds(parser: Parser) -> None:
    """Canary, waves, stop, clocks of a roll-out."""
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


def run(chosen: argparse.Namespace, rolls: Rolls) -> int:
    """The step that was chosen."""
    from cloud.commands.fleet.jobs import Place

    place = Place(chosen.data, chosen.dsn, chosen.keys, chosen.clock)
    match chosen.step:
        case "release":
            need(chosen, "WHAT")
            return rolls.release(place, Path(chosen.what), named(chosen), as_json=chosen.json)
        case "status":
            number = number_of(chosen) if chosen.what is not None else 0
            return rolls.status(place, number, as_json=chosen.json, follow=chosen.follow)
        case "stop" | "resume":
            return _held_up(chosen, place, rolls)
        case "roll-out" | "roll-back" | "retry":
            return _rolled(chosen, place, rolls)
    return rolls.listing(place, as_json=chosen.json)


def _held_up(chosen: argparse.Namespace, place: "Place", rolls: Rolls) -> int:
    need(chosen, "reason")
    said = number_of(chosen), named(chosen), chosen.reason
    if chosen.step == "stop":
        return rolls.stop(place, *said, as_json=chosen.json)
    return rolls.resume(place, *said, as_json=chosen.json, follow=chosen.follow)


def _rolled(chosen: argparse.Namespace, place: "Place", rolls: Rolls) -> int:
    need(chosen, "WHAT", "reason")
    how, asked = {"as_json": chosen.json, "follow": chosen.follow}, _asked(chosen)
    if chosen.step == "roll-out":
        return rolls.roll_out(place, chosen.what, targets_of(chosen), asked, **how)
    if chosen.step == "roll-back":
        return rolls.roll_back(place, number_of(chosen), chosen.back, asked, **how)
    return rolls.retry(place, number_of(chosen), asked, **how)


def _asked(chosen: argparse.Namespace) -> "RolloutAsked":
    """ConfigFault for shares that do not rise to 100, and for bounds below zero."""
    from cloud.fleet.rolling import RolloutAsked

    shares = _shares(chosen.waves)
    stop_percent = _percent(chosen.stop_at)
    if min(chosen.canary, chosen.stop_min) < 0 or min(chosen.wait_s, chosen.run_s) < 1:
        raise ConfigFault(
            Text("--canary、--stop-min、--wait、--run 应为正数", "--canary, --stop-min, --wait, --run: above 0")
        )
    return RolloutAsked(
        named(chosen), chosen.reason, chosen.canary, shares, stop_percent, chosen.stop_min, chosen.wait_s, chosen.run_s,
        at_once=chosen.now,
    )  # fmt: skip


def _shares(text: str) -> tuple[int, ...]:
    found = tuple(int(one.rstrip("%")) for one in text.split(",")) if _WAVES.fullmatch(text) else ()
    if not found or found[-1] != 100 or any(a >= b for a, b in pairwise(found)) or not found[0]:
        raise ConfigFault(Text(f"--waves {text[:40]}：应递增到 100%", f"--waves {text[:40]}: must rise to 100%"))
    return found


def _percent(text: str) -> int:
    if not re.fullmatch(r"\d{1,3}%?", text) or int(text.rstrip("%")) > 100:
        raise ConfigFault(Text(f"--stop-at {text[:10]}：应为 0 至 100", f"--stop-at {text[:10]}: must be 0 to 100"))
    return int(text.rstrip("%"))
