"""The hand-over to a verb's module: what becomes of its words."""

from pathlib import Path

import pytest

from compose.__main__ import campus_words
from compose.campus.options import parse
from compose.place import ROOT
from shared.input.data_folder import CAMPUS, VAR


@pytest.mark.parametrize("form", ["--data {}", "--data={}"])
def test_a_launchers_folder_names_the_campus_in_it(tmp_path: Path, form: str) -> None:
    campus = tmp_path / "campus"
    given = ["interactive", *form.format(tmp_path).split(), "--card", "0012"]
    assert campus_words(given) == given, "nothing is there yet: the part says so with the name that was typed"
    campus.mkdir()
    (campus / "campus.json").write_text("{}")
    assert campus_words(given) == ["interactive", *form.format(campus).split(), "--card", "0012"]
    inner = ["interactive", *form.format(campus).split()]
    assert campus_words(inner) == inner


def test_a_word_without_its_value_is_left_to_the_part() -> None:
    assert campus_words(["cards", "--data"]) == ["cards", "--data"]


def test_every_part_works_on_the_campus_of_up_where_nobody_says_another() -> None:
    assert parse([]).data == VAR == ROOT / "var"
    assert CAMPUS == VAR / "campus"
