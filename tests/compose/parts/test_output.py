"""A part's log: bounded, and never in the way of what is heard."""

import os
import subprocess
import sys
from pathlib import Path

from compose.parts.output import LOG_BYTES, PartLog

ROOT = Path(__file__).parents[3]


_ON_A_FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from compose.parts.output import PartLog
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64))
log = PartLog(Path(sys.argv[1]))
for number in range(10):
    log.write(f"line {number:02} of the part")
print(log.tail[-1])
log.close()
"""
"""In a process of its own: no file of it grows beyond 64 bytes, and what the tests themselves write may be a file."""


def test_a_full_disk_loses_lines_of_the_log_and_nothing_else(tmp_path: Path) -> None:
    log = tmp_path / "part.log"
    done = subprocess.run(
        [sys.executable, "-P", "-c", _ON_A_FULL_DISK, log],
        cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "line 09 of the part\n")
    assert 0 < log.stat().st_size <= 64


def test_a_log_that_is_full_begins_anew(tmp_path: Path) -> None:
    log = PartLog(tmp_path / "part.log")
    for _ in range(LOG_BYTES // 1000 + 2):
        log.write("x" * 999)
    assert (tmp_path / "part.log.1").stat().st_size <= LOG_BYTES
    assert 0 < (tmp_path / "part.log").stat().st_size < 10_000
    log.close()
