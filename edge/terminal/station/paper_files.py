"""Papers of a terminal as files in its folder: written beside, synced, renamed."""

import os
from pathlib import Path

from edge.files.disk import Disk, sync_folder
from shared.errors import StoreFault
from shared.words.refused import why_not

FOLDER = "documents"
_NEW = ".new"


class PaperFiles:
    """DATA/terminals/NAME/documents. What a power cut left half written is not listed, and is written over."""

    def __init__(self, folder: Path, disk: Disk | None = None) -> None:
        self._folder = folder / FOLDER
        self._disk = disk or Disk()

    def names(self) -> list[str]:
        """StoreFault when the folder cannot be read."""
        try:
            return sorted(path.name for path in self._folder.iterdir() if path.suffix != _NEW)
        except FileNotFoundError:
            return []
        except OSError as fault:
            raise StoreFault(f"{self._folder}: {why_not(fault)}") from fault

    def read(self, name: str) -> bytes:
        """StoreFault when it cannot be read."""
        try:
            return (self._folder / name).read_bytes()
        except OSError as fault:
            raise StoreFault(f"{self._folder / name}: {why_not(fault)}") from fault

    def keep(self, name: str, raw: bytes) -> None:
        """Durable when it returns; StoreFault leaves what was there."""
        fresh = self._folder / (name + _NEW)
        try:
            if not self._folder.is_dir():
                self._folder.mkdir(mode=0o700)
                sync_folder(self._folder.parent)
            fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            try:
                self._disk.write(fd, raw, 0)
                self._disk.sync(fd)
            finally:
                os.close(fd)
            fresh.rename(self._folder / name)
            sync_folder(self._folder)
        except OSError as fault:
            raise StoreFault(f"{self._folder / name}: {why_not(fault)}") from fault
