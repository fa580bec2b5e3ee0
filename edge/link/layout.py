"""How a message of the terminal link is described: once, its fields in the order of their bytes. Pure.

From the description follow its codec, its length check, its row in docs/messages.md, its seed in tests/fuzz and its
bytes in tests/vectors. Widths: shared/records/widths.py.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from operator import attrgetter
from typing import Any, Generic, NamedTuple, TypeVar

from shared.errors import WireFault
from shared.records.widths import Fields, parsed, struct_of

PROTOCOL = 1
HEAD = PROTOCOL << 4
"""Second byte of what is not sealed: the protocol's version, and no epoch."""

T = TypeVar("T")


class Way(Enum):
    """Who says it."""

    UP = "up"
    DOWN = "down"


class Form(Enum):
    """What stands before the fields. OPEN: type and version; FRAME: the type alone, a hint that fits one CAN frame;

    SEALED: nothing, for the envelope of seal.py says both. Only what is sealed is authenticated.
    """

    OPEN = "BB"
    FRAME = "B"
    SEALED = ""


class Rows(NamedTuple):
    """What a message ends with: `most` rows at most, behind a byte that counts them, or all that is left.

    make: a row of its values in order; None when a row is one bare value.
    """

    name: str
    fields: str
    most: int
    make: Callable[..., Any] | None = None
    counted: bool = True


class Layout(Generic[T]):
    """One message: what it is made of and how to say it.

    fields: "name width, name width"; behind them `rows`, or `rest`, the name of opaque bytes, at least one of them.
    make: takes all of these by name. read: a value's reading, whose ValueError is the message's fault.
    """

    def __init__(
        self, name: str, number: int, way: Way, form: Form, make: Callable[..., T], fields: str, *, example: T,
        rows: Rows | None = None, rest: str = "", read: Mapping[str, Callable[[Any], Any]] | None = None,
    ) -> None:  # fmt: skip
        self.name, self.number, self.way, self.form, self.make = name, number, way, form, make
        self.fields, self.rows, self.rest, self.example = parsed(fields), rows, rest, example
        self._read = dict(read or {})
        self._head = (number, HEAD)[: len(form.value)]
        self._values = _values(self.fields)
        self._fixed = struct_of(self.fields, behind=form.value)
        self._row = struct_of(parsed(rows.fields) if rows else ())
        self._row_values = _values(parsed(rows.fields)) if rows else tuple

    @property
    def size(self) -> int:
        """Bytes without rows and rest."""
        return self._fixed.size

    def encode(self, message: T) -> bytes:
        """The whole message; of a sealed one the payload."""
        raw = self._fixed.pack(*self._head, *self._values(message))
        if self.rest:
            return raw + bytes(getattr(message, self.rest))
        return raw + self._packed(self.rows, message) if self.rows else raw

    def decode(self, raw: bytes) -> T:
        """WireFault when malformed."""
        self._require(len(raw) > self.size if self.rest or self._is_counted else len(raw) >= self.size, raw)
        numbers = self._fixed.unpack_from(raw)[len(self._head) :]
        values = {name: value for (name, _), value in zip(self.fields, numbers, strict=True)}
        values |= {name: self._understood(read, values[name]) for name, read in self._read.items()}
        return self.make(**values, **self._tail(raw))

    @property
    def _is_counted(self) -> bool:
        return self.rows is not None and self.rows.counted

    def _tail(self, raw: bytes) -> dict[str, Any]:
        if self.rest:
            return {self.rest: raw[self.size :]}
        if self.rows:
            return {self.rows.name: self._unpacked(self.rows, raw)}
        self._require(len(raw) == self.size, raw)
        return {}

    def _packed(self, rows: Rows, message: T) -> bytes:
        values = getattr(message, rows.name)
        count = bytes((len(values),)) if rows.counted else b""
        if rows.make is None:
            return count + b"".join(self._row.pack(value) for value in values)
        return count + b"".join(self._row.pack(*self._row_values(row)) for row in values)

    def _unpacked(self, rows: Rows, raw: bytes) -> tuple[Any, ...]:
        begin = self.size + rows.counted
        count, odd = divmod(len(raw) - begin, self._row.size)
        self._require(not odd and count <= rows.most and (not rows.counted or raw[self.size] == count), raw)
        make = rows.make or (lambda value: value)
        return tuple(make(*row) for row in self._row.iter_unpack(raw[begin:]))

    def _require(self, holds: bool, raw: bytes) -> None:
        if not holds:
            raise WireFault(f"{self.name}: {len(raw)} bytes")

    def _understood(self, read: Callable[[Any], Any], value: Any) -> Any:  # noqa: ANN401  # any field's
        try:
            return read(value)
        except ValueError as fault:
            raise WireFault(f"{self.name}: {fault}") from None


def _values(fields: Fields) -> Callable[[Any], tuple[Any, ...]]:
    """What takes these of a message, in their order."""
    names = [name for name, _ in fields]
    if len(names) > 1:
        return attrgetter(*names)
    return lambda message: tuple(getattr(message, name) for name in names)
