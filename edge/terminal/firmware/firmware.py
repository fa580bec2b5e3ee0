"""The firmware of POS, bus validator and load machine: sans-I/O core of a terminal body.

Inputs: boot, wire, message, tick, and a keyed amount with a card (`sell`, `again`, `load`). Outputs: steps of a tap,
messages (`take_messages`), displays outside a tap (`take_displays`). The flash is a port and is written from here.
Refuses to sell without an epoch, with a full ring, with a store or PSAM that failed, and says which.
"""

from collections.abc import Callable
from contextlib import suppress

from edge.link.broadcast import Answer, Down
from edge.link.messages import Refusal
from edge.link.port import BusReport
from edge.terminal.down.broadcast import Receiver, Slot, Slots
from edge.terminal.firmware.deeds import Deeds
from edge.terminal.firmware.line import Line
from edge.terminal.firmware.program import SAMPLES, Program, ProgramFault, load, self_test
from edge.terminal.settings.settings import BodySettings
from edge.terminal.store.book import Row
from edge.terminal.store.clock import Now
from edge.terminal.store.flash import Flash
from edge.terminal.store.layout import AskedLoad
from edge.terminal.store.papers import Papers
from edge.terminal.store.untold import NOWHERE, Place
from edge.terminal.store.voids import ShiftSale
from edge.terminal.taps import display
from edge.terminal.taps.body import Body
from edge.terminal.taps.display import Bar, Display
from edge.terminal.taps.gate import Gate
from edge.terminal.taps.loading import LoadPoint
from edge.terminal.taps.meal import MealPoint
from edge.terminal.taps.mixed import MixedTill
from edge.terminal.taps.offline_code import is_offline
from edge.terminal.taps.paying import AccountPoint
from edge.terminal.taps.phone import PhonePoint
from edge.terminal.taps.sale import Till
from edge.terminal.taps.serving import serve
from edge.terminal.taps.steps import End, Result, Show, Tap
from edge.terminal.taps.till_order import OrderPoint, is_order
from edge.terminal.taps.voiding import void_last, void_with_card
from shared.errors import RuleBroken, StoreFault
from shared.fleet.document import DocumentKind
from shared.fleet.wallets import Wallets
from shared.ids import psam_id
from shared.inventory import LOADERS
from shared.money import yuan
from shared.online import parse_code
from shared.purse.flows.till import open_psam
from shared.purse.outcomes import Pin, PsamIdentity
from shared.purse.reasons import REASON_TEXT, Reason
from shared.words.voice import Text

QUIET_S = 900.0
"""So long after the last card new firmware is not started: meal periods border on each other, so a body knows by its
cards that one is on."""
BACKLOG_MAX = 64
"""Records that the ledger has not answered; above, new firmware is not even taken: they come first."""
_NEVER = float("inf")
_OVER = (End.DONE, End.DECLINED)
"""After these nothing of the tap itself is open on the card."""


