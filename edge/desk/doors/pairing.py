"""What an agent keeps in a private file: its console, its token, and the last order that it began, with its end.

Durable before an order is begun and after it has ended, so that none is done twice. No order's PIN ever stands in it.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field, replace
from pathlib import Path

from edge.files.disk import sync_folder
from shared.errors import StoreFault, WireFault
from shared.input.section import Section
from shared.wire import codec
from shared.wire.desk.line import Ended, Order, parse_ended
from shared.words.refused import why_not
from shared.words.voice import Text

FILE = "agent.json"


@dataclass(frozen=True, slots=True)
class Paired:
    """path: where it is kept. last: the id of the order begun last, empty for none; ended: what became of it. untold:
    the console has not heard that yet."""

    path: Path
    console: str
    name: str
    token: str = field(repr=False)
    last: bytes = b""
    ended: Ended | None = None
    untold: bool = False

    def begun(self, order: Order) -> Paired:
        """Durable on return."""
        return _keep(replace(self, last=order.id, ended=None, untold=False))

    def over(self, ended: Ended) -> Paired:
        """Durable on return; the console has not heard it yet."""
        return _keep(replace(self, last=ended.id, ended=ended, untold=True))

    def told(self) -> Paired:
        """The console has it."""
        return _keep(replace(self, untold=False))


def load(folder: Path) -> Paired | None:
    """What is kept in this folder. StoreFault when it cannot be read."""
    path = folder / FILE
    try:
        row = Section(json.loads(path.read_text(encoding="utf-8")), file=path.name)
        ended = bytes.fromhex(row.take("ended", str))
        return Paired(
            path, row.take("console", str), row.take("name", str), row.take("token", str),
            bytes.fromhex(row.take("last", str)), parse_ended(codec.unpack(ended)) if ended else None,
            row.take("untold", bool),
        )  # fmt: skip
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError, WireFault) as fault:
        raise StoreFault(Text(f"{path}: 无法读取", f"{path}: cannot be read")) from fault


def begin(folder: Path, console: str, name: str, token: str) -> Paired:
    """Paired now, durable on return."""
    return _keep(Paired(folder / FILE, console, name, token))


def _keep(paired: Paired) -> Paired:
    said = {
        "console": paired.console, "name": paired.name, "token": paired.token, "last": paired.last.hex(),
        "ended": codec.pack(paired.ended.to_list()).hex() if paired.ended else "", "untold": paired.untold,
    }  # fmt: skip
    fresh = paired.path.with_suffix(".new")
    try:
        fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(fd, "w", encoding="utf-8") as out:
            json.dump(said, out, ensure_ascii=False)
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(paired.path)
        sync_folder(paired.path.parent)
    except OSError as fault:
        raise StoreFault(f"{paired.path}: {why_not(fault)}") from fault
    return paired
