import pytest

from shared.errors import WireFault
from shared.money import FEN_MAX, fen, yuan


@pytest.mark.parametrize("value", [-1, FEN_MAX + 1, True, 1.0, "1"])
def test_fen_is_a_bounded_integer(value: object) -> None:
    with pytest.raises(WireFault):
        fen(value)  # type: ignore[arg-type]  # the point of the test


def test_yuan_shows_two_digits() -> None:
    assert [yuan(1250), yuan(5), yuan(-30), yuan(0)] == ["12.50", "0.05", "-0.30", "0.00"]
