"""What is under one another on a terminal, Chinese or not."""

from shared.words.columns import left, right, taken
from shared.words.voice import Text


def test_a_chinese_character_takes_two_columns():
    assert [taken(text) for text in ("pos", "窗口", "1号窗口", "，", "−12.50")] == [3, 4, 7, 2, 6]


def test_cells_have_one_width_and_longer_ones_stay_whole():
    assert (left("窗口", 6), right("窗口", 6), left("窗口", 3)) == ("窗口  ", "  窗口", "窗口")
    assert left(Text("终端", "terminal"), 9) == "终端     "
