"""A whole tap in one process, by software card and PSAM: all that a till does from 'card here' to 'record made'."""

import os

from shared.clocks.clock import CampusTime
from shared.ids import PsamId
from shared.purse.apdu import CardChannel
from shared.purse.caps import MealClock
from shared.purse.cos.card import UserCard
from shared.purse.cos.images import RamMemory
from shared.purse.cos.psam import Psam
from shared.purse.effects import drive
from shared.purse.flows.till import identify, open_psam, purchase
from shared.purse.outcomes import CardIdentity, Purchased, PurchaseOrder
from shared.purse.profiles import CAMPUS
from shared.records import VERSION, CounterKind, Flags, Kind, Proof, PurchaseRecord, encode

_FLAGS = Flags(Proof.DEBIT, CounterKind.OFFLINE).to_int()
_MEAL = 2


def card_of(image: bytes) -> UserCard:
    """A card lying in the field, powered."""
    card = UserCard(RamMemory(image), os.urandom)
    card.power_on()
    return card


def psam_of(image: bytes) -> Psam:
    """A PSAM that is ready to authorise."""
    psam = Psam(RamMemory(image), os.urandom)
    psam.power_on()
    drive(open_psam(), psam=psam)
    return psam


def buy(card: CardChannel, psam: CardChannel, psam_id: PsamId, amount_fen: int, time_s: int) -> Purchased:
    """SELECT, 0015, 0017, 8050, hotlist, caps, 8070, pending, 80DC, 8054, 8072. RuntimeError when it is no purchase."""
    identity = drive(identify(CAMPUS, CampusTime(time_s, is_set=True)), card=card)
    if not isinstance(identity, CardIdentity):
        raise RuntimeError(f"the bench's card is refused: {identity}")
    clock = MealClock(time_s // 86_400, _MEAL, is_set=True)
    order = PurchaseOrder(amount_fen, time_s, psam_id, clock, None)
    outcome = drive(
        purchase(order, identity), card=card, psam=psam, persist=lambda _: None, lookup=lambda *_: False
    )
    if not isinstance(outcome, Purchased):
        raise RuntimeError(f"the bench's purchase failed: {outcome}")
    return outcome


def wire_of(bought: Purchased, seq: int) -> bytes:
    """The record of a purchase as the terminal writes it."""
    p = bought.purchase
    return encode(
        PurchaseRecord(
            VERSION, Kind.PURCHASE, _FLAGS, seq, p.ttn, p.card_id, p.counter, p.type, p.purse, p.amount_fen,
            p.balance_fen, p.time_s, p.key_version, p.algorithm, bought.tac, p.overdraft, 0, 1, 1, p.price_adjust_fen,
            0,
        )
    )  # fmt: skip
