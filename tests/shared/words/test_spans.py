import pytest

from shared.words.spans import span


@pytest.mark.parametrize(
    ("seconds", "zh", "en"),
    [
        (-3, "0 秒", "0 s"),
        (0, "0 秒", "0 s"),
        (59, "59 秒", "59 s"),
        (60, "1 分", "1 min"),
        (61, "1 分 1 秒", "1 min 1 s"),
        (3_600, "1 小时", "1 h"),
        (3_659, "1 小时", "1 h"),
        (3_661, "1 小时 1 分", "1 h 1 min"),
        (86_400 * 3 + 3_600 * 2 + 61, "3 天 2 小时", "3 d 2 h"),
        (86_400 * 400, "400 天", "400 d"),
    ],
)
def test_a_span_is_said_in_its_two_largest_units(seconds: int, zh: str, en: str) -> None:
    assert span(seconds) == (zh, en)
