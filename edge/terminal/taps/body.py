"""One terminal body from the inside: what its taps, its link and its firmware share.

Holds the moment of the last input, the PSAM it was booted with, and the fault that keeps it from selling.
"""

from collections import deque
from dataclasses import replace
from typing import NamedTuple

from edge.terminal.down.ages import LADDER, aged, capped
from edge.terminal.down.documents import Documents, documents_of
from edge.terminal.settings.settings import BodySettings
from edge.terminal.store.book import Book, Row, card_of
from edge.terminal.store.clock import Now, TerminalClock
from edge.terminal.store.codes import CodesHere
from edge.terminal.store.flash import Flash, Waiting
from edge.terminal.store.layout import AskedLoad, AskedPayment
from edge.terminal.store.meals import MealsHere
from edge.terminal.store.papers import MemoryPapers, Papers
from edge.terminal.store.parameters import Parameters
from edge.terminal.store.shift import Shifts
from edge.terminal.store.signing import signer
from edge.terminal.store.untold import Untold
from edge.terminal.store.voids import Voids
from edge.terminal.taps import display
from edge.terminal.taps.awaited import AwaitedCards
from edge.terminal.taps.display import Bar, Display
from shared.clocks.clock import CampusTime, time_text
from shared.fleet.capped import Capped
from shared.fleet.document import DocumentKind
from shared.fleet.parameters import EVERY_OTHER, OnlineRow
from shared.ids import CardId, PsamId
from shared.inventory import DeviceKind
from shared.purse.caps import Caps
from shared.purse.outcomes import CardIdentity, PendingPurchase
from shared.purse.profiles import Agreed
from shared.records import Pair

MODELS = {DeviceKind.POS: 1, DeviceKind.VALIDATOR: 2, DeviceKind.LOAD_MACHINE: 3, DeviceKind.DESK: 4}
"""Hardware models, as HELLO says them."""
BUILT_IN = 1
"""The release of firmware that a body is made with."""
class Charge(NamedTuple):
    """What a card pays, and what its record says of a discount in it: never above zero."""

    fen: int
    adjust_fen: int = 0

    @property
    def gross_fen(self) -> int:
        """Before the discount."""
        return self.fen - self.adjust_fen


DIARY_MAX = 200
DISPLAYS_MAX = 32
"""Displays outside a tap that nobody took: the oldest is forgotten."""


