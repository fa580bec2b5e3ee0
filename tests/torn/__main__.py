"""`./ykt torn`: every point of every tap cut, in every way, with everything that may follow; all of it, unless a sample
is asked for. And loads with the network, a box, the ingest or the key process failing at each of their steps.

Prints how many points and runs each scenario had. Exit 0: no fen unexplained, nobody charged twice, 成功 never shown
without a debit. 1: a law broke; the run that broke it is printed. 2: wrong use.
"""

import argparse
import os
import sys
from collections.abc import Iterable
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from math import ceil
from multiprocessing import get_context

from shared.input.command_line import Parser
from shared.words.ending import end
from shared.words.screen import ProgressLine
from shared.words.voice import Text, speak, wanted
from tests.sample import kept
from tests.torn import bank, behind, mixed, outage, play, rides
from tests.torn.cut import Action
from tests.torn.play import count_points, cut_at

BY_NAME = {**play.BY_NAME, **rides.BY_NAME, **mixed.BY_NAME, **bank.BY_NAME, **behind.BY_NAME}
NAMES = (*BY_NAME, *outage.BY_NAME)
ABOUT = Text("在每一步断一次，逐一核对", "cut at every step, check each")
FAILURES_MAX = 20
"""Lines printed of what broke in one scenario."""


def main(arguments: list[str]) -> int:
    """Run the scenarios."""
    options = _options(arguments)
    total = Tally()
    with ProcessPoolExecutor(options.jobs, get_context("spawn")) as pool:
        for name in options.scenario or NAMES:
            run = _cuts if name in BY_NAME else _outages
            total.add(run(name, pool, options))
    _say(_sum(total))
    return int(total.broken > 0)


@dataclass(slots=True)
class Tally:
    """points: places at which something went wrong; runs: plays; broken: those in which a law broke."""

    points: int = 0
    runs: int = 0
    broken: int = 0

    def add(self, other: "Tally") -> None:
        """Of one more scenario."""
        self.points, self.runs, self.broken = (
            self.points + other.points,
            self.runs + other.runs,
            self.broken + other.broken,
        )


def _cuts(name: str, pool: Executor, options: argparse.Namespace) -> Tally:
    scenario = BY_NAME[name]
    points = _sample(count_points(scenario), options.one_in)
    failures = _all_of(name, pool.map(partial(cut_at, scenario), points), len(points))
    return _told(name, points, len(Action) * len(scenario.aftermaths), failures, options)


def _outages(name: str, pool: Executor, options: argparse.Namespace) -> Tally:
    wanted = outage.outages(name)
    points = _sample([str(outage.Outage(*one)) for one in wanted], options.one_in)
    chosen = [wanted[number - 1] for number in points]
    failures = _all_of(name, pool.map(partial(outage.suffer, name), chosen), len(chosen))
    return _told(name, points, len(outage.BY_NAME[name].aftermaths), failures, options)


def _all_of(name: str, played: Iterable[list[str]], points: int) -> list[str]:
    passing = ProgressLine(sys.stderr, os.environ).through(name, played, points)
    return [text for texts in passing for text in texts]


def _sample(names: list[str], one_in: int) -> dict[int, str]:
    """The points by number; of a sample, those that their names choose."""
    points = {f"{number:>3} {name}": number for number, name in enumerate(names, 1)}
    chosen = kept(points, ceil(len(points) / one_in))
    return {number: point for point, number in points.items() if point in chosen}


def _told(name: str, points: dict[int, str], ways: int, failures: list[str], options: argparse.Namespace) -> Tally:
    tally = Tally(len(points), len(points) * ways, len(failures))
    _say(f"{name:<24} {_figures(tally, ways)}")
    for line in failures[:FAILURES_MAX] + ([f"  {point}" for point in points.values()] if options.points else []):
        _say(line)
    return tally


def _figures(tally: Tally, ways: int) -> Text:
    points, runs, broken = f"{tally.points:>3}", f"{tally.runs:>4}", tally.broken
    return Text(
        f"{points} 处 × {ways:>2} = {runs} 次，不符 {broken}",
        f"{points} points × {ways:>2} = {runs} runs, broken {broken}",
    )


def _sum(total: Tally) -> Text:
    return Text(
        f"合计：{total.points} 处，{total.runs} 次，不符 {total.broken}",
        f"total: {total.points} points, {total.runs} runs, broken {total.broken}",
    )


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = Parser(prog="./ykt torn", description=ABOUT)
    names = ", ".join(NAMES)
    chosen = Text(f"场景，缺省全部：{names}", f"one or more of: {names}")
    parser.add_argument("scenario", nargs="*", metavar="SCENARIO", choices=NAMES, help=chosen)
    parser.add_argument("--points", action="store_true", help=Text("列出每一处", "name the points"))
    one_in = Text("每 N 处取一处，固定取样", "one point in N, always the same")
    parser.add_argument("--one-in", type=_some, default=1, metavar="N", help=one_in)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help=Text("进程数", "processes"))
    return parser.parse_args(arguments)


def _some(text: str) -> int:
    if not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError("1, 2, …")
    return int(text)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    speak(wanted(sys.argv[1:], os.environ))
    end(lambda: main(sys.argv[1:]))
