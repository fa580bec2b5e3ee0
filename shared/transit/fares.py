"""Fares: the table as data, and the one place of the rules of a ride: boarding, exit, transfer. Pure.

Distance fare 分段计价: the boarding takes nothing, but the card must hold the line's highest fare; the exit takes the
fare of the stops ridden. Whoever does not tap out (只上未下) owes the highest fare, taken at the next boarding. An exit
without boarding costs the highest fare. A transfer within the window is cheaper by the discount. Refuses a line without
fare.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from shared.errors import ConfigFault
from shared.input.section import Section
from shared.purse.reasons import Reason
from shared.transit.ride_record import RideRecord
from shared.transit.trip import ARREARS_MAX_FEN, Step, Trip
from shared.words.voice import Text

LINES_MAX = 256
STOPS_MAX = 200
FARE_MAX_FEN = 50_000
DISCOUNT_MAX_FEN = 32_767
"""The record's price adjustment has two bytes and a sign."""
TRANSFERS_MAX = 255
DAY_S = 86_400


class FareForm(StrEnum):
    """flat 一票制; stages 分段计价, by the number of stops."""

    FLAT = "flat"
    STAGES = "stages"


@dataclass(frozen=True, slots=True)
class LineFare:
    """fares_fen: one fare (flat), or by stops ridden from 0 on; a longer ride costs the last one."""

    line: int
    name: str
    form: FareForm
    fares_fen: tuple[int, ...]

    @property
    def highest_fen(self) -> int:
        return max(self.fares_fen)


@dataclass(frozen=True, slots=True)
class FareTable:
    """All fares of one version. discount_fen off a transfer within window_s of the last paid step, `transfers` times.

    ride_max_s: a boarding older than this was forgotten. again_s: a second tap on this line within it is the first one
    again, wherever the bus is by now. stand_s: the same at the same stop, where a bus may stand for long.
    """

    version: int
    lines: dict[int, LineFare]
    discount_fen: int
    window_s: int
    transfers: int
    ride_max_s: int
    again_s: int
    stand_s: int


@dataclass(frozen=True, slots=True)
class Point:
    """Where a validator stands: line, stop, direction (0 or 1)."""

    line: int
    stop: int
    direction: int


@dataclass(frozen=True, slots=True)
class Moment:
    """Campus seconds since 2000; was the clock ever set? An unset one gives no discount and ends no ride."""

    time_s: int
    is_set: bool


@dataclass(frozen=True, slots=True)
class Fare:
    """What a tap is to do: take amount_fen from a card that holds least_fen, and write `record`.

    amount_fen = fare + arrears − discount; the discount stands in price_adjust_fen, negative.
    """

    amount_fen: int
    least_fen: int
    price_adjust_fen: int
    record: RideRecord
    trip: Trip


def board(card: RideRecord, point: Point, now: Moment, table: FareTable) -> Fare | Reason:
    """A boarding tap, or the only tap of a flat line."""
    fare = table.lines.get(point.line)
    if fare is None:
        return Reason.NO_FARE
    if card.is_locked:
        return Reason.CARD_LOCKED
    if fare.form is FareForm.STAGES and card.is_aboard and _is_again(card, card.boarded_s, point, now, table):
        return Reason.TAPPED_TWICE
    arrears = min(card.held_fen, ARREARS_MAX_FEN) if card.is_aboard else 0
    step = Step.FLAT if fare.form is FareForm.FLAT else Step.BOARD
    trip = Trip(point.line, point.stop, point.direction, step, arrears_fen=arrears)
    if card.is_aboard:
        trip = trip._replace(from_line=card.line, from_stop=card.stop)
    if fare.form is FareForm.STAGES:
        held = fare.highest_fen
        record = _at(card, point, now)._replace(is_aboard=True, held_fen=held)
        return Fare(arrears, arrears + held, 0, record, trip)
    return _paid(_at(card, point, now), trip, fare.highest_fen, now.time_s, now, table)


def alight(card: RideRecord, point: Point, now: Moment, table: FareTable) -> Fare | Reason:
    """An exit tap of a line with distance fare."""
    fare = table.lines.get(point.line)
    if fare is None or fare.form is FareForm.FLAT:
        return Reason.NO_FARE
    if card.is_locked:
        return Reason.CARD_LOCKED
    trip = Trip(point.line, point.stop, point.direction, Step.ALIGHT)
    if not card.is_aboard:
        if card.base_line == point.line and _is_again(card, card.base_s, point, now, table):
            return Reason.TAPPED_TWICE
        return _paid(card, trip._replace(has_no_boarding=True), fare.highest_fen, now.time_s, now, table)
    trip = trip._replace(from_line=card.line, from_stop=card.stop)
    if card.line != point.line or _is_forgotten(card, now, table):
        arrears = min(card.held_fen, ARREARS_MAX_FEN)
        trip = trip._replace(has_no_boarding=True, arrears_fen=arrears)
        return _paid(card, trip, fare.highest_fen, now.time_s, now, table)
    return _paid(card, trip, _by_stops(card, point, fare), card.boarded_s, now, table)


def tap(card: RideRecord, point: Point, now: Moment, table: FareTable) -> Fare | Reason:
    """One door for both: whoever rides this line and stands at another stop gets off, everybody else gets on."""
    rides_on = card.is_aboard and card.line == point.line and not _is_forgotten(card, now, table)
    if rides_on and card.stop != point.stop:
        return alight(card, point, now, table)
    return Reason.TAPPED_TWICE if _has_just_left(card, point, now, table) else board(card, point, now, table)


def _by_stops(card: RideRecord, point: Point, fare: LineFare) -> int:
    """A bus that has turned round with its riders aboard: nobody knows how far they went."""
    if card.direction != point.direction:
        return fare.highest_fen
    return fare.fares_fen[min(abs(point.stop - card.stop), len(fare.fares_fen) - 1)]


