"""Plays a script at one terminal: each line at its campus second or later, never two at once, none left out.

A card in another field is waited for; a load that got no answer is asked for again; a purchase whose card was torn is
presented again. A line that is refused for good is counted as declined and the script goes on.
"""

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from types import MappingProxyType

from edge.files.deck import CardFile, Deck, Laid
from edge.files.disk import InUse
from edge.terminal.play.phones import Phone
from edge.terminal.play.script import Line, Progress
from edge.terminal.station.station import Station
from edge.terminal.taps.steps import End, Result, Tap
from shared.clocks.campus_clock import CampusClock
from shared.inventory import LOADERS
from shared.online import LoadResult
from shared.purse.reasons import Reason
from shared.records import PROVEN, VOIDS, Kind, peek

BUSY_S = 0.05
BUSY_MAX = 1200
"""A card that lies in another field for a minute is given up: its line counts as declined."""
TRIES_MAX = 10
RETRY_S = 1.0
_TRANSIENT = frozenset((Reason.LOAD_NO_ANSWER, Reason.CARD_GONE, Reason.PSAM_GONE))


class Player:
    """One script. `is_over` ends it between two lines."""

    def __init__(
        self, station: Station, deck: Deck, lines: tuple[Line, ...], progress: Progress, is_over: asyncio.Event,
        operators: Deck | None = None, phones: Mapping[str, Phone] = MappingProxyType({}),
    ) -> None:  # fmt: skip
        self._station = station
        self._deck = deck
        self._operators = operators
        self._phones = phones
        self._lines = lines
        self._progress = progress
        self._is_over = is_over
        self._first = self._resume()
        station.figures.script_left = len(lines) - self._first

    async def play(self, clock: CampusClock) -> None:
        """To the end, or until it is over."""
        for number in range(self._first, len(self._lines)):
            line = self._lines[number]
            if await self._until(line.at, clock) or await self._until_selling():
                return
            self._progress.begin(number, self._last_seq())
            await self._do(line)
            self._station.figures.script_left = len(self._lines) - number - 1

    def _resume(self) -> int:
        """Where a killed process goes on. A begun line is done if the ring has a proven record that is newer."""
        mark = self._progress.begun
        flash = self._station.firmware.body.flash
        if mark is None or mark.line >= len(self._lines) or flash.current is None:
            return 0
        newer = range(mark.seq + 1, flash.current.last + 1)
        counts = PROVEN | VOIDS | {Kind.ONLINE, Kind.MEAL, Kind.CODE}
        proven = any(peek(flash.read(flash.current, seq)).kind in counts for seq in newer)
        self._station.firmware.body.untold.forget()  # this script knows what was done
        return mark.line + 1 if proven else mark.line

    def _last_seq(self) -> int:
        current = self._station.firmware.body.flash.current
        return current.last if current else 0

    async def _do(self, line: Line) -> None:
        if line.use:
            await self._by_phone(line)
            return
        card = self._deck.find(line.card) or self._operator(line)
        if card is None:
            self._station.figures.declined += 1
            return
        for _ in range(TRIES_MAX):
            result = await self._tap(card, line)
            if result is None or result.end in (End.DONE, End.CLOSED):
                return
            if result.end is End.DECLINED and not _may_pass(result):
                return
            if await self._pause(RETRY_S if result.end is End.DECLINED else BUSY_S):
                return

    async def _by_phone(self, line: Line) -> None:
        """One code, shown once: whether it was taken, and why not, the till says."""
        phone, station = self._phones.get(line.card), self._station
        if phone is None:
            station.figures.declined += 1
            return
        now = station.now()
        digits = phone.shows(station.firmware.body.clock.at(now).seconds, line.use)
        await station.tap(station.firmware.pay_by_code(line.amount_fen, digits, now), None)

    def _operator(self, line: Line) -> CardFile | None:
        """A supervisor's card, for a void."""
        return None if line.void is None or self._operators is None else self._operators.find(line.card)

    async def _tap(self, card: CardFile, line: Line) -> Result | None:
        """The same amount again after a torn card: the firmware knows whether it was paid."""
        for _ in range(BUSY_MAX):
            try:
                with Laid(card, self._station.disk) as laid:
                    return await self._station.tap(self._deed(line), laid.channel)
            except InUse:
                if await self._pause(BUSY_S):
                    return None
        self._station.figures.declined += 1
        return None

    def _deed(self, line: Line) -> Tap[Result]:
        firmware, now = self._station.firmware, self._station.now()
        if line.void is not None:
            return firmware.void_with_card(line.void, now)
        is_load = self._station.settings.kind in LOADERS
        return firmware.load(line.amount_fen, now) if is_load else firmware.sale(line.amount_fen, now)

    async def _until(self, at: int, clock: CampusClock) -> bool:
        """Wait for a campus second. True when it is over."""
        while (left := at - clock.at(time.time())) > 0:
            if await self._pause(min(left / clock.speed, 1.0)):
                return True
        return self._is_over.is_set()

    async def _until_selling(self) -> bool:
        while self._station.firmware.bar is not None:
            if await self._pause(BUSY_S):
                return True
        return False

    async def _pause(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._is_over.wait(), seconds)
        return self._is_over.is_set()


def _may_pass(result: Result) -> bool:
    """Is it worth while to try the line again?"""
    return result.reason in _TRANSIENT or result.denied is LoadResult.NOT_NOW
