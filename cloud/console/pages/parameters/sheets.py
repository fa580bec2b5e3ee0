"""The campus file 参数文件 as a sheet of fields, and back to text: meals, caps, prices, discounts, PIN. Pure.

What the sheet does not know (calendar, ladder, issuers, fares, on-line rules) stays as it is in the file; a field that
is empty is a key that is not there. Nothing is checked here: the text is read as every file is.
"""

import re
import tomllib
from collections.abc import Mapping
from typing import Any

from cloud.parameters.campus_file import SIZE_MAX
from cloud.parameters.written import written
from shared.errors import ConfigFault
from shared.words.voice import Text

WHERE = ("classes", "meals", "terminals", "boxes", "merchants")
"""Whom and where a rule is for: names with commas between them, empty: everybody, everywhere."""
SUMS = ("single", "meal", "day", "fixed", "discount", "bearer", "pin_above")
COUNTS = ("meal_count", "day_count")
RULE = (*WHERE, *SUMS, *COUNTS, "serve")
MEAL = ("number", "name", "from")
BLANK = 2
"""Empty rows behind those that there are, to be filled in."""
ROWS_MAX = 520
_LIST = re.compile(r"[,，、;；]")
_SERVES = {"yes": True, "no": False}
Fields = dict[str, str]


def sheet_of(text: str) -> dict[str, Any]:
    """title, start, ceiling, meals, rules, as texts of fields. ConfigFault: no TOML."""
    raw = _raw(text)
    day = _section(raw, "day")
    return {
        "title": str(raw.get("title", "")), "start": str(day.get("start", "")), "ceiling": str(day.get("ceiling", "")),
        "classes": [f"{name} = {number}" for name, number in _section(raw, "classes").items()],
        "meals": [_fields(row, MEAL) for row in _rows(raw, "meal")] + [dict.fromkeys(MEAL, "")],
        "rules": [_fields(row, RULE) for row in _rows(raw, "limit")] + [dict.fromkeys(RULE, "")] * BLANK,
        "others": [key for key in raw if key not in {"format", "title", "day", "classes", "meal", "limit"}],
    }  # fmt: skip


def text_of(text: str, form: Mapping[str, str]) -> str:
    """The text with the form's fields in it; the same text where they say nothing new, remarks and all. ConfigFault."""
    raw = _raw(text)
    made = {**raw}
    _put(made, "title", form.get("title", "").strip())
    day = {**_section(raw, "day")}
    _put(day, "start", form.get("start", "").strip())
    _put(day, "ceiling", form.get("ceiling", "").strip())
    made |= {"day": day} if day or "day" in raw else {}
    _put(made, "meal", [_meal(row) for row in _asked(form, "m", MEAL)])
    _put(made, "limit", [_rule(row) for row in _asked(form, "r", RULE)])
    return text if made == raw else written({"format": made.pop("format", 1), **made})


def _raw(text: str) -> dict[str, Any]:
    if len(text.encode()) > SIZE_MAX:
        raise ConfigFault(Text(f"文件超过 {SIZE_MAX} 字节", f"the file is above {SIZE_MAX} bytes"))
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as fault:
        raise ConfigFault(Text(f"不是 TOML：{fault}", f"not TOML: {fault}")) from fault


def _put(raw: dict[str, Any], key: str, value: str | list[Any]) -> None:
    if value:
        raw[key] = value
    else:
        raw.pop(key, None)


def _section(raw: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = raw.get(key)
    return found if isinstance(found, Mapping) else {}


def _rows(raw: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    found = raw.get(key)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _fields(row: Mapping[str, Any], keys: tuple[str, ...]) -> Fields:
    return {key: _field(row[key]) if key in row else "" for key in keys}


def _field(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "、".join(map(str, value)) if isinstance(value, list) else str(value)


def _asked(form: Mapping[str, str], letter: str, keys: tuple[str, ...]) -> list[Fields]:
    """Rows of the form, in the order that their numbers say; those to be dropped, and those that are empty, are not."""
    found: list[tuple[float, int, Fields]] = []
    for at in range(ROWS_MAX):
        row = {key: form.get(f"{letter}{at}_{key}", "").strip() for key in keys}
        if any(row.values()) and not form.get(f"{letter}{at}_drop"):
            found.append((_order(form.get(f"{letter}{at}_at", ""), at), at, row))
    return [row for _, _, row in sorted(found, key=lambda one: one[:2])]


def _order(text: str, at: int) -> float:
    plain = text.strip()
    is_number = plain.isascii() and plain.replace(".", "", 1).isdigit() and len(plain) < 8
    return float(plain) if is_number else float(at + 1)


def _meal(row: Fields) -> dict[str, Any]:
    return {key: _number(row[key]) if key == "number" else row[key] for key in MEAL if row[key]}


def _rule(row: Fields) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key in RULE:
        value = row[key]
        if value and key in WHERE:
            found[key] = [one.strip() for one in _LIST.split(value) if one.strip()]
        elif value:
            found[key] = _number(value) if key in COUNTS else _SERVES.get(value, value) if key == "serve" else value
    return found


def _number(text: str) -> int | str:
    """What is no number stays a text: reading the file says so, with its line."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else text
