"""Bytes overwritten in place, no core, pages locked; tried in a process of its own where it cannot be undone."""

import os
import subprocess
import sys
from pathlib import Path

from provisioning.process.memory import WIPED_LEAST, wipe
from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[3]


def test_wiped_bytes_are_zeros_and_their_neighbours_stay() -> None:
    secrets = [os.urandom(size) for size in range(WIPED_LEAST, 80)]
    kept = [bytes(bytearray(secret)) for secret in secrets]
    for secret in secrets[::2]:
        wipe(secret)
    for n, (secret, before) in enumerate(zip(secrets, kept, strict=True)):
        assert secret == (bytes(len(before)) if n % 2 == 0 else before)


def test_short_bytes_that_the_interpreter_shares_stay() -> None:
    for short in (b"", b"a", b"seven b"):
        before = bytes(bytearray(short))
        wipe(short)
        assert short == before


SCRIPT = """
from provisioning.process.memory import leave_no_core, stay_out_of_swap
leave_no_core()
locked = stay_out_of_swap()
status = dict(line.split(":", 1) for line in open("/proc/self/status").read().splitlines())
assert locked == (int(status["VmLck"].split()[0]) > 0), status["VmLck"]
held = bytearray(1 << 20)
core = [line for line in open("/proc/self/limits") if line.startswith("Max core file size")]
assert core[0].split()[4:6] == ["0", "0"], core
import ctypes
assert ctypes.CDLL(None).prctl(3, 0, 0, 0, 0) == 0, "PR_GET_DUMPABLE"
"""


def test_a_process_leaves_no_core_and_locks_its_pages_or_says_that_it_did_not() -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-c", SCRIPT], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False, timeout=PATIENCE_S,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
