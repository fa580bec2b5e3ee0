"""`./ykt torn`: every point of every tap cut, in every way, with everything that may follow; all of it, no sample.

Prints how many points and runs each scenario had. Exit 0: no fen unexplained, nobody charged twice, 成功 never shown
without a debit. 1: a law broke; the run that broke it is printed. 2: wrong use.
"""

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from os import cpu_count

from tests.torn.cut import Action
from tests.torn.play import BY_NAME, Aftermath, count_points, cut_at

FAILURES_MAX = 20
"""Lines printed of what broke in one scenario."""


def main(arguments: list[str]) -> int:
    """Run the scenarios."""
    options = _options(arguments)
    broken, points, runs = 0, 0, 0
    with ProcessPoolExecutor(options.jobs, get_context("spawn")) as pool:
        for name in options.scenario or BY_NAME:
            names = count_points(BY_NAME[name])
            failures = [text for texts in pool.map(partial(cut_at, name), range(1, len(names) + 1)) for text in texts]
            ways = len(Action) * len(Aftermath)
            run = f"{len(names):>3} 处 points × {ways} = {len(names) * ways:>4} 次 runs"
            _say(f"{name:<24} {run}, 不符 broken {len(failures)}")
            for line in failures[:FAILURES_MAX] + (_numbered(names) if options.points else []):
                _say(line)
            broken, points, runs = broken + len(failures), points + len(names), runs + len(names) * ways
    _say(f"合计 total: {points} 处 points, {runs} 次 runs, 不符 broken {broken}")
    return int(broken > 0)


def _numbered(names: list[str]) -> list[str]:
    return [f"  {number:>3} {point}" for number, point in enumerate(names, 1)]


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("ykt torn", description="在每一步断一次，逐一核对 / cut at every step, check each")
    parser.add_argument("scenario", nargs="*", metavar="SCENARIO", help=f"场景 / one or more of: {', '.join(BY_NAME)}")
    parser.add_argument("--points", action="store_true", help="列出每一处 / name the points")
    parser.add_argument("--jobs", type=int, default=cpu_count() or 1, help="进程数 / processes")
    options = parser.parse_args(arguments)
    if unknown := [name for name in options.scenario if name not in BY_NAME]:
        parser.error(f"无此场景 / no such scenario: {', '.join(unknown)}")
    return options


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
