"""A fact on the wire: its parameters within bounds, or the text of a box of before; frozen bytes of both."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import WireFault
from shared.facts.told import BYTES_MAX, NAME_MAX, PARAMS_MAX, TEXT_MAX
from shared.wire import codec
from shared.wire.messages import Fact, decode_now_up, encode_now
from shared.wire.tags import Tag

DEVICE = b"\0\1\0\0\0\1"
NEW = Fact("record-fork", "urgent", 5, DEVICE, (("epoch", 3), ("seq", 7), ("card", b"\x53"), ("why", "文")))
NEW_BYTES = (
    "01860b" + "6b" + b"record-fork".hex() + "66" + b"urgent".hex() + "05" + "46000100000001"
    "84" + "8265" + b"epoch".hex() + "03" + "8263" + b"seq".hex() + "07"
    "8264" + b"card".hex() + "4153" + "8263" + b"why".hex() + "63e69687"
)  # fmt: skip
OLD = Fact("record-fork", "urgent", 5, DEVICE, "同号 fork")
OLD_BYTES = (
    "01860b" + "6b" + b"record-fork".hex() + "66" + b"urgent".hex() + "05" + "46000100000001"
    "6b" + "同号 fork".encode().hex()
)  # fmt: skip
VALUES = st.one_of(
    st.integers(-(1 << 61), 1 << 61), st.booleans(), st.binary(max_size=BYTES_MAX),
    st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=TEXT_MAX),
)  # fmt: skip
NAMES = st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=NAME_MAX)


@pytest.mark.parametrize(("fact", "frozen"), [(NEW, NEW_BYTES), (OLD, OLD_BYTES)])
def test_frozen(fact: Fact, frozen: str) -> None:
    assert encode_now(fact).hex() == frozen
    assert decode_now_up(bytes.fromhex(frozen)) == fact


@given(st.dictionaries(NAMES, VALUES, max_size=PARAMS_MAX))
def test_there_and_back(told: dict[str, Any]) -> None:
    fact = Fact("a-newer-code", "urgent", 0, b"", tuple(told.items()))
    found = decode_now_up(encode_now(fact))
    assert found == fact
    assert [type(value) for _, value in found.told] == [type(value) for value in told.values()]


@pytest.mark.parametrize(
    "told",
    [
        [[f"p{n}", n] for n in range(PARAMS_MAX + 1)],
        [["a", 1], ["a", 2]],
        [["", 1]],
        [["n" * (NAME_MAX + 1), 1]],
        [["a", "x" * (TEXT_MAX + 1)]],
        [["a", b"x" * (BYTES_MAX + 1)]],
        [["a", 1 << 62]],
        [["a", "x\0"]],
        [["a\0", 1]],
        [["a", None]],
        [["a", 1.5]],
        [["a", [1]]],
        [["a", {"b": 1}]],
        [["a"]],
        [["a", 1, 2]],
        [[1, "a"]],
        ["ab"],
        [b"ab"],
        7,
        b"text",
        None,
        {"a": 1},
    ],
)
def test_what_is_beyond_the_bounds_is_refused(told: Any) -> None:
    with pytest.raises(WireFault):
        decode_now_up(codec.pack([Tag.FACT, "code", "urgent", 5, DEVICE, told]))
