"""A terminal as a process part: firmware, files, link and event loop put together. One tap at a time.

Composition only: what a tap does is the firmware's; what a link is, is the link's. A tap blocks the loop for the time
of its syncs, as a body with one processor does.
"""

import asyncio
import os
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from edge.files.disk import Disk
from edge.files.memory import FileMemory
from edge.link.broadcast import Answer, Down, HearsBroadcasts
from edge.link.port import CanLeave, OnBus, TerminalLink
from edge.terminal.firmware.firmware import QUIET_S, Firmware
from edge.terminal.settings import settings as terminal_settings
from edge.terminal.station.figures import Figures
from edge.terminal.station.flash_file import FileFlash
from edge.terminal.station.paper_files import PaperFiles
from edge.terminal.station.shown import ShownLog
from edge.terminal.station.slot_file import FileSlot
from edge.terminal.station.tapping import Counter, Tapping, run_through
from edge.terminal.station.wires import Wire, open_link
from edge.terminal.store.clock import Now
from edge.terminal.store.flash import Flash, flash_size, format_flash, is_blank
from edge.terminal.taps.display import Display
from edge.terminal.taps.steps import End, Result, Tap
from shared.clocks.campus_clock import CampusClock
from shared.errors import StoreFault
from shared.ids import StorageId
from shared.online import ORDER_MEANS
from shared.purse.apdu import CardChannel
from shared.purse.cos.psam import Psam

MESSAGES_MAX = 256
"""Messages that wait for the link; at the bound new ones are lost, and their senders' time-outs repeat them."""
LAST_WORDS_S = 0.5
"""How long an orderly end waits for its last messages to leave."""
BUSY_S = 0.02
"""A link that takes nothing is asked again after this; the message is lost, as on a wire."""
BUS_S = 0.5
"""So often the controller's errors are looked at; a link adds them up in between."""
TOLD_S = 0.2
"""So long after a display its mark in the shown log is durable, unless the next tap's line takes it along before."""


