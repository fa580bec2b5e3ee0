"""Money at the desk: cash, load 圈存, unload 圈提, and the settling of what was left open.

Cash goes into and out of the online account in the ledger; a card gets it by a load of the desk's own body, and gives
it back by an unload. Each step ends by itself: what is done stays done, and the next one says where the money is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator

from edge.desk.desk import Desk
from edge.desk.doors.body import joined, wire_of
from edge.desk.doors.matters import Matter
from edge.desk.money.unloading import UnloadEnd, Unloading, is_granted, pending_of
from edge.desk.paper import known_line, receipt_line, unload_line
from edge.terminal.station.station import Station
from edge.terminal.taps.display import Display
from edge.terminal.taps.steps import End, Result, Tap
from shared.clocks.campus_clock import WALL
from shared.clocks.clock import CampusTime
from shared.errors import ConfigFault
from shared.ids import CardId
from shared.money import yuan
from shared.purse.apdu import CardChannel
from shared.purse.desk_outcomes import Unloaded, UnloadOrder
from shared.purse.effects import drive
from shared.purse.errors import CardLost
from shared.purse.flows.till import identify
from shared.purse.outcomes import CardIdentity, Rejected
from shared.purse.profiles import CAMPUS, Purse
from shared.purse.reasons import REASON_TEXT, Reason
from shared.wire.desk.calls import DeskOp, ReceiptSaid, parse_receipt
from shared.words.voice import Text

DRAIN_S = 5.0
"""A load's record is waited for so long; then it goes out with the next load."""
LOAD = "load"
"""A matter: a load or claim was begun, and its end perhaps not told. Its card settles it."""
NAMES = {
    DeskOp.CASH_IN: Text("现金充值", "cash into the account"),
    DeskOp.CASH_OUT: Text("现金退出", "cash out of the account"),
    DeskOp.CASH_FLOAT: Text("备用金", "float for the drawer"),
    DeskOp.UNLOAD: Text("圈提入账", "unload into the account"),
    DeskOp.SPARE_LEND: Text("备用卡押金", "deposit for a spare card"),
    DeskOp.SPARE_BACK: Text("备用卡归还", "spare card returned"),
    DeskOp.SPARE_IN: Text("备用卡收回作废", "spare card taken in"),
}


def identity_of(card: CardChannel) -> CardIdentity:
    """The card in the field, whatever its dates. ConfigFault with the reason when a desk cannot serve it, CardLost."""
    found = drive(identify(CAMPUS, CampusTime(0, is_set=False)), card=card)
    if isinstance(found, Rejected) and found.reason is Reason.CARD_GONE:
        raise CardLost("taken away")
    if isinstance(found, Rejected):
        why = REASON_TEXT[found.reason]
        raise ConfigFault(Text(f"不能办理：{why.zh}", f"cannot be served: {why.en}"))
    return found


def cash(desk: Desk, operation: DeskOp, card: CardId | None, fen: int) -> bool:
    """Cash in, cash out or change; the receipt is said."""
    arguments: list[object] = [fen] if card is None else [card, fen]
    return _receipt(desk, operation, desk.do(operation, arguments))


def load(desk: Desk, card: CardChannel, fen: int) -> bool:
    """Account → card, by the desk's own body, as a load machine does it. ConfigFault when it is not on line."""
    return _tap(desk, card, fen, lambda station: station.firmware.load(fen, station.now()))


def claim(desk: Desk, card: CardChannel) -> bool:
    """领款: pending load → card, by the same body. ConfigFault when it is not on line."""
    return _tap(desk, card, 0, lambda station: station.firmware.claim(station.now()))


def has_open_load(desk: Desk, card: CardId) -> bool:
    """Was a load of this card begun here whose end nobody was told?"""
    return any(matter.kind == LOAD and matter.body.get("card") == card.hex() for matter in desk.matters.open())