class Body:
    """Mutable state of one body. live_ttn: terminal number of the PSAM's open session, if a MAC2 is still due.

    presented: the card of this tap, once it has said which one it is, and its class. awaited: cards whose next tap is
    to ask the centre.
    """

    def __init__(
        self, settings: BodySettings, flash: Flash, *, clock_set: bool, papers: Papers | None = None
    ) -> None:  # fmt: skip
        """papers: where documents of the fleet are kept; None: in memory only, as on a body without room for them."""
        self.settings = settings
        kept = papers or MemoryPapers()
        self.documents: Documents = documents_of(
            settings.device, self.model, settings.campus, settings.campus_key, kept, self._next_period,
        )  # fmt: skip
        self.shifts = Shifts(kept, flash)
        self.flash = flash
        self.clock = TerminalClock(is_set=clock_set, last_day=flash.day)
        self.book = Book(flash, self.day_of, settings.key_version, signer(flash, settings.device, settings.key))
        self.now = Now(0.0, 0)
        self.psam = PsamId(settings.device)
        self.voids = Voids(
            flash, self.book, self.day_of, settings.device, settings.key_version, self.shifts.is_closed
        )
        self.meals = MealsHere(flash, self.day_of)
        self.codes = CodesHere(flash, self.day_of)
        self.live_ttn: int | None = None
        self.untold = Untold()
        self.presented: CardId | None = None
        self.presented_class = EVERY_OTHER
        self.is_vouched = False
        """The centre has said of the presented card, just now, that it is good."""
        self.awaited = AwaitedCards(lambda: self.documents.meaning(DocumentKind.AWAITED))
        self.fault: Bar | None = Bar.NOT_BOOTED
        self.displays: list[Display] = []
        self.paid: list[Row] = []
        """Records of orders 收款码 that are told outside of a tap, and not logged yet: one at a power-on, no more."""
        self.diary: deque[str] = deque(maxlen=DIARY_MAX)
        """What was shown outside of taps, and refused in them, the newest last: lost with the power."""

    def time(self) -> CampusTime:
        """Campus time of the last input."""
        return self.clock.at(self.now)

    @property
    def model(self) -> int:
        """Of its hardware."""
        return MODELS[self.settings.kind]

    @property
    def release(self) -> int:
        """Of the firmware that runs."""
        paper = self.documents.in_use(DocumentKind.FIRMWARE)
        return BUILT_IN if paper is None else paper.head.generation

    @property
    def hotlist_version(self) -> int:
        """The generation that is in use, or the version of its settings."""
        paper = self.documents.in_use(DocumentKind.HOTLIST)
        return self.settings.hotlist.version if paper is None else paper.head.generation

    @property
    def hotlist_crc(self) -> int:
        """Of what is in use."""
        paper = self.documents.in_use(DocumentKind.HOTLIST)
        return self.settings.hotlist.crc if paper is None else paper.echo

    def is_listed(self, card: CardId, index: int) -> bool:
        """Is this card on the hotlist in use?"""
        listed = self.documents.meaning(DocumentKind.HOTLIST) or self.settings.hotlist
        return bool(listed.contains(card, index))

    @property
    def operators(self) -> frozenset[CardId]:
        """Operator cards that void here: those of the document in use, or of the settings."""
        found: frozenset[CardId] | None = self.documents.meaning(DocumentKind.OPERATORS)
        return self.settings.operators if found is None else found

    @property
    def parameters(self) -> Parameters:
        """Those in use: a document's, or the settings'. The one place where they are asked for."""
        found: Parameters | None = self.documents.meaning(DocumentKind.PARAMETERS)
        return self.settings.parameters if found is None else found

    @property
    def parameter_version(self) -> int:
        """The generation that is in use, or the version of its settings."""
        paper = self.documents.in_use(DocumentKind.PARAMETERS)
        return self.settings.parameters.version if paper is None else paper.head.generation

    @property
    def agreed(self) -> tuple[Agreed, ...]:
        """Issuers whose cards are taken here."""
        agreed = self.parameters.agreed
        return self.settings.agreed if agreed is None else agreed

    def day_of(self, campus_s: int) -> int:
        """Business day of a moment."""
        return self.parameters.day_of(campus_s)

    def _next_period(self) -> int:
        """Campus second at which the next meal period begins; 0: nobody knows what time it is."""
        time = self.time()
        return self.parameters.next_period(time.seconds) if time.is_set else 0

    @property
    def online(self) -> OnlineRow:
        """When the centre is asked about the presented card."""
        return self.parameters.online_of(self.presented_class)

    def present(self, identity: CardIdentity) -> None:
        """The card of this tap has said which one it is. Cards of others are of no class of ours."""
        self.is_vouched = False
        self.presented = identity.card_id
        self.presented_class = identity.card_type if identity.profile is self.settings.profile else EVERY_OTHER

    @property
    def is_refused(self) -> bool:
        """Is the presented card of a class that is not served in this meal?"""
        parameters = self.parameters
        return parameters.refuses(self.presented_class, parameters.meal_clock(self.time()).meal)

    def charge_of(self, keyed_fen: int, at_s: int | None = None) -> Charge:
        """What a sale of this sum is over for the presented card, now or at another moment of this terminal's."""
        parameters, time = self.parameters, self.time()
        when = time if at_s is None else time._replace(seconds=at_s)
        price = parameters.price_of(self.presented_class, parameters.meal_clock(when).meal)
        gross_fen = price.fixed_fen or keyed_fen
        off_fen = price.off(gross_fen)
        return Charge(gross_fen - off_fen, -off_fen)

    @property
    def caps(self) -> Caps | None:
        """What the presented card may spend now: its class's limits in this meal, by the age of the hotlist.

        A body that holds no hotlist of the fleet's has none that could be old. Under a clock that was never set no
        card's day ever ends, so a cap of the day would stop it for good: nobody can say how old the list is.
        """
        parameters = self.parameters
        meal = parameters.meal_clock(self.time()).meal
        caps = parameters.caps_of(self.presented_class, meal)
        pin_above_fen = parameters.pin_above(self.presented_class, meal)
        if pin_above_fen is not None:
            caps = replace(caps or Caps(), pin_above_fen=pin_above_fen)
        if self.is_capped:
            caps = capped(caps)
        return caps if self.is_vouched else aged(caps, self._age_s, parameters.ladder or LADDER)

    @property
    def is_capped(self) -> bool:
        """Does the presented card eat one meal a period 限餐? Never in the period in which that was said, and under a
        clock that was never set nobody knows which period it is."""
        listed: Capped | None = self.documents.meaning(DocumentKind.CAPPED)
        row = listed.get(self.presented) if listed and self.presented else None
        time = self.time()
        if row is None or not time.is_set:
            return False
        return row.counts(time.seconds, self.parameters.meal_began(time.seconds))

    @property
    def is_aged(self) -> bool:
        """Is the hotlist in use so old that cards are doubtful?"""
        return self._age_s >= (self.parameters.ladder or LADDER)[0].from_s

    @property
    def _age_s(self) -> int:
        """Of the hotlist in use, when this meal period began; 0 where nobody can say."""
        paper, time = self.documents.in_use(DocumentKind.HOTLIST), self.time()
        is_known = paper is not None and time.is_set
        return self.parameters.meal_began(time.seconds) - paper.head.as_of if paper is not None and is_known else 0

    def take_time(self, campus_s: int) -> None:
        """A proven edge says what time it is. A day marker from a clock that was ahead begins anew."""
        if not self.clock.correct(campus_s, self.now):
            return
        day, flash = self.day_of(campus_s), self.flash
        if flash.day > day + 1 and flash.current is not None:
            flash.mark_day(day, flash.current.last + 1)

    @property
    def has_epoch(self) -> bool:
        """Is there an epoch for the PSAM of this body?"""
        current = self.flash.current
        return current is not None and current.psam == self.psam

    @property
    def bar(self) -> Bar | None:
        """Why nothing can be sold now; None: it can. Every pending slot keeps room for its record."""
        if self.fault is not None:
            return self.fault
        if self.flash.revoked:
            return Bar.REVOKED
        if self.documents.orders.lock is not None:
            return Bar.LOCKED
        if not self.has_epoch:
            return Bar.NO_EPOCH
        if self.flash.free <= self.book.without_record:
            return Bar.RING_FULL
        time = self.time()
        is_behind = self.documents.is_catching_up(self.now.mono_s, time.seconds if time.is_set else None)
        return Bar.CATCHING_UP if is_behind else None

    @property
    def settling_bar(self) -> Bar | None:
        """Why not even a pending transaction can be settled now: selling may have stopped, its record has room."""
        if self.fault not in (None, Bar.STOPPED):
            return self.fault
        if not self.has_epoch:
            return Bar.NO_EPOCH
        return Bar.RING_FULL if self.flash.free <= 0 else None

    def fail(self, bar: Bar) -> None:
        """Broken for good: stop selling, say so."""
        self.fault = bar
        self.show(display.not_selling(bar))

    def not_selling(self, bar: Bar) -> Display:
        """Why not, and of a lock for what reason."""
        lock = self.documents.orders.lock
        return display.locked(lock) if bar is Bar.LOCKED and lock is not None else display.not_selling(bar)

    def show(self, what: Display) -> None:
        """Show something outside a tap."""
        self.note(str(what.title))
        self.displays = [*self.displays, what][-DISPLAYS_MAX:]

    def note(self, what: str) -> None:
        """A line of the diary."""
        self.diary.append(f"{time_text(self.time().seconds)} {what}")

    def write_unproven(self, waiting: Waiting) -> Row:
        """A pending slot gets its record without proof, and the cashier hears of it."""
        row = self.book.unproven(waiting, self.time().seconds)
        if isinstance(waiting.slot.body, PendingPurchase) and waiting.slot.body.pair is not Pair.ALONE:
            self.voids.may_owe = True
        if isinstance(waiting.slot.body, AskedPayment):
            self.show(display.reversed_(waiting.slot.body.request.amount_fen))
        elif not isinstance(waiting.slot.body, AskedLoad):
            self.show(display.unproven(waiting.slot.body))
        return row

    def close_unproven(self, waiting: Waiting) -> None:
        """The card can say no more: its unproven record stands, and a torn pair is given back."""
        self.voids.may_owe = True
        self.book.close_unproven(waiting, self.time().seconds)
        self.pay_back()

    def other_card_came(self, card: CardId | None) -> None:
        """Whatever is pending without record on other cards becomes unproven, and a torn pair is given back. None: it
        is no card that has come, but somebody who pays without one."""
        for waiting in list(self.flash.waiting):
            if not waiting.slot.unproven and card_of(waiting) != card:
                self.write_unproven(waiting)
        self.pay_back()

    def pay_back(self) -> list[Row]:
        """Give back what is owed; the records of it. Asked at every input, and almost never is anything owed."""
        return self.voids.pay_back(self.time()) if self.voids.may_owe else []
