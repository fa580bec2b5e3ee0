"""One launcher per data folder: an exclusive lock that lasts until the last part of the launcher has ended.

The lock's descriptor is handed to the leash, so a launcher killed by force still locks the folder while its parts
end; the next one waits for that, bounded, and refuses a folder in which a launcher lives.
"""

import fcntl
import os
import time
from pathlib import Path

from compose.parts.leash import ALL_END_S
from compose.parts.process import lives
from compose.place import make_passable
from shared.words.refused import why_not
from shared.words.voice import Text

END_WAIT_S = ALL_END_S + 3.0
POLL_S = 0.05


class FolderInUse(Exception):
    """Another launcher works in this data folder: wrong use, exit code 2."""

    exit_code = 2

    def __init__(self, folder: Path, owner: int) -> None:
        """Say which folder, and whose."""
        super().__init__(
            Text(
                f"数据目录正在使用：{folder}（进程 {owner}）。请先结束它，或用 --data 另选目录。",
                f"Data folder in use: {folder} (process {owner}). End that one first, or choose another with --data.",
            )
        )


class FolderUnusable(Exception):
    """A data folder that cannot be made or written: wrong use, exit code 2."""

    exit_code = 2

    def __init__(self, folder: Path, fault: OSError) -> None:
        """Say which folder, and why."""
        why = f"{fault.filename or folder}: {why_not(fault)}"
        super().__init__(
            Text(
                f"数据目录 {folder} 不能用：{why}。请用 --data 另选可写的目录。",
                f"The data folder {folder} cannot be used: {why}. Choose one that can be written with --data.",
            )
        )


class Hold:
    """The lock on a data folder. `fd` goes to the leash; leave the `with` block to give the folder free."""

    def __init__(self, folder: Path, fd: int) -> None:
        """Take over the locked descriptor."""
        self.folder = folder
        self.fd = fd

    def __enter__(self) -> "Hold":
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Give the folder free (the leash may keep it a little longer)."""
        os.close(self.fd)


def hold(folder: Path) -> Hold:
    """Make `folder` if it is not there and lock it for this process. Raises FolderInUse, FolderUnusable."""
    try:
        make_passable(folder)
        fd = os.open(folder / "launcher.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as fault:
        raise FolderUnusable(folder, fault) from fault
    try:
        _lock(folder, fd)
        os.ftruncate(fd, 0)
        os.pwrite(fd, b"%d\n" % os.getpid(), 0)
    except OSError as fault:
        os.close(fd)
        raise FolderUnusable(folder, fault) from fault
    except BaseException:
        os.close(fd)
        raise
    return Hold(folder, fd)


def _lock(folder: Path, fd: int) -> None:
    last = time.monotonic() + END_WAIT_S
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = _owner(fd)
            if lives(owner) or time.monotonic() > last:
                raise FolderInUse(folder, owner) from None
            time.sleep(POLL_S)  # its launcher was killed: the leash is ending its parts
        else:
            return


def _owner(fd: int) -> int:
    text = os.pread(fd, 20, 0).strip()
    return int(text) if text.isdigit() else 0
