"""A file that somebody touches as long as he goes on: who else looks at its age knows when he has stopped."""

import time
from pathlib import Path

WATCH_BEAT = "watch.beat"
"""In DATA/cloud: the watch's, after every turn."""


def give_beat(file: Path) -> bool:
    """Touch it; its owner's alone where it is made. False: it cannot be."""
    try:
        file.touch(mode=0o600)
    except OSError:
        return False
    return True


def beat_age_s(file: Path) -> float | None:
    """Seconds since the last one; None: there never was one."""
    try:
        return max(0.0, time.time() - file.stat().st_mtime)
    except OSError:
        return None
