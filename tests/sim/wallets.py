"""Holders and their online accounts: they pay at tills by card, by a code of their phone, with or without a network, or
get an emergency meal by number; money is paid in, and losses are reported. Each act is a command of its own.

Only in seeds in which documents come down, for what a phone and a number may do comes to tills as documents; and of
those in a share.
"""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec

from cloud.ledger.desk.bank import BankLedger
from cloud.ledger.desk.door import DeskLedger
from cloud.ledger.desk.meals import MealLedger
from cloud.ledger.desk.replacing import Wish
from cloud.ledger.funds.meals.rules import MealRule
from cloud.ledger.funds.meals.tables import RosterLine
from cloud.ledger.funds.offline.terms import CodeRule
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.ledger import Ledger
from cloud.payments.codes.door import CodeDoor, CodeRefused
from cloud.payments.offline.door import OfflineDoor
from edge.terminal.firmware.firmware import Firmware
from edge.terminal.play.phones import Phone, public_of
from edge.terminal.store.clock import Now
from edge.terminal.taps.steps import End, Result, Tap
from shared.keys.offline_code import Certificate, decode_certificate
from shared.keys.offline_code import Phone as Certified
from shared.wire.keyproc import Op, Role
from tests.sim.fleet_keys import FleetKeys, is_fleet
from tests.sim.ingest_part import SimDatabase
from tests.sim.ledgers import DEPOSIT_FEN
from tests.sim.paying_law import FLOOR_FEN, PayingLaw
from tests.sim.terminal_part import TerminalPart
from tests.sim.truth import CardTruth

if TYPE_CHECKING:
    from tests.sim.campus import Campus

SHARE = 0.6
"""Of the seeds in which documents come down."""
HOLDERS, LOST = 20, 4
"""So many have a phone; the last ones lose their card: its purse pays nothing, for what a lost one has spent is another
law's affair (losses.py)."""


_WAYS = ("card", "code", "code", "phone", "phone", "meal", "deposit")


class Habits(NamedTuple):
    """Of so many visits one is paid by an account. poor: so many holders have left_fen above the floor. again: so often
    a phone shows the use that it showed before."""

    per_visits: int
    poor: int
    left_fen: int
    again: float = 0.15
    ways: tuple[str, ...] = _WAYS


SELDOM, OFTEN, CHANGED = Habits(4, 6, 40_00), Habits(2, 8, 10_00), Habits(2, 8, 40_00, 0.7, ("phone",))
"""Often, and by changed phones alone: so that a seed or two show a planted defect."""
RULE, MEALS = CodeRule(2, 30_00, 500_00), MealRule(15_00, 3)
TRIES_MAX = 3
THEFT_FEN = 500


Begin = Callable[[Firmware, Now], Tap[Result]]
"""How a tap begins at a till, at its own time."""


def is_paying(seed: int) -> bool:
    """Do accounts pay in this seed?"""
    return is_fleet(seed) and Random(seed ^ 0xACC7).random() < SHARE


class _Keys(FleetKeys):
    """As the accounts service asks it."""

    def certify_phone(self, phone: Certified) -> Certificate:
        """As KeyClient."""
        return Certificate(phone, bytes(self._ask(Role.WALLET, Op.CERTIFY_PHONE, phone.encode())))


