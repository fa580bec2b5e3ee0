"""`./ykt test`: the checks that read the code, then the tests; pytest's closing line is the last line.

With arguments pytest alone runs, in the checkout. If a check fails, the others still run, but no test does.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from compose.place import ROOT

HELP = """\
用法 usage: ./ykt test [PYTEST ARGS]

不带参数：ruff、mypy、导入约定，然后全部测试；带参数时只跑 pytest，下面是它的选项。
Without arguments ruff, mypy and the import contracts, then every test; with arguments pytest alone: its options are
these.

退出码 exit codes: 0 全部通过 all passed · 1 有失败 something failed · 2 用法不对，或没有测试 wrong use, or no test
"""
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
    if {"-h", "--help"} & set(arguments):
        _say(HELP)
    failed = [] if arguments else [name for name, words in CHECKS if not _passes(name, words)]
    if failed:
        names = ", ".join(failed)
        _say(f"检查未通过：{names}；未运行测试 / checks failed: {names}; no test was run")
        return 1
    return EXIT.get(pytest.ExitCode(pytest.main(arguments)), 1)


def _passes(name: str, words: tuple[str, ...]) -> bool:
    began = time.monotonic()
    _say(f"[ .. ] {name}")
    program = Path(sys.executable).with_name(name)
    code = subprocess.run((program, *words), check=False).returncode
    _say(f"[{'通过 ok' if code == 0 else '失败 failed'}] {name} {time.monotonic() - began:.1f} s")
    return code == 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
