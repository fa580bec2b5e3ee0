"""`./ykt sim`: seeds of the simulated campus, on all cores; a failing seed prints itself, commit and last events.

Exit 0: every seed holds (or, with --plant, the defect was caught). 1: a law broke (the defect was not). 2: wrong use.
"""

import argparse
import json
import os
import subprocess
import sys
import textwrap
import time
from collections import Counter
from pathlib import Path

from shared.input.command_line import Parser
from shared.words.ending import end
from shared.words.screen import Ink, Inks, ProgressLine
from shared.words.voice import Text, speak, wanted
from tests.sim.defects import DEFECTS
from tests.sim.runs import Result, Wanted, run_all

ABOUT = Text(
    "用真实代码模拟校园：每个种子一个校园，按种子注入故障，全程核对。失败的种子打印自己的重现命令。",
    """A campus per seed: the real code, faults by seed, the laws checked all the time. A failing seed prints how to
run it again.""",
)
EXITS = Text(
    "退出码：0 全部成立（或缺陷被发现） · 1 否 · 2 用法不对",
    "exit codes: 0 all hold (or the defect was caught) · 1 not so · 2 wrong use",
)


def main(arguments: list[str]) -> int:
    """Run the seeds."""
    options = _options(arguments)
    wanted = [Wanted(seed, options.days, options.taps, options.plant or "") for seed in range(*options.seeds)]
    began = time.monotonic()
    caught = cpu_s = taps = done = records = 0.0
    happened: Counter[str] = Counter()
    progress = ProgressLine(sys.stderr, os.environ)
    seeds = Text("种子", "seeds")
    for count, result in enumerate(progress.through(seeds, run_all(wanted, options.jobs), len(wanted)), 1):
        progress.clear()
        cpu_s += result.cpu_s
        if result.outcome is None:
            caught += 1
            _say(_report(result, options))
            if not options.plant:
                return 1
            if not options.all:
                break
        else:
            taps += result.outcome.taps
            done += result.outcome.done
            if options.fingerprints:
                _say(f"seed {result.seed} fingerprint {result.outcome.fingerprint:08x}")
            records += result.outcome.records
            happened += result.outcome.counts
        if count % 20 == 0:
            _say(f"[ .. ] {count}/{len(wanted)}  {time.monotonic() - began:.0f} s")
    figures = {
        "seeds": len(wanted), "taps": int(taps), "done": int(done), "records": int(records), "cpu_s": round(cpu_s, 1),
        "wall_s": round(time.monotonic() - began, 1), "caught": int(caught),
        "taps_per_s_and_core": round(taps / cpu_s) if cpu_s else 0,
        "campus_days_per_hour_and_core": round(taps / 2000 / cpu_s * 3600) if cpu_s else 0,
    }  # fmt: skip
    if options.happened:
        _say(json.dumps(happened, sort_keys=True))
    _say(json.dumps(figures))
    return int(bool(options.plant) and not caught)


def _report(result: Result, options: argparse.Namespace) -> str:
    if options.plant and not options.trace:
        return f"[{Text('发现', 'caught')}] {options.plant}: seed {result.seed} {result.failure.splitlines()[0]}"
    again = f"./ykt sim --seeds {result.seed}:{result.seed + 1} --days {options.days} --taps {options.taps}"
    failed = Inks(sys.stdout, os.environ)(Ink.BAD, Text("失败", "failed"))
    return f"[{failed}] seed {result.seed}, commit {_commit()}: {result.failure}\n{again}"


def _commit() -> str:
    here = Path(__file__).parent
    done = subprocess.run(
        ["git", "-C", str(here), "describe", "--always", "--dirty"], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = Parser(
        prog="./ykt sim", description=ABOUT, epilog=EXITS, formatter_class=argparse.RawTextHelpFormatter
    )
    add = parser.add_argument
    seeds = Text("种子区间，不含 B，缺省 0:20", "seeds A to B−1 (0:20)")
    add("--seeds", type=_seeds, default=(0, 20), metavar="A:B", help=seeds)
    add("--days", type=_some, default=1, metavar="N", help=Text("每个种子的天数，缺省 1", "days per seed (1)"))
    add("--taps", type=_some, default=300, metavar="N", help=Text("每天刷卡次数，缺省 300", "taps per day (300)"))
    names = textwrap.fill(", ".join(sorted(DEFECTS)), 90, break_on_hyphens=False)
    add(
        "--plant", choices=sorted(DEFECTS), metavar="DEFECT",
        help=Text(f"植入一个缺陷，应被发现：\n{names}", f"plant a defect, which must be caught:\n{names}"),
    )  # fmt: skip
    add("--all", action="store_true", help=Text("发现缺陷后继续", "go on after it was caught"))
    add(
        "--trace", action="store_true",
        help=Text("植入的缺陷也打印事件", "print the events of the planted defect, too"),
    )  # fmt: skip
    add("--fingerprints", action="store_true", help=Text("打印每个种子的指纹", "print each seed's fingerprint"))
    add("--happened", action="store_true", help=Text("打印各事件次数", "print what has happened, how often"))
    jobs = Text("进程数，缺省为处理器数", "processes (all cores)")
    add("--jobs", type=_some, default=os.cpu_count() or 1, metavar="N", help=jobs)
    return parser.parse_args(arguments)


def _some(text: str) -> int:
    if not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError("1, 2, …")
    return int(text)


def _seeds(text: str) -> tuple[int, int]:
    low, _, high = text.partition(":")
    if not (low.isdigit() and high.isdigit()) or int(low) >= int(high):
        raise argparse.ArgumentTypeError("A:B, A < B")
    return int(low), int(high)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    speak(wanted(sys.argv[1:], os.environ))
    end(lambda: main(sys.argv[1:]))
