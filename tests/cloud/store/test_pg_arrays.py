"""PostgreSQL's binary arrays: frozen bytes, and what the server reads from them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.store.pg_arrays import FORMS, RUN_MAX, pack_column
from shared.errors import RuleBroken

HEAD = "00000001 {null:08x} {element:08x} {count:08x} 00000001"


def _bytes(text: str, **fields: int) -> bytes:
    return bytes.fromhex(text.format(**fields))


@pytest.mark.parametrize(
    ("kind", "values", "null", "element", "body"),
    [
        ("bigint", (1, -2), 0, 20, "00000008 0000000000000001 00000008 fffffffffffffffe"),
        ("bigint", (7, 7, 7), 0, 20, "00000008 0000000000000007" * 3),
        ("bigint", (1, None), 1, 20, "00000008 0000000000000001 ffffffff"),
        ("bigint", (None, None), 1, 20, "ffffffff ffffffff"),
        ("integer", (1, 2), 0, 23, "00000004 00000001 00000004 00000002"),
        ("smallint", (1, -1), 0, 21, "00000002 0001 00000002 ffff"),
        ("bytea", (b"ab", b"cd"), 0, 17, "00000002 6162 00000002 6364"),
        ("bytea", (b"ab", b"", None), 1, 17, "00000002 6162 00000000 ffffffff"),
        ("text", ("饭", "a"), 0, 25, "00000003 e9a5ad 00000001 61"),
    ],
)
def test_frozen_bytes(kind: str, values: tuple[object, ...], null: int, element: int, body: str) -> None:
    packed = pack_column(kind, values)
    assert packed == _bytes(HEAD + body, null=null, element=element, count=len(values))
    assert type(packed) is FORMS[kind]


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("smallint", (32_768,)), ("integer", (1, 1 << 31)), ("bigint", (0, 1 << 63)), ("bigint", ("1", 2)),
        ("bytea", (1, 2)), ("bytea", ("ab", "cd")), ("bytea", (b"ab", "c")), ("bytea", (None, "c")),
        ("text", (b"ab",)), ("text", (1,)), ("smallint", (None, 32_768)), ("numeric", (1,)),
    ],
)  # fmt: skip
def test_what_a_column_cannot_hold_is_a_broken_rule(kind: str, values: tuple[object, ...]) -> None:
    with pytest.raises(RuleBroken):
        pack_column(kind, values)


@pytest.mark.parametrize("count", [RUN_MAX - 1, RUN_MAX, RUN_MAX + 1, 3 * RUN_MAX + 1])
def test_numbers_of_several_runs(count: int) -> None:
    values = [n * n - 7 for n in range(count)]
    assert _read(pack_column("bigint", values), "bigint") == values


_TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=5)
_COLUMN = st.one_of(
    st.tuples(st.just("bigint"), st.lists(st.none() | st.integers(-(1 << 63), (1 << 63) - 1), min_size=1, max_size=8)),
    st.tuples(st.just("integer"), st.lists(st.integers(-(1 << 31), (1 << 31) - 1), min_size=1, max_size=8)),
    st.tuples(st.just("smallint"), st.lists(st.none() | st.integers(-5, 5), min_size=1, max_size=8)),
    st.tuples(st.just("bytea"), st.lists(st.none() | st.binary(max_size=3), min_size=1, max_size=8)),
    st.tuples(st.just("text"), st.lists(st.none() | _TEXT, min_size=1, max_size=8)),
)


def _read(packed: bytes, kind: str) -> list[object]:
    """Element by element, by the description in PostgreSQL's documentation."""
    count, at, found = int.from_bytes(packed[12:16], "big"), 20, []
    for _ in range(count):
        size = int.from_bytes(packed[at : at + 4], "big", signed=True)
        raw = packed[at + 4 : at + 4 + max(size, 0)]
        at += 4 + max(size, 0)
        found.append(None if size < 0 else _value(raw, kind))
    assert at == len(packed)
    return found


def _value(raw: bytes, kind: str) -> object:
    if kind in ("bytea", "text"):
        return raw if kind == "bytea" else raw.decode()
    return int.from_bytes(raw, "big", signed=True)


@given(_COLUMN)
def test_every_value_stands_where_it_was(column: tuple[str, list[object]]) -> None:
    kind, values = column
    packed = pack_column(kind, values)
    assert _read(packed, kind) == values
    assert packed[4:8] == bytes((0, 0, 0, None in values))
