"""A body that sells by keypad and card: keys in, taps on the station, pictures out. It decides nothing about money.

An amount waits PRESENT_S for its card, and what was half keyed is forgotten after KEYED_S: nobody pays another one's
amount. A card that was served has to leave before it is served again; only the PIN that it asked for is for the same
laying. Keys that come during a tap are heard after it, up to KEYS_MAX; none of them is a digit of the PIN that the tap
asks for.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable

from edge.card.reader.reader import LaidCard, NoCard
from edge.terminal.counter.commands import Command, Verb
from edge.terminal.counter.pins import keyed_pin
from edge.terminal.counter.reading import said_by
from edge.terminal.counter.wording import sale_lines, status_lines
from edge.terminal.front import words
from edge.terminal.front.beeper import PRESSED, WRONG
from edge.terminal.front.board import Board
from edge.terminal.front.keypad import (
    SCANNED_MAX,
    Mode,
    Offered,
    Pad,
    Scanned,
    Sign,
    Typed,
    asks_pin,
    asks_sure,
    press,
    rest,
    seen,
    waits,
)
from edge.terminal.front.picture import View
from edge.terminal.front.presses import Key
from edge.terminal.front.spot import Spot
from edge.terminal.settings.settings import BodySettings
from edge.terminal.station.figures import status
from edge.terminal.station.station import Station
from edge.terminal.taps.display import Display, Face, last_before
from edge.terminal.taps.steps import Result, Tap
from shared.clocks.clock import time_text
from shared.errors import WireFault
from shared.inventory import LOADERS
from shared.purse.errors import CardLost
from shared.purse.outcomes import Pin
from shared.purse.reasons import Reason
from shared.words.voice import Text

PRESENT_S = 20.0
KEYED_S = 30.0
SHOWN_S = 5.0
KEYS_MAX = SCANNED_MAX + 32
"""A scanner types a whole code at once, and the hand of a cashier is not so quick."""
SCANNING_S = 0.1
"""So long after a scanner's last key the reader is not asked for a card: the kernel holds ten keys, no more."""
_HELD = (Face.AGAIN, Face.SUSPECT, Face.NOT_SELLING)
"""Stay until somebody does something."""


