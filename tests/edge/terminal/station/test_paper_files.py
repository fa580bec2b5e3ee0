"""Papers of a terminal on a disk: whole or as before, whenever the power goes."""

import errno
from pathlib import Path

import pytest

from edge.files.disk import Disk
from edge.terminal.station.paper_files import FOLDER, PaperFiles
from shared.errors import StoreFault


class Full(Disk):
    """Takes nothing."""

    def write(self, fd: int, raw: bytes, offset: int) -> None:
        raise OSError(errno.ENOSPC, "no space left")


def test_what_is_kept_is_there_for_the_next_process(tmp_path: Path) -> None:
    files = PaperFiles(tmp_path)
    assert files.names() == []
    files.keep("one", b"a" * 100)
    files.keep("two", b"b")
    files.keep("one", b"c")
    again = PaperFiles(tmp_path)
    assert (again.names(), again.read("one"), again.read("two")) == (["one", "two"], b"c", b"b")
    assert (tmp_path / FOLDER).stat().st_mode & 0o77 == 0
    assert (tmp_path / FOLDER / "one").stat().st_mode & 0o77 == 0


def test_half_a_write_is_no_paper(tmp_path: Path) -> None:
    files = PaperFiles(tmp_path)
    files.keep("one", b"whole")
    (tmp_path / FOLDER / "one.new").write_bytes(b"ha")
    assert (files.names(), files.read("one")) == (["one"], b"whole")
    files.keep("one", b"newer")
    assert (files.names(), files.read("one")) == (["one"], b"newer")


def test_a_full_disk_leaves_what_was_there(tmp_path: Path) -> None:
    PaperFiles(tmp_path).keep("one", b"whole")
    with pytest.raises(StoreFault):
        PaperFiles(tmp_path, Full()).keep("one", b"newer")
    assert PaperFiles(tmp_path).read("one") == b"whole"
    with pytest.raises(StoreFault):
        PaperFiles(tmp_path).read("two")
