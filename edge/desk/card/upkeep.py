"""What a desk does to a card under the issuer's keys: activate, block, unblock, PIN. The key process makes each MAC.

No money moves here, and none can: the desk's socket knows no load key.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace
from typing import Any

from edge.desk.desk import Desk
from edge.desk.paper import card_line
from edge.desk.reading.examine import NotOurs, PurseSaid, examine
from shared.errors import ConfigFault, RuleBroken
from shared.ids import CardId
from shared.purse.apdu import CardChannel, ResponseApdu, Sw
from shared.purse.commands import SFI_PUBLIC
from shared.purse.desk_outcomes import DeskOutcome, DoneAtCard, PendingOverdraft, PendingUnload, Refused
from shared.purse.effects import CentreAnswer, CentreQuestion, DeskEffect, drive, drive_desk
from shared.purse.errors import LayoutError
from shared.purse.flows.upkeep import change_pin, maintain, reload_pin, verify_pin
from shared.purse.outcomes import Pin
from shared.purse.profiles import CAMPUS, SUBSIDY, CardProfile
from shared.purse.selecting import select
from shared.purse.upkeep import BlockApplication, UnblockApplication, UnblockPin, UpdateFile, Upkeep, valid_pin
from shared.wire.desk.calls import DeskOp
from shared.wire.desk.line import Deed
from shared.words.voice import Text

TRIES = 0x63C0
"""Status word of a wrong PIN: its last digit is the tries left."""
ENABLED_OFFSET, ENABLED = 8, b"\x01"
"""Byte of file 0015 that says whether the application is in use (FMCOS; city form)."""
OPERATIONS: dict[str, tuple[Upkeep, Text]] = {
    "activate": (UpdateFile(SFI_PUBLIC, ENABLED_OFFSET, ENABLED), Text("已激活", "activated")),
    "block": (BlockApplication(), Text("应用已锁定", "the application is blocked")),
    "block-forever": (BlockApplication(forever=True), Text("应用已永久锁定", "the application is blocked for ever")),
    "unblock": (UnblockApplication(), Text("应用已解锁", "the application is unblocked")),
}

CHANGED, UNBLOCKED = Text("口令已更换", "the PIN is changed"), Text("口令已解锁", "the PIN is unblocked")
_CLOSING = frozenset(("block", "block-forever"))
_IN_USE = frozenset((Sw.OK,))
_WORTH = {"block-forever": frozenset((Sw.OK, Sw.APP_BLOCKED)), "unblock": frozenset((Sw.APP_BLOCKED,))}
"""What a subsidy application says to SELECT when there is something to do to it: a card without one says none of it."""


def card_in_field(card: CardChannel) -> CardId:
    """Whose application is selected now; ConfigFault for a card that is not ours."""
    said = drive(examine(CAMPUS), card=card)
    found = said.card
    if found is None:
        raise ConfigFault(Text("不是本校的卡，或读不出", "not a card of ours, or not readable"))
    card.transmit(select(CAMPUS))  # of a blocked card the MF was read; its application hears commands though it refuses
    return found


def public_of(card: CardChannel) -> PurseSaid:
    """The main purse as it says; ConfigFault when it cannot be read."""
    said = drive(examine(CAMPUS), card=card)
    if isinstance(said, NotOurs):
        why = said.block.value
        raise ConfigFault(Text(f"读不出：{why.zh}", f"cannot be read: {why.en}"))
    return said


def operate(desk: Desk, card: CardChannel, name: str) -> bool:
    """One of OPERATIONS on every application of the card in the field that it is not done to already.

    The main purse is closed first and opened last: while it is closed no till asks for the subsidy purse 补助.
    """
    who = card_in_field(card)
    order = (CAMPUS, SUBSIDY) if name in _CLOSING else (SUBSIDY, CAMPUS)
    return all(_operate_on(desk, card, who, profile, name) for profile in order)


def _operate_on(desk: Desk, card: CardChannel, who: CardId, profile: CardProfile, name: str) -> bool:
    state = ResponseApdu.of_any(card.transmit(select(profile))).sw
    operation, done = OPERATIONS[name]
    if profile is CAMPUS:
        return told(desk, run(desk, card, maintain(operation, who)), done)
    if state not in _WORTH.get(name, _IN_USE):
        return True
    done = Text(f"补助钱包：{done.zh}", f"the subsidy purse: {done.en}")
    return told(desk, run(desk, card, maintain(operation, who)), done)


def check_pin(say: Callable[[Text], object], card: CardChannel, pin: bytes) -> bool:
    """The only way to learn of a PIN: try it. A wrong one costs a try, and the card says how many are left."""
    card_in_field(card)
    outcome = drive_desk(verify_pin(Pin(pin)), card=card, centre=_silent, keep=_keep)
    say(pin_line(outcome, Text("口令正确", "the PIN is right")))
    if isinstance(outcome, Refused) and outcome.sw is not None and outcome.sw & 0xFFF0 == TRIES:
        left = outcome.sw & 0x0F
        say(Text(f"剩余次数：{left}", f"tries left: {left}"))
    return isinstance(outcome, DoneAtCard)


def pin_of(digits: str) -> bytes:
    """As a card takes it; LayoutError for what can be none."""
    if not digits.isascii() or not digits.isdigit() or len(digits) % 2:
        raise LayoutError("a PIN has an even number of digits")
    return valid_pin(bytes.fromhex(digits))


def new_pin(desk: Desk, card: CardChannel, new: bytes, old: bytes | None) -> bool:
    """Change by the old PIN, or reload by the issuer's key; its holder is told. LayoutError: a PIN of another size."""
    who = card_in_field(card)
    flow = reload_pin(Pin(new), who) if old is None else change_pin(Pin(old), Pin(new))
    return _told_of_pin(desk, run(desk, card, flow), CHANGED, who, Deed.PIN_RELOAD)


