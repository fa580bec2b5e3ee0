"""One knob of limit control 限额调控: the day's sum of every card, at most so much, by rules behind those of a file.

A rule further down would lift what was lower before it. So one is written only for a class of which more is left than
the knob leaves, with what is lower in some meal behind it. One purchase and one meal go down with their day. Pure.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from cloud.parameters.campus_file import OTHERS, RULES_MAX, CampusFile, read_file
from cloud.parameters.resolve import Position, classes_at, resolved
from shared.errors import ConfigFault
from shared.fleet.parameters import EVERY_OTHER, Limits, ParameterBody
from shared.inventory import DeviceKind
from shared.money import yuan
from shared.words.voice import Text

BEFORE_THE_FIRST = 0
OTHER = next(iter(OTHERS))
Lowered = tuple[str | None, tuple[tuple[str, int], ...]]
"""A meal, None: every one; and what is set there."""
_FIELDS = {"single_fen": "single", "meal_fen": "meal", "day_fen": "day"}


def lowered(file: CampusFile, positions: Sequence[Position], day_fen: int) -> CampusFile:
    """With the knob's rules for these terminals. ConfigFault: it would contradict itself, or changes nothing."""
    groups: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for one in positions:
        if one.kind == DeviceKind.POS and (rules := tuple(_rules(file, one, day_fen))):
            groups[rules].append(one.name)
    if not groups:
        fen = yuan(day_fen)
        raise ConfigFault(Text(f"当日限额已不高于 ¥{fen}", f"no day's limit there is above ¥{fen}"))
    text = file.text.rstrip("\n") + "\n" + "".join(_placed(rules, names) for rules, names in groups.items())
    if len(file.rules) + sum(len(rules) for rules in groups) > RULES_MAX:
        raise ConfigFault(Text("规则过多，请编辑参数文件", "too many rules: edit the file"))
    return read_file(text)


def _rules(file: CampusFile, position: Position, day_fen: int) -> Iterator[str]:
    """Each without its terminals; classes that are alike share theirs. One that no rule names there is of the others,
    and stays so."""
    body, named = resolved(file, position), classes_at(file, position)
    alike: defaultdict[tuple[Lowered, ...], list[str]] = defaultdict(list)
    for name, card_class in ((OTHER, EVERY_OTHER), *file.classes.items()):
        if card_class in named and (found := tuple(_of_class(body, card_class, day_fen))):
            alike[found].append(name)
    for made, names in alike.items():
        yield from (_rule(names, *one) for one in made)


def _of_class(body: ParameterBody, card_class: int, day_fen: int) -> Iterator[Lowered]:
    """What is set in every meal, then what is otherwise in some: a rule cannot name what is before the first one."""
    first, *meals = (body.limits_of(card_class, meal) for meal in (BEFORE_THE_FIRST, *(m.meal for m in body.meals)))
    highest = {field: max(getattr(one, field) or 0 for one in (first, *meals)) for field in _FIELDS}
    down = [field for field in _FIELDS if field == "day_fen" or _goes_down(first, field, highest, day_fen)]
    every = down if _is_above(first, day_fen) else []
    if every:
        yield None, tuple(dict.fromkeys(every, day_fen).items())
    for row, limits in zip(body.meals, meals, strict=True):
        if values := tuple(_otherwise(limits, every, day_fen)):
            yield row.name, values


def _goes_down(first: Limits, field: str, highest: Mapping[str, int], day_fen: int) -> bool:
    fen = getattr(first, field)
    return highest[field] > day_fen and (fen is None or fen > day_fen)


def _otherwise(limits: Limits, every: Sequence[str], day_fen: int) -> Iterator[tuple[str, int]]:
    """In a meal: what is lower stays behind what is set for all, what is higher goes down where nothing is. Nothing is
    above the day there."""
    day_there = day_fen if limits.day_fen is None else min(limits.day_fen, day_fen)
    for field in _FIELDS:
        fen = getattr(limits, field)
        if field in every:
            stays = day_there if fen is None else min(fen, day_there)
            if stays < day_fen:
                yield field, stays
        elif _is_above(limits, day_fen) and (field == "day_fen" or (fen is not None and fen > day_fen)):
            yield field, day_fen


def _is_above(limits: Limits, day_fen: int) -> bool:
    return not limits.is_refused and (limits.day_fen is None or limits.day_fen > day_fen)


def _rule(classes: Sequence[str], meal: str | None, values: Sequence[tuple[str, int]]) -> str:
    lines = [f"classes = [{', '.join(map(_quoted, classes))}]"]
    lines += [f"meals = [{_quoted(meal)}]"] if meal is not None else []
    lines += [f'{_FIELDS[field]} = "{yuan(fen)}"' for field, fen in values]
    return "\n".join(lines) + "\n"


def _placed(rules: Sequence[str], names: Sequence[str]) -> str:
    where = ", ".join(map(_quoted, names))
    return "".join(f"\n[[limit]]\nterminals = [{where}]\n{rule}" for rule in rules)


def _quoted(text: str) -> str:
    plain = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain}"'
