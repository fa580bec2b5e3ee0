"""`python -m edge.terminal serve`: a real body, unattended: display, keypad, readers, and the station of all.

It comes up whatever is missing, and says on its display what; without a PSAM it does not begin: it joins nothing and
sells nothing. Ready when the first picture stands; alive while it turns. A display that fails ends it: it would sell
unseen.
"""

import asyncio
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from edge.card.reader.psam import PsamReader
from edge.card.reader.reader import NoCard, Reader
from edge.files.disk import InUse
from edge.life import every, on_signals, say
from edge.terminal.front.beeper import Beeper
from edge.terminal.front.board import Board
from edge.terminal.front.front import Front
from edge.terminal.front.glass import Glass, stated
from edge.terminal.front.keys_file import KeysFile
from edge.terminal.front.picture import View
from edge.terminal.front.spot import Spot
from edge.terminal.settings import settings as terminal_settings
from edge.terminal.settings.settings import BodySettings
from edge.terminal.station.station import Station
from edge.terminal.station.wires import Wire
from edge.terminal.taps.display import Bar, Display
from shared.clocks.campus_clock import CampusClock
from shared.errors import ConfigFault, StoreFault
from shared.purse.effects import drive
from shared.purse.errors import CardLost
from shared.purse.flows.till import open_psam
from shared.purse.outcomes import PsamIdentity
from shared.support.watchdog import Systemd
from shared.words.voice import Text, told_by

ALIVE_S = 1.0
AGAIN_S = 2.0
"""What is missing is looked for again after this."""
IDLE_S, WAITING_S = 0.2, 0.05
"""A turn while nobody is expected, and while a card is."""
NO_PSAM = Text("没有安全模块", "no PSAM")
NO_NAME = Text("本机未设置：没有终端名", "this body is not set up: it has no name")


@dataclass(frozen=True, slots=True)
class FrontOptions:
    """size: of a display that is a file; empty: the framebuffer says it. keypad, beeper None and reader '': none."""

    data: Path
    name: str
    wire: Wire
    clock: CampusClock
    screen: Path
    size: str
    keypad: Path | None
    beeper: Path | None
    reader: str
    psam_reader: str
    clock_set: bool
    shows: bool


async def serve(options: FrontOptions) -> int:
    """The exit code. ConfigFault: there is no display that could say what is wrong."""
    glass = Glass(options.screen, stated(options.size) if options.size else None)
    life = _Life(options, Board(glass, Beeper(options.beeper)))
    return await life.run()


class _Life:
    """One life."""

    def __init__(self, options: FrontOptions, board: Board) -> None:
        self._options, self._board = options, board
        self._systemd = Systemd(os.environ)
        self._stop, self._closing = asyncio.Event(), asyncio.Event()
        self._turns = 0
        self._said = ""
        self._spot = Spot(Reader(options.reader)) if options.reader else None
        self._psam = PsamReader(Reader(options.psam_reader)) if options.psam_reader else None

    async def run(self) -> int:
        on_signals(self._stop, self._closing)
        self._why(Text("正在启动", "starting"))
        self._systemd.ready()
        say(f"READY {self._options.name}")
        alive = asyncio.create_task(every(ALIVE_S, self._stop, self._alive), name="alive")
        try:
            await self._lives()
        finally:
            self._stop.set()
            await alive
            self._close()
        return 0

    async def _lives(self) -> None:
        """Begin as soon as nothing is missing; anew where a PSAM failed at power-on."""
        while not self._stop.is_set():
            try:
                await self._sell(self._checked())
            except (ConfigFault, InUse, StoreFault) as fault:
                self._why(told_by(fault))
                self._turns += 1
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stop.wait(), AGAIN_S)

    def _checked(self) -> BodySettings:
        """The body's settings, once its PSAM answers. ConfigFault: it cannot begin."""
        if not self._options.name:
            raise ConfigFault(NO_NAME)
        folder = self._folder
        settings = terminal_settings.load(folder / "terminal.json")
        if self._psam is None and not (folder / "psam.bin").exists():
            raise ConfigFault(NO_PSAM)
        if self._psam is not None:
            _require_psam(self._psam)
        return settings

    @property
    def _folder(self) -> Path:
        return self._options.data / "terminals" / self._options.name

    async def _sell(self, settings: BodySettings) -> None:
        """Until it is told to end. ConfigFault, StoreFault: it cannot begin."""
        options = self._options
        station = Station(
            self._folder, options.wire, options.clock, self._show, clock_set=options.clock_set, psam=self._psam
        )
        till = Front(station, self._spot, self._board)
        keys = KeysFile(options.keypad, till.key) if options.keypad else None
        if keys is not None:
            till.forget_keys = keys.drop
        try:
            self._board.put(till.view())
            station.start()
            if station.firmware.body.fault is Bar.PSAM:
                raise ConfigFault(NO_PSAM)
            self._tell(f"SERVING {settings.name}")
            await self._turn(station, till, keys)
        finally:
            if keys is not None:
                keys.close()
            await station.close()
        trouble = station.died()
        if trouble is not None:
            raise trouble

    async def _turn(self, station: Station, till: Front, keys: KeysFile | None) -> None:
        while not self._stop.is_set() and station.died() is None:
            if keys is not None:
                keys.look()
                till.has_keypad = keys.is_there
            if self._closing.is_set():
                self._closing.clear()
                station.firmware.stop(station.now())
            till.moved.clear()
            await till.beat()
            self._turns += 1
            await self._rest(till)

    async def _rest(self, till: Front) -> None:
        """Until a key, the end, or the next turn."""
        waits = [asyncio.create_task(till.moved.wait()), asyncio.create_task(self._stop.wait())]
        seconds = WAITING_S if till.is_waiting else IDLE_S
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for task in waits:
            task.cancel()

    def _show(self, what: Display) -> None:
        self._board.show(what)
        if self._options.shows:
            say(f"DISPLAY {what.face} {what.title.zh} / {what.title.en}")

    def _why(self, why: Text) -> None:
        """On the display, and once in the log."""
        self._board.put(View(name=self._options.name, why=why))
        self._tell(f"WAITING {why.zh} / {why.en}")

    def _tell(self, line: str) -> None:
        if line != self._said:
            self._said = line
            say(line)

    def _alive(self) -> bool:
        self._systemd.alive({"turns": self._turns})
        return True

    def _close(self) -> None:
        self._systemd.ending()
        if self._spot is not None:
            self._spot.close()
        if self._psam is not None:
            self._psam.close()
        self._board.close()


def _require_psam(psam: PsamReader) -> None:
    """ConfigFault, with what its reader says."""
    try:
        psam.transmit(b"\x00\xb0\x96\x00\x06")
    except NoCard as none:
        why = none.why.value
        raise ConfigFault(Text(f"{NO_PSAM.zh}：{why.zh}", f"{NO_PSAM.en}: {why.en}")) from none
    except CardLost as lost:
        raise ConfigFault(NO_PSAM) from lost
    if not isinstance(drive(open_psam(), psam=psam), PsamIdentity):
        raise ConfigFault(NO_PSAM)
