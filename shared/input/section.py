"""One JSON object of a settings file or plan: every key is taken exactly once, what is left over stops the start.

Messages name the key with its path; they never repeat a value, which may be a secret.
"""

import json
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, TypeVar

from shared.errors import ConfigFault
from shared.words.voice import Text

ROWS_MAX = 100_000
"""Most rows of any list in a settings file."""
_Kind = TypeVar("_Kind", bound=StrEnum)


class Section:
    """An object at the path `where`; '' = the whole file, which errors then call `file`."""

    def __init__(self, raw: object, where: str = "", *, file: str = "") -> None:
        if not isinstance(raw, dict):
            raise ConfigFault(f"{where or file}: {Text('应为对象', 'must be an object')}")
        self._left: dict[str, Any] = dict(raw)
        self._where = where

    def name(self, key: str) -> str:
        """The path of a key of this object."""
        return f"{self._where}.{key}" if self._where else key

    def take(self, key: str, form: type, default: object = None) -> Any:  # noqa: ANN401  # `form` is its type
        """The value of `key`, of exactly this type; a missing one is `default` where there is one."""
        value = self._left.pop(key, default)
        if value is None:
            raise ConfigFault(f"{self.name(key)}: {Text('缺少', 'is missing')}")
        if not isinstance(value, form) or (isinstance(value, bool) and form is not bool):
            raise ConfigFault(f"{self.name(key)}: {Text('类型应为', 'must be')} {form.__name__}")
        return value

    def has(self, key: str) -> bool:
        """Is the key there, and not null?"""
        return self._left.get(key) is not None

    def left(self) -> tuple[str, ...]:
        """Those that nobody has taken yet."""
        return tuple(self._left)

    def within(self, key: str, low: int, high: int, default: int | None = None) -> int:
        """A whole number in low..high."""
        value: int = self.take(key, int, default)
        if not low <= value <= high:
            raise ConfigFault(f"{self.name(key)}: {Text('应在', 'must be in')} {low}..{high}")
        return value

    def optional(self, key: str, high: int) -> int | None:
        """A whole number in 0..high, or None when missing or null."""
        if self._left.get(key) is not None:
            return self.within(key, 0, high)
        self._left.pop(key, None)
        return None

    def octets(self, key: str, size: int) -> bytes:
        """Hexadecimal text of `size` bytes."""
        return octets(self.take(key, str), size, self.name(key))

    def section(self, key: str) -> "Section":
        """An object."""
        return Section(self._left.pop(key, None), self.name(key))

    def optional_section(self, key: str) -> "Section | None":
        """An object, or None when missing or null."""
        raw = self._left.pop(key, None)
        return None if raw is None else Section(raw, self.name(key))

    def rows(self, key: str, most: int = ROWS_MAX, default: list[object] | None = None) -> list["Section"]:
        """A list of at most `most` objects."""
        return [Section(row, f"{self.name(key)}[{n}]") for n, row in enumerate(self._list(key, most, default))]

    def texts(self, key: str, most: int = ROWS_MAX, default: Sequence[str] | None = None) -> tuple[str, ...]:
        """A list of at most `most` texts."""
        rows = self._list(key, most, None if default is None else list(default))
        if not all(isinstance(row, str) for row in rows):
            raise ConfigFault(f"{self.name(key)}: {Text('应为文字列表', 'must be a list of texts')}")
        return tuple(str(row) for row in rows)

    def one_of(self, key: str, kinds: type[_Kind], default: _Kind | None = None) -> _Kind:
        """One of the texts of an enum."""
        text = self.take(key, str, default)
        if text not in list(kinds):
            raise ConfigFault(f"{self.name(key)}: {Text('应为其中之一：', 'must be one of ')}{', '.join(kinds)}")
        return kinds(text)

    def done(self) -> None:
        """ConfigFault for the first key that nobody took."""
        for key in self._left:
            raise ConfigFault(f"{self.name(str(key)[:32])}: {Text('未知的配置项', 'unknown key')}")

    def _list(self, key: str, most: int, default: list[object] | None) -> list[object]:
        rows: list[object] = self.take(key, list, default)
        if len(rows) > most:
            raise ConfigFault(f"{self.name(key)}: {Text('最多', 'at most')} {most}")
        return rows


def from_json(raw: str | bytes, file: str) -> Any:  # noqa: ANN401  # JSON is anything
    """What a file says; ConfigFault naming it when that is not JSON, or nested deeper than anything is."""
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as fault:
        raise ConfigFault(f"{file}: {Text('不是 JSON', 'not JSON')}: {type(fault).__name__}") from fault


def octets(text: str, size: int, where: str) -> bytes:
    """Bytes of a hexadecimal text; ConfigFault naming `where` when it is none or of another size."""
    try:
        value = bytes.fromhex(text)
    except ValueError as fault:
        raise ConfigFault(f"{where}: {Text('不是十六进制', 'not hexadecimal')}") from fault
    if len(value) != size:
        raise ConfigFault(f"{where}: {Text(f'应为 {size} 字节', f'must have {size} bytes')}")
    return value
