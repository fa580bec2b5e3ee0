"""Open matters 未了事项 of a desk: what was begun and not heard to the end, a small file each, durable before the act.

A matter holds the deed's key, so that asking again is the same deed. It is dropped only when its end is known. Bound:
MATTERS_MAX; at it the desk begins nothing new, and says so.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge.files.disk import sync_folder
from shared.errors import StoreFault
from shared.input.section import Section
from shared.wire.desk.calls import KEY_SIZE
from shared.words.refused import why_not
from shared.words.voice import Text

MATTERS_MAX = 64
FORMAT = 1
TOO_MANY = Text("未了事项太多，请先办结（desk settle）", "too many open matters: settle them first (desk settle)")
_ENDING = ".json"


@dataclass(frozen=True, slots=True)
class Matter:
    """kind: a DeskOp that was begun. body: what is needed to go on, JSON values."""

    key: bytes
    kind: str
    body: dict[str, Any] = field(default_factory=dict)


class Matters:
    """Those of one desk, in a folder of its own. StoreFault when it cannot be made durable or read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def begin(self, kind: str, body: dict[str, Any]) -> Matter:
        """A new matter with a new key, durable on return."""
        if len(list(self._files())) >= MATTERS_MAX:
            raise StoreFault(TOO_MANY)
        matter = Matter(os.urandom(KEY_SIZE), kind, body)
        self.keep(matter)
        return matter

    def keep(self, matter: Matter) -> None:
        """Its newest state, durable on return."""
        said = {"format": FORMAT, "key": matter.key.hex(), "kind": matter.kind, "body": matter.body}
        path = self._path(matter.key)
        fresh = path.with_suffix(".new")
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(fd, "w", encoding="utf-8") as out:
                json.dump(said, out, ensure_ascii=False)
                out.flush()
                os.fsync(out.fileno())
            fresh.replace(path)
            sync_folder(self._folder)
        except OSError as fault:
            raise StoreFault(f"{path}: {why_not(fault)}") from fault

    def end(self, matter: Matter) -> None:
        """It is over, and what came of it is known."""
        self._path(matter.key).unlink(missing_ok=True)
        if self._folder.exists():
            sync_folder(self._folder)

    def open(self) -> Iterator[Matter]:
        """All, by key."""
        for path in self._files():
            try:
                row = Section(json.loads(path.read_text(encoding="utf-8")), file=path.name)
            except (OSError, ValueError, RecursionError) as fault:
                raise StoreFault(Text(f"{path}: 无法读取", f"{path}: cannot be read")) from fault
            row.take("format", int)
            yield Matter(row.octets("key", KEY_SIZE), row.take("kind", str), row.take("body", dict))

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob(f"*{_ENDING}"))

    def _path(self, key: bytes) -> Path:
        return self._folder / f"{key.hex()}{_ENDING}"
