"""`python -m edge.terminal run`: one terminal as a process, with its customers or its script, until it is told to end.

READY when it has booted; STATUS each second; SIGUSR1 stops selling, settles torn cards and drains; SIGTERM ends in
order. Killed, it goes on at the next start where its files stand.
"""

import asyncio
import logging
from dataclasses import dataclass, replace
from json import dumps
from pathlib import Path

from edge.files.deck import Deck, operators_of
from edge.life import end_with_stdin, every, on_signals, say
from edge.terminal.firmware.firmware import QUIET_S
from edge.terminal.play.customers import Customers, Habits
from edge.terminal.play.phones import read_phones
from edge.terminal.play.player import Player
from edge.terminal.play.script import Progress, read_script
from edge.terminal.station.figures import status
from edge.terminal.station.settling import settle_all
from edge.terminal.station.station import Station
from edge.terminal.station.wires import Wire
from edge.terminal.taps.display import Display
from shared.clocks.campus_clock import CampusClock

log = logging.getLogger(__name__)

STATUS_S = 1.0


@dataclass(frozen=True, slots=True)
class RunOptions:
    """data: the data folder; name: the terminal. habits None and script None: nobody comes, it only drains."""

    data: Path
    name: str
    wire: Wire
    clock: CampusClock
    habits: Habits | None
    script: Path | None
    clock_set: bool
    ends_with_stdin: bool
    shows: bool
    quiet_s: float = QUIET_S
    phones: Path | None = None


async def run(options: RunOptions) -> int:
    """The exit code. ConfigFault or StoreFault when it cannot start; the link's own defect when it dies of one."""
    folder = options.data / "terminals" / options.name
    show = _print_display if options.shows else _keep_quiet
    station = Station(folder, options.wire, options.clock, show, clock_set=options.clock_set, quiet_s=options.quiet_s)
    return await _Process(options, station, Deck(options.data)).run(folder)


class _Process:
    """Tasks and events of one life."""

    def __init__(self, options: RunOptions, station: Station, deck: Deck) -> None:
        self._options = options
        self._station = station
        self._deck = deck
        self._stop = asyncio.Event()
        self._closing = asyncio.Event()
        self._over = asyncio.Event()
        """Set when nobody else may come: closing or stopping."""
        self._settled = False

    async def run(self, folder: Path) -> int:
        on_signals(self._stop, self._closing)
        if self._options.ends_with_stdin:
            end_with_stdin(self._stop)
        self._station.start()
        work = asyncio.create_task(self._work(folder), name="people")
        say(f"READY {self._options.name}")
        telling = asyncio.create_task(every(STATUS_S, self._stop, self._tell), name="status")
        over = asyncio.create_task(self._end_visits(), name="closing")
        await self._stop.wait()
        self._over.set()
        await asyncio.gather(work, telling, over)
        await self._station.close()
        self._tell()
        trouble = self._station.died()
        if trouble is not None:
            raise trouble
        return 0

    async def _end_visits(self) -> None:
        """Closing or stopping: whichever comes first ends the visits."""
        waits = [asyncio.create_task(event.wait()) for event in (self._stop, self._closing)]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for task in waits:
            task.cancel()
        self._over.set()

    async def _work(self, folder: Path) -> None:
        """The people, then the closing."""
        try:
            await self._visits(folder)
            if not self._stop.is_set():
                await self._close_shop()
        except Exception:
            self._stop.set()
            raise

    async def _visits(self, folder: Path) -> None:
        options = self._options
        phones = {} if options.phones is None else read_phones(options.phones)
        if options.script is not None:
            lines, progress = read_script(options.script), Progress(folder, options.script)
            operators = operators_of(options.data)
            player = Player(self._station, self._deck, lines, progress, self._over, operators, phones)
            await player.play(options.clock)
        elif options.habits is not None:
            habits = replace(options.habits, phones=tuple(phones.values()))
            await Customers(self._station, self._deck, habits, self._over).come()
        else:
            await self._over.wait()

    async def _close_shop(self) -> None:
        if self._closing.is_set():
            self._station.firmware.stop(self._station.now())
        await settle_all(self._station, self._deck, self._stop)
        self._settled = True

    def _tell(self) -> bool:
        station = self._station
        if station.died() is not None:
            return False
        drained = self._settled and station.firmware.is_drained
        said = status(station.firmware, station.figures, station.shown.total, station.shown.run, drained=drained)
        return say("STATUS " + dumps(said, ensure_ascii=False))


def _print_display(what: Display) -> None:
    say(f"DISPLAY {what.face} {what.title.zh} / {what.title.en}")


def _keep_quiet(what: Display) -> None:
    log.debug("%s", what.face)
