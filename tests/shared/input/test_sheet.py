"""What we give as CSV: no cell runs, numbers are numbers, and it is read again as it was."""

import csv
import io
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compose.place import ROOT
from shared.input.sheet import FORMULA, sheet, yuan_cell


def read(raw: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "\n", " =", "＝", "＋", "－", "＠"])
def test_no_text_begins_a_formula(begin: str) -> None:
    evil = f'{begin}HYPERLINK("x";A1)'
    assert read(sheet(["a", "b"], [[evil, "1"]])) == [["a", "b"], [f"'{evil}", "1"]]


def test_frozen_bytes() -> None:
    rows = [["一号窗口", "0012", 3, yuan_cell(-1250)], ['a "b";=c', "-1", -1, yuan_cell(5)]]
    assert sheet(["地点", "card", "n", "yuan"], rows).decode("utf-8-sig").splitlines() == [
        '"地点","card","n","yuan"', '"一号窗口","0012",3,-12.50', '"a ""b"";=c","\'-1",-1,0.05',
    ]  # fmt: skip


@given(st.lists(st.lists(st.text() | st.integers() | st.integers().map(yuan_cell), min_size=1, max_size=4), max_size=4))
def test_every_cell_comes_again_and_none_runs(rows: list[list[str | int | Decimal]]) -> None:
    for given_row, row in zip(rows, read(sheet(["a"], rows))[1:], strict=True):
        for cell, found in zip(given_row, row, strict=True):
            assert found.removeprefix("'") == str(cell).removeprefix("'")
            assert not isinstance(cell, str) or not found.startswith(FORMULA)


def test_it_is_the_only_writer() -> None:
    packages = ("cloud", "compose", "edge", "provisioning", "shared")
    files = [path for package in packages for path in (ROOT / package).rglob("*.py")]
    writers = ("csv.writer", "csv.DictWriter")
    found = [path for path in files if any(word in path.read_text(encoding="utf-8") for word in writers)]
    assert found == [ROOT / "shared" / "input" / "sheet.py"]