class Firmware:
    """One body. One tap at a time: a second one before the first has ended is a RuleBroken."""

    def __init__(
        self,
        settings: BodySettings,
        flash: Flash,
        random_bytes: Callable[[int], bytes],
        *,
        clock_set: bool = True,
        has_psam: bool = True,
        papers: Papers | None = None,
        slot: Slot | None = None,
        quiet_s: float = QUIET_S,
    ) -> None:
        """random_bytes(n): n unpredictable bytes. clock_set: the RTC has kept the time since somebody set it.

        slot: where a broadcast's pages go; None: this body hears none. quiet_s: in the place of QUIET_S.
        """
        self.body = Body(settings, flash, clock_set=clock_set, papers=papers)
        self.line = Line(self.body, random_bytes)
        self._deeds = Deeds(self.body, self.line)
        accounts = AccountPoint(self.body, self.line.asking, lambda: self.line.is_joined)
        self._gate = Gate(self.body, settings.ride) if settings.ride is not None else None
        self._till = self._gate or (MixedTill if settings.subsidy else Till)(self.body, accounts)
        self._load_point = LoadPoint(self.body, self.line.asking, lambda: self.line.is_joined)
        self._meals = MealPoint(self.body)
        self._phones = PhonePoint(self.body)
        self._orders = OrderPoint(self.body, self.line.asking, lambda: self.line.is_joined)
        self._has_psam = has_psam
        self._busy = False
        self._open = 0
        self._healed = 0
        self._fixed: tuple[int, ...] = ()
        self._was_registered = False
        self._tapped_s = -_NEVER
        self._wants_swap = False
        self.program = Program()
        """What words its displays: built in, or an image's."""
        documents = self.body.documents
        documents.is_busy = lambda: self._busy or flash.unsettled > BACKLOG_MAX
        self.receiver = Receiver(documents.announced, Slots(slot)) if slot is not None else None
        self._quiet_s = quiet_s
        documents.is_in_tap = lambda: self._busy
        self._refusal: Refusal | None = None

    # --- inputs ---------------------------------------------------------------------------------------------------

    def boot(self, now: Now, told: Place) -> Tap[Bar | None]:
        """Power on: open the PSAM, write down what was pending. Ends in what keeps it from selling, None if nothing.

        told: the last record that a display of this body has shown, by its shown log.
        """
        body = self.body
        body.now = now
        psam = (
            (yield from serve(open_psam(), self._till))
            if self._has_psam
            else PsamIdentity(psam_id(body.settings.device), b"")
        )
        if not isinstance(psam, PsamIdentity):
            body.fail(Bar.PSAM)
            return body.fault
        body.psam = psam.psam_id
        body.fault = None
        self._guard(lambda: self._after_boot(told))
        return self.bar

    def wire(self, up: bool, now: Now) -> None:  # the port's own word
        """The link came or went."""
        self.body.now = now
        self.line.wire(up)
        self.tick(now)

    def message(self, raw: bytes, now: Now) -> None:
        """A message from the edge; a malformed or unproven one changes nothing."""
        self.body.now = now
        self._guard(lambda: self.line.message(raw))
        self.tick(now)

    def broadcast(self, down: Down, now: Now) -> bool:
        """A frame of a broadcast. True: a document is whole by it, and was taken or refused."""
        receiver = self.receiver
        if receiver is None:
            return False
        receiver.hear(down)
        whole, receiver.whole = receiver.whole, None
        if whole is None:
            return False
        self.body.now = now
        self.line.tell(self.body.documents.received(whole.signed, whole.body, self.line.last_seq))
        self.tick(now)
        return True

    def next_answer(self) -> Answer | None:
        """What to say to a broadcast, unless somebody has ordered silence."""
        return None if self.receiver is None or self.line.is_hushed else self.receiver.next_answer()

    def bus(self, report: BusReport, now: Now) -> None:
        """What the wire's controller counts of errors: the edge hears of it."""
        self.line.bus(report)
        self.tick(now)

    def log_failed(self) -> None:
        """The shown log does not take what was paid outside of a tap: this body sells no more."""
        self.body.fail(Bar.FLASH)

    def doubt_last(self) -> None:
        """Whoever drives this body does not know whether the newest record was heard of: it counts as not told."""
        self._guard(lambda: self._remember_last(NOWHERE))

    def tick(self, now: Now) -> None:
        """Time has passed: do what is due."""
        self.body.now = now
        self._guard(self._due)

    def due_s(self) -> float:
        """Monotonic second at which `tick` has something to do next."""
        body, due_s = self.body, self.line.due_s()
        if self._busy:
            return due_s
        due_s = min(due_s, self._deeds.due_s(), self._turns_s(), self._swap_s(), self._orders.due_s())
        if not body.book.without_record:
            return due_s
        can_write = body.fault in (None, Bar.STOPPED) and body.flash.free > 0
        return min(due_s, body.book.next_due_s() if can_write else _NEVER)

    def sell(self, amount_fen: int, now: Now, pin: Pin | None = None) -> Tap[Result]:
        """A keyed amount and the card that is presented. A pending purchase of this card is settled first. pin: keyed
        by its holder, where a sale before this ended in PIN_WANTED; the card alone checks it."""
        return self._tap(self._counted(self._with_load_behind(self._till.sell(amount_fen, pin))), amount_fen, now)

    def sale(self, amount_fen: int, now: Now) -> Tap[Result]:
        """What this body does with a card: a ride where it has fares, else a sale of the amount."""
        return self.sell(amount_fen, now) if self._gate is None else self.ride(now)

    def pay(self, amount_fen: int, now: Now) -> Tap[Result]:
        """账户支付: a keyed amount, out of the online account of the card that is presented."""
        return self._tap(self._with_load_behind(self._till.pay(amount_fen)), amount_fen, now)

    def pay_by_code(self, amount_fen: int, typed: str, now: Now) -> Tap[Result]:
        """付款码: a keyed amount, by what a scanner or a person has typed off a phone: an offline code is judged here,
        the centre is asked about any other one. WireFault for no code of ours: nobody is asked, nothing is begun."""
        digits = "".join(typed.split())
        if is_offline(digits):
            return self._tap(self._counted(self._phones.pay(amount_fen, digits)), amount_fen, now)
        return self._tap(self._till.pay_by_code(amount_fen, parse_code(digits)), amount_fen, now)

    def order(self, amount_fen: int, now: Now) -> Tap[Result]:
        """收款码: a keyed amount, by a code that this till shows and a customer's wallet pays."""
        return self._tap(self._counted(self._orders.sell(amount_fen)), amount_fen, now)

    def call_off(self, now: Now) -> bool:
        """The cashier takes back what is on the glass. False: nothing of this kind is under way; True: its tap ends in
        what became of it, which may be that it is paid."""
        self.body.now = now
        self._orders.call_off()
        return self._orders.is_waiting

    def again(self, now: Now) -> Tap[Result]:
        """A card without a keyed amount: settle what is pending on it; charge that if it is fresh and was not debited.

        Works after `stop`: then nothing is charged.
        """
        return self._tap(self._counted(self._with_load_behind(self._till.again())), 0, now)

    def ride(self, now: Now) -> Tap[Result]:
        """A card at a validator: its record and the fare rules say the amount. RuleBroken without `ride` settings."""
        return self._tap(self._counted(self._with_load_behind(self._the_gate.ride())), 0, now)

    def at_stop(self, stop: int, direction: int) -> None:
        """The bus is at this stop now. RuleBroken without `ride` settings."""
        self._the_gate.at_stop(stop, direction)

    @property
    def _the_gate(self) -> Gate:
        if self._gate is None:
            raise RuleBroken("this body is no validator with fares")
        return self._gate

    def meal_offer(self, number: str, now: Now) -> Display:
        """应急餐: what the cashier is to confirm for this number, or why it is refused. Nothing is recorded."""
        self.body.now = now
        return self.worded(self._meals.offer(number))

    def meal(self, number: str, now: Now) -> Tap[Result]:
        """应急餐 for this number, confirmed: no card is in the field."""
        return self._tap(self._meals.give(number), 0, now)

    def void(self, now: Now) -> Tap[Result]:
        """撤销 of the last sale of this body by PIN alone, once, on its business day: noted, and held by the centre."""
        return self._tap(void_last(self.body), 0, now)

    def void_with_card(self, seq: int, now: Now) -> Tap[Result]:
        """撤销 of a sale of this shift by its number, 0: the newest one; the card in the field stands for it."""
        return self._tap(void_with_card(self.body, seq, self._till), 0, now)

    def sales(self) -> list[ShiftSale]:
        """What this body has sold in this shift, and what of it is void."""
        return self.body.voids.sales_of_shift(self.body.time()) if self.body.has_epoch else []

    def load(self, amount_fen: int, now: Now) -> Tap[Result]:
        """圈存 at a load machine. 0 = only settle what is pending on this card."""
        return self._tap(self._load_point.load(amount_fen), amount_fen, now)

    def claim(self, now: Now) -> Tap[Result]:
        """领款 at any terminal that is on line: what waits for this card in the pending load."""
        return self._tap(self._load_point.claim(), 0, now)

    def stop(self, now: Now) -> None:
        """Stop selling for good; pending cards may still be settled, records drain on."""
        self.body.now = now
        if self.body.fault is None:
            self.body.fault = Bar.STOPPED
        self.line.status_due()
        self.line.tallies.hurry(now.mono_s)
        self.tick(now)

    def close(self) -> None:
        """An orderly end: lazy marks become durable."""
        self._guard(self.body.flash.close)

    # --- outputs --------------------------------------------------------------------------------------------------

    def take_messages(self) -> list[bytes]:
        """Messages for the edge, in order."""
        out, self.line.out = self.line.out, []
        return out

    def take_leave(self) -> int:
        """Seconds for which the body is to be off its wire, by order of the edge; 0: none."""
        seconds, self.line.leave_s = self.line.leave_s, 0
        return seconds

    def take_displays(self) -> list[Display]:
        """What to show outside a tap."""
        out, self.body.displays = self.body.displays, []
        return out

    def take_paid(self) -> list[Row]:
        """Lines for the shown log, to be durable before the displays of now are shown."""
        out, self.body.paid = self.body.paid, []
        return out

    @property
    def bar(self) -> Bar | None:
        """Why it does not sell (or load) now; None: it does."""
        bar = self.body.bar
        is_load_machine = self.body.settings.kind in LOADERS
        return Bar.NOT_JOINED if bar is None and is_load_machine and not self.line.is_joined else bar

    @property
    def wants_restart(self) -> bool:
        """An order says so, and it is written down: boot a new one from the same flash, and drop this."""
        return self._deeds.wants_restart or self._wants_swap

    def worded(self, what: Display) -> Display:
        """As the program that runs shows it. Whoever has a display passes each by here."""
        return self.program.worded(what)

    @property
    def has_fixed(self) -> bool:
        """Is there a fixed amount in this meal, so that a card alone is a sale?"""
        return bool(self._fixed)

    @property
    def serves_card_alone(self) -> bool:
        """Has a card without a keyed amount anything to do here: something waits for it, or an amount is fixed?"""
        return self.has_fixed or bool(self.body.flash.waiting) or self.body.untold.row is not None

    @property
    def is_answered(self) -> bool:
        """May a tap that waits at AwaitAnswer go on?"""
        return self.line.asking.is_settled

    @property
    def is_drained(self) -> bool:
        """Every record is in the ledger, and no pending transaction is without one."""
        return self.body.flash.unsettled == 0 and self.body.book.without_record == 0

    # --- inside ----------------------------------------------------------------------------------------------------

    def _with_load_behind(self, tap: Tap[Result]) -> Tap[Result]:
        """A tap, and behind it a load of this card that is half done, here or anywhere: it may be why the card has no
        money."""
        result = yield from tap
        card = self.body.presented
        if card is not None and result.end in _OVER and result.reason is not Reason.HOTLISTED:
            try:
                yield from self._load_point.behind(card)
            except StoreFault:  # the tap is done and shown all the same
                self.body.fail(Bar.FLASH)
        return result

    def _counted(self, tap: Tap[Result]) -> Tap[Result]:
        """A tap that is served or refused, for who watches tills and what parameters do. Told by a body that holds a
        document, for its box knows what a tally is; release 0.1's does not. Generation 0: its own settings."""
        result = yield from tap
        body = self.body
        if result.reason is not None:
            body.note(f"{yuan(result.amount_fen)} {REASON_TEXT[result.reason]}")
        is_refused = result.end is End.DECLINED and result.reason is not None
        has_parameters = body.documents.in_use(DocumentKind.PARAMETERS) is not None
        is_asked = has_parameters or body.documents.in_use(DocumentKind.HOTLIST) is not None
        if is_asked and (is_refused or result.end is End.DONE):
            day = body.day_of(body.time().seconds)
            reason = result.reason if is_refused else None
            generation = body.parameter_version if has_parameters else 0
            self.line.tallies.note(day, generation, reason, body.now.mono_s)
        return result

    def _tap(self, tap: Tap[Result], amount_fen: int, now: Now) -> Tap[Result]:
        if self._busy:
            raise RuleBroken("a tap has not ended yet")
        self.body.now, self.body.presented = now, None
        self._guard(self._turn)
        self._guard(self._orders.reverse_left)
        self._busy = True
        try:
            result = yield from tap
        except StoreFault:
            self.body.fail(Bar.FLASH)
            yield Show(display.not_selling(Bar.FLASH))
            result = Result(End.NOT_SELLING, amount_fen)
        finally:
            self._busy = False
            self._tapped_s = self.body.now.mono_s
        self.tick(self.body.now)
        return result

    def _due(self) -> None:
        body = self.body
        if not self._busy:
            self._turn()
            self._find_epoch()
            if body.book.without_record and body.fault in (None, Bar.STOPPED) and body.flash.free > 0:
                for waiting in body.book.overdue(body.now.mono_s):
                    body.write_unproven(waiting)
            self._pay_back()
            self._orders.due()
            self._deeds.due()
            self._wants_swap = body.documents.to_try is not None and not self._is_in_use()
        without_record = body.book.without_record
        if without_record != self._open:
            self._open = without_record
            self.line.status_due()
        self.line.tick()
        self._see_documents()
        self._tell_fixed()
        self._tell_network()
        self._tell_healed()

    def _turn(self) -> None:
        """A meal period may have begun: what waited for it counts, and says so, before anything else is done."""
        body = self.body
        self.line.tell(body.documents.turn(body.time(), self.line.last_seq))
        self._see_documents()

    def _turns_s(self) -> float:
        """Monotonic second at which a document that waits takes effect."""
        body, time = self.body, self.body.time()
        begins_s = body.documents.begins_s()
        return _NEVER if begins_s is None or not time.is_set else body.now.mono_s + max(0, begins_s - time.seconds)

    def _is_in_use(self) -> bool:
        """Does something stand against starting new firmware: a tap, cards of just now, records that are owed?"""
        is_quiet = self.body.now.mono_s - self._tapped_s >= self._quiet_s
        return self._busy or not is_quiet or not self.is_drained

    def _swap_s(self) -> float:
        """Monotonic second at which firmware that waits may be tried. What is not drained moves by messages."""
        is_waiting = self.body.documents.to_try is not None and self.is_drained and not self._wants_swap
        return max(self.body.now.mono_s, self._tapped_s + self._quiet_s) if is_waiting else _NEVER

    def _run_program(self) -> None:
        """What waits is tried while nothing is owed to anybody; then whatever is in use runs."""
        documents = self.body.documents
        if self.is_drained:
            documents.try_firmware(lambda image: self_test(image, SAMPLES), self.line.last_seq)
        image = documents.meaning(DocumentKind.FIRMWARE)
        if image is None:
            return
        self.body.show(display.release(image.release, image.name))
        with suppress(ProgramFault):
            self.program = load(image)

    def _see_documents(self) -> None:
        """Another one is in use: records say so from here on."""
        if self.body.documents.changed:
            self.body.documents.changed.clear()
            self._keep_versions()
            self._look_for_codes()
            self.line.status_due()

    def _pay_back(self) -> None:
        """A pair that no card completes any more is given back, and the cashier hears of it."""
        for row in self.body.pay_back():
            self.body.show(display.given_back(row.amount_fen))

    def _tell_network(self) -> None:
        """The cashier hears when the network goes or comes, and when the edge refuses this body."""
        line, body = self.line, self.body
        is_registered = line.is_registered
        if is_registered is not self._was_registered:
            self._was_registered = is_registered
            body.show(display.online(line.window.unsent) if is_registered else display.offline())
        if line.refusal is not self._refusal:
            self._refusal = line.refusal
            if line.refusal is not None:
                body.show(display.refused(line.refusal))

    def _tell_fixed(self) -> None:
        """The cashier hears what is fixed in a meal when it begins, or when that changes."""
        parameters = self.body.parameters
        amounts = parameters.fixed_in(parameters.meal_clock(self.body.time()).meal) if parameters.prices else ()
        if amounts != self._fixed:
            self._fixed = amounts
            if amounts:
                self.body.show(display.fixed(amounts))

    def _tell_healed(self) -> None:
        """A medium that forgets bits will forget more of them."""
        healed = self.body.flash.healed
        if healed != self._healed:
            self.body.show(display.healed(healed - self._healed))
            self._healed = healed

    def _after_boot(self, told: Place) -> None:
        """Pending slots of before become unproven; an asked load that a granted one follows is done."""
        body = self.body
        granted = {w.slot.number for w in body.flash.waiting if not isinstance(w.slot.body, AskedLoad)}
        for waiting in list(body.flash.waiting):
            if isinstance(waiting.slot.body, AskedLoad) and waiting.slot.number in granted:
                body.book.drop(waiting)
            elif not waiting.slot.unproven and not is_order(waiting) and body.flash.free > 0:
                body.write_unproven(waiting)
        self._orders.boot()
        self._pay_back()
        body.documents.boot()
        body.shifts.boot()
        self._deeds.resume()
        self._run_program()
        self._keep_versions()
        self._look_for_codes()
        self._find_epoch()
        self._remember_last(told)

    def _look_for_codes(self) -> None:
        """Where offline codes are taken, what was taken is known before anybody waits for it."""
        limits: Wallets | None = self.body.documents.meaning(DocumentKind.WALLETS)
        if limits is not None and limits.is_on:
            self.body.codes.look()

    def _keep_versions(self) -> None:
        body = self.body
        body.flash.keep_versions(body.hotlist_version, body.parameter_version)

    def _remember_last(self, told: Place) -> None:
        """The power may have gone between the newest record and its display: tell the cashier of it."""
        body = self.body
        if not body.has_epoch:
            return
        current = body.flash.epochs[-1]
        if told.epoch == current.epoch and told.seq > current.last:
            raise StoreFault(
                Text(
                    f"流水存储缺号：已显示到 {told.seq}，本机只存到 {current.last}",
                    f"records are lost: {told.seq} was shown, this store ends at {current.last}",
                )
            )
        body.untold.boot(body.flash.newest(), body.flash.kept(current.last - 1), current.epoch, body.time(), told)
        self._orders.told_again()
        if body.untold.row is not None:
            body.show(display.last_before(body.untold.row))

    def _find_epoch(self) -> None:
        """Begin or resume the epoch of this PSAM, when there is one to begin and nothing stands against it."""
        body, flash = self.body, self.body.flash
        named = self.line.welcome.current if self.line.welcome else 0
        if body.fault is Bar.NOT_BOOTED or (body.has_epoch and named in (0, flash.epochs[-1].epoch)):
            return
        known = flash.known_epoch(body.psam)
        number = named or (known.epoch if known else 0)
        if not number or not flash.room_for_epoch() or body.book.without_record:
            return
        row = flash.epoch(number)
        if row is not None and not row.drained:
            return
        flash.begin_epoch(number, body.psam, self.line.held_of(number))
        self.line.epoch_began(flash.epochs[-1])

    def _guard(self, act: Callable[[], None]) -> None:
        try:
            act()
        except StoreFault:
            if self.body.fault is not Bar.FLASH:
                self.body.fail(Bar.FLASH)
