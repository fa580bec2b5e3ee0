"""`./ykt sim`: seeds of the simulated campus, on all cores; a failing seed prints itself, commit and last events.

Exit 0: every seed holds (or, with --plant, the defect was caught). 1: a law broke (the defect was not). 2: wrong use.
"""

import argparse
import json
import subprocess
import sys
import time
from os import cpu_count
from pathlib import Path

from tests.sim.defects import DEFECTS
from tests.sim.runs import Result, Wanted, run_all


def main(arguments: list[str]) -> int:
    """Run the seeds."""
    options = _options(arguments)
    wanted = [Wanted(seed, options.days, options.taps, options.plant or "") for seed in range(*options.seeds)]
    began = time.monotonic()
    caught = cpu_s = taps = done = records = 0.0
    for count, result in enumerate(run_all(wanted, options.jobs), 1):
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
        if count % 20 == 0:
            _say(f"[ .. ] {count}/{len(wanted)}  {time.monotonic() - began:.0f} s")
    figures = {
        "seeds": len(wanted), "taps": int(taps), "done": int(done), "records": int(records), "cpu_s": round(cpu_s, 1),
        "wall_s": round(time.monotonic() - began, 1), "caught": int(caught),
        "taps_per_s_and_core": round(taps / cpu_s) if cpu_s else 0,
        "campus_days_per_hour_and_core": round(taps / 2000 / cpu_s * 3600) if cpu_s else 0,
    }  # fmt: skip
    _say(json.dumps(figures))
    return int(bool(options.plant) and not caught)


def _report(result: Result, options: argparse.Namespace) -> str:
    if options.plant and not options.trace:
        return f"[发现 caught] {options.plant}: seed {result.seed} {result.failure.splitlines()[0]}"
    again = f"./ykt sim --seeds {result.seed}:{result.seed + 1} --days {options.days} --taps {options.taps}"
    return f"[失败 failed] seed {result.seed}, commit {_commit()}: {result.failure}\n{again}"


def _commit() -> str:
    here = Path(__file__).parent
    done = subprocess.run(
        ["git", "-C", str(here), "describe", "--always", "--dirty"], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("ykt sim", description="按种子模拟校园，注入故障并核对账目 / a campus per seed")
    parser.add_argument("--seeds", type=_seeds, default=(0, 20), metavar="A:B", help="种子区间，不含 B / A to B−1")
    parser.add_argument("--days", type=int, default=1, help="天数 / days per seed")
    parser.add_argument("--taps", type=int, default=300, help="每天刷卡次数 / taps per day")
    parser.add_argument("--plant", choices=sorted(DEFECTS), help="植入缺陷，应被发现 / a defect that must be caught")
    parser.add_argument("--all", action="store_true", help="发现缺陷后继续 / go on after a planted defect was caught")
    parser.add_argument("--trace", action="store_true", help="缺陷也打印事件 / print its events, too")
    parser.add_argument("--fingerprints", action="store_true", help="打印指纹 / print each seed's fingerprint")
    parser.add_argument("--jobs", type=int, default=cpu_count() or 1, help="进程数 / processes")
    return parser.parse_args(arguments)


def _seeds(text: str) -> tuple[int, int]:
    low, _, high = text.partition(":")
    if not (low.isdigit() and high.isdigit()) or int(low) >= int(high):
        raise argparse.ArgumentTypeError("A:B, A < B")
    return int(low), int(high)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
