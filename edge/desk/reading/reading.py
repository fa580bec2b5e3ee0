"""Reads a card at the desk: every application that it has, and the ledger's word on it when there is a line to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from edge.desk.doors.centre import Centre
from edge.desk.reading.examine import Block, NotOurs, PurseSaid, examine
from edge.desk.reading.words import book_lines, log_lines, purse_lines, subsidy_line
from shared.errors import WireFault
from shared.purse.apdu import CardChannel
from shared.purse.effects import drive
from shared.purse.profiles import CAMPUS, SUBSIDY
from shared.wire.desk.calls import CardAsk, CardBooks, DeskOp, No, parse_card_books
from shared.words.voice import Text

PROFILES = (CAMPUS, SUBSIDY)
MAIN = CAMPUS


@dataclass(frozen=True, slots=True)
class Reading:
    """A card at the desk. books: what the ledger says; No: it refuses; None: no line to it."""

    purses: tuple[PurseSaid, ...]
    nothing: NotOurs | None
    books: CardBooks | No | None

    @property
    def main(self) -> PurseSaid | None:
        """The main purse."""
        return next((one for one in self.purses if one.profile is MAIN), None)


def read_card(card: CardChannel, centre: Centre | None) -> Reading:
    """Read every application. CardLost when the card is taken away."""
    found = [drive(examine(profile), card=card) for profile in PROFILES]
    purses = tuple(one for one in found if isinstance(one, PurseSaid))
    nothing = found[0] if isinstance(found[0], NotOurs) else None
    main = next((one for one in purses if one.profile is MAIN), None)
    books = None if centre is None or main is None else ask_books(centre, main)
    return Reading(purses, nothing, books)


def ask_books(centre: Centre, said: PurseSaid) -> CardBooks | No | None:
    """The ledger's word on this card; a card that hides its counters is asked about without them."""
    terminals = tuple(dict.fromkeys(record.terminal_id for record in said.log))
    ask = CardAsk(said.card, said.offline or 0, said.online or 0, terminals)
    answer = centre.ask(DeskOp.CARD, ask.to_list())
    if not isinstance(answer, list):
        return answer
    return _parsed(answer)


def _parsed(answer: list[Any]) -> CardBooks | None:
    try:
        return parse_card_books(answer)
    except WireFault:
        return None


def lines(reading: Reading, today_bcd: bytes) -> list[str]:
    """All of it in words."""
    said: list[Text] = [] if reading.main is not None else [_nothing_words(reading.nothing)]
    for purse in reading.purses:
        said += purse_lines(purse, today_bcd)
        if purse.profile is MAIN:
            said += _book_words(purse, reading.books)
        elif isinstance(reading.books, CardBooks) and purse.balance_fen is not None:
            said.append(subsidy_line(purse.balance_fen, reading.books.subsidy_fen))
        said.append(Text("卡内明细：", "log:") if purse.log else Text("卡内明细：空", "log: empty"))
        said += log_lines(purse.log, places_of(reading.books))
    return [str(text) for text in said]


def _nothing_words(nothing: NotOurs | None) -> Text:
    if nothing is not None and nothing.block is not Block.NONE:
        block = nothing.block.value
        if nothing.card is None:
            return Text(f"锁定：{block.zh}", f"block: {block.en}")
        who = nothing.card.hex()
        return Text(f"锁定：{block.zh}　卡号：{who}", f"block: {block.en}  card: {who}")
    word = f" ({nothing.sw:04X})" if nothing is not None else ""
    return Text(f"不是本校的卡，或读不出{word}", f"not a card of ours, or not readable{word}")


def _book_words(said: PurseSaid, books: CardBooks | No | None) -> list[Text]:
    if books is None:
        return [Text("未与账本核对：以上只是卡的说法", "not held against the ledger: this is the card's word alone")]
    if isinstance(books, No):
        return [Text(f"账本：{books.zh}", f"ledger: {books.en}")]
    return list(book_lines(said, books))


def places_of(books: CardBooks | No | None) -> dict[bytes, str]:
    """Terminal id → name and place, as far as the ledger said."""
    known = books.places if isinstance(books, CardBooks) else ()
    return {terminal: f"{name} {place}".strip() for terminal, name, place in known}
