"""How a message between box and cloud is described: once, its fields in the order of its array. Pure.

From the description follow its codec, the check of its types, its row in docs/lanes.md, its seed in tests/fuzz and its
bytes in tests/vectors. Kinds of fields: fields.py.
"""

from collections.abc import Callable
from enum import IntEnum
from operator import attrgetter
from typing import Any, Generic, NamedTuple, TypeVar

from shared.errors import WireFault
from shared.wire import codec

T = TypeVar("T")
Change = Callable[[Any], Any]


class Field(NamedTuple):
    """One element of the array. says: what it may be, for the page. read: WireFault for what it may not be.

    name: an attribute of the value, or one of an attribute's (a.b). read makes the value of the element, write the
    element of the value; None: they are the same.
    """

    name: str
    type: type | tuple[type, ...]
    says: str
    read: Change | None = None
    write: Change | None = None


class Layout(Generic[T]):
    """The array of a value. make: takes the values of all fields in order; they are attributes of what it makes.

    later: fields that a newer form of a whole message has, all of them or none. absent: their values in the older form,
    which is written for these values; with `kept` it is understood and never written. rare: fields of a form newer
    still, written only where they hold anything else than `unsaid`.
    """

    def __init__(
        self, name: str, make: Callable[..., T], *fields: Field, later: tuple[Field, ...] = (),
        absent: tuple[Any, ...] = (), kept: bool = False, rare: tuple[Field, ...] = (), unsaid: tuple[Any, ...] = (),
    ) -> None:  # fmt: skip
        self.name, self.make, self.fields, self.later, self.absent = name, make, fields, later, absent
        self.rare, self.unsaid = rare, unsaid
        every = (*fields, *later, *rare)
        self._all_types = tuple(one.type for one in every)
        self._types, self._later_types = self._all_types[: len(fields)], self._all_types[: len(fields) + len(later)]
        self._reads = [(at, one.read) for at, one in enumerate(every) if one.read is not None]
        self._writes = [(at, one.write) for at, one in enumerate(every) if one.write is not None]
        self._values = _values([one.name for one in every])
        self._is_kept = kept

    def row(self, value: T) -> list[Any]:
        """The array; what its fields hold is not judged."""
        row = list(self._values(value))
        if self.rare and self._is_unsaid(row):
            del row[len(self._later_types) :]
        if self.later and self._is_older(row):
            del row[len(self.fields) :]
        for at, write in self._writes:
            if at < len(row):
                row[at] = write(row[at])
        return row

    def value(self, row: Any) -> T:  # noqa: ANN401  # straight from CBOR
        """WireFault when malformed."""
        if self.later:
            return self._value_of_either(row)
        codec.require(row, self._types, self.name)
        values = list(row)
        for at, read in self._reads:
            values[at] = read(values[at])
        return self.make(*values)

    def _value_of_either(self, row: list[Any]) -> T:
        if len(row) == len(self.fields):
            codec.require(row, self._types, self.name)
            return self.make(*self._read([*row, *self.absent], len(row)), *self.unsaid)
        is_rare = bool(self.rare) and len(row) == len(self._all_types)
        codec.require(row, self._all_types if is_rare else self._later_types, self.name)
        values = self._read(list(row), len(row))
        if self._is_unsaid(values) if is_rare else self._is_older(values):
            raise WireFault(f"{self.name}: a newer form without anything of it")
        return self.make(*values, *(() if is_rare else self.unsaid))

    def _is_unsaid(self, values: list[Any]) -> bool:
        return tuple(values[len(self._later_types) :]) == self.unsaid

    def _is_older(self, values: list[Any]) -> bool:
        return not self._is_kept and tuple(values[len(self.fields) :]) == self.absent

    def _read(self, values: list[Any], given: int) -> list[Any]:
        for at, read in self._reads:
            if at < given:
                values[at] = read(values[at])
        return values


class Message(Generic[T]):
    """A message of a lane (shared/wire/topics.py): its tag, then its layout. examples: the first holds all it can."""

    def __init__(self, tag: IntEnum, lane: str, layout: Layout[T], examples: tuple[T, ...]) -> None:
        self.tag, self.lane, self.layout, self.examples = int(tag), lane, layout, examples
        self.title = tag.name

    def encode(self, value: T) -> bytes:
        """Its bytes."""
        return codec.pack([self.tag, *self.layout.row(value)])

    def decode(self, message: bytes) -> T:
        """WireFault when malformed or another message."""
        body = codec.unpack(message)
        if not body or type(body[0]) is not int or body[0] != self.tag:
            raise WireFault(f"no {self.layout.name}")
        return self.layout.value(body[1:])


def _values(names: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    """What takes these of a value, in their order."""
    take = attrgetter(*names)
    return take if len(names) > 1 else lambda value: (take(value),)
