"""A spare body takes a broken one's place: what a person does with a screwdriver, for bodies that are folders.

The PSAM moves from the broken body into the spare, which keeps its own number and key, and is wired, named to the
customer and limited as the broken one was. Refuses bodies of another kind or box, and one that runs. May be said again.
"""

import json
import os
from contextlib import closing
from pathlib import Path
from typing import Any

from edge.files.disk import sync_folder
from edge.terminal.settings import settings
from edge.terminal.station.address_file import FILE as ADDRESS
from edge.terminal.station.flash_file import FileFlash
from shared.errors import ConfigFault, StoreFault
from shared.words.refused import why_not
from shared.words.voice import Text

SETTINGS, PSAM, FLASH = "terminal.json", "psam.bin", "flash.bin"
OWN = ("name", "device", "key", "key_version")
"""What is a body's own; all else belongs to the place."""


def adopt(data: Path, spare: str, broken: str) -> Text:
    """What the person is told. ConfigFault, StoreFault; then the PSAM is where it was."""
    ours, theirs = data / "terminals" / spare, data / "terminals" / broken
    own, place = _read(ours), _read(theirs)
    for key in ("kind", "box"):
        if own.get(key) != place.get(key):
            raise ConfigFault(
                Text(f"{spare}: {key} 与 {broken} 的不同", f"{spare}: its {key} differs from that of {broken}")
            )
    if not (theirs / PSAM).exists():
        return _done(spare, broken, moved=(ours / PSAM).exists())
    if (ours / PSAM).exists():
        raise ConfigFault(Text(f"{spare}: 已有 PSAM", f"{spare}: has a PSAM already"))
    for folder in (ours, theirs):
        _require_rest(folder)
    (ours / ADDRESS).unlink(missing_ok=True)  # of where it was before; the box says the one of the place
    _write(ours, place | {key: own[key] for key in OWN})
    (theirs / PSAM).rename(ours / PSAM)
    for folder in (theirs, ours):
        sync_folder(folder)
    return _done(spare, broken, moved=True)


def _done(spare: str, broken: str, *, moved: bool) -> Text:
    if not moved:
        raise ConfigFault(Text(f"{broken}: 没有 PSAM 可移", f"{broken}: has no PSAM to be moved"))
    return Text(
        f"PSAM 已从 {broken} 移入 {spare}；接原线路、原地址开机即可",
        f"The PSAM has moved from {broken} into {spare}: switch it on, on the same line and address",
    )


def _read(folder: Path) -> dict[str, Any]:
    settings.load(folder / SETTINGS)
    found: dict[str, Any] = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
    return found


def _require_rest(folder: Path) -> None:
    """A body that runs holds its flash."""
    if (folder / FLASH).exists():
        with closing(FileFlash(folder / FLASH, 0)):
            return


def _write(folder: Path, raw: dict[str, Any]) -> None:
    """Whole or not at all."""
    early = folder / f".{SETTINGS}.new"
    try:
        fd = os.open(early, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(fd, "w", encoding="utf-8") as file:
            file.write(json.dumps(raw, ensure_ascii=False, indent=1) + "\n")
            file.flush()
            os.fsync(file.fileno())
        settings.load(early)
        early.rename(folder / SETTINGS)
    except OSError as fault:
        raise StoreFault(f"{folder / SETTINGS}: {why_not(fault)}") from fault
