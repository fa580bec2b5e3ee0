"""What a box that came in by a code does for its identity beside its work: the time while in doubt, the renewal."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from edge.process.identity.clock import BoxClock
from edge.process.identity.place import Place
from edge.process.identity.renewing import LOOK_S, has_ended, renew
from edge.settings import TlsSetting
from shared.errors import WireFault

if TYPE_CHECKING:
    from edge.process.identity.asking import DoorSetting

ASK_AGAIN_S = 10.0
"""Between questions for the time, while the clock is in doubt."""
ENDED_AGAIN_S = 60.0
"""Between asks of a box whose certificate has ended: it does nothing else on line."""


class Keeping:
    """Of one box. renewed: told when a new certificate waits to be tried."""

    def __init__(self, place: Place, tls: TlsSetting, clock: BoxClock, renewed: Callable[[], None]) -> None:
        self._place, self._tls, self._clock, self._renewed = place, tls, clock, renewed

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`. Questions are asked in a thread: they block, and are bounded."""
        while not stop.is_set():
            pause_s = await self._turn()
            with suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await stop.wait()

    async def _turn(self) -> float:
        """Seconds until the next one. A box whose certificate has ended asks for another one as soon as it has time."""
        with suppress(OSError, WireFault):  # files that cannot be read now: the broker's line says so
            door = self._door()
            if not self._clock.is_trusted and not await asyncio.to_thread(self._clock.ask, door):
                return ASK_AGAIN_S
            if await asyncio.to_thread(renew, self._tls, door, self._clock.now()):
                self._renewed()
            elif has_ended(self._tls.certificate.read_bytes(), self._clock.now()):
                return ENDED_AGAIN_S
        return LOOK_S

    def _door(self) -> "DoorSetting":
        from edge.process.identity.asking import DoorSetting  # HTTP: a MiB that other boxes do without

        is_dated = self._clock.is_system_trusted
        return DoorSetting(self._place.server, self._tls.ca.read_bytes(), is_dated=is_dated)
