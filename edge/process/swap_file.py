"""BOX/swaps.json: the swap orders 换机单 that stand at a box, written by its command and read by the running box.

Whole or not there: a new one is written beside it and renamed into place, by one command at a time. Refuses a file that
is none, by name.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from edge.settings import SPARES_MAX, SwapOrder
from shared.clocks.clock import MAX_SECONDS
from shared.errors import ConfigFault
from shared.ids import device_id
from shared.input.section import Section, from_json
from shared.wire.messages import WHO_MAX
from shared.words.refused import why_not
from shared.words.voice import Text

FILE = "swaps.json"
FORMAT = 1


def read_orders(folder: Path) -> tuple[SwapOrder, ...]:
    """Those that stand; ConfigFault when the file cannot be read or is none."""
    file = folder / FILE
    try:
        raw = file.read_bytes()
    except FileNotFoundError:
        return ()
    except OSError as fault:
        why = why_not(fault)
        raise ConfigFault(Text(f"{file}: 无法读取：{why}", f"{file}: cannot be read: {why}")) from fault
    top = Section(from_json(raw, str(file)), file=FILE)
    if top.take("format", int) != FORMAT:
        raise ConfigFault(Text(f"{FILE}: format: 只认识 {FORMAT}", f"{FILE}: format: only {FORMAT} is known"))
    orders = tuple(_order(row) for row in top.rows("orders", SPARES_MAX))
    top.done()
    return orders


@contextmanager
def changing(folder: Path) -> Iterator[tuple[SwapOrder, ...]]:
    """Those that stand; no other command changes them meanwhile. ConfigFault while one does, or as `read_orders`."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as fault:
            where = folder / FILE
            raise ConfigFault(
                Text(f"{where}: 另一个命令正在修改，请再试", f"{where}: another command is changing it, try again")
            ) from fault
        yield read_orders(folder)
    finally:
        os.close(fd)


def write_orders(folder: Path, orders: Sequence[SwapOrder]) -> None:
    """Durable on return; inside `changing`. ConfigFault when the folder takes nothing."""
    rows = [
        {"spare": one.spare.hex(), "broken": one.broken.hex(), "who": one.who, "at_s": one.at_s} for one in orders
    ]
    text = json.dumps({"format": FORMAT, "orders": rows}, ensure_ascii=False, indent=1) + "\n"
    early = folder / f".{FILE}.new"
    try:
        early.unlink(missing_ok=True)  # a killed command's
        fd = os.open(early, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(fd, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        early.rename(folder / FILE)
        _sync(folder)
    except OSError as fault:
        where, why = folder / FILE, why_not(fault)
        raise ConfigFault(Text(f"{where}: 无法写入：{why}", f"{where}: cannot be written: {why}")) from fault


class OrderWatch:
    """Looks whether the orders have changed since they were read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: tuple[int, int] | None = None

    def changed(self) -> bool:
        """Is there another file, or none any more, since the last look?"""
        try:
            stat = (self._folder / FILE).stat()
            now: tuple[int, int] | None = stat.st_ino, stat.st_mtime_ns
        except OSError:
            now = None
        changed, self._seen = now != self._seen, now
        return changed


def _order(row: Section) -> SwapOrder:
    order = SwapOrder(
        device_id(row.octets("spare", 6)), device_id(row.octets("broken", 6)), row.take("who", str),
        row.within("at_s", 0, MAX_SECONDS),
    )  # fmt: skip
    row.done()
    if not 0 < len(order.who) <= WHO_MAX or not order.who.isprintable():
        key = row.name("who")
        raise ConfigFault(Text(f"{key}: 应为 1..{WHO_MAX} 个字", f"{key}: must be 1..{WHO_MAX} characters"))
    return order


def _sync(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
