"""Messages over an RS-485 line: the asyncio adapters of PollingMaster (the edge) and PolledSlave (a terminal).

Everything happens in callbacks of the loop. A lost port is opened again with a growing pause.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from edge.link.port import NotListeningError, Peer
from edge.link.rs485.door import Direction, LineLostError, SerialDoor, SerialSettings
from edge.link.rs485.polling import PolledSlave, PollingMaster, PollSettings

log = logging.getLogger(__name__)

_REOPEN_MIN_S, _REOPEN_MAX_S = 0.5, 10.0
# A frame that the driver has not taken by then is given up; the core repeats it in its own time.
_WRITE_RETRY_S = 0.002


@dataclass(frozen=True, slots=True)
class Rs485LinkSettings:
    """The edge's line: its port, its baud rate (in `poll`) and the addresses that provisioning put on it."""

    port: str
    addresses: tuple[int, ...]
    poll: PollSettings = field(default_factory=PollSettings)
    direction: Direction = Direction.ADAPTER


class _Line:
    """An open port in the event loop: bytes in by callback, bytes out with what the driver leaves over."""

    def __init__(self, settings: SerialSettings, on_bytes: Callable[[bytes], None]) -> None:
        self.counters: Counter[str] = Counter()
        self._settings = settings
        self._on_bytes = on_bytes
        self._door: SerialDoor | None = None
        self._lost: asyncio.Future[None] | None = None
        self._unwritten = b""

    @property
    def is_open(self) -> bool:
        """True while the port is there."""
        return self._door is not None

    async def run(self, opened: Callable[[], None], closed: Callable[[], None]) -> None:
        """Keep the port open until cancelled."""
        pause_s = _REOPEN_MIN_S
        while True:
            try:
                door = SerialDoor(self._settings)
                pause_s = _REOPEN_MIN_S
                await self._serve(door, opened, closed)
            except LineLostError as trouble:
                log.warning("RS-485 %s: %s", self._settings.port, trouble)
            self.counters["reopened"] += 1
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _REOPEN_MAX_S)

    def write(self, data: bytes) -> None:
        """Put a frame on the line; the rest of an earlier one that the driver did not take is given up."""
        self._unwritten = data
        self._flush()

    def poll(self) -> None:
        """Read what is there now, before a deadline is judged."""
        self._readable()

    def end(self, trouble: Exception) -> None:
        """Let `run` end with this."""
        if self._lost is not None and not self._lost.done():
            self._lost.set_exception(trouble)

    async def _serve(self, door: SerialDoor, opened: Callable[[], None], closed: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        self._door, self._lost, self._unwritten = door, loop.create_future(), b""
        loop.add_reader(door.fileno(), self._readable)
        opened()
        try:
            await self._lost
        finally:
            loop.remove_reader(door.fileno())
            self._door = None
            door.close()
            closed()

    def _readable(self) -> None:
        if self._door is None:
            return
        try:
            data = self._door.read()
            if data:
                self._on_bytes(data)
        except LineLostError as trouble:
            self.end(trouble)
        except Exception as defect:  # noqa: BLE001 - of the owner's callback; run() raises it again
            self.end(defect)

    def _flush(self) -> None:
        if self._door is None or not self._unwritten:
            return
        try:
            self._unwritten = self._unwritten[self._door.write(self._unwritten) :]
        except LineLostError as trouble:
            self.end(trouble)
            return
        if self._unwritten:
            asyncio.get_running_loop().call_later(_WRITE_RETRY_S, self._flush)


class Rs485Link:
    """The edge on an RS-485 line: a MessageLink. `on_peer` tells who answers polls and who is gone."""

    def __init__(self, settings: Rs485LinkSettings) -> None:
        self._master = PollingMaster(settings.addresses, settings.poll)
        serial_settings = SerialSettings(settings.port, settings.poll.baud, settings.direction)
        self._line = _Line(serial_settings, self._on_bytes)
        self._hear: Callable[[Peer, bytes], None] | None = None
        self._tell_peer: Callable[[Peer, bool], None] = lambda _peer, _there: None
        self._timer: asyncio.TimerHandle | None = None
        self._refused = 0

    async def send(self, peer: Peer, message: bytes, urgent: bool = False) -> bool:
        """See MessageLink."""
        if self._line.is_open and self._master.offer(peer, message, urgent):
            if urgent:
                self._step()
            return True
        self._refused += 1
        return False

    def on_message(self, callback: Callable[[Peer, bytes], None]) -> None:
        """See MessageLink."""
        self._hear = callback

    def on_peer(self, callback: Callable[[Peer, bool], None]) -> None:
        """See MessageLink."""
        self._tell_peer = callback

    def ask_proven(self, callback: Callable[[Peer], bool]) -> None:
        """A line has an address for every terminal."""

    async def run(self) -> None:
        """See MessageLink."""
        if self._hear is None:
            raise NotListeningError("register on_message before run")
        await self._line.run(self._step, self._closed)

    def counters(self) -> Mapping[str, int]:
        """See MessageLink; polls, timeouts and late are of the polling."""
        return self._master.counters + self._line.counters + Counter(refused=self._refused)

    def _on_bytes(self, data: bytes) -> None:
        for peer, message in self._master.receive(data, asyncio.get_running_loop().time()):
            if self._hear is not None:
                self._hear(peer, message)
        self._step()

    def _closed(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._master.forget()
        self._tell_changes()

    def _on_timer(self) -> None:
        """An answer that is already in the buffer is in time, however late this loop is."""
        self._timer = None
        self._line.poll()
        self._step()

    def _step(self) -> None:
        """Ask whoever is due, and come back when that is over."""
        if not self._line.is_open:
            return
        loop = asyncio.get_running_loop()
        frame = self._master.next_frame(loop.time())
        if frame is not None:
            self._line.write(frame)
        self._tell_changes()
        if self._timer is not None:
            self._timer.cancel()
        self._timer = loop.call_at(self._master.wake_s(), self._on_timer)

    def _tell_changes(self) -> None:
        while (change := self._master.next_change()) is not None:
            try:
                self._tell_peer(*change)
            except Exception as defect:  # noqa: BLE001 - of the owner's callback; run() raises it again
                self._line.end(defect)


class Rs485TerminalLink:
    """A terminal on an RS-485 line: a TerminalLink under the address provisioning gave it."""

    def __init__(self, settings: SerialSettings, address: int) -> None:
        self._slave = PolledSlave(address)
        self._line = _Line(settings, self._on_bytes)
        self._hear: Callable[[bytes], None] | None = None
        self._tell_wire: Callable[[bool], None] = lambda _there: None
        self._refused = 0

    async def send(self, message: bytes, urgent: bool = False) -> bool:
        """See TerminalLink; what is taken waits for the next poll."""
        if self._line.is_open and self._slave.offer(message, urgent):
            return True
        self._refused += 1
        return False

    def on_message(self, callback: Callable[[bytes], None]) -> None:
        """See TerminalLink."""
        self._hear = callback

    def on_wire(self, callback: Callable[[bool], None]) -> None:
        """See TerminalLink."""
        self._tell_wire = callback

    def renew(self) -> None:
        """See TerminalLink; there is nothing else to be had."""

    async def run(self) -> None:
        """See TerminalLink."""
        if self._hear is None:
            raise NotListeningError("register on_message before run")
        await self._line.run(lambda: self._tell_wire(True), self._closed)

    def counters(self) -> Mapping[str, int]:
        """See TerminalLink."""
        return self._slave.counters + self._line.counters + Counter(refused=self._refused)

    def _on_bytes(self, data: bytes) -> None:
        messages = self._slave.receive(data)
        # The answer first: the line waits for it, and what is done with a message may take its time.
        reply = self._slave.next_frame()
        if reply is not None:
            self._line.write(reply)
        for message in messages:
            if self._hear is not None:
                self._hear(message)

    def _closed(self) -> None:
        self._slave.forget()
        self._tell_wire(False)
