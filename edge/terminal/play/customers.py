"""The people of the demonstration: they come with any card, eat for 3 to 18 yuan, ride, load when they run low.

Some pull their card at a random command; most of those present it again at once, the others go elsewhere. Seeded, so
that a run can be had again as far as processes allow.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from random import Random

from edge.files.deck import CardFile, Deck, Laid
from edge.files.disk import InUse
from edge.terminal.play.driver import is_last, stop_at
from edge.terminal.play.phones import Phone
from edge.terminal.settings.rides import RideSettings
from edge.terminal.station.station import Station
from edge.terminal.taps.steps import End, Result, Tap
from shared.inventory import DeviceKind
from shared.purse.cos.torn import Plan, Tear
from shared.transit.door import Door
from shared.transit.fares import FareForm

MEALS_FEN = range(300, 1801, 50)
RIDES_FEN = (100, 150, 200)
LOADS_FEN = (5000, 10_000)
LOW_FEN = 3000
"""Whoever has less goes to the load machine."""
COMMANDS = 9
"""A pulled card is pulled at one of so many commands."""
STAYS = 0.8
"""Share of torn cards that are presented again where they tore."""
TRIES_MAX = 3
LOOKS = 8
"""So many passers-by are looked at for one whom the counter can serve."""
RIDERS = 64
"""So many of them at a bus: few are aboard."""
BY_PHONE = 0.3
"""Share of those who show a phone, while one has uses left."""
CARELESS = 0.04
"""Share of the riders who forget to tap on or off."""


@dataclass(frozen=True, slots=True)
class Habits:
    """rate: taps per second at this counter; tear: probability of a pulled card. phones: those that pay by offline
    code, as long as their certificates have uses."""

    rate: float
    tear: float
    seed: int
    phones: tuple[Phone, ...] = ()


class Customers:
    """Who comes to one counter. `is_over`: told to stop between two people."""

    def __init__(self, station: Station, deck: Deck, habits: Habits, is_over: asyncio.Event) -> None:
        self._station = station
        self._deck = deck
        self._habits = habits
        self._is_over = is_over
        self._rng = Random(habits.seed)  # noqa: S311  # people, not keys
        is_load = station.settings.kind is DeviceKind.LOAD_MACHINE
        self._visit: Callable[[CardFile], Awaitable[Result | None]] = self._load if is_load else self._eat
        self._choose = self._next if station.settings.ride is None else partial(self._rider, station.settings.ride)

    async def come(self) -> None:
        """One after the other, until it is over."""
        while not await self._pause(self._rng.expovariate(self._habits.rate)):
            if self._station.firmware.bar is not None:
                continue
            self._drive()
            if await self._by_phone():
                continue
            card = self._choose()
            if card is not None:
                with suppress(InUse):
                    await self._visit(card)

    async def _by_phone(self) -> bool:
        """Somebody shows a phone in the place of a card. False: nobody does."""
        station, phones = self._station, [phone for phone in self._habits.phones if phone.has_uses]
        if not phones or station.settings.kind is not DeviceKind.POS or self._rng.random() >= BY_PHONE:
            return False
        phone, fen, now = self._rng.choice(phones), self._rng.choice(MEALS_FEN), station.now()
        digits = phone.shows(station.firmware.body.clock.at(now).seconds)
        await station.tap(station.firmware.pay_by_code(fen, digits, now), None)
        return True

    def _next(self) -> CardFile | None:
        """Somebody with enough for any meal; at the load machine somebody with little."""
        wants_little = self._station.settings.kind is DeviceKind.LOAD_MACHINE
        for _ in range(LOOKS):
            card = self._rng.choice(self._deck.cards)
            if (card.balance_fen() < LOW_FEN) == wants_little:
                return card
        return None

    def _drive(self) -> None:
        """The bus goes on while people come and fumble."""
        ride = self._station.settings.ride
        if ride is not None:
            stop, direction = stop_at(self._station.now().rtc_s, _stops(ride))
            self._station.firmware.at_stop(stop, direction)

    def _rider(self, ride: RideSettings) -> CardFile | None:
        """Somebody who gets off at the back, or on at the front, with enough for any ride; a few forget to tap."""
        stop, direction = stop_at(self._station.now().rtc_s, _stops(ride))
        fare = ride.fares.lines[ride.point.line]
        is_flat = fare.form is FareForm.FLAT
        if not is_flat and ride.door is not Door.OUT and is_last(stop, direction, _stops(ride)):
            return None
        for _ in range(RIDERS):
            card = self._rng.choice(self._deck.cards)
            trip = card.ride()
            is_careless = self._rng.random() < CARELESS
            is_fit = trip is not None and (trip.is_aboard == (ride.door is Door.OUT)) != is_careless
            if (is_fit or (ride.door is Door.BOTH and not is_flat)) and card.balance_fen() >= 2 * fare.highest_fen:
                return card
        return None

    async def _eat(self, card: CardFile) -> Result:
        amount = self._rng.choice(self._prices())
        return await self._tapped(card, lambda: self._station.firmware.sale(amount, self._station.now()), self._again)

    async def _load(self, card: CardFile) -> Result:
        amount = self._rng.choice(LOADS_FEN)

        def load() -> Tap[Result]:
            return self._station.firmware.load(amount, self._station.now())

        return await self._tapped(card, load, load)

    async def _tapped(
        self, card: CardFile, tap: Callable[[], Tap[Result]], once_more: Callable[[], Tap[Result]]
    ) -> Result:
        with Laid(card, self._station.disk, self._plan()) as laid:
            result = await self._station.tap(tap(), laid.channel)
        if result.end is End.UNKNOWN and self._rng.random() < STAYS:
            return await self._stay(card, once_more, result)
        return result

    async def _stay(self, card: CardFile, once_more: Callable[[], Tap[Result]], result: Result) -> Result:
        for _ in range(TRIES_MAX):
            await self._pause(self._rng.uniform(0.1, 0.6))
            self._drive()
            with Laid(card, self._station.disk) as laid:
                result = await self._station.tap(once_more(), laid.channel)
            if result.end is not End.UNKNOWN:
                break
        return result

    def _again(self) -> Tap[Result]:
        return self._station.firmware.again(self._station.now())

    def _prices(self) -> range | tuple[int, ...]:
        return RIDES_FEN if self._station.settings.kind is DeviceKind.VALIDATOR else MEALS_FEN

    def _plan(self) -> Plan | None:
        if self._rng.random() >= self._habits.tear:
            return None
        return pull_at(self._rng.randrange(COMMANDS), self._rng.choice((Tear.BEFORE, Tear.AFTER)))

    async def _pause(self, seconds: float) -> bool:
        """True when it is over."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._is_over.wait(), seconds)
        return self._is_over.is_set()


def _stops(ride: RideSettings) -> int:
    """A line of the demonstration has as many stops as its fares tell apart; a flat one two."""
    return max(2, len(ride.fares.lines[ride.point.line].fares_fen))


def pull_at(command: int, tear: Tear) -> Plan:
    """The card leaves at its n-th command, from 0, and has left from then on."""
    count = -1

    def plan() -> Tear:
        nonlocal count
        count += 1
        if count > command:
            return Tear.BEFORE
        return tear if count == command else Tear.NOT

    return plan
