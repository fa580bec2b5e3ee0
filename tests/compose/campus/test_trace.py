"""A school's export: what is read, what is refused, and in which order it is replayed."""

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compose.campus import trace
from compose.campus.trace import parse_time, read
from shared.errors import ConfigFault, WireFault

DAY = date(2025, 9, 1)
NOON = parse_time("2025-09-01 12:00:00", DAY)
PLAIN = "time,card,terminal,amount\n2025-09-01 12:00:00,0012,A1,12.50\n2025-09-01 11:59:59,12,A2,3\n"


@pytest.mark.parametrize(
    "text",
    ["2025-09-01 12:00:00", "2025/9/1 12:00", "2025-09-01T12:00:00", "2025年9月1日 12:00:00", "20250901120000",
     "12:00:00", "12:00", "2025-09-01 12:00:00.734", "  2025-09-01  12:00:00 "],
)  # fmt: skip
def test_times_that_exports_use(text: str) -> None:
    assert parse_time(text, DAY) == NOON


@pytest.mark.parametrize(
    "text",
    [
        "",
        "noon",
        "2025-13-01 12:00:00",
        "2025-02-30 12:00",
        "25:00:00",
        "1999-12-31 23:59:59",
        "2025-09-01",
        "１２:00:00",
    ],
)
def test_times_that_are_none(text: str) -> None:
    with pytest.raises(WireFault):
        parse_time(text, DAY)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(encoding: str, end: str) -> None:
    text = f"时间,卡号,终端,金额{end}2025-09-01 12:00:00,张三0012,一号窗口,12.50元{end}"
    (line,) = read(text.encode(encoding), DAY).lines
    assert line == (NOON, 2, "张三0012", "一号窗口", 1250)


def test_labels_are_text_and_order_is_time_then_file() -> None:
    found = read(PLAIN.encode() + b"2025-09-01 12:00:00,0012,A1,12.50\n", DAY)
    assert [(line.number, line.card) for line in found.lines] == [(3, "12"), (2, "0012"), (4, "0012")]
    assert found.cards() == {"12": 300, "0012": 2500}
    assert found.terminals() == ["A2", "A1"]


def test_columns_in_any_order_with_strangers_between() -> None:
    raw = "姓名,金额,终端,卡号,时间\n张三,3.00,A1,7,12:00:00\n".encode()
    assert read(raw, DAY).lines == ((NOON, 2, "7", "A1", 300),)


def test_a_wrong_line_is_named_and_skipped() -> None:
    raw = PLAIN + "garbage\n2025-09-01 12:00:01,,A1,3\n\n2025-09-01 12:00:01,9,A1,x\n"
    found = read(raw.encode(), DAY)
    assert len(found.lines) == 2
    assert [r.number for r in found.rejected] == [4, 5, 7]
    assert all(re.search("[\u4e00-\u9fff]", r.reason) for r in found.rejected)


def test_an_endless_cell_is_one_wrong_line() -> None:
    found = read(PLAIN.encode() + b"x" * 200_000 + b"\n12:00:00,1,A,1\n", DAY)
    assert (len(found.lines), [r.number for r in found.rejected]) == (3, [4])


def test_spreadsheet_quoting_keeps_leading_zeros() -> None:
    raw = b'time,card,terminal,amount\n12:00:00,"=""0012""",A1,"1,234.50"\n'
    assert read(raw, DAY).lines[0][2:] == ("0012", "A1", 123450)


@pytest.mark.parametrize(
    "raw", [b"", b"time,card,terminal\n", b"time,card,card,terminal,amount\n", b"\xff\xff\xff\xff"]
)
def test_a_file_without_the_columns_stops(raw: bytes) -> None:
    with pytest.raises(ConfigFault):
        read(raw, DAY)


def test_a_bound_on_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace, "LINES_MAX", 2)
    with pytest.raises(ConfigFault, match="超过"):
        read(PLAIN.encode() + b"12:00:00,1,A,1\n", DAY)


@given(st.binary(max_size=200))
def test_no_line_crashes_the_reader(raw: bytes) -> None:
    found = read(b"time,card,terminal,amount\n" + raw.replace(b"\xff", b"").decode("utf-8", "ignore").encode(), DAY)
    assert all(line.amount > 0 for line in found.lines)
