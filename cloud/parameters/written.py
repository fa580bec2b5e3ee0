"""A campus file written from what was read of it: values as they are, without the remarks of the text. Pure.

For forms that change a value: what tomllib has read goes back to text, and is read and checked as any other file.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any


def written(raw: Mapping[str, Any]) -> str:
    """TOML. Keys in their order; tables behind plain values, as the language wants it."""
    return "\n".join(_table(raw, ())).strip() + "\n"


def _table(raw: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    for key, value in raw.items():
        if not _is_table(value):
            yield f"{_key(key)} = {_value(value)}"
    for key, value in raw.items():
        inner = (*path, key)
        if isinstance(value, Mapping):
            yield from ("", f"[{_name(inner)}]", *_table(value, inner))
        elif _is_table(value):
            for row in value:
                yield from ("", f"[[{_name(inner)}]]", *_table(row, inner))


def _is_table(value: object) -> bool:
    if isinstance(value, Mapping):
        return True
    return isinstance(value, Sequence) and bool(value) and all(isinstance(one, Mapping) for one in value)


def _name(path: Sequence[str]) -> str:
    return ".".join(map(_key, path))


def _key(key: str) -> str:
    is_bare = key.isascii() and key.replace("_", "").replace("-", "").isalnum()
    return key if is_bare else _text(key)


def _value(value: object) -> str:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    return str(value)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
