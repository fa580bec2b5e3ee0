"""Makes a whole data folder or nothing: everything is written beside it, synced, and renamed into place at the end.

A killed run leaves only `.NAME.making`, which holds no running campus and which the next run removes. Refuses a
folder that is not empty, and one that another run is making now.
"""

import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from provisioning.campus.file import File
from provisioning.custody.journal import sync_folder, write_private
from shared.errors import ConfigFault
from shared.words.voice import Text


class FolderInUse(ConfigFault):
    """Happens when there is something in the folder already, or somebody else is making it."""


def make_folder(target: Path, files: Iterable[File]) -> None:
    """Write all files and give them to `target`, in one step, all of it its owner's alone. FolderInUse, OSError."""
    target = target.resolve()
    require_empty(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    with _making(target.with_name(f".{target.name}.making")) as making:
        _write_all(making, files)
        os.sync()  # one for all: a sync per file takes minutes for six thousand cards
        require_empty(target)
        making.rename(target)
        sync_folder(target.parent)


def write_into(target: Path, files: Iterable[File]) -> None:
    """Each file whole or as it was, in the order given; all of them durable when this returns. OSError.

    A file that has other rights than its owner's keeps them.
    """
    for file in files:
        path = target / file.path
        if path.exists():
            mode = path.stat().st_mode & 0o777
            write_private(path, file.body)
            path.chmod(mode)
            continue
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = path.with_name(f".{path.name}.new")
        made.unlink(missing_ok=True)
        _write(made, file.body)
        made.rename(path)
    os.sync()  # one for all that are new


def require_empty(target: Path) -> None:
    """FolderInUse unless `target` is missing or an empty folder."""
    if target.is_dir():
        if next(target.iterdir(), None) is None:
            return
        raise FolderInUse(Text(f"{target}: 数据目录不是空的", f"{target}: the data folder is not empty"))
    if target.exists():
        raise FolderInUse(Text(f"{target}: 不是目录", f"{target}: not a folder"))


@contextmanager
def _making(folder: Path) -> Iterator[Path]:
    """The folder beside, ours alone and empty; it goes away again when the making fails."""
    folder.mkdir(mode=0o700, exist_ok=True)
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        _claim(folder, lock)
        _remove_content(folder)
        try:
            yield folder
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
    finally:
        os.close(lock)


def _claim(folder: Path, lock: int) -> None:
    busy = FolderInUse(Text(f"{folder}: 另一个程序正在生成", f"{folder}: another run is making it"))
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as fault:
        raise busy from fault
    # the other run may have renamed it into place between our open and our lock
    if not folder.exists() or not os.path.samestat(folder.stat(), os.fstat(lock)):
        raise busy


def _remove_content(folder: Path) -> None:
    for left in folder.iterdir():
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left)
        else:
            left.unlink()


def _write_all(folder: Path, files: Iterable[File]) -> None:
    made = {folder}
    for file in files:
        path = folder / file.path
        if path.parent not in made:
            path.parent.parent.mkdir(mode=0o700, exist_ok=True)
            path.parent.mkdir(mode=0o700, exist_ok=True)
            made.add(path.parent)
        _write(path, file.body)


def _write(path: Path, body: bytes) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "wb", buffering=0) as out:
        out.write(body)
