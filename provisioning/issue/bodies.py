"""Bodies of a virtual campus on the issuing desk: blank cards and PSAMs as files, put into the reader one at a time.

A body's memory is its two-slot file. A store is not synced each time, as a chip would be: the file is synced when the
body is taken out, before anything is answered for it; a body that a power cut tore is waste, as on a real desk. Files
are NUMBER.card in one folder; finished ones move to done/ or spoiled/. Refuses a file that is in another reader. A body
that is no card any more is fed like others: that it does not answer is for the machine to find, and to write down.
"""

import errno
import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from provisioning.custody.journal import sync_folder
from provisioning.issue.production import Attempt, Lease, Step
from provisioning.issue.work import Body
from shared.errors import ConfigFault, StoreFault
from shared.purse.apdu import CardChannel
from shared.purse.cos.card import UserCard
from shared.purse.errors import CardLost, LayoutError
from shared.records.slot_file import choose, fits, render_initial, render_slot
from shared.words.voice import Text

DONE, SPOILED = "done", "spoiled"


class BodyMemory:
    """A CardMemory over one file, held by a lock. StoreFault when there is no sound image."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            raw = os.pread(self._fd, os.fstat(self._fd).st_size, 0)
            self._newest = choose(raw)
        except BlockingIOError as fault:
            os.close(self._fd)
            raise ConfigFault(Text(f"{path.name}: 在另一台读写器上", f"{path.name}: lies in another reader")) from fault
        except StoreFault as fault:
            os.close(self._fd)
            raise StoreFault(f"{path.name}: {fault}") from fault
        self._capacity = len(raw) // 2

    def load(self) -> bytes:
        return self._newest.body

    def store(self, image: bytes, /) -> None:
        if not fits(image, self._capacity):
            raise StoreFault(
                Text(f"{len(image)} 字节的卡体数据放不进文件", f"an image of {len(image)} bytes does not fit its file")
            )
        slot, generation = 1 - self._newest.slot, self._newest.generation + 1
        os.pwrite(self._fd, render_slot(generation, image), slot * self._capacity)
        self._newest = type(self._newest)(slot, generation, image)

    def close(self) -> None:
        """Out of the reader, durable."""
        os.fsync(self._fd)
        os.close(self._fd)


class DeadBody:
    """In the reader, and no card: it answers nothing."""

    def transmit(self, apdu: bytes, /) -> bytes:  # noqa: ARG002 - a CardChannel
        raise CardLost(Text("卡体无应答", "the body does not answer"))


@contextmanager
def in_reader(path: Path) -> Iterator[BodyMemory]:
    """The memory of a body while it is in the reader."""
    memory = BodyMemory(path)
    try:
        yield memory
    finally:
        memory.close()


def body_path(folder: Path, blank: int) -> Path:
    """The file of a body."""
    return folder / f"{blank:010d}.card"


def new_bodies(folder: Path, blanks: Iterable[int], image: bytes) -> None:
    """New bodies for the stock, durable. One that is there already was made by a run that was cut, and is used."""
    folder.mkdir(exist_ok=True)
    for blank in blanks:
        path = body_path(folder, blank)
        if not path.exists():
            new_body(folder, blank, image)
    os.sync()  # one for all


def new_body(folder: Path, blank: int, image: bytes) -> None:
    """A new body; ConfigFault when there is one of this number."""
    path = body_path(folder, blank)
    made = path.with_suffix(".new")
    if path.exists():
        raise ConfigFault(Text(f"{path.name}: 已有此空白卡", f"{path.name}: there is a body of this number"))
    made.write_bytes(render_initial(image))
    made.rename(path)


class FolderFeeder:
    """Feeds the bodies of one lease from a folder, lowest number first; a used one never again."""

    def __init__(self, folder: Path, lease: Lease) -> None:
        self._folder = folder
        self._lease = lease
        self._memory: BodyMemory | None = None
        self._used: set[int] = set()

    def present(self, blank: int | None) -> Body | None:
        """A Feeder: the next body of the lease, or the one named; None when it is not there."""
        self.clear()
        wanted = blank if blank is not None else self._next()
        if wanted is None or not body_path(self._folder, wanted).exists():
            return None
        self._used.add(wanted)
        return Body(wanted, self._powered(body_path(self._folder, wanted)))

    def _powered(self, path: Path) -> CardChannel:
        try:
            self._memory = BodyMemory(path)
            card = UserCard(self._memory, os.urandom)
            card.power_on()
        except (StoreFault, LayoutError):
            return DeadBody()
        except OSError as fault:
            if fault.errno != errno.EIO:
                raise
            return DeadBody()
        return card

    def clear(self) -> None:
        """Take out what is in the reader."""
        if self._memory is not None:
            self._memory.close()
            self._memory = None

    def take_away(self, attempt: Attempt) -> None:
        """Into the tray of good cards or of waste; nothing when it lies there already."""
        self.clear()
        self._used.add(attempt.blank)
        tray = self._folder / (DONE if attempt.step is Step.DONE else SPOILED)
        path = body_path(self._folder, attempt.blank)
        if path.exists():
            tray.mkdir(exist_ok=True)
            path.rename(tray / path.name)
            sync_folder(tray)

    def _next(self) -> int | None:
        blanks = range(self._lease.blanks.first, self._lease.blanks.last + 1)
        left = (blank for blank in blanks if blank not in self._used and body_path(self._folder, blank).exists())
        return next(left, None)
