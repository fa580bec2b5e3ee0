"""A part's log: bounded, and never in the way of what is heard."""

import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from compose.output import LOG_BYTES, PartLog


@pytest.fixture
def full_disk() -> Iterator[None]:
    """No file of this process grows beyond 64 bytes while it lasts."""
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    signal.signal(signal.SIGXFSZ, before)


def test_a_full_disk_loses_lines_of_the_log_and_nothing_else(tmp_path: Path, full_disk: None) -> None:
    log = PartLog(tmp_path / "part.log")
    for number in range(10):
        log.write(f"line {number:02} of the part")
    assert log.tail[-1] == "line 09 of the part"
    assert (tmp_path / "part.log").stat().st_size <= 64
    log.close()


def test_a_log_that_is_full_begins_anew(tmp_path: Path) -> None:
    log = PartLog(tmp_path / "part.log")
    for _ in range(LOG_BYTES // 1000 + 2):
        log.write("x" * 999)
    assert (tmp_path / "part.log.1").stat().st_size <= LOG_BYTES
    assert 0 < (tmp_path / "part.log").stat().st_size < 10_000
    log.close()
