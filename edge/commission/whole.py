"""What a signed sheet says beside the lines: terminals that answered, clock, disk, versions. Gathered here, once."""

import os
import platform
import shutil
import tempfile
import time
from collections.abc import Iterable, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

from edge.settings import BoxSettings

SYNCS = 20
FORMAT = 1
NOT_MEASURED = "not-measured"


class Clock(NamedTuple):
    """Unix seconds now; whether the box believes them; how far the platform's are ahead, None: it was not asked."""

    unix_s: int
    is_trusted: bool
    platform_ahead_s: float | None


def content_of(
    settings: BoxSettings, lines: Sequence[dict[str, Any]], heard: Iterable[int], clock: Clock, who: str
) -> dict[str, Any]:
    """All of it. lines: as bus_json has them, each of one link; heard: addresses that were heard on those."""
    measured = {line["link"]: line for line in lines}
    rest = [{"link": one.name, "kind": one.kind.value, "judged": NOT_MEASURED}
            for one in settings.links if one.name not in measured]  # fmt: skip
    return {
        "format": FORMAT, "box": settings.box, "campus": settings.campus, "demo": settings.demo, "who": who,
        "at": clock.unix_s, "lines": [*lines, *rest], "terminals": terminals_of(settings, measured, set(heard)),
        "clock": clock._asdict(), "disk": _disk(settings.folder), "versions": _versions(),
    }  # fmt: skip


def terminals_of(settings: BoxSettings, measured: Iterable[str], heard: set[int]) -> dict[str, list[str]]:
    """Names: who was heard on the measured lines, who was not, and who stands on a line that nobody measured."""
    found: dict[str, list[str]] = {"answered": [], "silent": [], "not-asked": []}
    lines = set(measured)
    for one in settings.terminals:
        where = "not-asked" if one.link not in lines else "answered" if one.address in heard else "silent"
        found[where].append(one.name)
    return found


def _disk(folder: Path) -> dict[str, float]:
    """Free bytes, and how long a sync takes: a card that is worn out is slow before it is dead."""
    times = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(SYNCS):
            file.write(bytes(4096))
            file.flush()
            began_s = time.perf_counter()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - began_s)
    return {"free_bytes": shutil.disk_usage(folder).free, "sync_ms_worst": round(max(times) * 1000, 1)}


def _versions() -> dict[str, str]:
    try:
        own = metadata.version("openykt")
    except metadata.PackageNotFoundError:
        own = "checkout"
    return {"openykt": own, "python": platform.python_version(), "kernel": platform.release(),
            "machine": platform.machine()}  # fmt: skip
