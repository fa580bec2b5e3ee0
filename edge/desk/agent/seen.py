"""A card at the desk as it is told to the console: both purses as one sum, so that nobody is told what of it is aid.
Pure."""

from __future__ import annotations

from collections.abc import Iterator

from edge.desk.reading.agreement import LOADS, Match, agree
from edge.desk.reading.examine import PurseSaid
from edge.desk.reading.reading import Reading, places_of
from edge.desk.reading.words import agreement_lines, class_words, dates_of, kind_words, when_words
from shared.clocks.clock import ClockError, seconds_of_bcd
from shared.purse.files import LogRecord, is_enabled
from shared.wire.desk.calls import CardBooks, No
from shared.wire.desk.line import LOG_MAX, CardSeen, Moved, Sums
from shared.words.voice import Text

TOGETHER_S = 2
"""Two purchases of one terminal, one of each purse, that are so near to each other are one payment."""
APART = Text("卡与账不同，或有流水未到账本", "card and ledger differ, or a record is late")
NO_LEDGER = Text(
    "未与账本核对：没有账本接口或令牌，或没有应答", "not held against the ledger: no line to it, no token, or no answer"
)


def seen(reading: Reading, main: PurseSaid) -> CardSeen:
    """As it was read; main: its main purse."""
    books = reading.books if isinstance(reading.books, CardBooks) else None
    match, said, opened = _judged(reading, main, books)
    return CardSeen(
        main.card, books.label if books else "", class_words(main.public.card_type), dates_of(main.public),
        is_enabled(main.profile.form, main.public), books.state.value if books else "",
        books.hotlisted if books else None, _sums(reading, books), match, said, tuple(_log(reading)[:LOG_MAX]), opened,
    )  # fmt: skip


def _sums(reading: Reading, books: CardBooks | None) -> Sums:
    told = [one.balance_fen for one in reading.purses if one.balance_fen is not None]
    card = sum(told) if len(told) == len(reading.purses) else None
    if books is None:
        return Sums(card)
    pending = books.pending_fen + books.given_back_fen
    return Sums(card, books.purse_fen + books.subsidy_fen, books.online_fen, books.transit_fen, pending)


def _judged(reading: Reading, main: PurseSaid, books: CardBooks | None) -> tuple[str, Text, tuple[Text, ...]]:
    if books is None:
        no = reading.books
        return "", Text(no.zh, no.en) if isinstance(no, No) else NO_LEDGER, ()
    if main.balance_fen is None:
        return "", Text("卡不报余额", "the card does not tell its balance"), ()
    found = agree(main.profile, main.balance_fen, main.log, books)
    opened = tuple(Text(one.zh.strip(), one.en.strip()) for one in list(agreement_lines(found))[1:])
    sums = _sums(reading, books)
    if found.match is Match.AGREES and sums.card != sums.ledger:
        return "APART", APART, opened
    return found.match.name, found.match.value, opened


def _log(reading: Reading) -> list[Moved]:
    """Newest first; both halves of one payment are one line."""
    places = places_of(reading.books)
    rows = sorted(
        ((one, at) for at, purse in enumerate(reading.purses) for one in purse.log),
        key=lambda row: row[0].date_time, reverse=True,
    )  # fmt: skip
    return [
        Moved(when_words(one), kind_words(one.kind), fen, places.get(one.terminal_id, "") or one.terminal_id.hex())
        for one, fen in _joined(rows)
    ]


def _joined(rows: list[tuple[LogRecord, int]]) -> Iterator[tuple[LogRecord, int]]:
    left = list(rows)
    while left:
        one, at = left.pop(0)
        other = left[0] if left else None
        fen = _moved(one)
        if other is not None and other[1] != at and _is_one_payment(one, other[0]):
            fen += _moved(left.pop(0)[0])
        yield one, fen


def _is_one_payment(one: LogRecord, other: LogRecord) -> bool:
    if one.terminal_id != other.terminal_id or one.kind in LOADS or one.kind != other.kind:
        return False
    try:
        return abs(seconds_of_bcd(one.date_time) - seconds_of_bcd(other.date_time)) <= TOGETHER_S
    except ClockError:
        return one.date_time == other.date_time


def _moved(record: LogRecord) -> int:
    return record.amount_fen if record.kind in LOADS else -record.amount_fen
