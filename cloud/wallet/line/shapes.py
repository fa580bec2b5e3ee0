"""What an operation takes: each argument by its name, of one kind, in its bounds. All else is refused, by its name.

One description for the back, which refuses by it, and for whoever writes a page or publishes the calls.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cloud.wallet.line.problems import CallRefused, Problem, argument

KEY_SIZE = 16
"""Octets of the key that a deed carries: asked again under it, with the same arguments, it is the same deed."""
Arguments = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """name: for a person who reads of it. fits: is it one? optional: may be left out, and is None then. schema: the
    same in JSON Schema, for who publishes it."""

    name: str
    fits: Callable[[Any], bool]
    optional: bool = False
    schema: Mapping[str, Any] = field(default_factory=dict)


Shape = Mapping[str, Kind]
_HEX = re.compile(r"[0-9a-f]+")
WRITTEN = "^[^\\x00-\\x08\\x0b-\\x1f\\x7f\\u202a-\\u202e\\u2066-\\u2069]*$"
"""What `text` takes, as JSON Schema says it."""
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
"""No control characters in what people wrote, and none that turn the reading round."""


def text(most: int, least: int = 1, *, optional: bool = False) -> Kind:
    """Characters."""
    told = {"type": "string", "minLength": least, "maxLength": most, "pattern": WRITTEN}
    return Kind(f"text {least}..{most}", lambda value: _is_text(value, least, most), optional, told)


def whole(low: int, high: int, *, optional: bool = False) -> Kind:
    """A whole number."""
    told = {"type": "integer", "minimum": low, "maximum": high}
    return Kind(f"whole {low}..{high}", lambda value: type(value) is int and low <= value <= high, optional, told)


def flag(*, optional: bool = False) -> Kind:
    """Yes or no."""
    return Kind("flag", lambda value: isinstance(value, bool), optional, {"type": "boolean"})


def one_of(*names: str, optional: bool = False) -> Kind:
    """One of these words."""
    told = {"type": "string", "enum": list(names)}
    return Kind(" | ".join(names), lambda value: isinstance(value, str) and value in names, optional, told)


def octets(size: int, *, optional: bool = False) -> Kind:
    """So many, in hex."""
    told = {"type": "string", "pattern": f"^[0-9a-f]{{{2 * size}}}$"}
    return Kind(f"hex {size}", lambda value: _is_hex(value, 2 * size), optional, told)


KEY = octets(KEY_SIZE)
"""The idempotency key of a deed."""
HOLDER = text(32, optional=True)
"""Whose matter it is; left out: the person's own."""


def parsed(shape: Shape, given: Mapping[str, Any]) -> dict[str, Any]:
    """Every argument of the shape. CallRefused, with the argument's name. 1.0 is a whole number, as JSON Schema has it;
    what has more places stays what it is, and is refused."""
    for name in given:
        if name not in shape:
            raise CallRefused(_wrong(name))
    found = {name: _plain(shape[name], given.get(name)) for name in shape}
    for name, value in found.items():
        if (value is None and not shape[name].optional) or (value is not None and not shape[name].fits(value)):
            raise CallRefused(_wrong(name))
    return found


def _plain(kind: Kind, value: Any) -> Any:  # noqa: ANN401  # of JSON
    is_whole = kind.schema.get("type") == "integer" and isinstance(value, float) and value.is_integer()
    return int(value) if is_whole else value


def pattern(name: str, written: str, *, optional: bool = False) -> Kind:
    """What is written so, in words that Python and JSON Schema both have."""
    form = re.compile(written, re.ASCII)
    told = {"type": "string", "pattern": f"^(?:{written})$"}
    return Kind(name, lambda value: isinstance(value, str) and form.fullmatch(value) is not None, optional, told)


def _is_text(value: object, least: int, most: int) -> bool:
    return isinstance(value, str) and least <= len(value) <= most and _CONTROL.search(value) is None and _is_utf8(value)


def _is_utf8(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_hex(value: object, size: int) -> bool:
    return isinstance(value, str) and len(value) == size and _HEX.fullmatch(value) is not None


def _wrong(name: str) -> Problem:
    shown = name[:32] if name.isidentifier() else "?"
    return argument(shown)
