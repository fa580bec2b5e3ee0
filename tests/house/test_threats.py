"""docs/threats.md: whatever is said to stop somebody is a test that is there, and each attacker has his table."""

import ast
import re
from functools import cache

import pytest

from compose.place import ROOT

PAGE = (ROOT / "docs" / "threats.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
WHO = (
    "A cloned card", "A cashier", "Thief of a POS", "Thief of a box", "Finder or thief of a phone", "An insider",
    "An outsider",
)  # fmt: skip
OPEN = "没有挡住"
"""A row that names no test says so."""


@cache
def named_in(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@pytest.mark.parametrize(("file", "name"), sorted(set(NAMED.findall(PAGE))))
def test_what_stops_it_is_a_test(file: str, name: str) -> None:
    assert name.startswith("test_")
    assert name in named_in(file)


def rows(who: str) -> list[str]:
    section = PAGE.partition(f"/ {who}\n")[2].partition("\n## ")[0]
    return [line for line in section.splitlines() if line.startswith("| ") and "---" not in line][1:]


@pytest.mark.parametrize("who", WHO)
def test_every_row_names_a_test_or_says_that_nothing_stops_it(who: str) -> None:
    found = rows(who)
    assert len(found) >= 5
    assert [row for row in found if not NAMED.search(row) and OPEN not in row] == []
