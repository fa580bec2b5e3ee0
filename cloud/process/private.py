"""Whose the cloud's files are."""

import os
from pathlib import Path

from shared.errors import ConfigFault
from shared.words.voice import Text


def keep_private() -> None:
    """What this process makes from now on, files, folders and sockets, is its owner's alone. Each process of ours."""
    os.umask(0o077)


def read_private(file: Path, most: int = -1) -> bytes:
    """A file with secrets, or the first `most` bytes of it. ConfigFault where others may read it; OSError."""
    with file.open("rb") as opened:
        if os.fstat(opened.fileno()).st_mode & 0o077:
            name = file.name
            raise ConfigFault(Text(f"{name}: 他人可读，须为 0600", f"{name}: others may read it, it must be 0600"))
        return opened.read(most)
