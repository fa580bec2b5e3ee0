"""`./ykt test`: the checks that read the code, then the tests; pytest's closing line is the last line.

Alone or with `--all` it is the whole suite: three workers, long commands begun ahead, the slowest twenty at the end.
With `--mutants` it is a report of `tests/mutants`. With other arguments pytest alone runs, in the checkout. If a check
fails, the others still run, but no test does.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from compose.place import ROOT, keep_private
from shared.input.command_line import Parser
from shared.input.described import DESCRIBE
from shared.words.ending import end
from shared.words.screen import Ink, Inks
from shared.words.voice import Text, speak, wanted, without

HELP = Text(
    """\
用法：./ykt test [--all | --mutants N [--seed S] | PYTEST 参数]

不带参数：ruff、mypy、导入约定，然后全部测试：三个进程并行，随机顺序，每个测试有时限，最后列出最慢的二十个。
  穷举的测试和长种子取固定的样本（同一份代码总是同一批）；--all 不取样，全部运行。
--mutants N：在一份副本里植入 N 个小错误（按种子抽样），只运行对应的测试，列出没有测试发现的；详见 --mutants 1 --help。
其他参数：只跑 pytest，下面是它的选项；顺序仍是随机的，单进程。
  -n 2 两个进程 · --randomly-seed=N 重现某次的顺序（见开头几行） · -p no:randomly 按书写顺序
  --timeout 0 不限时（用调试器时） · --all 不取样

退出码：0 全部通过 · 1 有失败 · 2 用法不对，或没有测试
""",
    """\
usage: ./ykt test [--all | --mutants N [--seed S] | PYTEST ARGS]

Without arguments ruff, mypy and the import contracts, then every test: three workers, random order, a limit for each,
the slowest twenty at the end. Of exhaustive tests and long seeds a stable sample runs (the same code, the same tests);
--all runs the whole of them.
--mutants N: N small mistakes, a seeded sample, are planted in a copy, the tests that mirror the module are asked, and
what no test sees is listed; more by --mutants 1 --help.
With other arguments pytest alone, its options are these; the order is random here, too, and there is one process:
  -n 2 two workers · --randomly-seed=N the order of that run again (its first lines name it) · -p no:randomly as written
  --timeout 0 no limit (with a debugger) · --all no sample

exit codes: 0 all passed · 1 something failed · 2 wrong use, or no test
""",
)
_OK, _FAILED = Text("通过", "ok"), Text("失败", "failed")
ALL = "--all"
MUTANTS = "--mutants"
WORKERS = 3
"""One more than the cores of a small machine: a test with processes waits longer than it works, so that of two workers
a third of both cores idled."""
SLOWEST = 20
SUITE = (
    "-n", str(WORKERS), "--dist", "loadfile", "--no-loadscope-reorder", "--ahead", "--durations", str(SLOWEST),
)  # fmt: skip
"""Of the whole suite: a module stays at one worker, in the order of tests/order.py."""
PACKAGES = ("edge", "cloud", "shared", "provisioning", "compose")
CHECKS = (
    ("ruff", ("check", ".")),
    ("mypy", tuple(word for package in PACKAGES for word in ("-p", package))),
    ("lint-imports", ("--no-cache",)),
)
EXIT = {pytest.ExitCode.OK: 0, pytest.ExitCode.USAGE_ERROR: 2, pytest.ExitCode.NO_TESTS_COLLECTED: 2}


def main(arguments: list[str]) -> int:
    """Return 0 if all is well, 1 if a check or a test failed, 2 for wrong use."""
    os.chdir(ROOT)
    _let_bytecode_be_kept()
    if arguments == [DESCRIBE]:
        _own_words().parse_args(arguments)
    if MUTANTS in arguments:
        return subprocess.run((sys.executable, "-m", "tests.mutants", *arguments), check=False).returncode
    if {"-h", "--help"} & set(arguments):
        _say(str(HELP))
    is_suite = arguments in ([], [ALL])
    failed = [name for name, words in CHECKS if not _passes(name, words)] if is_suite else []
    if failed:
        names = ", ".join(failed)
        _say(str(Text(f"检查未通过：{names}；未运行测试", f"checks failed: {names}; no test was run")))
        return 1
    return EXIT.get(pytest.ExitCode(pytest.main([*SUITE, *arguments] if is_suite else arguments)), 1)


def _own_words() -> Parser:
    """Those that are not pytest's, for a shell that completes them."""
    parser = Parser(prog="./ykt test")
    parser.add_argument(ALL, action="store_true", help=Text("不取样", "no sample"))
    parser.add_argument(MUTANTS, metavar="N", help=Text("没有测试发现的小错误", "small mistakes that no test sees"))
    parser.add_argument("words", nargs="*", type=Path, help=Text("pytest 的参数", "words for pytest"))
    return parser


def _let_bytecode_be_kept() -> None:
    """The suite starts some thousand processes of ours; compiling each time would be a third of their start."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False


def _passes(name: str, words: tuple[str, ...]) -> bool:
    began = time.monotonic()
    _say(f"[ .. ] {name}")
    program = Path(sys.executable).with_name(name)
    code = subprocess.run((program, *words), check=False).returncode
    ink, verdict = (Ink.GOOD, _OK) if code == 0 else (Ink.BAD, _FAILED)
    _say(f"[{Inks(sys.stdout, os.environ)(ink, verdict)}] {name} {time.monotonic() - began:.1f} s")
    return code == 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    keep_private()
    speak(wanted(sys.argv[1:], os.environ))
    end(lambda: main(without(sys.argv[1:])))
