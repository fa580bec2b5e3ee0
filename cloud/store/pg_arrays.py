"""Columns of rows as PostgreSQL's binary arrays, so that one statement writes many rows (array_recv in its source).

Refuses a column type that the ledger does not use, and a number that its column cannot hold: both are defects of ours.
Pure.
"""

from collections.abc import Sequence
from functools import lru_cache
from struct import Struct, calcsize, error
from typing import Any, ClassVar

from shared.errors import RuleBroken

_HEAD = Struct(">iiIii")
"""Dimensions, has NULLs, the element's type, how many, index of the first."""
_SIZE = Struct(">i")
_NULL = _SIZE.pack(-1)
RUN_MAX = 64
"""So many numbers are packed in one call; the layouts of all lengths up to it are kept."""


class Packed(bytes):
    """An array as it travels. oid, element: type numbers of array and element, fixed by PostgreSQL's catalogue."""

    __slots__ = ()
    oid: ClassVar[int]
    element: ClassVar[int]
    number: ClassVar[str] = ""
    """A number's struct code."""


class PackedBigint(Packed):
    __slots__ = ()
    oid, element, number = 1016, 20, "q"


class PackedInteger(Packed):
    __slots__ = ()
    oid, element, number = 1007, 23, "i"


class PackedSmallint(Packed):
    __slots__ = ()
    oid, element, number = 1005, 21, "h"


class PackedBytea(Packed):
    __slots__ = ()
    oid, element = 1001, 17


class PackedText(Packed):
    __slots__ = ()
    oid, element = 1009, 25


FORMS: dict[str, type[Packed]] = {
    "bigint": PackedBigint, "integer": PackedInteger, "smallint": PackedSmallint, "bytea": PackedBytea,
    "text": PackedText,
}  # fmt: skip
"""By the name that regtype gives a column's type."""


def pack_column(kind: str, values: Sequence[object]) -> Packed:
    """At least one value, all of this type or None."""
    form = FORMS.get(kind)
    if form is None:
        raise RuleBroken(f"a column of type {kind}")
    try:
        body, has_null = _full(form, values), False
    except (TypeError, error):
        has_null = None in values
        body = b"".join([_element(form, value) for value in values])
    return form(_HEAD.pack(1, has_null, form.element, len(values), 1) + body)


def is_alike(values: Sequence[object]) -> bool:
    """Are all values of a column the same?"""
    return values.count(values[0]) == len(values)


def _full(form: type[Packed], values: Sequence[Any]) -> bytes:
    """The elements of a column without NULL, in few calls. TypeError and struct.error for what is not of its type."""
    if form.number:
        return b"".join([_run(form.number, values[at : at + RUN_MAX]) for at in range(0, len(values), RUN_MAX)])
    if form is PackedText:
        values = [str.encode(value) for value in values]
    sizes = set(map(len, values))
    if len(sizes) > 1:
        return b"".join([_SIZE.pack(len(value)) + value for value in values])
    head = _SIZE.pack(sizes.pop())
    return head + head.join(values)


def _run(code: str, numbers: Sequence[Any]) -> bytes:
    """These numbers, each after its length."""
    flat: list[Any] = [calcsize(code)] * (2 * len(numbers))
    flat[1::2] = numbers
    return _layout(code, len(numbers)).pack(*flat)


@lru_cache(maxsize=3 * RUN_MAX)
def _layout(code: str, count: int) -> Struct:
    return Struct(f">{f'i{code}' * count}")


def _element(form: type[Packed], value: object) -> bytes:
    """One of a column that has NULLs, or of one that is refused here."""
    if value is None:
        return _NULL
    try:
        return _full(form, (value,))
    except (TypeError, error) as fault:
        raise RuleBroken(f"what its column cannot hold: {fault}") from None
