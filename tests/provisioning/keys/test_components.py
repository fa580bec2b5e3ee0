"""Components: their sum is the key, a slip of the pen is seen, degenerate keys are refused, nothing is shown."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.keys.components import (
    Component,
    ComponentFault,
    WrongCheckValue,
    checked,
    halves,
    joined,
    new_component,
    parse_sheet,
    sheet,
)
from provisioning.keys.store import KeyKind

A = bytes.fromhex("00112233445566778899AABBCCDDEEFF")
B = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
KINDS = (KeyKind.PURCHASE, KeyKind.LOAD)


def test_frozen_sum_and_check_values():
    # openssl: enc -des-ede -nopad over eight zero bytes
    assert Component(KeyKind.TAC, A).check.hex() == "fb0975"
    assert Component(KeyKind.TAC, B).check.hex() == "08d7b4"
    assert joined([A, B]).hex() == "01326754cdfeab9876451023ba89dcef"


@given(st.binary(min_size=16, max_size=16), st.randoms())
def test_halves_join_again(key, random):
    a, b = halves(key, random.randbytes)
    if a != b and key[:8] != key[8:]:
        assert joined([a, b]) == key


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ([A], "两或三个"),
        ([A, B, A[::-1], B[::-1]], "两或三个"),
        ([A, B[:8]], "两或三个"),
        ([A, A], "相同"),
        ([A, B, A], "相同"),
        ([A, bytes(a ^ 0x5A for a in A)], "分量之和不是 3DES 密钥：重做"),
    ],
)
def test_what_is_no_key(parts, said):
    with pytest.raises(ComponentFault, match=said):
        joined(parts)


def test_a_slip_of_the_pen_is_seen():
    with pytest.raises(WrongCheckValue, match="FB0975"):
        checked(KeyKind.LOAD, A, b"\1\2\3")
    with pytest.raises(ComponentFault):
        checked(KeyKind.LOAD, bytes(16), b"\x8c\xa6\x4d")
    with pytest.raises(ComponentFault):
        checked(KeyKind.LOAD, A[:8], b"\1\2\3")


def test_sheets_come_again():
    made = [new_component(kind, os.urandom) for kind in KINDS]
    assert parse_sheet(sheet(made) + "\n", KINDS) == made


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "缺少：purchase, load"),
        (f"purchase {A.hex()} fb0975", "缺少：load"),
        (f"purchase {A.hex()} fb0975\npurchase {A.hex()} fb0975", "第 2 行"),
        (f"tac {A.hex()} fb0975", "第 1 行"),
        (f"purchase {A.hex()}", "第 1 行"),
        ("purchase zz fb0975", "第 1 行"),
        (f"purchase {A.hex()} fb0976", "校验值不符：算得"),
    ],
)
def test_wrong_sheets_are_refused_without_saying_what_stood_there(text, said):
    with pytest.raises(ComponentFault, match=said) as caught:
        parse_sheet(text, KINDS)
    assert A.hex() not in str(caught.value).lower()
    assert A.hex() not in repr(caught.value.__context__).lower()


def test_reprs_are_silent():
    assert A.hex() not in repr(Component(KeyKind.TAC, A)).lower()
    assert repr(A) not in repr(Component(KeyKind.TAC, A))
