"""`./ykt test --mutants N --seed S`: a seeded sample of mutants of the pure modules, and which of them a test sees.

A report, not a check: exit 0 whatever survives, 1 if the tests fail without a mutant, 2 for wrong use.
"""

import argparse
import os
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain, islice, zip_longest
from pathlib import Path
from random import Random
from typing import NamedTuple

from compose.place import ROOT
from shared.input.command_line import Parser
from shared.words.ending import end
from shared.words.voice import Text, speak, wanted
from tests.mutants.mirror import mirrors, pure_files
from tests.mutants.mutator import Mutant, Place, places, planted
from tests.mutants.scratch import Scratch, Verdict, has_none, is_green

ABOUT = Text(
    "在一份副本里逐个植入小错误（比较、边界、布尔、加减、常数±1、删去一句），只运行对应的测试。",
    """In a copy small mistakes are planted one by one (comparison, boundary, boolean, arithmetic, constant ±1,
a statement removed), and only the tests that mirror the module are run.""",
)
EXITS = Text(
    "退出码：0 报告完成，无论存活多少 · 1 不植入时测试也不通过 · 2 用法不对",
    "exit codes: 0 reported, whatever survives · 1 the tests fail without a mutant · 2 wrong use",
)
FIRST_LIMIT_S = 300.0
"""Of tests without a mutant."""
SAID_MAX = 3000
"""Of the words of tests that fail without a mutant."""
SLOWER, MORE_S = 3.0, 10.0
"""A mutant's tests may take so many times as long as without it, and so many seconds more."""


class Chosen(NamedTuple):
    """A mutant and its file."""

    file: Path
    mutant: Mutant

    def __str__(self) -> str:
        kind, line, before, after, _ = self.mutant
        return f"{self.file}:{line} {kind}\n      − {before}\n      + {after}"


class Asked:
    """Tests of a module, run once without a mutant. limit_s None: they cannot be asked, and `verdict` says why."""

    def __init__(self, scratch: Scratch, tests: tuple[Path, ...]) -> None:
        ran = scratch.test(tests, FIRST_LIMIT_S, keep_bytecode=True) if tests else None
        self.is_green = ran is None or is_green(ran)
        self.verdict = Verdict.UNASKED if self.is_green else Verdict.NOT_GREEN
        self.limit_s = None if ran is None or has_none(ran) or not self.is_green else SLOWER * ran.took_s + MORE_S
        self.said = "" if ran is None or self.is_green else ran.said


def main(arguments: list[str]) -> int:
    """Plant, ask, tell."""
    options = _options(arguments)
    chosen = sample(ROOT, options.mutants, options.seed, options.only)
    _say(str(_begun(options.seed, len(chosen))))
    with tempfile.TemporaryDirectory(prefix="openykt-mutants-") as folder:
        found = Counter(_verdicts(Scratch(ROOT, Path(folder)), chosen))
    _say(" · ".join(f"{verdict.value} {found[verdict]}" for verdict in Verdict if found[verdict]))
    return int(bool(found[Verdict.NOT_GREEN]))


def _begun(seed: int, mutants: int) -> Text:
    return Text(f"种子 {seed}：{mutants} 个小错误", f"seed {seed}: {mutants} mutants")


def _verdicts(scratch: Scratch, chosen: Sequence[Chosen]) -> Iterator[Verdict]:
    known: dict[tuple[Path, ...], Asked] = {}
    for one in chosen:
        tests = tuple(mirrors(ROOT, one.file))
        if tests not in known:
            known[tests] = Asked(scratch, tests)
            _say(known[tests].said[-SAID_MAX:])
        asked = known[tests]
        verdict = asked.verdict
        if asked.limit_s is not None:
            verdict = scratch.verdict(one.file, one.mutant.text, tests, asked.limit_s)
        _say(f"[{verdict.value}] {one}")
        yield verdict


def sample(root: Path, most: int, seed: int, only: str = "") -> list[Chosen]:
    """The same of the same code, each kind of mistake as often; by file, so that what a file needs is warm."""
    texts = {file: (root / file).read_text(encoding="utf-8") for file in pure_files(root) if only in str(file)}
    kinds: dict[str, list[tuple[Path, Place]]] = defaultdict(list)
    for file, text in texts.items():
        for place in places(text):
            kinds[place.kind].append((file, place))
    random = Random(seed)
    turns = chain.from_iterable(zip_longest(*(random.sample(some, len(some)) for some in kinds.values())))
    made = (Chosen(file, mutant) for file, place in filter(None, turns) if (mutant := planted(texts[file], place)))
    return sorted(islice(made, most), key=lambda one: (one.file, one.mutant.line))


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = Parser(prog="./ykt test", description=ABOUT, epilog=EXITS, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--mutants", type=_some, required=True, metavar="N", help=Text("多少个", "how many"))
    seed = Text("抽样的种子，缺省 0", "seed of the sample (0)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help=seed)
    parser.add_argument("--only", default="", metavar="TEXT", help=Text("路径含此文字的模块", "modules by path"))
    return parser.parse_args(arguments)


def _some(text: str) -> int:
    if not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError("1, 2, …")
    return int(text)


def _say(line: str) -> None:
    if not line:
        return
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    speak(wanted(sys.argv[1:], os.environ))
    end(lambda: main(sys.argv[1:]))