def _tap(desk: Desk, card: CardChannel, fen: int, what: Callable[[Station], Tap[Result]]) -> bool:
    """A tap of the desk's body, which starts anew for each: that the last one was told it learns from the matters."""
    who = identity_of(card).card_id
    wire = wire_of(desk.data, desk.body)
    tapping = asyncio.Event()
    told_all = not any(matter.kind == LOAD for matter in desk.matters.open())

    def show(what: Display) -> None:
        if not tapping.is_set():
            return  # the line coming and going is no news to a cashier
        desk.say(Text(what.title.zh, what.title.en))
        if what.todo.zh:
            desk.say(Text(f"→ {what.todo.zh}", f"→ {what.todo.en}"))

    async def go() -> End:
        async with joined(desk.body, wire, WALL, show) as station:
            desk.matters.begin(LOAD, {"card": who.hex(), "fen": fen})
            if not told_all:
                desk.say(Text("上次圈存结果未报，请核对以下所说", "the last load was not told: mind what is said now"))
                station.firmware.doubt_last()  # a display of this body has shown it, perhaps, and the matter says no
            else:
                station.firmware.body.untold.forget()
            tapping.set()
            result = await station.tap(what(station), card)
            tapping.clear()
            if not await station.drained(DRAIN_S):
                desk.say(Text("记录留在卡务台，下次圈存时补传", "the record stays here and goes out at the next load"))
        return result.end

    end = asyncio.run(go())
    if end is not End.UNKNOWN:
        for matter in [one for one in desk.matters.open() if one.kind == LOAD and one.body.get("card") == who.hex()]:
            desk.matters.end(matter)
    return end is End.DONE


_THAT_WAS_IT = Text("以上即所要的一笔，不再圈提", "that was the unload which was asked for: nothing more is taken")


def unload(desk: Desk, card: CardChannel, fen: int) -> bool:
    """Card → online account. A kept unload of this card is settled first; fen 0: only that."""
    identity = identity_of(card)
    for matter in [one for one in desk.matters.open() if is_granted(one)]:
        if pending_of(matter).auth.card == identity.card_id:
            if not _told(desk, Unloading(desk.centre, desk.matters, matter).settle(identity, card)):
                return False
            identity = identity_of(card)
            if fen and pending_of(matter).auth.amount_fen == fen:
                desk.say(_THAT_WAS_IT)
                return True
    if not fen:
        return True
    matter = desk.matters.begin(DeskOp.UNLOAD, {})
    order = UnloadOrder(fen, desk.body.settings.device, Purse.EP)
    return _told(desk, Unloading(desk.centre, desk.matters, matter).run(order, identity, card))


def open_lines(matters: Iterable[Matter], card: CardId) -> Iterator[Text]:
    """What this desk has left open with a card."""
    for matter in matters:
        if is_granted(matter) and pending_of(matter).auth.card == card:
            fen = yuan(pending_of(matter).auth.amount_fen)
            yield Text(f"本台未了圈提：¥{fen}", f"an unload of this desk is open: ¥{fen}")


def settle(desk: Desk) -> bool:
    """All open matters that need no card; False when some are left."""
    left = 0
    for matter in list(desk.matters.open()):
        left += not _settled(desk, matter)
    desk.say(Text(f"未了事项：{left}", f"open matters: {left}"))
    return not left


def _settled(desk: Desk, matter: Matter) -> bool:
    if matter.kind == LOAD:
        card = matter.body.get("card")
        desk.say(Text(f"圈存待原卡 {card}：执行 load --yuan 0", f"a load waits for its card {card}: run load --yuan 0"))
        return False
    if matter.kind != DeskOp.UNLOAD:
        operation = DeskOp(matter.kind)
        answer = desk.go_on(matter)
        if answer is not None:
            desk.say(Text(f"已办成：{operation}", f"done: {operation}"))
        if answer is not None and operation in NAMES:
            _receipt(desk, operation, answer)
        if answer is not None and operation is DeskOp.REPLACE:
            desk.say(Text("旧卡若在场，请执行 block --forever", "if the old card is here, run block --forever"))
        return not any(one.key == matter.key for one in desk.matters.open())
    if not is_granted(matter):
        desk.matters.end(matter)  # MAC2 never came: the card was not debited
        return True
    pending, unloading = pending_of(matter), Unloading(desk.centre, desk.matters, matter)
    if pending.mac3 is not None:
        return _told(desk, unloading.hand_in())
    known = unloading.look()
    if known is None:
        card = pending.auth.card.hex()
        desk.say(Text(f"圈提待原卡判定：{card}", f"an unload waits for its card: {card}"))
        return False
    _told(desk, known)
    return True


def _told(desk: Desk, end: UnloadEnd) -> bool:
    desk.say(known_line(end.outcome) if end.by_ledger else unload_line(end.outcome))
    if end.receipt is not None:
        desk.say(receipt_line(NAMES[DeskOp.UNLOAD], end.receipt))
    return isinstance(end.outcome, Unloaded)


def _receipt(desk: Desk, operation: DeskOp, answer: list[object] | None) -> bool:
    if answer is None:
        return False
    said: ReceiptSaid = parse_receipt(answer)
    desk.say(receipt_line(NAMES[operation], said))
    return True