class Station:
    """One body. `show` hears of every display. Construct inside a running loop."""

    def __init__(
        self,
        folder: Path,
        wire: Wire,
        clock: CampusClock,
        show: Callable[[Display], None],
        *,
        clock_set: bool = True,
        disk: Disk | None = None,
        psam: CardChannel | None = None,
        quiet_s: float = QUIET_S,
    ) -> None:
        """psam: one in a reader, for the body's own psam.bin. quiet_s: so long after the last card new firmware is
        begun. ConfigFault or StoreFault when the body cannot start."""
        self.disk = disk or Disk()
        self.settings = terminal_settings.load(folder / "terminal.json")
        self.link: TerminalLink = open_link(wire, self.settings, folder)
        self.shown = ShownLog(folder / "shown.log", self.disk)
        self.figures = Figures()
        self.is_cut = False
        self.restarts = 0
        self._clock = clock
        self._clock_set = clock_set
        self._quiet_s = quiet_s
        self._folder = folder
        self._rtc_from = int(clock.at(time.time())) if not clock_set else 0
        self._port = _flash_port(folder, self.settings.ring_slots, self.disk)
        self._psam_memory = None if psam is not None else _psam_memory(folder, self.disk)
        if self._psam_memory is not None:
            psam = _powered(self._psam_memory)
        self._show = show
        self.counter = Counter(psam, self.shown.append, self._tell)
        self.firmware = self._powered_on()
        self._is_wire_up = False
        self._messages: deque[bytes] = deque(maxlen=MESSAGES_MAX)
        self._more = asyncio.Event()
        self._sent = asyncio.Event()
        self._moved = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._told_timer: asyncio.TimerHandle | None = None
        self._tasks: list[asyncio.Task[None]] = []

    def now(self) -> Now:
        """Monotonic and RTC time."""
        campus_s = self._clock.at(time.time())
        return Now(asyncio.get_running_loop().time(), campus_s - self._rtc_from)

    def start(self) -> None:
        """Boot, and begin to speak."""
        self._boot()
        self.link.on_message(self._heard)
        self.link.on_wire(self._wire)
        if isinstance(self.link, HearsBroadcasts):
            self.link.hear_broadcasts(_Ear(self))
        self._tasks = [
            asyncio.create_task(self.link.run(), name="link"),
            asyncio.create_task(self._send(), name="sender"),
        ]
        if isinstance(self.link, OnBus):
            self._tasks.append(asyncio.create_task(self._watch_bus(self.link), name="bus"))
        self._after()

    async def tap(self, tap: Tap[Result], card: CardChannel | None) -> Result:
        """Drive a tap to its end."""
        began, disk_s = time.perf_counter(), self.disk.spent_s
        tapping = Tapping(tap, self.counter, card)
        while not tapping.run():
            while not self.firmware.is_answered:
                self._after()
                self._moved.clear()
                await self._moved.wait()
        result = tapping.answer
        self.figures.count(result)
        has_waited = result.row is not None and result.row.card == ORDER_MEANS
        if result.end is End.DONE and not has_waited:  # a customer with his phone says nothing of how quick a till is
            self.figures.took(time.perf_counter() - began, self.disk.spent_s - disk_s)
        self._after()
        return result

    def call_off(self) -> bool:
        """The cashier takes back what a tap has put on the glass; False when there is nothing of this kind."""
        is_under_way = self.firmware.call_off(self.now())
        if is_under_way:
            self._after()
        return is_under_way

    async def joined(self, timeout_s: float) -> bool:
        """Wait for the link to join with an epoch; at once when the network is cut. False when it has not."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while not self.is_cut and not self.firmware.line.is_registered:
                    self._moved.clear()
                    await self._moved.wait()
        return self.firmware.line.is_registered

    async def drained(self, timeout_s: float) -> bool:
        """Wait until every record is in the ledger; False when they are not in time. They keep, and go out later."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while not self.firmware.is_drained:
                    self._moved.clear()
                    await self._moved.wait()
        return self.firmware.is_drained

    def cut(self, is_cut: bool) -> None:  # a switch
        """Cut the network, or mend it: messages are lost both ways."""
        self.is_cut = is_cut
        self._messages.clear()
        self.firmware.wire(not is_cut, self.now())
        self._after()

    async def close(self) -> None:
        """Stop in order: last STATUS out, store closed, files given back."""
        self.firmware.stop(self.now())
        self._after()
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORDS_S):
                await self._sent.wait()
        for task in reversed(self._tasks):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        for timer in (self._timer, self._told_timer):
            if timer is not None:
                timer.cancel()
        self.firmware.close()
        self._port.close()
        self.shown.close()
        if self._psam_memory is not None:
            self._psam_memory.close()

    def died(self) -> BaseException | None:
        """What ended the link or the sender, which never end by themselves."""
        for task in self._tasks:
            if task.done() and not task.cancelled() and task.exception() is not None:
                return task.exception()
        return None

    def _powered_on(self) -> Firmware:
        return Firmware(
            self.settings, Flash(self._port), os.urandom, clock_set=self._clock_set,
            has_psam=self.counter.psam is not None, papers=PaperFiles(self._folder, self.disk),
            slot=FileSlot(self._folder, self.disk), quiet_s=self._quiet_s,
        )  # fmt: skip

    def _boot(self) -> None:
        run_through(self.firmware.boot(self.now(), self.shown.last_told), self.counter)

    def _restart(self) -> None:
        """By order: the firmware begins anew from what its store holds. No tap is under way."""
        self.restarts += 1
        self.firmware.close()
        if self._psam_memory is not None:
            self.counter.psam = _powered(self._psam_memory)
        self.firmware = self._powered_on()
        self._boot()
        self.firmware.wire(self._is_wire_up and not self.is_cut, self.now())

    def _tell(self, what: Display) -> None:
        """A display of a tap. What was logged before it is told now."""
        self._show(self.firmware.worded(what))
        self.shown.told()
        if self._told_timer is None:
            self._told_timer = asyncio.get_running_loop().call_later(TOLD_S, self._told_durably)

    def _told_durably(self) -> None:
        self._told_timer = None
        self.shown.sync()

    def heard_by_all(self, down: Down) -> None:
        """A frame of a broadcast: most of them change nothing but the slot."""
        if not self.is_cut and self.firmware.broadcast(down, self.now()):
            self._after()

    def _heard(self, message: bytes) -> None:
        if not self.is_cut:
            self.firmware.message(message, self.now())
            self._after()

    def _wire(self, up: bool) -> None:  # the port's own word
        self._is_wire_up = up
        if not self.is_cut:
            self.firmware.wire(up, self.now())
            self._after()

    def _after(self) -> None:
        """Whatever an input brought about: messages, displays, the next timer."""
        out, shown = self.firmware.take_messages(), self.firmware.take_displays()
        if self.firmware.wants_restart:
            self._restart()
            out, shown = out + self.firmware.take_messages(), shown + self.firmware.take_displays()
        if out and not self.is_cut:
            self._messages.extend(out[: MESSAGES_MAX - len(self._messages)])
            self._more.set()
            self._sent.clear()
        if self.firmware.line.is_stale:
            self.firmware.line.is_stale = False
            self.link.renew()
        self._log_paid()
        for what in shown:
            self._show(self.firmware.worded(what))
        if leave_s := self.firmware.take_leave():
            self._leave(leave_s)
        self._moved.set()
        self._arm()

    def _log_paid(self) -> None:
        """What is told outside of a tap. A log that refuses is a fault of the body, and what was paid is told again."""
        for row in self.firmware.take_paid():
            try:
                self.counter.log(row)
            except StoreFault:
                self.firmware.log_failed()

    def _arm(self) -> None:
        loop = asyncio.get_running_loop()
        if self._timer is not None:
            self._timer.cancel()
        due_s = self.firmware.due_s()
        self._timer = None if due_s == float("inf") else loop.call_at(due_s, self._tick)

    def _tick(self) -> None:
        self.firmware.tick(self.now())
        self._after()

    def _leave(self, seconds: int) -> None:
        """Off the wire, where it can be left; elsewhere the firmware's own silence is all there is to do."""
        self._messages.clear()
        if isinstance(self.link, CanLeave):
            self.link.leave(seconds)

    async def _watch_bus(self, link: OnBus) -> None:
        while True:
            await asyncio.sleep(BUS_S)
            if not self.is_cut:
                self.firmware.bus(link.bus(), self.now())
                self._after()

    async def _send(self) -> None:
        """One message after the other, as they were sealed: a counter that comes too late is refused."""
        while True:
            while self._messages:
                if not await self.link.send(self._messages.popleft()):
                    await asyncio.sleep(BUSY_S)
            self._more.clear()
            self._sent.set()
            await self._more.wait()


class _Ear:
    """What hears broadcasts, whichever firmware runs: it may begin anew in the middle of one."""

    def __init__(self, station: Station) -> None:
        self._station = station

    def hear(self, down: Down) -> None:
        self._station.heard_by_all(down)

    def next_answer(self) -> Answer | None:
        return None if self._station.is_cut else self._station.firmware.next_answer()


def _flash_port(folder: Path, ring_slots: int, disk: Disk) -> FileFlash:
    port = FileFlash(folder / "flash.bin", flash_size(ring_slots), disk)
    if is_blank(port):
        format_flash(port, StorageId(os.urandom(8)), ring_slots)
    return port


def _powered(memory: FileMemory) -> Psam:
    psam = Psam(memory, os.urandom)
    psam.power_on()
    return psam


def _psam_memory(folder: Path, disk: Disk) -> FileMemory | None:
    path = folder / "psam.bin"
    return FileMemory(path, disk) if path.exists() else None
