"""Parameters 参数 as a document: what a terminal lets whom do, and when. Frozen bytes. Pure.

The centre resolves class × meal × position into one document per terminal, so that nothing is left to be weighed here:
a row for a card class and meal says all of its limits. Form 1 is the byte 1, then parts with rising tags, each as tag
1, length 2, bytes; a tag that is not known is refused, for whoever does not know a limit must not sell as if there were
none. Refuses, with WireFault, what is malformed, out of order, or contradicts itself.
"""

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise
from typing import NamedTuple, TypeVar

from shared.errors import WireFault

FORM = 1
DAY_S = 86_400
MEALS_MAX = 32
LIMITS_MAX = 512
RUNGS_MAX = 8
AGREED_MAX = 32
LINES_MAX, STOPS_MAX, FARE_MAX = 64, 201, 50_000
PART_MAX = 0xFFFF
NAME_MAX = 48
"""Bytes of a meal's name."""
FEN_MAX = 0x7FFF_FFFF
COUNT_MAX = 0xFFFF
PERCENT_MAX = 99
OFF_MAX = 0x7FFF
"""Fen of a discount: what a record has room for."""
EVERY_OTHER = 0xFFFF
"""In the place of a card class: every class that has no row of its own, and cards of agreed issuers."""
_PART = struct.Struct(">BH")
_DAY, _CEILING, _MEAL, _RUNG = struct.Struct(">I"), struct.Struct(">I"), struct.Struct(">BIB"), struct.Struct(">II")
_LIMIT = struct.Struct(">HBBIIIHH")
_PRICE, _PIN = struct.Struct(">HBIBIB"), struct.Struct(">HBI")
_FARES, _LINE = struct.Struct(">HIBIHH"), struct.Struct(">HBBB")
_REFUSED = 0x20
_ONLINE, _ONLINE_CLASSES = 16, 17
_ONLINE_CLASS = struct.Struct(">HB")
_TAGS = frozenset((*range(1, 10), _ONLINE, _ONLINE_CLASSES))
_Row = TypeVar("_Row")


class MealRow(NamedTuple):
    """A meal period 餐次: from so many seconds after midnight until the next one begins."""

    meal: int
    name: str
    from_s: int


class Limits(NamedTuple):
    """Of a card class in a meal. None: no limit. is_refused: such cards are not served then."""

    single_fen: int | None = None
    meal_fen: int | None = None
    meal_count: int | None = None
    day_fen: int | None = None
    day_count: int | None = None
    is_refused: bool = False


NO_LIMITS = Limits()


class LimitRow(NamedTuple):
    """card_class: 0–255 as file 0015 says it, or EVERY_OTHER; meal: 0 is before the first one of a day."""

    card_class: int
    meal: int
    limits: Limits


class Bearer(IntEnum):
    """Who bears a discount 折扣承担方. Frozen numbers."""

    MERCHANT = 0
    """The merchant gets what the card paid."""
    SCHOOL = 1
    SUBSIDY = 2
    """The subsidy fund."""


