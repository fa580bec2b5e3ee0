"""What the commands over the watch's file have in common."""

import sys
import time
from contextlib import closing
from pathlib import Path

from cloud.ledger.read.reader import open_reader
from cloud.process.settings import FOLDER, load_settings
from cloud.watch.pushes import Push
from cloud.watch.readings import Fleet, read_fleet
from cloud.watch.store import WatchStore, open_watch
from shared.clocks.campus_clock import WALL
from shared.clocks.clock import time_text
from shared.errors import ConfigFault, YktError
from shared.words.voice import Text


def open_store(data: Path) -> WatchStore:
    """The watch's file of a data folder; made where there is none."""
    return open_watch(load_settings(data).data / FOLDER)


def say(*lines: object) -> None:
    """On standard output."""
    for line in lines:
        sys.stdout.write(f"{line}\n")


def pushed(number: int) -> Text:
    """That one is in force now."""
    return Text(f"● 已生效：第 {number} 次推送", f"● in force: push {number}")


def push_line(one: Push) -> str:
    """One line of a history."""
    return "  ".join(part for part in (str(one.number), moment(one.at_ms), one.who, one.why) if part)


def text_of(file: Path) -> str:
    """What a file says; ConfigFault: it cannot be read."""
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError) as fault:
        raise ConfigFault(Text(f"{file}: 无法读取", f"{file}: cannot be read")) from fault


def moment(at_ms: int) -> str:
    """Unix milliseconds as the campus says it."""
    return time_text(WALL.at(at_ms / 1000))


def fleet_of(data: Path, dsn: str | None) -> Fleet | None:
    """Boxes and terminals of the ledger's; None: it cannot be read."""
    try:
        with closing(open_reader(load_settings(data).books(dsn))) as reader:
            return read_fleet(reader)
    except YktError:
        return None


def now_ms() -> int:
    """Unix milliseconds."""
    return int(time.time() * 1000)