def unblock_pin(desk: Desk, card: CardChannel, pin: bytes) -> bool:
    """All tries again, for whoever knows the right PIN; its holder is told."""
    who = card_in_field(card)
    outcome = run(desk, card, maintain(UnblockPin(0, pin), who))
    return _told_of_pin(desk, outcome, UNBLOCKED, who, Deed.PIN_UNBLOCK)


def run(desk: Desk, card: CardChannel, flow: Generator[DeskEffect, Any, DeskOutcome]) -> DeskOutcome:
    """Drive an upkeep flow; ConfigFault without a line to the keys."""
    keys = desk.keys
    if keys is None:
        raise ConfigFault(
            Text("没有密钥进程的卡务套接字（--desk-keys）", "no desk socket of the key process (--desk-keys)")
        )

    def ask(question: CentreQuestion) -> CentreAnswer:
        return keys.ask(question)

    return drive_desk(flow, card=card, centre=ask, keep=_keep)


def told(desk: Desk, outcome: DeskOutcome, done: Text) -> bool:
    """Say it; True when it was done."""
    desk.say(card_line(outcome, done))
    return isinstance(outcome, DoneAtCard)


def _told_of_pin(desk: Desk, outcome: DeskOutcome, done: Text, who: CardId, deed: Deed) -> bool:
    """To the cashier, and to the ledger where there is one, which tells the holder. who was read before the card was
    changed: nobody need leave it there for that."""
    desk.say(pin_line(outcome, done))
    is_done = isinstance(outcome, DoneAtCard)
    if is_done and desk.line is not None:
        desk.do(DeskOp.PIN, [bytes(who), deed.value])
    return is_done


def pin_line(outcome: DeskOutcome, done: Text) -> Text:
    """What became of a PIN: "no such key" means that the card was issued without one."""
    if isinstance(outcome, Refused) and outcome.sw == Sw.KEY_NOT_FOUND:
        outcome = replace(outcome, why=Text("卡上没有口令", "this card has no PIN"))
    return card_line(outcome, done)


def _silent(_: CentreQuestion) -> CentreAnswer:
    return None


def _keep(_: PendingUnload | PendingOverdraft) -> None:
    raise RuleBroken("upkeep keeps nothing")
