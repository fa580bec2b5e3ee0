"""DATA/cloud/parts.json: what the launcher says of the processes that it keeps (docs/status.md), held against /proc.

A word about a process counts while it lives: one that has ended since, or a launcher that was killed, is found so. A
file that is not there or cannot be read says nothing.
"""

import json
from pathlib import Path
from typing import Any

from cloud.watch.services.seen import Part, Parts

FILE = "parts.json"
FORMAT = 1
SIZE_MAX = 4_000_000
_STATE, _BEGAN = 0, 19
"""Fields of /proc/PID/stat, behind the name."""
_GONE = ("Z", "X")


def read_parts(folder: Path) -> Parts | None:
    """The file in the cloud's folder; None: nobody has said anything that can be understood."""
    try:
        with (folder / FILE).open("rb") as opened:
            raw = json.loads(opened.read(SIZE_MAX))
        return _parts(raw) if raw["format"] == FORMAT else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _parts(raw: dict[str, Any]) -> Parts:
    is_running = not raw["ended"] and _lives(int(raw["pid"]), int(raw["began"]))
    of = {str(name): _part(str(name), one, is_running=is_running) for name, one in raw["parts"].items()}
    return Parts(is_running, int(raw["told_ms"]), str(raw["version"]), of)


def _part(name: str, raw: dict[str, Any], *, is_running: bool) -> Part:
    is_alive = is_running and _lives(int(raw["pid"]), int(raw["began"]))
    after, connected = tuple(map(str, raw["after"])), raw["connected"]
    return Part(
        name, str(raw["state"]), is_alive, int(raw["since_ms"]), int(raw["restarts"]), str(raw["why"]), after,
        bool(raw["silent"]), None if connected is None else bool(connected),
    )  # fmt: skip


def _lives(pid: int, began: int) -> bool:
    """Does this very process run, and not another one that was given its number?"""
    if pid <= 0:
        return False
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return False
    return fields[_STATE] not in _GONE and int(fields[_BEGAN]) == began
