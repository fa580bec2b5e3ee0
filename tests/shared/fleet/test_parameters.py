"""Parameters are frozen bytes: what contradicts itself, or is not understood whole, is none."""

import random
from dataclasses import replace

import pytest

from shared.errors import WireFault
from shared.fleet.document import LENGTH_MAX, DocumentKind
from shared.fleet.parameters import (
    AGREED_MAX,
    EVERY_OTHER,
    LIMITS_MAX,
    NO_LIMITS,
    OFFLINE,
    AgreedRow,
    Bearer,
    FaresRow,
    LimitRow,
    Limits,
    LineRow,
    MealRow,
    OnlineClass,
    OnlineRow,
    ParameterBody,
    PinRow,
    Price,
    PriceRow,
    RungRow,
    decode_parameters,
)

HOUR = 3600
STUDENT, STAFF = 1, 2
BODY = ParameterBody(
    day_start_s=4 * HOUR,
    ceiling_fen=1_000_00,
    meals=(MealRow(1, "早餐", 6 * HOUR), MealRow(2, "午餐", 10 * HOUR), MealRow(3, "夜宵", 1 * HOUR)),
    limits=(
        LimitRow(STUDENT, 2, Limits(25_00, 30_00, 2, 60_00, 6)),
        LimitRow(STAFF, 2, Limits(day_count=3)),
        LimitRow(EVERY_OTHER, 0, Limits(is_refused=True)),
        LimitRow(EVERY_OTHER, 2, Limits(15_00, is_refused=True)),
    ),
    ladder=(RungRow(24 * HOUR, 60_00), RungRow(72 * HOUR, 30_00)),
    agreed=(AgreedRow("bank-ep", bytes(range(8))),),
)
FROZEN = (
    "0101000400003840020004000186a0030024010000546006e697a9e9a4900200008ca006e58d88e9a4900300000e1006e5a49ce5aeb50400"
    "500001021f000009c400000bb800001770000200060002021000000000000000000000000000000003ffff00200000000000000000000000"
    "0000000000ffff0221000005dc00000000000000000000000005001000015180000017700003f48000000bb8060011070862616e6b2d6570"
    "0001020304050607"
)
"""What release 0.2 writes."""


def test_the_bytes_are_frozen() -> None:
    raw = BODY.encode()
    assert raw.hex() == FROZEN
    assert ParameterBody().encode().hex() == "010100040000000002000400000000030000040000050000"
    assert decode_parameters(raw) == BODY
    assert decode_parameters(ParameterBody(agreed=()).encode()).agreed == ()


@pytest.mark.parametrize(
    ("card_class", "meal", "limits"),
    [
        (STUDENT, 2, Limits(25_00, 30_00, 2, 60_00, 6)),
        (STUDENT, 1, NO_LIMITS),
        (STUDENT, 0, Limits(is_refused=True)),
        (9, 2, Limits(15_00, is_refused=True)),
    ],
)
def test_a_class_without_a_row_has_that_of_every_other(card_class: int, meal: int, limits: Limits) -> None:
    assert BODY.limits_of(card_class, meal) == limits


@pytest.mark.parametrize(
    "wrong",
    [
        {"day_start_s": 86_400},
        {"ceiling_fen": -1},
        {"meals": (MealRow(2, "午餐", 1), MealRow(1, "早餐", 2)), "limits": ()},
        {"meals": (MealRow(1, "早餐", 10 * HOUR), MealRow(2, "午餐", 6 * HOUR)), "limits": ()},
        {"meals": (MealRow(0, "早餐", 1),), "limits": ()},
        {"meals": (MealRow(1, "", 1),), "limits": ()},
        {"meals": (MealRow(1, "餐" * 17, 1),), "limits": ()},
        {"meals": tuple(MealRow(n, "餐", n) for n in range(1, 34)), "limits": (), "day_start_s": 0},
        {"limits": (LimitRow(1, 4, NO_LIMITS),)},
        {"limits": (LimitRow(256, 1, NO_LIMITS),)},
        {"limits": (LimitRow(2, 1, NO_LIMITS), LimitRow(1, 1, NO_LIMITS))},
        {"limits": (LimitRow(1, 1, NO_LIMITS), LimitRow(1, 1, NO_LIMITS))},
        {"limits": (LimitRow(1, 1, Limits(single_fen=20_00, meal_fen=10_00)),)},
        {"limits": (LimitRow(1, 1, Limits(single_fen=20_00, day_fen=10_00)),)},
        {"limits": (LimitRow(1, 1, Limits(meal_count=3, day_count=2)),)},
        {"limits": (LimitRow(1, 1, Limits(meal_count=0)),)},
        {"limits": (LimitRow(1, 1, Limits(meal_fen=0)),)},
        {"ladder": (RungRow(24 * HOUR, 30_00), RungRow(72 * HOUR, 60_00))},
        {"ladder": (RungRow(72 * HOUR, 60_00), RungRow(24 * HOUR, 30_00))},
        {"ladder": (RungRow(0, 60_00),)},
        {"agreed": (AgreedRow("bank-ep", b"1"), AgreedRow("bank-ep", b"1"))},
        {"agreed": tuple(AgreedRow("bank-ep", bytes([n])) for n in range(AGREED_MAX + 1))},
    ],
)  # fmt: skip
def test_what_contradicts_itself_is_no_document(wrong: dict[str, object]) -> None:
    with pytest.raises(WireFault):
        replace(BODY, **wrong).encode()


