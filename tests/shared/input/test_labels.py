"""The order of labels is a person's."""

from hypothesis import given
from hypothesis import strategies as st

from shared.input.labels import in_order


def test_numbers_count() -> None:
    labels = ["10班", "9班", "101班", "W10", "W9", "", "0012", "12", "圈存机2", "圈存机10", "食堂1-3", "食堂1-12"]
    wanted = ["", "9班", "10班", "0012", "12", "101班", "W9", "W10", "圈存机2", "圈存机10", "食堂1-3", "食堂1-12"]
    assert sorted(labels, key=in_order) == wanted


@given(st.text(), st.text())
def test_any_two_labels_have_an_order(one: str, other: str) -> None:
    assert (in_order(one) < in_order(other)) + (in_order(other) < in_order(one)) == (in_order(one) != in_order(other))
