import pytest

from shared.errors import WireFault
from shared.money import FEN_MAX, fen, parse_yuan, yuan


@pytest.mark.parametrize(
    ("text", "amount"), [("12.50", 1250), ("12.5", 1250), ("12", 1200), (".5", 50), ("¥3.00", 300), ("0.01元", 1)]
)
def test_amounts_that_people_type(text: str, amount: int) -> None:
    assert parse_yuan(text) == amount


@pytest.mark.parametrize("text", ["", "12.505", "-1", "1e3", "twelve", "1 2", "99999999999", "１２", "."])
def test_what_is_no_amount(text: str) -> None:
    with pytest.raises(WireFault):
        parse_yuan(text)


@pytest.mark.parametrize("value", [-1, FEN_MAX + 1, True, 1.0, "1"])
def test_fen_is_a_bounded_integer(value: object) -> None:
    with pytest.raises(WireFault):
        fen(value)  # type: ignore[arg-type]  # the point of the test


def test_yuan_shows_two_digits() -> None:
    assert [yuan(1250), yuan(5), yuan(-30), yuan(0)] == ["12.50", "0.05", "-0.30", "0.00"]
