"""What the commands over the watch's file have in common."""

import sys
from pathlib import Path

from cloud.process.settings import FOLDER, load_settings
from cloud.watch.store import WatchStore, open_watch


def open_store(data: Path) -> WatchStore:
    """The watch's file of a data folder; made where there is none."""
    return open_watch(load_settings(data).data / FOLDER)


def say(*lines: object) -> None:
    """On standard output."""
    for line in lines:
        sys.stdout.write(f"{line}\n")
