"""A small file is on disk before anybody hears that it is written."""

import os
import stat
from pathlib import Path

import pytest

from cloud.process.whole_file import write_whole


def test_bytes_then_name_then_folders_are_durable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, synced = tmp_path / "a" / "b" / "file", []
    fsync = os.fsync

    def seen(fd: int) -> None:
        synced.append((os.fstat(fd).st_ino, path.exists()))
        fsync(fd)

    monkeypatch.setattr(os, "fsync", seen)
    write_whole(path, b"whole")
    a, b = path.parent.parent, path.parent
    order = [tmp_path.stat().st_ino, a.stat().st_ino, path.stat().st_ino, b.stat().st_ino]
    assert synced == list(zip(order, [False, False, False, True], strict=True))
    assert path.read_bytes() == b"whole"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["file"]


def test_what_a_killed_writer_left_is_no_hindrance(tmp_path: Path) -> None:
    (tmp_path / "file.new").write_bytes(b"half of somethi")
    write_whole(tmp_path / "file", b"whole")
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [("file", b"whole")]


@pytest.mark.skipif(os.geteuid() != 0, reason="gives files to another user")
def test_what_root_writes_is_the_folders_owners(tmp_path: Path) -> None:
    """A backup's mark is written by root, and the watch, a user of its own, reads it."""
    folder = tmp_path / "cloud"
    folder.mkdir()
    os.chown(folder, 10_006, 10_006)
    write_whole(folder / "mark", b"whole")
    write_whole(folder / "new" / "mark", b"whole")
    for path, mode in ((folder / "mark", 0o600), (folder / "new", 0o700), (folder / "new/mark", 0o600)):
        assert (path.stat().st_uid, stat.S_IMODE(path.stat().st_mode)) == (10_006, mode)
