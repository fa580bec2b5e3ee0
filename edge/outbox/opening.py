"""Opening the outbox of a box: its file, its cap below the disk, and what is done with a file that is beyond repair.

A damaged file is put aside under another name, never deleted, and a new store begins: its terminals send again all
that is not SETTLED, so the two stores of every unposted record hold.
"""

from pathlib import Path
from typing import NamedTuple

from edge.box.values.effects import Snapshot, Trouble
from edge.outbox.ballast import Ballast, room_rows
from edge.outbox.store import OutboxStore, StoreRefusal, connect
from edge.settings import OutboxSetting
from shared.facts.boxes import OutboxReplaced, OutboxShort
from shared.words.voice import Text

FILE, BALLAST = "outbox.db", "ballast.bin"
ROW_BYTES = 400
"""Disk space that a row may take, its index, its log and its deletion included; a purchase takes about 150."""
SPARE_BYTES = 16 << 20
LOG_BYTES = 8 << 20
LOG_ROOM_FACTOR = 8
"""Room for the log, taken at the start where the disk has so many times as much: about what is not folded at most in
a usual lunch. A longer log grows by itself."""
ASIDE_MAX = 100


class Opened(NamedTuple):
    """An outbox that is ready. troubles: what happened at its opening, beside those of the snapshot."""

    store: OutboxStore
    ballast: Ballast
    snapshot: Snapshot
    troubles: tuple[Trouble, ...]


def open_outbox(folder: Path, limits: OutboxSetting, fresh_id: bytes) -> Opened:
    """Open or make the outbox in `folder`; StoreRefusal when the disk does not allow either."""
    ballast = Ballast(folder / BALLAST, limits.ballast_bytes)
    ballast.hold()
    bounded, short = _bounded(folder, limits)
    try:
        store = _store(folder, bounded, fresh_id)
        return Opened(store, ballast, store.snapshot(), short)
    except StoreRefusal as refusal:
        if refusal.reason != "damaged":
            raise
        aside = _put_aside(folder)
    store = _store(folder, bounded, fresh_id)
    return Opened(store, ballast, store.snapshot(), (*short, Trouble(OutboxReplaced(aside.name))))


def _store(folder: Path, limits: OutboxSetting, fresh_id: bytes) -> OutboxStore:
    store = OutboxStore(connect(folder / FILE), limits, fresh_id)
    if room_rows(folder, LOG_BYTES, SPARE_BYTES) >= LOG_ROOM_FACTOR:
        store.reserve_log(LOG_BYTES)
    return store


def _bounded(folder: Path, limits: OutboxSetting) -> tuple[OutboxSetting, tuple[Trouble, ...]]:
    """The cap as configured, or what the disk has room for beside what is there already."""
    there = sum(file.stat().st_size for file in folder.glob(FILE + "*")) // ROW_BYTES
    room = max(1, there + room_rows(folder, ROW_BYTES, SPARE_BYTES))
    if limits.unsettled_max + limits.settled_max <= room:
        return limits, ()
    unsettled = max(1, min(limits.unsettled_max, room // 2))
    settled = max(0, min(limits.settled_max, room - unsettled))
    return OutboxSetting(unsettled, settled, limits.ballast_bytes), (Trouble(OutboxShort(unsettled)),)


def _put_aside(folder: Path) -> Path:
    numbers = (n for n in range(1, ASIDE_MAX) if not (folder / f"{FILE}.damaged-{n}").exists())
    number = next(numbers, None)
    if number is None:
        said = Text(f"这里已有 {ASIDE_MAX} 个损坏的文件", f"{ASIDE_MAX} damaged outbox files stand here already")
        raise StoreRefusal("damaged", said)
    for suffix in ("-wal", "-shm"):
        if (folder / (FILE + suffix)).exists():
            (folder / (FILE + suffix)).rename(folder / f"{FILE}.damaged-{number}{suffix}")
    return (folder / FILE).rename(folder / f"{FILE}.damaged-{number}")
