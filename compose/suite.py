"""`./ykt test`: the checks that read the code, then the tests; pytest's closing line is the last line.

With arguments pytest alone runs, in the checkout. If a check fails, the others still run, but no test does.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from compose.verbs import ROOT

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
