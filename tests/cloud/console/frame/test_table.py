"""Lists by the address alone, and what of them is taken home."""

from typing import NamedTuple

import pytest

from cloud.console.frame.export import cell, csv_answer
from cloud.console.frame.table import Column, asked, listed


class Row(NamedTuple):
    name: str
    owes: int | None


ROWS = [Row(f"pos-{n:03d}", None if n == 7 else n % 5) for n in range(120)]
COLUMNS: tuple[Column[Row], ...] = (
    Column("name", lambda row: row.name),
    Column("owes", lambda row: row.owes, numeric=True),
)


def test_a_page_holds_so_many_and_the_last_is_never_passed() -> None:
    assert [row.name for row in listed(ROWS, COLUMNS, asked({"page": "3"})).rows] == [row.name for row in ROWS[100:]]
    behind = listed(ROWS, COLUMNS, asked({"page": "99"}))
    assert (behind.asked.page, behind.pages, behind.total) == (3, 3, 120)
    assert listed([], COLUMNS, asked({})).pages == 1


def test_what_is_not_known_stands_last_both_ways() -> None:
    for down in ("0", "1"):
        rows = listed(ROWS, COLUMNS, asked({"sort": "owes", "down": down, "size": "200"})).rows
        assert rows[-1].owes is None
        assert rows[0].owes == (4 if down == "1" else 0)


def test_all_words_are_found_in_any_column() -> None:
    found = listed(ROWS, COLUMNS, asked({"find": "POS-00 3"}))
    assert [row.name for row in found.rows] == ["pos-003", "pos-008"]
    assert (found.total, found.every) == (2, 120)


@pytest.mark.parametrize("query", [{"page": "-1"}, {"page": "x"}, {"size": "7"}, {"size": "9" * 30}, {"page": "１"}])
def test_what_makes_no_sense_is_not_said(query: dict[str, str]) -> None:
    assert asked(query) == asked({})


def test_a_link_keeps_what_was_asked() -> None:
    one = asked({"find": "a b", "box": "canteen-1", "sort": "owes", "evil": "1"}, ("box",))
    assert one.link(page=2) == "?page=2&sort=owes&find=a+b&box=canteen-1"
    assert asked({}).link() == "?"


def test_no_cell_is_a_formula_and_excel_reads_the_chinese() -> None:
    assert [cell(value) for value in ("=1+1", "@x", "-1", -1, None, "面馆")] == ["'=1+1", "'@x", "'-1", -1, "", "面馆"]
    whole = csv_answer("x", ["名称"], COLUMNS[:1], [Row("=cmd", 1)])
    assert whole.get_data() == "\ufeff名称\r\n'=cmd\r\n".encode()
