"""Sums as persons read them."""

import pytest

from cloud.console.frame.money import sum_text


@pytest.mark.parametrize(
    ("fen", "text"),
    [(0, "¥0.00"), (5, "¥0.05"), (123_450, "¥1,234.50"), (-650, "-¥6.50"), (401_453_000, "¥4,014,530.00")],
)
def test_a_sum_has_its_sign_before_and_its_thousands_apart(fen: int, text: str) -> None:
    assert sum_text(fen) == text