def _paid(card: RideRecord, trip: Trip, fare_fen: int, begun_s: int, now: Moment, table: FareTable) -> Fare:
    """A step that pays for a ride which began at begun_s: it may be a transfer, and others may transfer from it."""
    is_transfer = not trip.has_no_boarding and _is_transfer(card, trip.line, begun_s, now, table)
    discount = min(table.discount_fen, fare_fen) if is_transfer else 0
    amount = fare_fen - discount + trip.arrears_fen
    record = card._replace(
        is_aboard=False,
        held_fen=0,
        line=trip.line,
        stop=trip.stop,
        direction=trip.direction,
        base_line=trip.line,
        base_s=now.time_s if now.is_set else 0,
        base_fare_fen=fare_fen,
        transfers=card.transfers + 1 if is_transfer else 0,
    )
    return Fare(amount, amount, -discount, record, trip._replace(is_transfer=is_transfer))


def _is_transfer(card: RideRecord, line: int, begun_s: int, now: Moment, table: FareTable) -> bool:
    """From another line, which was paid at most window_s before this ride began, and not too often in a row."""
    if not now.is_set or not card.base_s or not begun_s or not table.discount_fen:
        return False
    within = -table.again_s <= begun_s - card.base_s <= table.window_s  # two clocks never agree to the second
    return within and card.base_line != line and card.transfers < table.transfers


def _is_forgotten(card: RideRecord, now: Moment, table: FareTable) -> bool:
    return now.is_set and bool(card.boarded_s) and now.time_s - card.boarded_s > table.ride_max_s


def _is_again(card: RideRecord, since_s: int, point: Point, now: Moment, table: FareTable) -> bool:
    """A second tap of what was done at since_s, perhaps by the other door's clock. 0: nobody knows when."""
    if card.line != point.line:
        return False
    if not now.is_set or not since_s:
        return card.stop == point.stop
    return abs(now.time_s - since_s) <= (table.stand_s if card.stop == point.stop else table.again_s)


def _has_just_left(card: RideRecord, point: Point, now: Moment, table: FareTable) -> bool:
    """Where one door serves both, the second tap of an exit is no boarding; whoever comes back later gets on again."""
    fare = table.lines.get(point.line)
    if fare is None or fare.form is FareForm.FLAT or card.is_aboard or {card.line, card.base_line} != {point.line}:
        return False
    return now.is_set and bool(card.base_s) and abs(now.time_s - card.base_s) <= table.again_s


def _at(card: RideRecord, point: Point, now: Moment) -> RideRecord:
    return card._replace(
        line=point.line,
        stop=point.stop,
        direction=point.direction,
        boarded_s=now.time_s if now.is_set else 0,
    )


# --- the table as data -------------------------------------------------------------------------------------------


def parse_table(row: Section) -> FareTable:
    """A fare table out of a settings file; ConfigFault naming the key."""
    table = FareTable(
        version=row.within("version", 0, 0xFFFF_FFFF),
        lines=_lines(row),
        discount_fen=row.within("discount_fen", 0, DISCOUNT_MAX_FEN, 0),
        window_s=row.within("window_s", 0, DAY_S, 0),
        transfers=row.within("transfers", 0, TRANSFERS_MAX, 1),
        ride_max_s=row.within("ride_max_s", 60, DAY_S, 7_200),
        again_s=row.within("again_s", 0, 3_600, 60),
        stand_s=row.within("stand_s", 0, 3_600, 600),
    )
    row.done()
    if table.stand_s < table.again_s:
        where = row.name("stand_s")
        raise ConfigFault(Text(f"{where}: 不得小于 again_s", f"{where}: must not be less than again_s"))
    return table


def render_table(table: FareTable) -> dict[str, object]:
    """As a settings file says it; parse_table(render_table(t)) == t."""
    lines = [
        {"line": one.line, "name": one.name, "form": one.form.value, "fares_fen": list(one.fares_fen)}
        for one in table.lines.values()
    ]
    return {name: getattr(table, name) for name in FareTable.__slots__} | {"lines": lines}


def _lines(row: Section) -> dict[int, LineFare]:
    lines = [_line(each) for each in row.rows("lines", LINES_MAX)]
    found = {line.line: line for line in lines}
    if not lines or len(found) != len(lines):
        where = row.name("lines")
        raise ConfigFault(Text(f"{where}: 没有线路，或线路重复", f"{where}: no line, or a line twice"))
    return found


def _line(row: Section) -> LineFare:
    form = row.one_of("form", FareForm)
    line = LineFare(row.within("line", 1, 0xFFFF), row.take("name", str), form, _fares(row))
    row.done()
    if form is FareForm.FLAT and len(line.fares_fen) != 1:
        where = row.name("fares_fen")
        raise ConfigFault(Text(f"{where}: 一票制只有一个票价", f"{where}: a flat line has one fare"))
    return line


def _fares(row: Section) -> tuple[int, ...]:
    fares: list[object] = row.take("fares_fen", list)
    where, most = row.name("fares_fen"), STOPS_MAX + 1
    if not 0 < len(fares) <= most:
        raise ConfigFault(Text(f"{where}: 应有 1 至 {most} 项", f"{where}: must have 1 to {most} fares"))
    good = [
        fare for fare in fares if isinstance(fare, int) and not isinstance(fare, bool) and 0 <= fare <= FARE_MAX_FEN
    ]
    if len(good) != len(fares) or good != sorted(good):
        raise ConfigFault(Text(f"{where}: 应为以分计、不减的票价", f"{where}: must be fares in fen that never fall"))
    return tuple(good)