def test_the_largest_table_of_limits_fits_a_document() -> None:
    meals = tuple(MealRow(n, "餐" * 16, n * 60) for n in range(1, 33))
    rows = tuple(LimitRow(one, meal, Limits(1, 1, 1, 1, 1)) for one in range(16) for meal in range(1, 33))
    assert len(rows) == LIMITS_MAX
    raw = ParameterBody(meals=meals, limits=rows).encode()
    assert len(raw) <= LENGTH_MAX[DocumentKind.PARAMETERS]
    assert decode_parameters(raw).limits == rows


FARES = FaresRow(50, 3_600, 1, 7_200, 60, 600, (
    LineRow(1, False, "校区专线", (100, 100, 150)), LineRow(2, True, "环线", (150,)),
))  # fmt: skip
RAW = replace(BODY, fares=FARES).encode()


def test_when_to_ask_the_centre_is_a_part_of_its_own() -> None:
    asks = replace(BODY, online=OnlineRow(is_account_next=True, asks_doubtful=True))
    assert asks.encode() == BODY.encode() + bytes.fromhex("10000106")
    assert decode_parameters(asks.encode()) == asks
    for wrong in ("10000100", "10000108", "1000020101", "11000101"):
        with pytest.raises(WireFault):
            decode_parameters(BODY.encode() + bytes.fromhex(wrong))


def test_an_order_of_means_may_be_a_classs_own() -> None:
    first = OnlineRow(is_account_first=True, is_purse_behind=True)
    asks = replace(BODY, online=first, online_classes=(OnlineClass(1, OFFLINE), OnlineClass(7, OnlineRow(True))))
    assert asks.encode() == BODY.encode() + bytes.fromhex("10000109" "110006" "000100" "000701")
    assert decode_parameters(asks.encode()) == asks
    assert (asks.online_of(1), asks.online_of(2), asks.online_of(EVERY_OTHER)) == (OFFLINE, first, first)
    head = "10000109" "110006"
    swapped, same, flags = f"{head}000701000100", f"{head}000109000701", "110003" "000108"
    for wrong in ("10000110", "110003" "000100" "00", "110000", swapped, same, flags):
        with pytest.raises(WireFault):
            decode_parameters(BODY.encode() + bytes.fromhex(wrong))


def test_fares_are_a_part_of_their_own() -> None:
    raw = ParameterBody(fares=FARES).encode()
    assert raw.hex() == (
        "010100040000000002000400000000030000040000050000"
        "07003300320000" "0e100100001c20003c0258" "0001000c03" "e6a0a1e58cbae4b893e7babf" "006400640096"
        "0002010601" "e78eafe7babf" "0096"
    )  # fmt: skip
    assert decode_parameters(raw).fares == FARES


@pytest.mark.parametrize(
    "wrong",
    [
        {"discount_fen": 32_768},
        {"again_s": 601},
        {"ride_max_s": 59},
        {"lines": ()},
        {"lines": FARES.lines[::-1]},
        {"lines": (LineRow(0, True, "环线", (150,)),)},
        {"lines": (LineRow(1, True, "", (150,)),)},
        {"lines": (LineRow(1, True, "环线", (150, 150)),)},
        {"lines": (LineRow(1, False, "环线", ()),)},
        {"lines": (LineRow(1, False, "环线", (200, 150)),)},
        {"lines": (LineRow(1, False, "环线", (50_001,)),)},
    ],
)
def test_fares_that_no_validator_could_take_are_no_document(wrong: dict[str, object]) -> None:
    with pytest.raises(WireFault):
        ParameterBody(fares=FARES._replace(**wrong)).encode()


