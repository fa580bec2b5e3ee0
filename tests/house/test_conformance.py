"""docs/conformance.md says nothing that no test shows, and leaves out no command.

The page is the table. A row: clause, command (CLA and INS, with PSAM before a PSAM's), what, status, and its evidence:
test ids for 'tested', a reason otherwise.
"""

import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from shared.purse.cos.card import COMMANDS
from shared.purse.cos.psam import Psam

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "conformance.md"
TESTED, NOT_APPLICABLE, NOT_CLAIMED = "已测 tested", "不适用 not applicable", "不声明 not claimed"
COLUMNS = ("条款 Clause", "命令 APDU", "内容 What", "状态 Status", "证据或理由 Evidence, or why")
NO_COMMAND = "—"
TEST_ID = re.compile(r"`(tests/[\w/]+\.py::test_\w+)`")
COMMAND = re.compile(r"(PSAM )?[0-9A-F]{4}")
REASON = re.compile(r".*[\u4e00-\u9fff].* / .*[a-z].*")
"""Chinese, then English."""


class Row(NamedTuple):
    clause: str
    command: str
    what: str
    status: str
    evidence: str

    @property
    def tests(self) -> list[str]:
        return TEST_ID.findall(self.evidence)


def rows_of(text: str) -> list[Row]:
    lines = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    cells = [tuple(cell.strip() for cell in line) for line in lines]
    return [Row(*row) for row in cells if row != COLUMNS and set("".join(row)) != {"-"}]


ROWS = rows_of(PAGE.read_text(encoding="utf-8"))


def collected(files: list[str]) -> set[str]:
    """Ids that pytest collects from these files, without parameters."""
    command = [sys.executable, "-P", "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *files]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    return {line.partition("[")[0] for line in done.stdout.splitlines() if "::" in line}


def wrong(row: Row) -> str:
    """What is missing in a row; empty when nothing is."""
    if not row.clause or not row.what or not (row.command == NO_COMMAND or COMMAND.fullmatch(row.command)):
        return "clause, what, or command"
    if row.status == TESTED:
        left = TEST_ID.sub("", row.evidence).replace("<br>", "").strip()
        return "" if row.tests and not left else "test ids, and nothing else"
    if row.status in (NOT_APPLICABLE, NOT_CLAIMED):
        return "" if REASON.fullmatch(row.evidence) and not row.tests else "a reason in both languages"
    return "status"


def test_the_page_has_rows_of_every_status():
    assert {row.status for row in ROWS} == {TESTED, NOT_APPLICABLE, NOT_CLAIMED}
    assert len({(row.clause, row.command, row.what) for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.clause} {row.command}")
def test_every_row_has_a_status_and_what_stands_behind_it(row):
    assert wrong(row) == ""


@pytest.mark.parametrize(
    "line",
    [
        "| 5.2 | 8050 | x | 已测 tested | see the code |",
        "| 5.2 | 8050 | x | 已测 tested | `tests/a.py::test_b` mostly |",
        "| 5.2 | 8050 | x | 不声明 not claimed | later |",
        "| 5.2 | 8050 | x | 不声明 not claimed |  |",
        "| 5.2 | 8050 | x |  | `tests/a.py::test_b` |",
        "| 5.2 | 80 50 | x | 已测 tested | `tests/a.py::test_b` |",
        "| 5.2 | 8050 |  | 已测 tested | `tests/a.py::test_b` |",
        "|  | 8050 | x | 已测 tested | `tests/a.py::test_b` |",
    ],
)
def test_what_a_row_may_not_be(line):
    assert wrong(rows_of(line)[0])


def test_every_named_test_exists_and_is_collected():
    named = {test for row in ROWS for test in row.tests}
    files = sorted({test.partition("::")[0] for test in named})
    assert not (missing := [file for file in files if not (ROOT / file).exists()]), missing
    assert not (named - collected(files))


def test_every_command_of_the_card_and_the_psam_has_a_row_and_no_row_invents_one():
    spoken = {f"{code:04X}" for code in COMMANDS} | {f"PSAM {code:04X}" for code in Psam.COMMANDS}
    listed = {row.command for row in ROWS} - {NO_COMMAND}
    assert listed - {"00C0"} == spoken  # GET RESPONSE is the transport's
    assert all(any(row.command == command and row.status == TESTED for row in ROWS) for command in spoken)
