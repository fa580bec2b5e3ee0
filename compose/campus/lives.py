"""What the launcher tells of its parts, for whoever asks how the campus is: campus/cloud/parts.json (docs/status.md).

Written when something has changed, whole or not at all; a disk that is full or a folder that is not there yet stops
nothing. A reader holds the process ids against the kernel, so that a launcher that was killed has told no lie.
"""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

from compose.parts.process import began
from compose.parts.supervise import Event, State, Supervisor
from compose.parts.watch import PREFIX, Watch

FILE = "parts.json"
FORMAT = 1
WRITE_S = 0.5
"""Changes within this are told together."""
SILENT_S = 10.0
"""A part that has said STATUS each second and then nothing for so long hangs."""
_NOBODY: dict[str, Any] = {"pid": 0, "began": 0, "after": []}


class Life(NamedTuple):
    """The last step of a part, and how often it died."""

    state: State = State.STARTING
    since_ms: int = 0
    restarts: int = 0
    why: str = ""


class Lives:
    """Hears of every step (`hear`), and keeps the file while the campus runs (`kept`)."""

    def __init__(self, folder: Path, watch: Watch) -> None:
        """folder: the campus's cloud folder, which provisioning makes. watch: hears the parts' STATUS before us."""
        self._file = folder / FILE
        self._watch = watch
        self._heard: dict[str, float] = {}
        self._said: dict[str, tuple[bool, object]] = {}
        self._lives: dict[str, Life] = {}
        self._told: dict[str, dict[str, Any]] = {}
        self._is_new = False

    def hear(self, event: Event) -> None:
        """As the supervisor's on_event."""
        before = self._lives.get(event.name, Life())
        has_died = event.state is State.DIED
        why = event.detail if has_died else before.why
        if event.state is State.STARTING:
            self._heard.pop(event.name, None)
        self._lives[event.name] = Life(event.state, int(time.time() * 1000), before.restarts + has_died, why)
        self._is_new = True

    def hear_line(self, name: str, line: str) -> None:
        """As the supervisor's on_line. Only a part that says STATUS can fall silent."""
        self._watch.hear(name, line)
        if line.startswith(PREFIX):
            self._heard[name] = time.monotonic()

    @asynccontextmanager
    async def kept(self, parts: Supervisor) -> AsyncIterator[None]:
        """The file says how the parts are while the block lasts, and then that the launcher has ended."""
        keeping = asyncio.create_task(self._keep(parts))
        try:
            yield
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
            self.write(None)

    async def _keep(self, parts: Supervisor) -> None:
        while True:
            self._look()
            if self._is_new:
                self._is_new = not self.write(parts)
            await asyncio.sleep(WRITE_S)

    def _look(self) -> None:
        """What a part says each second counts where it is another answer than before."""
        late = time.monotonic() - SILENT_S
        said = {name: (heard < late, self._watch.of(name).get("connected")) for name, heard in self._heard.items()}
        if said != self._said:
            self._said, self._is_new = said, True

    def write(self, parts: Supervisor | None) -> bool:
        """Now; None: the launcher ends. Has it been written?"""
        if parts is not None:
            self._told |= {part.name: _process(parts.pid(part.name), part.after) for part in parts.parts()}
        rows = {name: self._row(name, told if parts else _NOBODY) for name, told in self._told.items()}
        said = {
            "format": FORMAT, "pid": os.getpid(), "began": began(os.getpid()), "ended": parts is None,
            "told_ms": int(time.time() * 1000), "version": _version(), "parts": rows,
        }  # fmt: skip
        return _write_whole(self._file, json.dumps(said))

    def _row(self, name: str, process: dict[str, Any]) -> dict[str, Any]:
        life = self._lives.get(name, Life())
        is_silent, connected = self._said.get(name, (False, None))
        return process | life._asdict() | {"state": life.state.value, "silent": is_silent, "connected": connected}


def _process(pid: int, after: tuple[str, ...]) -> dict[str, Any]:
    return {"pid": pid, "began": began(pid), "after": list(after)}


def _write_whole(file: Path, text: str) -> bool:
    early = file.with_suffix(".new")
    try:
        early.write_text(text, encoding="utf-8")
        early.rename(file)
    except OSError:
        with suppress(OSError):
            early.unlink()
        return False
    return True


def _version() -> str:
    try:
        return version("openykt")
    except PackageNotFoundError:
        return ""
