"""Columns of rows as PostgreSQL's binary arrays, so that one statement writes many rows (array_recv in its source).

Refuses a column type that the ledger does not use, and a number that its column cannot hold: both are defects of ours.
Pure.
"""

from collections.abc import Sequence
from itertools import repeat
from struct import Struct, error
from typing import ClassVar

from shared.errors import RuleBroken

_HEAD = Struct(">iiIii")
"""Dimensions, has NULLs, the element's type, how many, index of the first."""
_SIZE = Struct(">i")
_NULL = _SIZE.pack(-1)


class Packed(bytes):
    """An array as it travels. oid, element: type numbers of array and element, fixed by PostgreSQL's catalogue."""

    __slots__ = ()
    oid: ClassVar[int]
    element: ClassVar[int]
    fixed: ClassVar[Struct | None] = None
    """Length and value of a number."""


class PackedBigint(Packed):
    __slots__ = ()
    oid, element, fixed = 1016, 20, Struct(">iq")


class PackedInteger(Packed):
    __slots__ = ()
    oid, element, fixed = 1007, 23, Struct(">ii")


class PackedSmallint(Packed):
    __slots__ = ()
    oid, element, fixed = 1005, 21, Struct(">ih")


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
    has_null = None in values
    body = _body(form, values, has_null=has_null)
    return form(_HEAD.pack(1, has_null, form.element, len(values), 1) + body)


def _body(form: type[Packed], values: Sequence[object], *, has_null: bool) -> bytes:
    """The elements. What is alike in all rows, and bytes of one length, are packed in one go."""
    first, count = values[0], len(values)
    if values.count(first) == count:
        return _element(form, first) * count
    if form.fixed is not None and not has_null:
        return _numbers(form.fixed, values)
    raws = [value for value in values if isinstance(value, bytes)]
    lengths = set(map(len, raws))
    if len(raws) == count and len(lengths) == 1:
        head = _SIZE.pack(lengths.pop())
        return head + head.join(raws)
    return b"".join([_element(form, value) for value in values])


def _element(form: type[Packed], value: object) -> bytes:
    if value is None:
        return _NULL
    if form.fixed is not None:
        return _numbers(form.fixed, (value,))
    raw = value.encode() if isinstance(value, str) else value
    if not isinstance(raw, bytes):
        raise RuleBroken(f"{type(value).__name__} for a column of bytes or text")
    return _SIZE.pack(len(raw)) + raw


def _numbers(fixed: Struct, values: Sequence[object]) -> bytes:
    try:
        return b"".join(map(fixed.pack, repeat(fixed.size - _SIZE.size), values))
    except error as fault:
        raise RuleBroken(f"a number that its column cannot hold: {fault}") from None
