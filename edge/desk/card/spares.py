"""Spare cards 备用卡 at the desk: lent to a holder or a visitor, handed to a class, taken back, listed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edge.desk.card.cards import balance_proof
from edge.desk.card.upkeep import public_of
from edge.desk.desk import Desk
from edge.desk.paper import AWAY, no_line, receipt_line
from edge.desk.reading.reading import ask_books
from shared.clocks.clock import day_text
from shared.errors import ConfigFault, WireFault
from shared.facts.terms import SPARES
from shared.money import yuan
from shared.purse.apdu import CardChannel
from shared.purse.load_auth import LoadAuth
from shared.wire import codec
from shared.wire.desk.calls import CardBooks, DeskOp, No, parse_receipt
from shared.words.voice import Text

LENT = Text("备用卡押金", "deposit for a spare card")
BACK = Text("备用卡归还", "spare card returned")
_ROW = (str, str, str, str, str, int, int, int, bool)
_BALANCE = LoadAuth._fields.index("balance_fen")


@dataclass(frozen=True, slots=True)
class Terms:
    """until_day: its last campus day."""

    deposit_fen: int
    limit_fen: int
    until_day: int
    in_cash: bool


def lend(desk: Desk, label: str, holder: str, person: str, terms: Terms, reason: str) -> bool:
    """One act, out of the stock. holder: the label of his card; '': a visitor's."""
    asked = [label, holder, person, terms.deposit_fen, terms.in_cash, terms.limit_fen, terms.until_day, reason]
    answer = desk.do(DeskOp.SPARE_LEND, asked)
    if answer is None:
        return False
    desk.say(receipt_line(LENT, parse_receipt(answer)))
    end, limit = day_text(terms.until_day), yuan(terms.limit_fen)
    desk.say(Text(f"{label} 已借出，至 {end}，每日 ¥{limit}", f"{label} is lent until {end}, ¥{limit} a day"))
    return True


def purse_fen(desk: Desk, card: CardChannel) -> int:
    """What the card says to hold. ConfigFault when it cannot say so under a MAC."""
    held = balance_proof(desk, card, public_of(card))[_BALANCE]
    return held if isinstance(held, int) else 0


def take_back(desk: Desk, card: CardChannel, reason: str) -> bool:
    """Of an empty card: it proves that by the MAC1 of a load of nothing."""
    said = public_of(card)
    books = ask_books(desk.centre, said)
    if not isinstance(books, CardBooks):
        raise ConfigFault(Text("账本没有答复这张卡", "the ledger does not answer for this card"))
    answer = desk.do(DeskOp.SPARE_BACK, [books.label, reason, balance_proof(desk, card, said)])
    if answer is None:
        return False
    desk.say(receipt_line(BACK, parse_receipt(answer)))
    desk.say(Text(f"{books.label} 已归还，可再借", f"{books.label} is back and may be lent again"))
    return True


def take_in(desk: Desk, label: str, second: str, reason: str) -> bool:
    """By its printed number: a card that cannot be read, or one that was written off."""
    answer = desk.do(DeskOp.SPARE_IN, [label, reason, second])
    if answer is None:
        return False
    desk.say(receipt_line(BACK, parse_receipt(answer)))
    desk.say(
        Text(f"{label} 已收回作废；卡内余款用 release", f"{label} is taken in, void; for what is on it: release")
    )
    return True


def write_off(desk: Desk, label: str, reason: str) -> bool:
    """Lost for good."""
    if desk.do(DeskOp.SPARE_OFF, [label, reason]) is None:
        return False
    desk.say(Text(f"{label} 已注销，押金归学校", f"{label} is written off, its deposit is the school's"))
    return True


def hand_out(desk: Desk, label: str, place: str) -> bool:
    """place '': back to the desk."""
    if desk.do(DeskOp.SPARE_CLASS, [label, place]) is None:
        return False
    desk.say(Text(f"{label} → {place or '卡务台'}", f"{label} → {place or 'the desk'}"))
    return True


def register(desk: Desk, place: str) -> bool:
    """Where each is; False while one is overdue, or no answer came."""
    answer = desk.centre.ask(DeskOp.SPARES, [place])
    if not isinstance(answer, list):
        desk.say(no_line(answer) if isinstance(answer, No) else AWAY)
        return False
    rows = [_row(one) for one in answer]
    for row in rows:
        desk.say(_line(row))
    desk.say(Text(f"备用卡 {len(rows)} 张", f"spare cards: {len(rows)}"))
    return not any(row[-1] for row in rows)


def _row(raw: object) -> Sequence[object]:
    if not isinstance(raw, list):
        raise WireFault("a spare card is a row")
    return codec.fields(raw, *_ROW, what="spare")


def _line(row: Sequence[object]) -> Text:
    label, act, person, holder, place, deposit, limit, until, late = row
    said = Text(*SPARES.get(str(act), (str(act), str(act))))
    who = " · ".join(str(one) for one in (person, holder, place) if one)
    if isinstance(until, int) and until and isinstance(deposit, int) and isinstance(limit, int):
        end, sums = day_text(until), f"¥{yuan(deposit)} · ¥{yuan(limit)}"
        said = Text(f"{said.zh} · 至 {end} · 押金、限额 {sums}", f"{said.en} · until {end} · deposit, limit {sums}")
    mark = "● " if late else ""
    return Text(f"{mark}{label} {said.zh} · {who}", f"{mark}{label} {said.en} · {who}")