class Wallets:
    """Of one campus."""

    def __init__(self, campus: "Campus", law: PayingLaw, habits: Habits) -> None:
        self._campus, self._world, self._law, self.habits = campus, campus.world, law, habits
        self._holders = self._world.random.sample(campus.cards, HOLDERS)
        self._lost = self._holders[-LOST:]
        campus.crowd.leaves(self._lost)
        self._numbers = [f"2026{n:04d}" for n in range(HOLDERS)]
        self._phones: dict[str, Phone] = {}
        self._deposits: list[tuple[CardTruth, int, str]] = []

    # --- before the first day -------------------------------------------------------------------------------------

    def morning(self) -> None:
        """What the school allows, who is enrolled, what the poor have taken out, and the phones' certificates."""
        opened, now = self._opened(), self._campus.ingest.now()
        keys = _Keys(self._campus.plan.key_operations(), self._world, self._campus.faults)
        BankLedger(opened).set_floor(1, FLOOR_FEN, "A", "simulator", now)
        meals = MealLedger(opened)
        meals.rule(MEALS, "A", "simulator", now)
        lines = [
            RosterLine(n, number, card.label, "1")
            for n, (number, card) in enumerate(zip(self._numbers, self._holders, strict=True), 1)
        ]
        meals.roster(lines, "sim", "A", now)
        self._certify(OfflineDoor(opened, keys, self._world.bytes))
        desk = DeskLedger(opened)
        desk.cash_float(bytes(16), "A", self.habits.poor * DEPOSIT_FEN, now)
        for n, card in enumerate(self._holders[: self.habits.poor], 1):
            out_fen = DEPOSIT_FEN - FLOOR_FEN - self.habits.left_fen
            desk.cash_out(n.to_bytes(16, "big"), "A", card.card, out_fen, now)

    def _certify(self, door: OfflineDoor) -> None:
        now, faults = self._campus.ingest.now(), self._campus.faults
        away, faults.keys_away = faults.keys_away, 0.0  # the day before it was there
        door.set_rule(RULE, "A", "simulator", now)
        for card in self._holders:
            key = ec.derive_private_key(self._world.random.getrandbits(200) + 1, ec.SECP256R1())
            issued = door.certify(card.card, public_of(key), card.label, now)
            self._phones[card.label] = Phone(decode_certificate(issued.certificate), key, self._world.bytes)
        faults.keys_away = away

    # --- the day --------------------------------------------------------------------------------------------------

    def meal(self, visits: int, length_s: float) -> None:
        """So many visits within the next seconds."""
        world = self._world
        for _ in range(visits):
            world.after(world.between(0, length_s), self._visit)

    def lose(self, span_s: float) -> None:
        """Some report the loss of their card, while all goes on."""
        for card in self._lost:
            self._world.after(self._world.between(0.3, 0.9) * span_s, self._report, card)

    def _report(self, card: CardTruth) -> None:
        """Somebody has the card, and a picture of its phone's code."""
        wish, digits = Wish(self._world.bytes(16), "A", card.label, "lost"), self._digits(card, "code")
        DeskLedger(self._opened()).report_lost(wish, self._campus.ingest.now())
        self._world.note("loss reported", card.label)
        self._law.lost.add(bytes(card.card))
        tries: list[tuple[Begin, CardTruth | None]] = [(lambda firmware, now: firmware.pay(THEFT_FEN, now), card)]
        if digits:
            tries.append((lambda firmware, now: firmware.pay_by_code(THEFT_FEN, digits, now), None))
        for begin, field in tries:
            self._world.after(self._world.between(0.0, 10.0), self._try, begin, field)

    def _visit(self) -> None:
        random = self._world.random
        card, way = random.choice(self._holders), random.choice(self.habits.ways)
        if way == "deposit":
            self._pay_in(card)
            return
        fen = random.randint(1, 60) * 50
        if way == "meal":
            number = random.choice(self._numbers)
            self._try(lambda firmware, now: firmware.meal(number, now), None)
        elif way == "card":
            self._try(lambda firmware, now: firmware.pay(fen, now), card)
        elif digits := self._digits(card, way):
            self._try(lambda firmware, now: firmware.pay_by_code(fen, digits, now), None)

    def _digits(self, card: CardTruth, way: str) -> str:
        """Off its holder's phone; empty: there is none now."""
        now = self._campus.ingest.now()
        if way == "code":
            with suppress(CodeRefused):
                return CodeDoor(self._opened(), self._world.bytes).new(card.card, now).code
            return ""
        phone = self._phones[card.label]
        if phone.used and self._world.chance(self.habits.again):
            return phone.shows(now.campus_s, phone.used)
        return phone.shows(now.campus_s) if phone.has_uses else ""

    def _pay_in(self, card: CardTruth) -> None:
        """Some come twice: whoever has no answer asks again under its key."""
        if not self._deposits or not self._world.chance(0.3):
            self._deposits.append((card, self._world.random.randint(1, 30) * 100, f"w{len(self._deposits)}"))
        whose, fen, key = self._deposits[-1]
        self._world.note("deposit", whose.label, fen, key)
        Ledger(self._opened()).deposit(whose.card, fen, key, self._campus.ingest.now())

    def _try(self, begin: Begin, card: CardTruth | None, tries: int = 0) -> None:
        crowd = self._campus.crowd
        till = self._world.random.choice([till for till in crowd.tills if till is not crowd.avoided])
        if till.free and not (card is not None and card.busy):
            till.ask(partial(_begun, begin, till), card, partial(self._ended, begin, card, tries))
        elif tries < TRIES_MAX:
            self._world.after(self._world.between(0.3, 2.0), self._try, begin, card, tries + 1)

    def _ended(
        self, begin: Begin, card: CardTruth | None, tries: int, result: Result | None
    ) -> None:
        """A till that sells nothing sends people on."""
        words = ("cut",) if result is None else (result.end.value, str(result.reason), str(result.denied))
        self._world.note("account tap", *words)
        if result is not None and result.end is End.NOT_SELLING and tries < TRIES_MAX:
            self._world.after(self._world.between(0.3, 2.0), self._try, begin, card, tries + 1)

    def _opened(self) -> OpenedLedger:
        return OpenedLedger(SimDatabase(self._campus.ingest.database, self._at))

    def _at(self, point: str) -> None:
        if point == "committed":
            self._campus.judge.ledger_committed(self._campus.ingest.database)


def _begun(begin: Begin, till: TerminalPart, firmware: Firmware) -> Tap[Result]:
    return begin(firmware, till.now())
