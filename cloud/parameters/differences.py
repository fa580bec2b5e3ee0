"""What another document would change at a terminal, in words; and what of it is tighter than before. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from cloud.parameters.campus_file import CampusFile
from shared.fleet.parameters import (
    EVERY_OTHER,
    FEN_MAX,
    Bearer,
    FaresRow,
    LimitRow,
    Limits,
    LineRow,
    OnlineRow,
    ParameterBody,
    Price,
    RungRow,
)
from shared.money import yuan
from shared.words.voice import Text

_FIELDS = {
    "single_fen": Text("单笔", "one purchase"),
    "meal_fen": Text("本餐合计", "the meal's sum"),
    "meal_count": Text("本餐次数", "the meal's count"),
    "day_fen": Text("当日合计", "the day's sum"),
    "day_count": Text("当日次数", "the day's count"),
    "is_refused": Text("接待", "served"),
}
_NO_LIMIT = Text("不限", "no limit")
_EVERY_MEAL = Text("各餐", "every meal")
_NOBODY = Text("无", "none")
_ASKS = (
    Text("每笔账户支付", "every sale by account"),
    Text("余额不足时账户支付", "by account where the purse cannot pay"),
    Text("名单旧时问卡", "asks about a card under an old hotlist"),
    Text("账户不付时由卡内付", "by the purse where the account does not pay"),
)
"""In the order of OnlineRow."""
_KEYED = Text("按输入金额", "as keyed")
BEARER_WORDS = {
    Bearer.MERCHANT: Text("商户", "the merchant"),
    Bearer.SCHOOL: Text("学校", "the school"),
    Bearer.SUBSIDY: Text("补助资金", "the subsidy fund"),
}
Value = int | None


class Change(NamedTuple):
    """Of one field for a class in a meal."""

    card_class: int
    meal: int
    field: str
    before: Value
    after: Value

    @property
    def is_tighter(self) -> bool:
        """Does it refuse what was allowed?"""
        if self.field == "is_refused":
            return bool(self.after)
        return self.after is not None and (self.before is None or self.after < self.before)


def changes(before: ParameterBody, after: ParameterBody) -> list[Change]:
    """Of limits: each class by itself where it differs from every other one."""
    classes = {EVERY_OTHER} | {row.card_class for row in (*before.limits, *after.limits)}
    meals = {0} | {row.meal for row in (*before.meals, *after.meals)}
    found: list[Change] = []
    for meal in sorted(meals):
        others = [*_of_cell(before, after, EVERY_OTHER, meal)]
        found += others
        plain = {(one.field, one.before, one.after) for one in others}
        for card_class in sorted(classes - {EVERY_OTHER}):
            own = _of_cell(before, after, card_class, meal)
            found += (one for one in own if (one.field, one.before, one.after) not in plain)
    return found


def tighter(before: ParameterBody, after: ParameterBody) -> list[Change]:
    """What is refused from now on though it was allowed."""
    return [one for one in changes(before, after) if one.is_tighter]


def eased(before: ParameterBody, after: ParameterBody) -> ParameterBody:
    """`after`, with the limits of `before` in the place of those that are tighter: what counts when a trial ends."""
    loose: dict[tuple[int, int], Limits] = {}
    for card_class in {row.card_class for row in (*before.limits, *after.limits)} | {EVERY_OTHER}:
        for meal in (0, *(row.meal for row in after.meals)):
            loose[card_class, meal] = _looser(before.limits_of(card_class, meal), after.limits_of(card_class, meal))
    rows = (
        LimitRow(card_class, meal, limits)
        for (card_class, meal), limits in sorted(loose.items())
        if limits != (Limits() if card_class == EVERY_OTHER else loose[EVERY_OTHER, meal])
    )
    return replace(after, limits=tuple(rows))


def _looser(one: Limits, other: Limits) -> Limits:
    """`one` wherever `other` is tighter."""
    values: dict[str, Value] = {}
    for field in _FIELDS:
        before, after = getattr(one, field), getattr(other, field)
        values[field] = before if Change(0, 0, field, before, after).is_tighter else after
    return Limits(**values)  # type: ignore[arg-type]  # is_refused is one of them


def touches_money(before: ParameterBody, after: ParameterBody) -> bool:
    """May a purchase be taken, refused or counted otherwise? Not where meals alone are called otherwise."""
    unnamed = [replace(one, meals=tuple(row._replace(name="") for row in one.meals)) for one in (before, after)]
    return unnamed[0] != unnamed[1]


def difference_lines(file: CampusFile, before: ParameterBody | None, after: ParameterBody) -> Iterator[Text]:
    """A line for each thing that changes; none where nothing does."""
    base = before or ParameterBody(meals=after.meals)
    if before is not None and before.day_start_s != after.day_start_s:
        yield _arrow(Text("营业日起点", "the day begins"), _clock(before.day_start_s), _clock(after.day_start_s))
    if base.ceiling_fen != after.ceiling_fen:
        yield _arrow(Text("卡内余额上限", "a card holds"), _sum(base.ceiling_fen), _sum(after.ceiling_fen))
    if before is not None and before.meals != after.meals:
        yield _arrow(Text("餐次", "meals"), _meals(before), _meals(after))
    yield from _limit_lines(file, changes(base, after), {0, *(row.meal for row in after.meals)})
    yield from _price_lines(file, base, after)
    yield from _pin_lines(file, base, after)
    if base.ladder != after.ladder:
        yield _arrow(Text("名单时效", "by age of the hotlist"), _ladder(base.ladder), _ladder(after.ladder))
    if base.agreed != after.agreed:
        yield _arrow(Text("互通发卡方", "agreed issuers"), _agreed(base), _agreed(after))
    if base.online != after.online:
        yield _arrow(Text("联机", "on line"), _online(base.online), _online(after.online))
    for one in sorted({row.card_class for row in (*base.online_classes, *after.online_classes)}):
        was, now = base.online_of(one), after.online_of(one)
        if was != now:
            name = file.class_name(one)
            yield _arrow(Text(f"联机 {name}", f"on line, {name}"), _online(was), _online(now))
    yield from _fare_lines(base.fares, after.fares)


def _online(row: OnlineRow) -> Text:
    said = [word for is_so, word in zip(row, _ASKS, strict=True) if is_so]
    zh, en = "、".join(word.zh for word in said), ", ".join(word.en for word in said)
    return Text(zh, en) if said else _NOBODY


def _price_lines(file: CampusFile, before: ParameterBody, after: ParameterBody) -> Iterator[Text]:
    """A line for each class and meal whose price changes; each class by itself where it differs from every other."""
    classes = sorted({EVERY_OTHER} | {row.card_class for row in (*before.prices, *after.prices)}, reverse=True)
    for meal in sorted({0} | {row.meal for row in (*before.meals, *after.meals)}):
        plain = before.price_of(EVERY_OTHER, meal), after.price_of(EVERY_OTHER, meal)
        for card_class in classes:
            pair = before.price_of(card_class, meal), after.price_of(card_class, meal)
            if pair[0] != pair[1] and (card_class == EVERY_OTHER or pair != plain):
                where, who = file.meal_name(meal), file.class_name(card_class)
                what = Text(f"{where.zh} {who.zh} 价格", f"{where.en}, {who.en}: price")
                yield _arrow(what, _price_of(pair[0]), _price_of(pair[1]))


def _pin_lines(file: CampusFile, before: ParameterBody, after: ParameterBody) -> Iterator[Text]:
    """As of prices. A PIN that is wanted sooner refuses nobody who knows it: it is no tightening."""
    classes = sorted({EVERY_OTHER} | {row.card_class for row in (*before.pins, *after.pins)}, reverse=True)
    for meal in sorted({0} | {row.meal for row in (*before.meals, *after.meals)}):
        plain = before.pin_above(EVERY_OTHER, meal), after.pin_above(EVERY_OTHER, meal)
        for card_class in classes:
            pair = before.pin_above(card_class, meal), after.pin_above(card_class, meal)
            if pair[0] != pair[1] and (card_class == EVERY_OTHER or pair != plain):
                where, who = file.meal_name(meal), file.class_name(card_class)
                what = Text(f"{where.zh} {who.zh} 当日超过即输密", f"{where.en}, {who.en}: a PIN above a day's sum of")
                yield _arrow(what, *(_value("above_fen", None if fen == FEN_MAX else fen) for fen in pair))


def _price_of(price: Price) -> Text:
    fixed = yuan(price.fixed_fen or 0)
    base = Text(f"定额 {fixed}", f"fixed {fixed}") if price.fixed_fen else _KEYED
    if not price.percent and not price.off_fen:
        return base
    off = f"{price.percent}%" if price.percent else yuan(price.off_fen)
    bearer = BEARER_WORDS[price.bearer]
    return Text(f"{base.zh}，减 {off}（{bearer.zh}承担）", f"{base.en}, {off} off (borne by {bearer.en})")


def _fare_lines(before: FaresRow | None, after: FaresRow | None) -> Iterator[Text]:
    """A line of the bus each, then its rules together."""
    old, new = ({one.line: one for one in fares.lines} if fares else {} for fares in (before, after))
    for number in sorted(old.keys() | new.keys()):
        if old.get(number) != new.get(number):
            one = new.get(number) or old[number]
            name = Text(f"线路 {number} {one.name} 票价", f"line {number} {one.name}, fares:")
            yield _arrow(name, _fares_of(old.get(number)), _fares_of(new.get(number)))
    rules = [fares[:6] if fares else None for fares in (before, after)]
    if rules[0] != rules[1]:
        yield _arrow(Text("乘车规则", "rules of rides"), _rules_of(before), _rules_of(after))


def _fares_of(line: LineRow | None) -> Text:
    if line is None:
        return Text("按终端设置", "as its settings say")
    return _listed(map(yuan, line.fares_fen), _NOBODY)


def _rules_of(fares: FaresRow | None) -> Text:
    if fares is None:
        return Text("按终端设置", "as its settings say")
    discount, window = yuan(fares.discount_fen), fares.window_s
    rest = f"{fares.transfers}/{fares.ride_max_s}/{fares.again_s}/{fares.stand_s}"
    return Text(f"换乘减 {discount}（{window} 秒，{rest}）", f"{discount} off a transfer ({window} s, {rest})")


def change_text(file: CampusFile, one: Change) -> Text:
    """'午餐 学生 单笔 30.00 → 25.00'."""
    return _change_text(file, one, file.meal_name(one.meal))


def _limit_lines(file: CampusFile, found: list[Change], meals: set[int]) -> Iterator[Text]:
    """What changes alike in every meal is one line."""
    at: dict[Change, set[int]] = {}
    for one in found:
        at.setdefault(one._replace(meal=0), set()).add(one.meal)
    for one, where in at.items():
        if where >= meals and len(meals) > 1:
            yield _change_text(file, one, _EVERY_MEAL)
        else:
            yield from (change_text(file, one._replace(meal=meal)) for meal in sorted(where))


def _change_text(file: CampusFile, one: Change, meal: Text) -> Text:
    who, field = file.class_name(one.card_class), _FIELDS[one.field]
    what = Text(f"{meal.zh} {who.zh} {field.zh}", f"{meal.en}, {who.en}: {field.en}")
    return _arrow(what, _value(one.field, one.before), _value(one.field, one.after))


def _of_cell(before: ParameterBody, after: ParameterBody, card_class: int, meal: int) -> Iterator[Change]:
    old, new = before.limits_of(card_class, meal), after.limits_of(card_class, meal)
    for field in _FIELDS:
        one, other = getattr(old, field), getattr(new, field)
        if one != other:
            yield Change(card_class, meal, field, one, other)


def _value(field: str, value: Value) -> Text:
    if field == "is_refused":
        return Text("否", "no") if value else Text("是", "yes")
    if value is None:
        return _NO_LIMIT
    shown = yuan(value) if field.endswith("_fen") else str(value)
    return Text(shown, shown)


def _arrow(what: Text, before: Text, after: Text) -> Text:
    return Text(f"{what.zh} {before.zh} → {after.zh}", f"{what.en} {before.en} → {after.en}")


def _clock(seconds: int) -> Text:
    shown = f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d}"
    return Text(shown, shown)


def _sum(value: int) -> Text:
    return Text(yuan(value), yuan(value)) if value else _NO_LIMIT


def _meals(body: ParameterBody) -> Text:
    return _listed((f"{row.name} {_clock(row.from_s).zh}" for row in body.meals), _NOBODY)


def _ladder(rungs: Iterable[RungRow]) -> Text:
    return _listed((f"{rung.from_s // 3600}h {yuan(rung.day_fen)}" for rung in rungs), Text("内置", "built-in"))


def _agreed(body: ParameterBody) -> Text:
    if body.agreed is None:
        return Text("按终端设置", "as its settings say")
    return _listed((f"{row.profile} {row.issuer.hex()}" for row in body.agreed), _NOBODY)


def _listed(parts: Iterable[str], empty: Text) -> Text:
    rows = list(parts)
    return Text("、".join(rows), ", ".join(rows)) if rows else empty
