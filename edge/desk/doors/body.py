"""The desk's own body: a terminal of kind `desk`, on a box like any other; its loads are records like any other."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from edge.terminal.settings import settings
from edge.terminal.settings.settings import BodySettings
from edge.terminal.station import running
from edge.terminal.station.station import Station
from edge.terminal.station.wires import Wire
from edge.terminal.taps.display import Display
from shared.clocks.campus_clock import CampusClock
from shared.errors import ConfigFault
from shared.inventory import DeviceKind
from shared.words.voice import Text

JOIN_S = 8.0
TERMINALS, FILE, MATTERS = "terminals", "terminal.json", "desk"


@dataclass(frozen=True, slots=True)
class DeskBody:
    """Which one. folder: its data."""

    folder: Path
    settings: BodySettings

    @property
    def matters(self) -> Path:
        """Where its open matters stand."""
        return self.folder / MATTERS


def find_body(data: Path, name: str) -> DeskBody:
    """The desk of this name, or the only one there is. ConfigFault."""
    if name:
        body = DeskBody(data / TERMINALS / name, settings.load(data / TERMINALS / name / FILE))
        if body.settings.kind is not DeviceKind.DESK:
            raise ConfigFault(Text(f"{name}: 不是卡务台", f"{name}: is no card desk"))
        return body
    paths = sorted((data / TERMINALS).glob(f"*/{FILE}"))
    found = [DeskBody(path.parent, made) for path in paths if (made := settings.load(path)).kind is DeviceKind.DESK]
    if len(found) != 1:
        which = Text("有多个卡务台，请用 --name 指明", "there are several card desks: name one with --name")
        raise ConfigFault(which if found else Text("没有卡务台", "there is no card desk"))
    return found[0]


def wire_of(data: Path, body: DeskBody) -> Wire:
    """The TCP port of its box's edge, as it runs. ConfigFault when it does not."""
    box = json.loads((body.folder / FILE).read_text(encoding="utf-8"))["box"]
    edge = running.edge_of(data, box)
    port = edge.option("--tcp-port") if edge else ""
    if not port:
        raise ConfigFault(Text(f"数据网关 {box} 未运行，不能圈存", f"box {box} is not running: no loads"))
    return Wire(tcp=f"127.0.0.1:{port}")


@asynccontextmanager
async def joined(
    body: DeskBody, wire: Wire, clock: CampusClock, show: Callable[[Display], None]
) -> AsyncIterator[Station]:
    """The body awake and registered, until the block ends. ConfigFault when no epoch comes within JOIN_S, InUse."""
    station = Station(body.folder, wire, clock, show)
    station.start()
    try:
        if not await station.joined(JOIN_S):
            raise ConfigFault(Text("未能联机，不能圈存", "not on line: no loads"))
        yield station
    finally:
        await station.close()
