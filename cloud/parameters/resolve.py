"""One terminal's parameters out of the campus file: every rule that matches it is weighed here, and nowhere else. Pure.

A POS honours limits by class and meal, the ladder and agreed issuers; a load machine the ceiling of a card; a validator
the fares; all of them the day and its meals. ConfigFault for rules that contradict each other, and for unknown places.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from cloud.parameters.campus_file import PIN, CampusFile, OnlineRule, Rule, limits_with, pin_with, price_with
from shared.errors import ConfigFault, WireFault
from shared.fleet.document import LENGTH_MAX, DocumentKind
from shared.fleet.parameters import (
    EVERY_OTHER,
    FEN_MAX,
    NO_LIMITS,
    NO_PRICE,
    OFFLINE,
    LimitRow,
    Limits,
    OnlineClass,
    OnlineRow,
    ParameterBody,
    PinRow,
    Price,
    PriceRow,
)
from shared.inventory import LOADERS, DeviceKind
from shared.money import yuan
from shared.words.voice import Text

Cell = tuple[int, int]
"""Card class and meal."""
_ORDERS = (
    ("single_fen", "meal_fen", Text("单笔", "one purchase"), Text("本餐合计", "the meal's sum")),
    ("single_fen", "day_fen", Text("单笔", "one purchase"), Text("当日合计", "the day's sum")),
    ("meal_fen", "day_fen", Text("本餐合计", "the meal's sum"), Text("当日合计", "the day's sum")),
    ("meal_count", "day_count", Text("本餐次数", "the meal's count"), Text("当日次数", "the day's count")),
)


class Position(NamedTuple):
    """A terminal, and where it stands."""

    device: bytes
    name: str
    kind: str
    box: str
    merchant: str


def resolved(file: CampusFile, position: Position) -> ParameterBody:
    """What this terminal is to have. ConfigFault."""
    is_pos = position.kind == DeviceKind.POS
    cells = dict(_cells(file, position)) if is_pos else {}
    body = ParameterBody(
        day_start_s=file.day_start_s,
        ceiling_fen=file.ceiling_fen if position.kind in LOADERS else 0,
        meals=file.meals,
        limits=tuple(_rows({cell: limits for cell, (limits, _) in cells.items()})),
        ladder=file.ladder if is_pos else (),
        agreed=file.agreed if is_pos else None,
        fares=file.fares if position.kind == DeviceKind.VALIDATOR else None,
        online=_online(file, position) if is_pos else OFFLINE,
        prices=tuple(_price_rows({cell: price for cell, (_, price) in cells.items()})),
        pins=tuple(_pin_rows(file, position)) if is_pos else (),
        online_classes=tuple(_online_classes(file, position)) if is_pos else (),
    )
    try:
        if len(body.encode()) > LENGTH_MAX[DocumentKind.PARAMETERS]:
            raise WireFault("parameters: more than a document has room for")
    except WireFault as fault:
        raise ConfigFault(Text(f"{position.name}: {fault}", f"{position.name}: {fault}")) from fault
    return body


def _online(file: CampusFile, position: Position, card_class: int = EVERY_OTHER) -> OnlineRow:
    """Of rules that match, the one further down counts, value by value."""
    found = OFFLINE
    for rule in file.online:
        if _is_here(rule, position) and (rule.classes is None or card_class in rule.classes):
            found = found._replace(**rule.values)
    return found


def _online_classes(file: CampusFile, position: Position) -> Iterator[OnlineClass]:
    """Of the classes that rules name, those about which it is otherwise."""
    named = {one for rule in file.online if _is_here(rule, position) for one in rule.classes or ()}
    for card_class in sorted(named - {EVERY_OTHER}):
        found = _online(file, position, card_class)
        if found != _online(file, position):
            yield OnlineClass(card_class, found)


def require_places(file: CampusFile, positions: Sequence[Position]) -> None:
    """ConfigFault for a rule about a place that there is not, or about a terminal that honours no limits."""
    names = {one.name: one.kind for one in positions}
    boxes, merchants = {one.box for one in positions}, {one.merchant for one in positions if one.merchant}
    rules: list[Rule | OnlineRule] = [*file.rules, *file.online]
    for rule in rules:
        _require_known(rule, "terminals", rule.terminals, names)
        _require_known(rule, "boxes", rule.boxes, boxes)
        _require_known(rule, "merchants", rule.merchants, merchants)
        for name in sorted(rule.terminals or ()):
            if names[name] != DeviceKind.POS:
                raise _at(rule, Text(f"terminals: {name} 不按限额", f"terminals: {name} honours no limits yet"))


def samples(file: CampusFile) -> list[Position]:
    """A POS for every place that rules name, where nobody knows the campus: enough to find what contradicts itself."""
    found = [Position(b"", "", DeviceKind.POS, "", "")]
    rules: list[Rule | OnlineRule] = [*file.rules, *file.online]
    for rule in rules:
        found += [_sample(name=name) for name in rule.terminals or ()]
        found += [_sample(box=name) for name in rule.boxes or ()]
        found += [_sample(merchant=name) for name in rule.merchants or ()]
    return list(dict.fromkeys(found))


def _sample(name: str = "", box: str = "", merchant: str = "") -> Position:
    return Position(b"", name, DeviceKind.POS, box, merchant)


def classes_at(file: CampusFile, position: Position) -> set[int]:
    """Classes that rules name there, and every other one: who is not named is one of these."""
    return {EVERY_OTHER, *(one for rule in file.rules if _is_here(rule, position) for one in rule.classes or ())}


def _cells(file: CampusFile, position: Position) -> Iterator[tuple[Cell, tuple[Limits, Price]]]:
    rules = [rule for rule in file.rules if _is_here(rule, position)]
    for card_class in sorted(classes_at(file, position)):
        for meal in (*(row.meal for row in file.meals), 0):
            matching = [rule for rule in rules if _is_for(rule, card_class, meal)]
            cell = card_class, meal
            limits = _limits(file, position, cell, matching)
            yield cell, (limits, _price(file, position, cell, limits, matching))


def _limits(file: CampusFile, position: Position, cell: Cell, rules: Iterable[Rule]) -> Limits:
    limits, said = NO_LIMITS, {}
    for rule in rules:
        limits = limits_with(limits, rule.values)
        said.update(dict.fromkeys(rule.values, rule))
    for low, high, low_word, high_word in _ORDERS:
        least, most = getattr(limits, low), getattr(limits, high)
        if least is not None and most is not None and least > most:
            where = (_who(file, cell), position.name)
            one, other = (_said(low, least, low_word), _said(high, most, high_word))
            raise _at(_later(said[low], said[high]), _contradiction(where, one, other))
    _require_one_meal(file, limits, said)
    return limits


def _price(
    file: CampusFile, position: Position, cell: Cell, limits: Limits, rules: Sequence[Rule]
) -> Price:  # fmt: skip
    price = NO_PRICE
    for rule in rules:
        price = price_with(price, rule.values)
    fixed_fen, single_fen = price.fixed_fen, limits.single_fen
    if fixed_fen is not None and single_fen is not None and fixed_fen - price.off(fixed_fen) > single_fen:
        late = next(rule for rule in reversed(rules) if rule.values.keys() & {"fixed_fen", "single_fen"})
        one = _said("single_fen", fixed_fen - price.off(fixed_fen), Text("定额", "a fixed amount"))
        other = _said("single_fen", single_fen, Text("单笔", "one purchase"))
        raise _at(late, _contradiction((_who(file, cell), position.name), one, other))
    return price


def _require_one_meal(file: CampusFile, limits: Limits, said: dict[str, Rule]) -> None:
    """However old the hotlist is: one meal."""
    rung = min((rung.day_fen for rung in file.ladder), default=None)
    if rung is not None and limits.meal_fen is not None and rung < limits.meal_fen:
        raise _at(
            said["meal_fen"],
            Text(
                f"meal: rung 的 {yuan(rung)} 低于一餐 {yuan(limits.meal_fen)}",
                f"meal: a rung of {yuan(rung)} is below one meal of {yuan(limits.meal_fen)}",
            ),
        )


def _rows(cells: dict[Cell, Limits]) -> Iterator[LimitRow]:
    """Of a class only what differs from that of every other."""
    for (card_class, meal), limits in sorted(cells.items()):
        base = NO_LIMITS if card_class == EVERY_OTHER else cells[EVERY_OTHER, meal]
        if limits != base:
            yield LimitRow(card_class, meal, limits)


def _price_rows(cells: dict[Cell, Price]) -> Iterator[PriceRow]:
    """As the rows of limits."""
    for (card_class, meal), price in sorted(cells.items()):
        base = NO_PRICE if card_class == EVERY_OTHER else cells[EVERY_OTHER, meal]
        if price != base:
            yield PriceRow(card_class, meal, price)


def _pin_rows(file: CampusFile, position: Position) -> Iterator[PinRow]:
    """As the rows of limits. A class whose sum is lifted has the largest there is."""
    rules = [rule for rule in file.rules if _is_here(rule, position) and PIN in rule.values]
    classes = {one for rule in rules for one in rule.classes or ()}
    for card_class in (*sorted(classes - {EVERY_OTHER}), EVERY_OTHER):
        for meal in sorted((0, *(row.meal for row in file.meals))):
            own, base = (_pin_of(rules, one, meal) for one in (card_class, EVERY_OTHER))
            if own != (None if card_class == EVERY_OTHER else base):
                yield PinRow(card_class, meal, FEN_MAX if own is None else own)


def _pin_of(rules: Sequence[Rule], card_class: int, meal: int) -> int | None:
    found: int | None = None
    for rule in rules:
        found = pin_with(found, rule.values) if _is_for(rule, card_class, meal) else found
    return found


def _is_here(rule: Rule | OnlineRule, position: Position) -> bool:
    places = (rule.terminals, position.name), (rule.boxes, position.box), (rule.merchants, position.merchant)
    return all(names is None or here in names for names, here in places)


def _is_for(rule: Rule, card_class: int, meal: int) -> bool:
    asked = (rule.classes, card_class), (rule.meals, meal)
    return all(numbers is None or one in numbers for numbers, one in asked)


def _later(one: Rule, other: Rule) -> Rule:
    return max(one, other, key=lambda rule: rule.line)


def _who(file: CampusFile, cell: Cell) -> Text:
    who, meal = file.class_name(cell[0]), file.meal_name(cell[1])
    return Text(f"{meal.zh} {who.zh}", f"{meal.en}, {who.en}")


def _said(field: str, value: int, word: Text) -> Text:
    shown = yuan(value) if field.endswith("_fen") else str(value)
    return Text(f"{word.zh} {shown}", f"{word.en} of {shown}")


def _contradiction(where: tuple[Text, str], low: Text, high: Text) -> Text:
    (cell, name), at = where, f" {where[1]}" if where[1] else ""
    there = f" at {name}" if name else ""
    return Text(f"{cell.zh}{at}：{low.zh} 高于{high.zh}", f"{cell.en}{there}: {low.en} is above {high.en}")


def _require_known(rule: Rule | OnlineRule, key: str, names: frozenset[str] | None, known: Iterable[str]) -> None:
    for name in sorted((names or frozenset()) - set(known)):
        raise _at(rule, Text(f"{key}: 本校没有 {name}", f"{key}: there is no {name} on this campus"))


def _at(rule: Rule | OnlineRule, said: Text) -> ConfigFault:
    name = "online" if isinstance(rule, OnlineRule) else "limit"
    return ConfigFault(Text(f"第 {rule.line} 行 {name} {said.zh}", f"line {rule.line}: {name} {said.en}"))
