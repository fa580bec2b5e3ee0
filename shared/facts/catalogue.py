"""The catalogue of facts: every kind there is, and a fact in words, for whoever shows one. Pure.

Never refuses: a code, a case or a parameter that is not known here (of a newer box or ledger) is shown as it is.
"""

from collections.abc import Callable
from dataclasses import fields
from datetime import date
from string import Formatter
from types import ModuleType

from shared.clocks.clock import MAX_SECONDS, time_text
from shared.facts import books, boxes, buses, desks, documents, fleet, losses, releases, settings, terminals
from shared.facts.money import codes, deposits, meals, payments
from shared.facts.terms import (
    ANSWERS,
    BACKS,
    BUSES,
    CARD_FINDINGS,
    CODES_BEYOND,
    COMMANDS,
    DAMAGES,
    DECLINES,
    DEEDS,
    DOCUMENTS,
    FINDINGS,
    LANES,
    ORDERS,
    PAYERS,
    PURSES,
    REASONS,
    REFUSALS,
    SIDES,
    SPARES,
    STORES,
    SWAPS,
    VERDICTS,
    Words,
)
from shared.facts.told import CASE, TIMES, UNSAID, Params, Told, Value
from shared.money import yuan

_DAY_S = 86_400
_UNIX_ORDINAL = date(1970, 1, 1).toordinal()


def _kinds(module: ModuleType) -> list[type[Told]]:
    found = [one for one in vars(module).values() if isinstance(one, type) and issubclass(one, Told)]
    return [one for one in found if one is not Told]


_MODULES = (
    terminals, boxes, buses, books, desks, losses, fleet, documents, payments, meals, settings, releases, deposits,
    codes,
)  # fmt: skip
CATALOGUE: dict[tuple[str, str], type[Told]] = {
    (one.code, one.case): one for module in _MODULES for one in _kinds(module)
}
"""By code and case."""


def words(code: str, told: Params | str) -> Words:
    """The fact in Chinese and in English; what an edge or a ledger of before has said is its own text in both."""
    if isinstance(told, str):
        return (told or code,) * 2
    given = dict(told)
    case = given.pop(CASE, "")
    kind = CATALOGUE.get((code, str(case)))
    if kind is None or not _fits(kind, given):
        return _plain(code, dict(told))
    own = {name: given.pop(name) for name in parameters(kind)}
    again, rest = _again(given), _listed(given)
    beside = (f" ({rest})" if rest else "") + again
    return _filled(kind.zh, own, 0) + beside, _filled(kind.en, own, 1) + beside


def in_a_line(told: Told) -> str:
    """Both languages, Chinese first, for log lines and command lines."""
    return " / ".join(words(told.code, told.params()))


def parameters(kind: type[Told]) -> dict[str, object]:
    """Names and types of the parameters, in order."""
    return {field.name: field.type for field in fields(kind)}


def _fits(kind: type[Told], given: dict[str, Value]) -> bool:
    return all(type(given.get(name)) is form for name, form in parameters(kind).items())


def _filled(template: str, own: dict[str, Value], at: int) -> str:
    parts = Formatter().parse(template)
    return "".join(text + (_shown(own[name], spec or "", at) if name else "") for text, name, spec, _ in parts)


def _shown(value: Value, spec: str, at: int) -> str:
    if spec in SETS:
        return SETS[spec].get(str(value), (str(value),) * 2)[at]
    return KINDS[spec](value)


def _plain(code: str, given: dict[str, Value]) -> Words:
    again, rest = _again(given), _listed(given)
    return (f"{code}: {rest}{again}" if rest else code + again,) * 2


def _again(given: dict[str, Value]) -> str:
    """Takes what every fact may have out of what was given."""
    unsaid, times = given.pop(UNSAID, 0), given.pop(TIMES, 0)
    return (f" (+{_text(unsaid)})" if unsaid else "") + (f" ×{_text(times)}" if times else "")


def _listed(given: dict[str, Value]) -> str:
    return ", ".join(f"{name}={_text(value)}" for name, value in given.items())


def _text(value: Value) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def _yuan(value: Value) -> str:
    return f"¥{yuan(value)}" if isinstance(value, int) else _text(value)


def _signed(value: Value) -> str:
    return f"{value:+d}" if isinstance(value, int) else _text(value)


def _time(value: Value) -> str:
    return time_text(value) if isinstance(value, int) and 0 <= value <= MAX_SECONDS else _text(value)


def _day(value: Value) -> str:
    days = value // _DAY_S + _UNIX_ORDINAL if isinstance(value, int) else 0
    return date.fromordinal(days).isoformat() if 0 < days <= date.max.toordinal() else _text(value)


def _code(value: Value) -> str:
    return f"{value:#04x}" if isinstance(value, int) else _text(value)


def _aside(value: Value) -> str:
    return f" ({_text(value)})" if value else ""


KINDS: dict[str, Callable[[Value], str]] = {
    "": _text,
    "yuan": _yuan,
    "signed": _signed,
    "time": _time,
    "day": _day,
    "code": _code,
    "aside": _aside,
}
"""How a parameter is shown: as it is (bytes in hex), fen in yuan, with its sign, campus seconds, the day of Unix
seconds, a code of MQTT, and what is said in brackets or not at all."""
SETS: dict[str, dict[str, Words]] = {
    "answer": ANSWERS,
    "back": BACKS,
    "reason": REASONS,
    "refusal": REFUSALS,
    "store": STORES,
    "swap": SWAPS,
    "damage": DAMAGES,
    "command": COMMANDS,
    "deed": DEEDS,
    "cardfinding": CARD_FINDINGS,
    "beyondcode": CODES_BEYOND,
    "finding": FINDINGS,
    "payer": PAYERS,
    "side": SIDES,
    "spare": SPARES,
    "purse": PURSES,
    "lane": LANES,
    "document": DOCUMENTS,
    "bus": BUSES,
    "verdict": VERDICTS,
    "order": ORDERS,
    "decline": DECLINES,
}