PRICES = (
    PriceRow(1, 2, Price(6_00)),
    PriceRow(1, 3, Price(None, 20, 5, Bearer.SCHOOL)),
    PriceRow(EVERY_OTHER, 2, Price(8_00, 0, 1_00)),
)
PRICED = ParameterBody(meals=(MealRow(2, "午餐", 0), MealRow(3, "晚餐", 3600)), prices=PRICES)


def test_prices_are_a_part_of_their_own_that_an_older_terminal_refuses() -> None:
    raw = PRICED.encode()
    rows = "0001020000025800" + "0000000000" + "00010300000000140000000501" + "ffff02000003200000000064" + "00"
    assert raw.hex().endswith("080027" + rows)
    assert decode_parameters(raw) == PRICED
    assert raw.replace(bytes.fromhex("080027" + rows), b"") == ParameterBody(meals=PRICED.meals).encode()
    assert (PRICED.price_of(1, 2), PRICED.price_of(9, 2), PRICED.price_of(9, 3)) == (Price(6_00), PRICES[2][2], Price())


@pytest.mark.parametrize(
    ("price", "gross", "off"),
    [
        (Price(), 10_00, 0),
        (Price(percent=20), 9_99, 1_99),
        (Price(percent=99, off_fen=500), 10_00, 9_99),
        (Price(off_fen=5_00), 3_00, 2_99),
        (Price(percent=50), 1_000_00, 327_67),
        (Price(percent=50), 1, 0),
        (Price(percent=50), 0, 0),
    ],
)
def test_a_discount_is_whole_fen_and_leaves_one_to_pay(price: Price, gross: int, off: int) -> None:
    assert price.off(gross) == off


@pytest.mark.parametrize(
    "row",
    [
        PriceRow(1, 7, Price(6_00)),
        PriceRow(300, 2, Price(6_00)),
        PriceRow(1, 2, Price(percent=100)),
        PriceRow(1, 2, Price(off_fen=0x8000)),
        PriceRow(1, 2, Price(0x8000_0000)),
        PriceRow(1, 2, Price(6_00, bearer=Bearer.SCHOOL)),
        PriceRow(1, 3, Price(6_00)),
    ],
)
def test_prices_out_of_bounds_or_out_of_order_are_no_document(row: PriceRow) -> None:
    with pytest.raises(WireFault):
        replace(PRICED, prices=(row, *PRICES[1:])).encode()


PINNED = replace(PRICED, pins=(PinRow(1, 2, 50_00), PinRow(EVERY_OTHER, 0, 0)))


def test_sums_that_want_a_pin_are_a_part_of_their_own() -> None:
    raw = PINNED.encode()
    assert raw.hex().endswith("09000e" + "00010200001388" + "ffff0000000000")
    assert decode_parameters(raw) == PINNED
    assert (PINNED.pin_above(1, 2), PINNED.pin_above(7, 0), PINNED.pin_above(7, 2)) == (50_00, 0, None)


@pytest.mark.parametrize(
    "pins", [(PinRow(1, 9, 1),), (PinRow(300, 2, 1),), (PinRow(1, 2, -1),), (PinRow(2, 2, 1), PinRow(1, 2, 1))]
)
def test_sums_that_want_a_pin_are_sound(pins: tuple[PinRow, ...]) -> None:
    with pytest.raises(WireFault):
        replace(PRICED, pins=pins).encode()


@pytest.mark.parametrize("end", [0, 1, 3, 8, 50, 100, -1])
def test_what_is_cut_off_is_refused(end: int) -> None:
    with pytest.raises(WireFault):
        decode_parameters(RAW[:end])


@pytest.mark.parametrize(
    "spoilt",
    [
        b"\2" + RAW[1:],
        RAW + b"\x08\0\0",
        RAW + b"\x09\0\0",
        RAW + b"\x0a\0\0",
        RAW + b"\7\0\0",
        RAW[:8] + RAW[1:8] + RAW[8:],
        RAW + b"\0",
    ],
)
def test_a_part_that_is_not_known_or_comes_twice_is_refused(spoilt: bytes) -> None:
    with pytest.raises(WireFault):
        decode_parameters(spoilt)


def test_any_bytes_are_parameters_that_say_the_same_again_or_a_fault() -> None:
    chance = random.Random(3)
    understood = 0
    for _ in range(3000):
        spoilt = bytearray(RAW)
        for _ in range(chance.randrange(1, 3)):
            spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
        try:
            found = decode_parameters(bytes(spoilt))
        except WireFault:
            continue
        understood += 1
        assert found.encode() == bytes(spoilt), "one way to say it"
    assert understood