class Front:
    """One station at one counter. `moved` is set whenever there is something to do at once."""

    def __init__(
        self, station: Station, spot: Spot | None, board: Board, now_s: Callable[[], float] = time.monotonic
    ) -> None:
        """spot None: there is no place for a card; keys and pictures go on."""
        self._station, self._spot, self._board, self._now_s = station, spot, board, now_s
        self._pad = Pad(enters=_enters(station.settings))
        self._keys: deque[Key] = deque()
        self._wanted: Command | None = None
        self._pin_for: Command | None = None
        self._rows: tuple[str, ...] = ()
        self._fault: Text | None = None
        self._until_s = 0.0
        self._scanned_s = float("-inf")
        self.has_keypad = True
        self.forget_keys: Callable[[], None] = self._keys.clear
        """What is called before a PIN is asked for; whoever holds the keypad adds what waits in it."""
        self.moved = asyncio.Event()

    @property
    def is_waiting(self) -> bool:
        """For a card: it wants to be looked for often."""
        return self._command() is not None

    def key(self, key: Key) -> None:
        """One that was pressed; beyond KEYS_MAX it is lost, and sounds so. What stands on the glass to be scanned is
        called off at once: its tap goes on until somebody has paid."""
        if key is Key.CLEAR and self._station.call_off():
            self._board.sound(PRESSED)
            return
        if len(self._keys) >= KEYS_MAX:
            self._board.sound(WRONG)
            return
        self._keys.append(key)
        self.moved.set()

    async def beat(self) -> None:
        """One turn: keys, the card, the picture. OSError: the glass refuses."""
        self._expire()
        while self._keys:
            await self._pressed(self._keys.popleft())
        await self._look()
        self._board.put(self.view())

    def view(self) -> View:
        """All that the glass tells now."""
        firmware, settings = self._station.firmware, self._station.settings
        return View(
            name=settings.name, place=settings.place, merchant=settings.merchant, kind=settings.kind,
            is_demo=settings.demo, clock=self._clock(), is_online=firmware.line.is_joined,
            unsettled=firmware.body.flash.unsettled, bar=firmware.bar, is_fixed=firmware.has_fixed, shown=self._shown(),
            pad=seen(self._pad), wish=self._wish(), rows=self._rows, why=self._fault,
        )  # fmt: skip

    def _shown(self) -> Display | None:
        """A sale that nobody was told of stands above other notices, until it is told or too old."""
        shown, firmware = self._board.shown, self._station.firmware
        if shown is not None and (shown.face is not Face.NOTICE or self._pad.mode is Mode.SURE):
            return shown
        if firmware.body.untold.row is not None:
            return firmware.worded(last_before(firmware.body.untold.row))
        return words.notice(words.NO_KEYPAD) if shown is None and not self.has_keypad else shown

    def _clock(self) -> str:
        now = self._station.firmware.body.time()
        return time_text(now.seconds)[11:16] if now.is_set else "--:--"

    def _wish(self) -> words.Wish | None:
        if self._wanted is None:
            return None
        is_stale = self._spot is not None and self._spot.is_stale
        return words.wish(self._wanted, words.TAKE_AWAY if is_stale else words.PRESENT)

    def _expire(self) -> None:
        """What has waited long enough is over."""
        if not self._until_s or self._now_s() < self._until_s:
            return
        was_waiting = self._wanted is not None or self._pad.mode is Mode.PIN
        self._rest()
        if was_waiting:
            self._board.notice(words.NOBODY)
            self._lasts(SHOWN_S)

    def _rest(self) -> None:
        self._pad, self._wanted, self._pin_for, self._rows = rest(self._pad), None, None, ()
        self._board.shown, self._until_s = None, 0.0

    def _lasts(self, seconds: float) -> None:
        self._until_s = self._now_s() + seconds

    # --- keys -------------------------------------------------------------------------------------------------------

    async def _pressed(self, key: Key) -> None:
        pad, deed = press(self._pad, key)
        if deed is None and pad.is_scanning:
            self._pad, self._scanned_s = pad, self._now_s()
            self._lasts(PRESENT_S)
            return
        self._board.sound(WRONG if deed is Sign.WRONG else PRESSED)
        if deed is Sign.WRONG:
            return
        command, wanted = self._pin_for, self._wanted
        if deed is not None:
            self._rest()
        self._pad, self._board.shown, self._rows = pad, None, ()
        self._lasts(PRESENT_S if pad.mode is Mode.CARD else KEYED_S)
        match deed:
            case Sign.OFF:
                self._said(words.OFF)
            case Offered(number):
                self._offered(number)
            case Command(Verb.MEAL | Verb.ORDER):
                await self._without_card(deed)
            case Scanned(code) if wanted is not None:
                await self._by_code(wanted, code)
            case Typed(secret) if command is not None:
                await self._with_pin(command, secret)
            case Command():
                self._ordered(deed)

    def _ordered(self, command: Command) -> None:
        firmware = self._station.firmware
        match command.verb:
            case Verb.SALES:
                self._listed(sale_lines(firmware.sales()))
            case Verb.STATUS:
                self._listed(self._status())
            case Verb.STOP:
                firmware.at_stop(int(command.word), 0)
                self._said(Text(f"到站 {command.word}", f"at stop {command.word}"))
            case Verb.AGAIN if not firmware.serves_card_alone:
                self._said(words.NOTHING_WAITS)
            case _:
                self._wanted, self._pad = command, waits(self._pad, scans=command.verb is Verb.PAY)
                self._lasts(PRESENT_S)

    def _offered(self, number: str) -> None:
        """The number and the sum stand on the glass until somebody says yes, or clears it."""
        offered = self._station.firmware.meal_offer(number, self._station.now())
        self._board.shown = offered
        is_asked = offered.face is not Face.DECLINED
        self._pad = asks_sure(self._pad, number) if is_asked else rest(self._pad)
        self._lasts(KEYED_S if is_asked else SHOWN_S)

    async def _without_card(self, command: Command) -> None:
        """No card is laid."""
        firmware, now = self._station.firmware, self._station.now
        is_meal = command.verb is Verb.MEAL
        tap = firmware.meal(command.word, now()) if is_meal else firmware.order(command.amount_fen, now())
        await self._tap(lambda: tap, None)

    async def _by_code(self, command: Command, scanned: str) -> None:
        """No card is laid: a payment code stands in its place."""
        station = self._station
        try:
            tap = station.firmware.pay_by_code(command.amount_fen, scanned, station.now())
        except WireFault:
            self._said(words.NO_CODE)
            return
        await self._tap(lambda: tap, None)

    def _said(self, what: Text) -> None:
        self._board.notice(what)
        self._lasts(SHOWN_S)

    def _listed(self, lines: list[str]) -> None:
        self._rows = tuple(line.strip() for line in lines)
        self._lasts(KEYED_S)

    def _status(self) -> list[str]:
        station = self._station
        return status_lines(
            status(station.firmware, station.figures, station.shown.total, station.shown.run, drained=False)
        )

    # --- cards ------------------------------------------------------------------------------------------------------

    def _command(self) -> Command | None:
        """What a card would be taken for that comes now."""
        if self._wanted is not None:
            return self._wanted
        if self._pad.mode is not Mode.AMOUNT or self._pad.text:
            return None
        if self._station.settings.ride is not None:
            return Command(Verb.RIDE)
        return Command(Verb.AGAIN) if self._station.firmware.serves_card_alone else None

    async def _look(self) -> None:
        command = self._command()
        is_scanning = self._now_s() - self._scanned_s < SCANNING_S
        if command is None or self._spot is None or is_scanning:
            return
        try:
            laid = self._spot.fresh()
            self._fault = None
        except NoCard as fault:
            self._fault = fault.why.value
            return
        if laid is not None:
            await self._serve(command, laid)

    async def _serve(self, command: Command, laid: LaidCard) -> None:
        self._rest()
        with laid:
            if command.verb in (Verb.BALANCE, Verb.LOG):
                self._read(laid, command.verb)
                return
            result = await self._tap(self._deed(command), laid)
        if command.verb is Verb.SELL and result.reason is Reason.PIN_WANTED:
            self.forget_keys()
            self._pin_for, self._pad = command, asks_pin(self._pad)
            self._lasts(KEYED_S)

    async def _with_pin(self, command: Command, secret: str) -> None:
        """The same laying of the same card, and no other."""
        pin = keyed_pin(secret)
        laid = self._spot.same() if pin is not None and self._spot is not None else None
        if laid is None:
            self._said(words.NO_PIN if pin is None else words.CARD_CHANGED)
            return
        with laid:
            await self._tap(self._deed(command, pin), laid)

    async def _tap(self, tap: Callable[[], Tap[Result]], laid: LaidCard | None) -> Result:
        result = await self._station.tap(tap(), laid)
        shown = self._board.shown
        self._until_s = 0.0
        if shown is not None and shown.face not in _HELD:
            self._lasts(SHOWN_S)
        return result

    def _deed(self, command: Command, pin: Pin | None = None) -> Callable[[], Tap[Result]]:
        firmware, now, fen = self._station.firmware, self._station.now, command.amount_fen
        match command.verb:
            case Verb.SELL:
                return lambda: firmware.sell(fen, now(), pin)
            case Verb.PAY:
                return lambda: firmware.pay(fen, now())
            case Verb.LOAD:
                return lambda: firmware.load(fen, now())
            case Verb.CLAIM:
                return lambda: firmware.claim(now())
            case Verb.VOID:
                return lambda: firmware.void_with_card(int(command.word or 0), now())
            case Verb.RIDE:
                return lambda: firmware.ride(now())
            case _:
                return lambda: firmware.again(now())

    def _read(self, laid: LaidCard, verb: Verb) -> None:
        try:
            lines = said_by(laid, self._station.firmware.body, verb)
        except CardLost:
            lines = [Text("请重新放卡", "please present the card again")]
        self._rows = tuple(f"{line.zh}  {line.en}" for line in lines)
        self._lasts(SHOWN_S)


def _enters(settings: BodySettings) -> Verb:
    """What a number and Enter are, here."""
    if settings.ride is not None:
        return Verb.STOP
    return Verb.LOAD if settings.kind in LOADERS else Verb.SELL
