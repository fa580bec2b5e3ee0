"""Money as people type it: one parser, which says what is meant where it does not understand."""

import argparse

import pytest

from shared.errors import WireFault
from shared.input.amount import meant_fen, parse_amount, parse_yuan, typed_sum, typed_yuan
from shared.words.voice import Language, speak


@pytest.mark.parametrize(
    ("text", "amount"), [("12.50", 1250), ("12.5", 1250), ("12", 1200), (".5", 50), ("¥3.00", 300), ("0.01元", 1)]
)
def test_amounts_that_people_type(text: str, amount: int) -> None:
    assert parse_yuan(text) == amount


@pytest.mark.parametrize("text", ["", "12.505", "-1", "1e3", "twelve", "1 2", "99999999999", "１２", "."])
def test_what_is_no_amount(text: str) -> None:
    with pytest.raises(WireFault):
        parse_yuan(text)


@pytest.mark.parametrize(
    ("text", "amount"),
    [("12.50", 1250), ("12.5", 1250), ("12", 1200), ("¥12.50", 1250), ("12.50元", 1250), ("1,234.50", 123450)],
)
def test_amounts_that_exports_use(text: str, amount: int) -> None:
    assert parse_amount(text) == amount


@pytest.mark.parametrize("text", ["", "0", "0.00", "-3", "12.345", "12,5", "1,23.00", "abc", "1e3"])
def test_amounts_that_are_none(text: str) -> None:
    with pytest.raises(WireFault):
        parse_amount(text)


@pytest.mark.parametrize(
    ("text", "meant"),
    [("12,50", 1250), ("12，5", 1250), ("12。50", 1250), ("1.234,50", 123450), ("1,234,50", 123450),
     ("１２．５０", 1250), ("1'234.50", 123450)],
)  # fmt: skip
def test_what_is_not_understood_is_answered_with_what_is_meant(text: str, meant: int) -> None:
    assert meant_fen(text) == meant
    with pytest.raises(argparse.ArgumentTypeError, match=f"是不是 {meant // 100}.{meant % 100:02d}"):
        typed_yuan(text)


@pytest.mark.parametrize("text", ["", "abc", "-3", "1e3"])
def test_where_nobody_can_tell_an_example_is_given(text: str) -> None:
    assert meant_fen(text) is None
    with pytest.raises(argparse.ArgumentTypeError, match=r"12\.50"):
        typed_yuan(text)


def test_a_sum_that_moves_money_is_above_zero() -> None:
    assert (typed_yuan("0"), typed_sum("0.01")) == (0, 1)
    with pytest.raises(argparse.ArgumentTypeError, match="不能为零"):
        typed_sum("0.00")


def test_what_is_not_understood_is_said_in_the_language_that_is_spoken() -> None:
    with pytest.raises(WireFault) as refused:
        parse_amount("12,50")
    assert str(refused.value) == "金额看不懂 '12,50'：是不是 12.50？"
    speak(Language.EN)
    assert str(refused.value) == "unknown amount '12,50': did you mean 12.50?"