class Price(NamedTuple):
    """Of a card class in a meal. fixed_fen: what a sale is over, whatever is keyed, 定额; None: what is keyed. percent,
    off_fen: 折扣, both off the sum before it."""

    fixed_fen: int | None = None
    percent: int = 0
    off_fen: int = 0
    bearer: Bearer = Bearer.MERCHANT

    def off(self, gross_fen: int) -> int:
        """The discount on a sum, in whole fen, rounded down: a fen at least is paid, and a record has room for it."""
        return max(0, min(gross_fen * self.percent // 100 + self.off_fen, gross_fen - 1, OFF_MAX))


NO_PRICE = Price()


class PriceRow(NamedTuple):
    """As LimitRow."""

    card_class: int
    meal: int
    price: Price


class PinRow(NamedTuple):
    """As LimitRow: above this sum of a day such a card's holder says his PIN, and the card checks it 超额输密."""

    card_class: int
    meal: int
    above_fen: int


class RungRow(NamedTuple):
    """From this age of the hotlist on a card spends at most so much on a day."""

    from_s: int
    day_fen: int


class AgreedRow(NamedTuple):
    """An issuer whose cards are taken, and which kind of card it issues (a profile's name)."""

    profile: str
    issuer: bytes


class LineRow(NamedTuple):
    """Of a bus line. is_flat: one fare; else by stops ridden, from 0 on, never falling."""

    line: int
    is_flat: bool
    name: str
    fares_fen: tuple[int, ...]


class FaresRow(NamedTuple):
    """What rides cost, with every rule of shared.transit.fares; lines: ascending."""

    discount_fen: int
    window_s: int
    transfers: int
    ride_max_s: int
    again_s: int
    stand_s: int
    lines: tuple[LineRow, ...]


class OnlineRow(NamedTuple):
    """When a till asks the centre before it sells. is_account_first: every sale is the online account's 账户支付;
    is_account_next: one that the purse cannot pay; asks_doubtful: about a card, under a hotlist on the age ladder;
    is_purse_behind, of is_account_first: the purse pays what the account does not."""

    is_account_first: bool = False
    is_account_next: bool = False
    asks_doubtful: bool = False
    is_purse_behind: bool = False


OFFLINE = OnlineRow()


class OnlineClass(NamedTuple):
    """Of a card class that is asked about otherwise than every other."""

    card_class: int
    online: OnlineRow


@dataclass(frozen=True, slots=True)
class ParameterBody:
    """meals: in the order of their beginning within the business day, numbers rising; limits: ascending. ceiling_fen:
    highest balance of a card, 0: only the card knows. ladder (): the terminal's own; agreed, fares None: what its
    settings say."""

    day_start_s: int = 0
    ceiling_fen: int = 0
    meals: tuple[MealRow, ...] = ()
    limits: tuple[LimitRow, ...] = ()
    ladder: tuple[RungRow, ...] = ()
    agreed: tuple[AgreedRow, ...] | None = None
    fares: FaresRow | None = None
    online: OnlineRow = OFFLINE
    prices: tuple[PriceRow, ...] = ()
    pins: tuple[PinRow, ...] = ()
    online_classes: tuple[OnlineClass, ...] = ()

    def online_of(self, card_class: int) -> OnlineRow:
        """When a till asks the centre about a card of this class."""
        return dict(self.online_classes).get(card_class, self.online)

    def pin_above(self, card_class: int, meal: int) -> int | None:
        """The sum of a day that goes without a PIN; None: every sum does."""
        found = {(row.card_class, row.meal): row.above_fen for row in self.pins}
        return found.get((card_class, meal), found.get((EVERY_OTHER, meal)))

    def price_of(self, card_class: int, meal: int) -> Price:
        """What a sale to a card of this class in this meal is over."""
        found = {(row.card_class, row.meal): row.price for row in self.prices}
        return found.get((card_class, meal)) or found.get((EVERY_OTHER, meal)) or NO_PRICE

    def limits_of(self, card_class: int, meal: int) -> Limits:
        """What counts for a card of this class in this meal."""
        found = {(row.card_class, row.meal): row.limits for row in self.limits}
        return found.get((card_class, meal)) or found.get((EVERY_OTHER, meal)) or NO_LIMITS

    def encode(self) -> bytes:
        """The bytes; WireFault for what no terminal would take."""
        _require_sound(self)
        parts = [
            (1, _DAY.pack(self.day_start_s)),
            (2, _CEILING.pack(self.ceiling_fen)),
            (3, b"".join(map(_meal_bytes, self.meals))),
            (4, b"".join(map(_limit_bytes, self.limits))),
            (5, b"".join(_RUNG.pack(*rung) for rung in self.ladder)),
        ]
        if self.agreed is not None:
            parts.append((6, b"".join(map(_agreed_bytes, self.agreed))))
        if self.fares is not None:
            parts.append((7, _FARES.pack(*self.fares[:6]) + b"".join(map(_line_bytes, self.fares.lines))))
        if self.prices:
            parts.append((8, b"".join(map(_price_bytes, self.prices))))
        if self.pins:
            parts.append((9, b"".join(_PIN.pack(*row) for row in self.pins)))
        if self.online != OFFLINE:
            parts.append((_ONLINE, bytes((_online_flags(self.online),))))
        if self.online_classes:
            rows = (_ONLINE_CLASS.pack(one.card_class, _online_flags(one.online)) for one in self.online_classes)
            parts.append((_ONLINE_CLASSES, b"".join(rows)))
        if any(len(data) > PART_MAX for _, data in parts):
            raise WireFault("parameters: a part that is too long")
        return bytes((FORM,)) + b"".join(_PART.pack(tag, len(data)) + data for tag, data in parts)


def decode_parameters(raw: bytes) -> ParameterBody:
    """WireFault when malformed, or when it contradicts itself."""
    parts = dict(_parts(raw))
    if not {1, 2, 3, 4, 5} <= parts.keys():
        raise WireFault("parameters: a part is missing")
    if b"" in (parts.get(8), parts.get(9), parts.get(_ONLINE_CLASSES)):
        raise WireFault("parameters: a table of no prices, of no PINs, or of no classes")
    (day_start_s,), (ceiling_fen,) = _exact(_DAY, parts[1]), _exact(_CEILING, parts[2])
    body = ParameterBody(
        day_start_s, ceiling_fen, _meals(parts[3]), tuple(map(_limit, _rows(_LIMIT, parts[4]))),
        tuple(RungRow(*row) for row in _rows(_RUNG, parts[5])), _agreed(parts[6]) if 6 in parts else None,
        _fares(parts[7]) if 7 in parts else None, _online(parts[_ONLINE]) if _ONLINE in parts else OFFLINE,
        tuple(map(_price, _rows(_PRICE, parts.get(8, b"")))),
        tuple(PinRow(*row) for row in _rows(_PIN, parts.get(9, b""))),
        tuple(OnlineClass(one, _online_row(to)) for one, to in _rows(_ONLINE_CLASS, parts.get(_ONLINE_CLASSES, b""))),
    )  # fmt: skip
    _require_sound(body)
    return body


def _parts(raw: bytes) -> Iterator[tuple[int, bytes]]:
    if raw[:1] != bytes((FORM,)):
        raise WireFault("parameters of another form")
    at, last = 1, 0
    while at < len(raw):
        if len(raw) - at < _PART.size:
            raise WireFault("parameters: half a part")
        tag, size = _PART.unpack_from(raw, at)
        data = raw[at + _PART.size : at + _PART.size + size]
        if not last < tag or tag not in _TAGS or len(data) != size:
            raise WireFault(f"parameters: part {tag} that is not known, out of order, or cut off")
        yield tag, data
        at, last = at + _PART.size + size, tag


def _exact(form: struct.Struct, data: bytes) -> tuple[int, ...]:
    if len(data) != form.size:
        raise WireFault(f"parameters: a part of {len(data)} bytes")
    return form.unpack(data)


def _rows(form: struct.Struct, data: bytes) -> Iterator[tuple[int, ...]]:
    if len(data) % form.size:
        raise WireFault("parameters: half a row")
    return form.iter_unpack(data)


def _meal_bytes(row: MealRow) -> bytes:
    name = row.name.encode()
    return _MEAL.pack(row.meal, row.from_s, len(name)) + name


def _meals(data: bytes) -> tuple[MealRow, ...]:
    found: list[MealRow] = []
    while data:
        if len(data) < _MEAL.size or len(data) < _MEAL.size + data[_MEAL.size - 1]:
            raise WireFault("parameters: half a meal")
        meal, from_s, size = _MEAL.unpack_from(data)
        found.append(MealRow(meal, _text(data[_MEAL.size : _MEAL.size + size]), from_s))
        data = data[_MEAL.size + size :]
    return tuple(found)


def _limit_bytes(row: LimitRow) -> bytes:
    values = row.limits[:5]
    mask = sum(1 << place for place, value in enumerate(values) if value is not None)
    single, meal_fen, meal_count, day_fen, day_count = (value or 0 for value in values)
    flags = mask | (_REFUSED if row.limits.is_refused else 0)
    return _LIMIT.pack(row.card_class, row.meal, flags, single, meal_fen, day_fen, meal_count, day_count)


def _limit(row: Sequence[int]) -> LimitRow:
    card_class, meal, flags, single, meal_fen, day_fen, meal_count, day_count = row
    if flags > _REFUSED | 0x1F:
        raise WireFault(f"parameters: limits with flags {flags:#x}")
    values = [single, meal_fen, meal_count, day_fen, day_count]
    if any(value and not flags >> place & 1 for place, value in enumerate(values)):
        raise WireFault("parameters: a limit that does not count")
    there = (value if flags >> place & 1 else None for place, value in enumerate(values))
    return LimitRow(card_class, meal, Limits._make((*there, bool(flags & _REFUSED))))


def _price_bytes(row: PriceRow) -> bytes:
    fixed_fen, percent, off_fen, bearer = row.price
    return _PRICE.pack(row.card_class, row.meal, fixed_fen or 0, percent, off_fen, bearer)


def _price(row: Sequence[int]) -> PriceRow:
    card_class, meal, fixed_fen, percent, off_fen, bearer = row
    if bearer not in {*Bearer}:
        raise WireFault(f"parameters: bearer {bearer}")
    return PriceRow(card_class, meal, Price(fixed_fen or None, percent, off_fen, Bearer(bearer)))


def _agreed_bytes(row: AgreedRow) -> bytes:
    name = row.profile.encode("ascii")
    return bytes((len(name), len(row.issuer))) + name + row.issuer


def _agreed(data: bytes) -> tuple[AgreedRow, ...]:
    found: list[AgreedRow] = []
    while data:
        if len(data) < 2 or len(data) < 2 + data[0] + data[1]:
            raise WireFault("parameters: half an issuer")
        end = 2 + data[0]
        found.append(AgreedRow(_text(data[2:end]), data[end : end + data[1]]))
        data = data[end + data[1] :]
    return tuple(found)


def _line_bytes(row: LineRow) -> bytes:
    name, fares = row.name.encode(), row.fares_fen
    head = _LINE.pack(row.line, row.is_flat, len(name), len(fares))
    return head + name + b"".join(fare.to_bytes(2, "big") for fare in fares)


def _fares(data: bytes) -> FaresRow:
    if len(data) < _FARES.size:
        raise WireFault("parameters: half a table of fares")
    discount_fen, window_s, transfers, ride_max_s, again_s, stand_s = _FARES.unpack_from(data)
    lines = tuple(_lines(data[_FARES.size :]))
    return FaresRow(discount_fen, window_s, transfers, ride_max_s, again_s, stand_s, lines)


def _lines(data: bytes) -> Iterator[LineRow]:
    while data:
        if len(data) < _LINE.size:
            raise WireFault("parameters: half a line")
        line, is_flat, size, count = _LINE.unpack_from(data)
        begin = _LINE.size + size
        end = begin + 2 * count
        if is_flat > 1 or len(data) < end:
            raise WireFault("parameters: half a line")
        fares = (int.from_bytes(data[at : at + 2], "big") for at in range(begin, end, 2))
        yield LineRow(line, bool(is_flat), _text(data[_LINE.size : begin]), tuple(fares))
        data = data[end:]


def _online(data: bytes) -> OnlineRow:
    if len(data) != 1 or not data[0]:
        raise WireFault("parameters: when to ask the centre")
    return _online_row(data[0])


def _online_row(flags: int) -> OnlineRow:
    if flags > 0xF:
        raise WireFault(f"parameters: when to ask the centre, with flags {flags:#x}")
    return OnlineRow(*(bool(flags >> place & 1) for place in range(4)))


def _online_flags(row: OnlineRow) -> int:
    return sum(1 << place for place, is_so in enumerate(row) if is_so)


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as fault:
        raise WireFault("parameters: a name that is no text") from fault


# --- what no terminal takes ----------------------------------------------------------------------------------------


def _require_sound(body: ParameterBody) -> None:
    counts = (len(body.meals), MEALS_MAX), (len(body.limits), LIMITS_MAX), (len(body.ladder), RUNGS_MAX)
    _require(all(there <= most for there, most in counts), "more rows than a terminal has room for")
    _require(0 <= body.day_start_s < DAY_S and 0 <= body.ceiling_fen <= FEN_MAX, "a day or a ceiling out of bounds")
    _require_meals(body)
    _require_limits(body)
    _require(_rises(body.ladder, lambda rung: (rung.from_s,)), "rungs out of order")
    _require(all(a.day_fen >= b.day_fen for a, b in pairwise(body.ladder)), "a rung that gives more with age")
    _require(all(rung.from_s > 0 and 0 < rung.day_fen <= FEN_MAX for rung in body.ladder), "a rung out of bounds")
    _require_prices(body)
    _require_pins(body)
    _require_online(body)
    _require_agreed(body.agreed or ())
    if body.fares is not None:
        _require_fares(body.fares)


def _require_online(body: ParameterBody) -> None:
    rows = (body.online, *(one.online for one in body.online_classes))
    _require(all(one.is_account_first or not one.is_purse_behind for one in rows), "a purse behind no account")
    _require(all(one.card_class <= 0xFF for one in body.online_classes), "a class that is none")
    _require(_rises(body.online_classes, lambda one: (one.card_class,)), "classes out of order")
    _require(all(one.online != body.online for one in body.online_classes), "a class that is as every other")


def _require_meals(body: ParameterBody) -> None:
    meals = body.meals
    _require(all(1 <= one.meal <= 0xFF and 0 <= one.from_s < DAY_S for one in meals), "a meal out of bounds")
    _require(all(0 < len(one.name.encode()) <= NAME_MAX for one in meals), "a meal's name too long, or none")
    _require(_rises(meals, lambda one: ((one.from_s - body.day_start_s) % DAY_S,)), "meals out of order in the day")
    _require(_rises(meals, lambda one: (one.meal,)), "meals whose numbers do not rise")


def _require_limits(body: ParameterBody) -> None:
    meals = {0, *(one.meal for one in body.meals)}
    for row in body.limits:
        _require(row.card_class <= 0xFF or row.card_class == EVERY_OTHER, f"card class {row.card_class}")
        _require(row.meal in meals, f"limits of meal {row.meal}, which there is not")
        _require_sums(row.limits)
    _require(_rises(body.limits, lambda row: (row.card_class, row.meal)), "limits out of order")


def _require_sums(limits: Limits) -> None:
    single, meal_fen, meal_count, day_fen, day_count, _ = limits
    _require(all(0 < fen <= FEN_MAX for fen in (single, meal_fen, day_fen) if fen is not None), "a sum out of bounds")
    _require(all(0 < n <= COUNT_MAX for n in (meal_count, day_count) if n is not None), "a count out of bounds")
    _require(_rises_or_none(single, meal_fen, day_fen), "a limit above that of the meal, or of the day")
    _require(_rises_or_none(meal_count, day_count), "more purchases in a meal than on a day")


def _require_prices(body: ParameterBody) -> None:
    meals = {0, *(one.meal for one in body.meals)}
    _require(len(body.prices) <= LIMITS_MAX, "more prices than a terminal has room for")
    _require(_rises(body.prices, lambda row: (row.card_class, row.meal)), "prices out of order")
    for row in body.prices:
        fixed_fen, percent, off_fen, bearer = row.price
        _require(row.card_class <= 0xFF or row.card_class == EVERY_OTHER, f"card class {row.card_class}")
        _require(row.meal in meals, f"a price of meal {row.meal}, which there is not")
        _require(fixed_fen is None or 0 < fixed_fen <= FEN_MAX, "a fixed amount out of bounds")
        _require(percent <= PERCENT_MAX and off_fen <= OFF_MAX, "a discount out of bounds")
        _require(bool(percent or off_fen) or not bearer, "a bearer without a discount")


def _require_pins(body: ParameterBody) -> None:
    meals = {0, *(one.meal for one in body.meals)}
    _require(len(body.pins) <= LIMITS_MAX, "more sums with a PIN than a terminal has room for")
    _require(_rises(body.pins, lambda row: (row.card_class, row.meal)), "sums with a PIN out of order")
    for row in body.pins:
        _require(row.card_class <= 0xFF or row.card_class == EVERY_OTHER, f"card class {row.card_class}")
        _require(row.meal in meals, f"a PIN in meal {row.meal}, which there is not")
        _require(0 <= row.above_fen <= FEN_MAX, "a sum with a PIN out of bounds")


def _require_agreed(agreed: Sequence[AgreedRow]) -> None:
    _require(len(agreed) <= AGREED_MAX and len(set(agreed)) == len(agreed), "too many issuers, or one twice")
    _require(all(0 < len(one.profile) <= NAME_MAX and one.profile.isascii() for one in agreed), "an issuer's profile")
    _require(all(0 < len(one.issuer) <= 0xFF for one in agreed), "an issuer without number")


def _require_fares(fares: FaresRow) -> None:
    bounds = (0, 32_767), (0, DAY_S), (0, 0xFF), (60, DAY_S), (0, 3_600), (0, 3_600)
    _require(all(low <= value <= high for value, (low, high) in zip(fares[:6], bounds, strict=True)), "fares: a rule")
    _require(fares.again_s <= fares.stand_s, "fares: a stop that is shorter than a second tap")
    _require(0 < len(fares.lines) <= LINES_MAX and _rises(fares.lines, lambda one: (one.line,)), "fares: lines")
    for one in fares.lines:
        fen = one.fares_fen
        _require(0 < one.line <= 0xFFFF and 0 < len(one.name.encode()) <= NAME_MAX, f"line {one.line}: number or name")
        _require(0 < len(fen) <= (1 if one.is_flat else STOPS_MAX), f"line {one.line}: how many fares")
        _require(all(0 <= fare <= FARE_MAX for fare in fen) and list(fen) == sorted(fen), f"line {one.line}: fares")


def _require(is_so: bool, what: str) -> None:
    if not is_so:
        raise WireFault(f"parameters: {what}")


def _rises(rows: Sequence[_Row], key: Callable[[_Row], tuple[int, ...]]) -> bool:
    return all(a < b for a, b in pairwise(map(key, rows)))


def _rises_or_none(*values: int | None) -> bool:
    there = [value for value in values if value is not None]
    return there == sorted(there)
