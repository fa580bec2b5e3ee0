"""A terminal body in the world: the real firmware on a flash that forgets, a real PSAM, and a field for one real card.

Its power may go between any two steps. What the driver itself promises (the shown log) it keeps across power cuts.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from edge.terminal.firmware.firmware import Firmware
from edge.terminal.play.driver import stop_at
from edge.terminal.store.book import Row
from edge.terminal.store.clock import Now
from edge.terminal.store.flash import Flash, flash_size, format_flash
from edge.terminal.store.untold import NOWHERE, Place
from edge.terminal.taps.steps import AwaitAnswer, Result, Show, Shown, Tap
from shared.errors import StoreFault
from shared.ids import StorageId
from shared.purse.cos.card import UserCard
from shared.purse.cos.images import RamMemory
from shared.purse.cos.psam import Psam
from shared.purse.effects import ToCard, ToPsam
from shared.purse.errors import CardLost, PsamLost
from shared.purse.reasons import Reason
from shared.records import CounterKind
from tests.sim.blueprint import TerminalMade, blueprint
from tests.sim.clock import Clock
from tests.sim.disk import PowerCut, SimFlash
from tests.sim.faults import Faults
from tests.sim.fleet_watch import look_at, watch
from tests.sim.judge import Judge
from tests.sim.papers import SimPapers
from tests.sim.paying_law import KINDS
from tests.sim.rides import STOPS, check_ride
from tests.sim.truth import CardTruth
from tests.sim.world import Violation, World

STEP_S = 0.012
LOOK_S = 0.02
PAUSE = 0.2
"""Share of the steps at which the rest of the world goes on before the next one."""
SLOW_PAUSE = 0.6
"""With cards that take their time."""
DEBIT_INS = 0x54
_OF_A_DATE = (Reason.CARD_NOT_YET_VALID, Reason.CARD_EXPIRED)
"""Every card is valid all day."""
Done = Callable[[Result | None], None]
"""How a tap ended; None: the terminal lost its power in the middle of it."""


class TerminalPart:
    """One body. `send` gives a message to its link; subclasses plant defects."""

    flash_form: type[SimFlash] = SimFlash
    papers_form: type[SimPapers] = SimPapers

    def __init__(self, world: World, clock: Clock, faults: Faults, judge: Judge, made: TerminalMade) -> None:
        self.settings = replace(made.settings, ring_slots=faults.ring_slots)
        self.made = made
        self.name = made.settings.name
        self.rides = made.settings.ride is not None
        self.device = made.settings.device
        self.send: Callable[[bytes], None] = lambda message: None
        self.powered: Callable[[bool], None] = lambda up: None
        self.firmware: Firmware | None = None
        self.last_told = NOWHERE
        self._showing: Row | None = None
        self.world, self.clock, self.faults, self.judge = world, clock, faults, judge
        self._life = 0
        self._dead = False
        ring = faults.ring_slots
        self.flash = self.flash_form(flash_size(ring), self._step, lambda deed: judge.flash_lost(self.name, deed))
        format_flash(self.flash, StorageId(world.bytes(8)), ring)
        judge.flash(self.name, self.flash)
        self.papers = self.papers_form(self._paper_step) if judge.fleet is not None else None
        """Of a seed in which documents come down."""
        self._psam_memory = None if made.psam_image is None else RamMemory(made.psam_image)
        self._psam: Psam | None = None
        self._booted_s = 0.0
        self._rtc_lost_s: int | None = None
        self._wake_s = float("inf")
        self._tap: Tap[Result] | None = None
        self._asked_s: float | None = None
        """Since when its tap waits for an answer of the centre."""
        self._done: Done = lambda result: None
        self._card: UserCard | None = None
        self._truth: CardTruth | None = None

    # --- life -----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Power on. The wire is told up by whoever owns the line."""
        self._life += 1
        self._dead = False
        self._booted_s = self.world.now_s
        self._wake_s = float("inf")
        if self.world.chance(self.faults.rtc_lost):
            self._rtc_lost_s = self.clock.campus_s()
        try:
            self._boot(clock_set=self._rtc_lost_s is None or self.world.chance(self.faults.rtc_lies))
        except PowerCut:
            self._down()
            return
        self.world.note("terminal up", self.name)
        self.powered(True)

    def cut(self) -> None:
        """The power goes, at a moment between two events."""
        if not self._dead and self.firmware is not None:
            self._down()

    def rot(self) -> None:
        """The power goes, and while it is away a bit of the flash flips."""
        if self.on:
            self._down()
            self.world.note("flash rot", self.name, self.flash.rot(self.world.random))
            if self.judge.paying is not None:
                self.judge.paying.excused.add(bytes(self.device))
            self._rot_paper()

    def _rot_paper(self) -> None:
        if self.papers is not None and self.judge.fleet is not None:
            name = self.papers.rot(self.world.random)
            self.world.note("paper rot", self.name, name)
            self.judge.fleet.forget(self.name, name)

    @property
    def free(self) -> bool:
        """Can a card be presented now?"""
        return self.firmware is not None and self._tap is None

    def owes(self) -> str:
        """What keeps it from being at rest; empty when nothing does."""
        if self.firmware is None:
            return "is off"
        body = self.firmware.body
        if body.flash.unsettled or body.book.without_record or self._tap is not None:
            return f"{body.flash.unsettled} records, {body.book.without_record} slots, tap {self._tap is not None}"
        return ""

    @property
    def on(self) -> bool:
        """Has it power?"""
        return self.firmware is not None

    def _boot(self, *, clock_set: bool) -> None:
        flash = self._open_flash()
        self._psam = None if self._psam_memory is None else Psam(self._psam_memory, self.world.bytes)
        if self._psam is not None:
            self._psam.power_on()
        has_psam = self._psam is not None
        firmware = Firmware(
            self.settings, flash, self.world.bytes, clock_set=clock_set, has_psam=has_psam, papers=self.papers
        )
        self.watched(firmware)
        boot = firmware.boot(self.now(), self.last_told)
        answer: Any = None
        while True:
            try:
                step = boot.send(answer)
            except StopIteration:
                break
            answer = self._psam.transmit(step.apdu) if isinstance(step, ToPsam) else None
        self.firmware = firmware
        if self.judge.fleet is not None:
            body = firmware.body
            self.judge.fleet.booted(self.name, body.model, body.release, firmware.program.release)

    def watched(self, firmware: Firmware) -> None:
        """It is about to boot: the laws of the way down hear of it."""
        if self.judge.fleet is not None and self.papers is not None:
            watch(self, firmware, self.judge.fleet, self.papers)

    def _open_flash(self) -> Flash:
        return Flash(self.flash)

    def _down(self) -> None:
        self._dead = True
        self._life += 1
        self.world.note("terminal cut", self.name)
        if self.firmware is not None and self.firmware.body.clock.is_set:
            self._rtc_lost_s = None  # the driver has set the RTC when the time came
        self.firmware = self._asked_s = self._showing = None
        self._end_card()
        tap, done = self._tap, self._done
        self._tap = None
        if tap is not None:
            _kill(tap)
        if self._psam is not None:
            self._psam.power_off()
        self.flash.crash(lambda size: self.world.random.randint(0, size))
        self.powered(False)
        self.world.after(self.world.between(1.0, 15.0), self._restart, self._life)
        if tap is not None:
            done(None)

    def _restart(self, life: int) -> None:
        if life == self._life:
            self.start()

    def _step(self) -> None:
        """Before every write and sync of the flash."""
        if self._dead:
            raise PowerCut
        if self.faults.terminal_cut and self._life and self.world.chance(self.faults.terminal_cut):
            raise PowerCut

    def _paper_step(self, side: str, name: str, raw: bytes) -> None:
        """Before a paper is written, and behind it."""
        if self._dead or self.world.chance(self.faults.paper_cut):
            self.world.note("paper cut", self.name, name, side)
            raise PowerCut
        if side == "before" and self.world.chance(self.faults.paper_full):
            self.world.note("paper refused", self.name, name)
            raise StoreFault("papers: no room")

    def _point(self, name: str) -> None:
        if name in self.faults.points and self.world.chance(self.faults.points[name]):
            self.world.note(f"at {name}", self.name)
            raise PowerCut

    # --- inputs ---------------------------------------------------------------------------------------------------

    def now(self) -> Now:
        """Its own idea of time."""
        return self.clock.terminal(self._booted_s, self._rtc_lost_s)

    def wire(self, up: bool) -> None:
        """The link came or went."""
        self._guard(lambda firmware: firmware.wire(up, self.now()))

    def hear(self, message: bytes) -> None:
        """A message from the edge."""
        self._guard(lambda firmware: firmware.message(message, self.now()))

    def _wake(self, life: int, due_s: float) -> None:
        if life == self._life and due_s == self._wake_s:
            self._wake_s = float("inf")
            self._guard(lambda firmware: firmware.tick(self.now()))

    def _guard(self, call: Callable[[Firmware], None]) -> None:
        firmware = self.firmware
        if firmware is None:
            return
        try:
            call(firmware)
            self._after(firmware)
        except PowerCut:
            self._down()

    def _after(self, firmware: Firmware) -> None:
        """Messages out, the next wake-up set, a waiting tap moved on."""
        for message in firmware.take_messages():
            self.send(message)
        firmware.take_displays()
        due_s = firmware.due_s() + self._booted_s
        if due_s < self._wake_s:
            self._wake_s = due_s
            self.world.after(max(due_s - self.world.now_s, 0.0) + 1e-6, self._wake, self._life, due_s)
        if self._asked_s is not None and firmware.is_answered:
            self._answered(self._asked_s)
        if self.judge.fleet is not None:
            look_at(self, firmware, self.judge.fleet)
            if firmware.wants_restart and self._tap is None and self.firmware is not None:
                self._begin_anew(firmware)

    def _begin_anew(self, firmware: Firmware) -> None:
        """By order, or for an image that waits: in good order, as whoever drives a body does it."""
        self.world.note("restart", self.name)
        with suppress(PowerCut):
            firmware.close()
        self._down()

    # --- taps -----------------------------------------------------------------------------------------------------

    def present(self, card: CardTruth, verb: str, amount_fen: int, done: Done) -> None:
        """Put a card into the field: verb sell (a ride where there are fares), again, load or claim."""
        self.world.note(verb, self.name, card.label, amount_fen)

        def begin(firmware: Firmware) -> Tap[Result]:
            if self.rides:
                firmware.at_stop(*stop_at(self.clock.campus_s(), STOPS))
            plain = {"again": firmware.again, "claim": firmware.claim}
            calls = {"sell": firmware.sale, "load": firmware.load}
            return plain[verb](self.now()) if verb in plain else calls[verb](amount_fen, self.now())

        self.ask(begin, card, done)

    def ask(self, begin: Callable[[Firmware], Tap[Result]], card: CardTruth | None, done: Done) -> None:
        """Begin a tap, with this card in the field, or none."""
        if self.firmware is None or self._tap is not None:
            raise ValueError("the field is not free")
        self._truth, self._done = card, done
        if card is not None:
            card.busy = True
            self._card = UserCard(_Watched(self, card), self.world.bytes)
            self._card.power_on()
        self._tap = begin(self.firmware)
        self._go(self._life, None)

    def void(self, done: Done = lambda result: None) -> None:
        """The supervisor takes back the newest sale, if the terminal is free, with his operator card in the field."""
        if self.firmware is None or self._tap is not None:
            return
        self._done = done
        self.world.note("void", self.name)
        self._card = UserCard(RamMemory(blueprint().operator.image), self.world.bytes)
        self._card.power_on()
        self._tap = self.firmware.void_with_card(0, self.now())
        self._go(self._life, None)

    def _go(self, life: int, answer: Any) -> None:
        """Run the tap until it waits, ends, or the power goes."""
        if life != self._life or self._tap is None or self.firmware is None:
            return
        try:
            result = self._run(self._tap, self.firmware, answer)
        except PowerCut:
            self._down()
            return
        if result is not None:
            self._ended(result)

    def _run(self, tap: Tap[Result], firmware: Firmware, answer: Any) -> Result | None:
        while True:
            try:
                step = tap.throw(answer) if isinstance(answer, Exception) else tap.send(answer)
            except StopIteration as end:
                self._after(firmware)
                result: Result = end.value
                return result
            if type(step) is AwaitAnswer:
                self._asked_s = self.world.now_s
                self._tell_asked(firmware)
                self._after(firmware)
                return None
            answer = self._answer(step)
            if self.world.chance(PAUSE if not self.faults.slow_card_s else SLOW_PAUSE):
                self._after(firmware)
                slow_s = self.world.between(0, self.faults.slow_card_s) if self.faults.slow_card_s else 0.0
                self.world.after(STEP_S + slow_s, self._go, self._life, answer)
                return None

    def _tell_asked(self, firmware: Firmware) -> None:
        question = firmware.line.asking._question
        if question is not None:
            self.judge.asked(self.device, question.epoch, question.number)

    def _answered(self, at_s: float) -> None:
        """The driver looks for the answer every LOOK_S: the tap goes on at its next look."""
        self._asked_s = None
        while at_s < self.world.now_s:
            at_s += LOOK_S
        self.world.at(at_s, self._go, self._life, None)

    def _answer(self, step: Any) -> Any:
        if isinstance(step, ToCard):
            return self._to_card(step.apdu)
        if isinstance(step, ToPsam):
            return self._to_psam(step.apdu)
        if isinstance(step, Shown):
            self._point("terminal.after_ring")
            self._showing = step.row
            self._shown(step.row)
            self._point("terminal.after_shown")
        elif isinstance(step, Show):
            self.world.note("display", self.name, step.display.face.value)
            self._tell()
        return None

    def _shown(self, row: Row) -> None:
        if self.judge.paying is not None and row.kind in KINDS:
            self.judge.paying.told(self.device, row)
        else:
            self.judge.shown(self.name, row)

    def _tell(self) -> None:
        """A display is up: what was logged before it has been told."""
        row, self._showing = self._showing, None
        if row is not None:
            self.judge.told(self.name, row)
            self.last_told = Place(row.epoch, row.seq)

    def _to_card(self, apdu: bytes) -> bytes | CardLost:
        card, world = self._card, self.world
        if card is None:
            return CardLost("the card is gone")
        tear = world.random.random() if world.chance(self.faults.card_tear) else 1.0
        if tear < 0.5:
            self._end_card()
            return CardLost("torn before the command")
        try:
            answer = card.transmit(apdu)
        except CardLost as loss:
            self._end_card()
            return loss
        if apdu[1] == DEBIT_INS:
            self._point("terminal.after_debit")
        if tear < 1.0:
            self._end_card()
            return CardLost("torn before the answer")
        return answer

    def _to_psam(self, apdu: bytes) -> bytes | PsamLost:
        if self._psam is None:
            return PsamLost("no PSAM")
        if not self.world.chance(self.faults.psam_loss):
            return self._psam.transmit(apdu)
        if self.world.chance(0.5):
            self._psam.transmit(apdu)
        return PsamLost("no answer")

    def _ended(self, result: Result) -> None:
        done = self._done
        if result.reason in _OF_A_DATE:
            raise Violation("clock", f"{self.name}: a good card is turned away, {result.reason}")
        self._tap = None
        self._end_card()
        self.world.note("tap", self.name, result.end.value, str(result.reason))
        done(result)

    def _end_card(self) -> None:
        if self._card is not None:
            self._card.power_off()
            self._card = None
        if self._truth is not None:
            self._truth.busy = False
            self._truth = None

    def card_changes(self, card: CardTruth, image: bytes) -> None:
        """The card in the field is about to commit."""
        happened = card.change(image, self.world.now_s)
        if happened is not None:
            if self.rides and happened.deed.kind is CounterKind.OFFLINE:  # a load behind it is no ride
                self.world.note(f"ride {check_ride(card.label, card.image, image, happened.amount_fen)}", self.name)
            self._point("terminal.before_pending")
            self.judge.deed(self.name, card, happened)


class _Watched:
    """The card's memory while it is in this field."""

    def __init__(self, part: TerminalPart, card: CardTruth) -> None:
        self._part = part
        self._card = card

    def load(self) -> bytes:
        return self._card.load()

    def store(self, image: bytes, /) -> None:
        self._part.card_changes(self._card, image)
        self._card.store(image)


def _kill(tap: Tap[Result]) -> None:
    """End a generator whose body has no power: whatever it still tries to write fails."""
    with suppress(PowerCut, StopIteration, StoreFault):
        tap.throw(PowerCut())
