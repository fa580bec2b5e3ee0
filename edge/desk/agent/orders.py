"""What each order of the console does at this desk, and how it is told. The deeds are the desk's own.

FAILED: nothing was done, or the ledger or card has refused; UNKNOWN: nobody knows, and the card is looked at again.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from edge.desk.agent.seen import seen
from edge.desk.card import cards, upkeep
from edge.desk.desk import Desk
from edge.desk.doors.centre import Centre
from edge.desk.money import money
from edge.desk.reading.reading import lines, read_card
from shared.errors import ConfigFault, YktError
from shared.ids import CardId
from shared.purse.apdu import CardChannel
from shared.purse.desk_outcomes import DeskOutcome, DoneAtCard, Refused
from shared.purse.errors import CardLost, LayoutError
from shared.purse.flows.upkeep import maintain, reload_pin
from shared.purse.outcomes import Pin
from shared.purse.upkeep import UnblockPin
from shared.wire.desk.calls import DeskOp
from shared.wire.desk.line import CardSeen, Deed, End, Ended, Order
from shared.words.voice import Text, in_both

GONE = Text("读卡器上没有卡，或卡已离开", "no card on the reader, or it has left")
TORN = Text("卡在办理中离开：请再放同一张卡，先读卡", "the card left in the middle: put it back and read it first")
OTHER = Text("读卡器上是另一张卡，未办理", "another card lies on the reader: nothing was done")
NO_PIN = Text("口令应为 4 到 12 位数字，且为偶数位", "a PIN has 4 to 12 digits, an even number of them")
FEN_DIGITS = 10
TODAY = bytes(4)
Out = Callable[[str | Text], object]


@dataclass(frozen=True, slots=True)
class Bench:
    """What orders are done with. lay: the card in the field (CardLost, ConfigFault); desk: for this card."""

    lay: Callable[[], AbstractContextManager[CardChannel]]
    centre: Callable[[], Centre | None]
    desk: Callable[[CardId | None, Out], Desk]


@dataclass(frozen=True, slots=True)
class _Done:
    end: End
    words: tuple[Text, ...] = ()
    seen: CardSeen | None = None


def carry_out(order: Order, bench: Bench) -> Ended:
    """Do it. Whatever this desk or card refuses is an answer."""
    try:
        with bench.lay() as card:
            done = _read(card, bench) if order.deed is Deed.READ else _on(order, card, bench)
    except CardLost:
        done = _Done(End.FAILED, (GONE,))
    except LayoutError:
        done = _Done(End.FAILED, (NO_PIN,))
    except (YktError, OSError) as fault:
        done = _Done(End.FAILED, (_said(fault),))
    return Ended(order.id, done.end, done.words, done.seen)


def _read(card: CardChannel, bench: Bench) -> _Done:
    reading = read_card(card, bench.centre())
    if reading.main is None:
        return _Done(End.FAILED, tuple(in_both(one) for one in lines(reading, TODAY)))
    return _Done(End.DONE, (), seen(reading, reading.main))


def _on(order: Order, card: CardChannel, bench: Bench) -> _Done:
    """A deed on the card that was meant and no other."""
    who = upkeep.card_in_field(card)
    if who != order.card:
        return _Done(End.FAILED, (OTHER,))
    said: list[Text] = []
    desk = bench.desk(who, lambda what: said.append(in_both(what)))
    if order.deed in _PIN:
        return _pin(order, desk, card)
    before = _open(desk)
    try:
        _ = desk.centre  # without it nothing is begun
        end = End.DONE if _DEEDS[order.deed](desk, card, *order.arguments) else End.FAILED
    except CardLost:
        said.append(TORN)
        end = End.UNKNOWN
    except (YktError, OSError) as fault:
        said.append(_said(fault))
        end = End.FAILED
    return _Done(End.UNKNOWN if _open(desk) - before else end, tuple(said))


def _pin(order: Order, desk: Desk, card: CardChannel) -> _Done:
    (digits,) = order.arguments
    pin, who = upkeep.pin_of(digits), CardId(order.card)
    is_new = order.deed is Deed.PIN_RELOAD
    flow = reload_pin(Pin(pin), who) if is_new else maintain(UnblockPin(0, pin), who)
    outcome = upkeep.run(desk, card, flow)
    return _Done(_end(outcome), (upkeep.pin_line(outcome, upkeep.CHANGED if is_new else upkeep.UNBLOCKED),))


def _end(outcome: DeskOutcome) -> End:
    if isinstance(outcome, DoneAtCard):
        return End.DONE
    return End.FAILED if isinstance(outcome, Refused) else End.UNKNOWN


def _replace(desk: Desk, card: CardChannel, new: str, reason: str) -> bool:
    return cards.replace_readable(desk, card, new, reason)


def _cash(operation: DeskOp) -> Callable[..., bool]:
    def deed(desk: Desk, card: CardChannel, fen: str) -> bool:
        return money.cash(desk, operation, money.identity_of(card).card_id, _fen(fen))

    return deed


def _load(desk: Desk, card: CardChannel, fen: str) -> bool:
    return money.load(desk, card, _fen(fen))


def _unload(desk: Desk, card: CardChannel, fen: str) -> bool:
    return money.unload(desk, card, _fen(fen))


def _fen(digits: str) -> int:
    """Above zero; ConfigFault for what is none."""
    if not digits.isascii() or not digits.isdigit() or len(digits) > FEN_DIGITS or not int(digits):
        raise ConfigFault(Text("金额不对", "not a sum"))
    return int(digits)


_PIN = (Deed.PIN_RELOAD, Deed.PIN_UNBLOCK)
_DEEDS: dict[Deed, Callable[..., bool]] = {
    Deed.CASH_IN: _cash(DeskOp.CASH_IN),
    Deed.CASH_OUT: _cash(DeskOp.CASH_OUT),
    Deed.LOAD: _load,
    Deed.UNLOAD: _unload,
    Deed.REPLACE: _replace,
}


def _open(desk: Desk) -> set[bytes]:
    return {one.key for one in desk.matters.open()}


def _said(fault: YktError | OSError) -> Text:
    if isinstance(fault, ConfigFault) and fault.args and isinstance(fault.args[0], Text):
        return fault.args[0]
    name = type(fault).__name__
    return Text(f"本台出错：{name}", f"this desk failed: {name}")
