"""Tables of a school: encodings, line ends, columns, and every wrong line by its number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import ConfigFault, WireFault
from shared.input.table import Row, parse_label, read_table

NAMES = {"card": "card", "卡号": "card", "note": "note", "备注": "note"}


def rows(raw: bytes, lines_max: int = 10) -> list[Row]:
    return list(read_table(raw, NAMES, ("card",), lines_max, "t").rows)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("head", ["备注,卡号", " Note ,CARD"])
def test_encodings_line_ends_and_names(encoding: str, end: str, head: str) -> None:
    raw = f"{head}{end}早餐, 0012 {end}{end},7{end}".encode(encoding)
    assert rows(raw) == [(2, {"note": "早餐", "card": "0012"}, ""), (4, {"note": "", "card": "7"}, "")]


def test_a_wrong_line_is_named_and_the_next_is_read() -> None:
    found = rows(b"note,card\nonly\n" + b"x" * 200_000 + b"\nn,1\n")
    assert [(row.number, bool(row.fault), row.cells) for row in found] == [
        (2, True, {}), (3, True, {}), (4, False, {"note": "n", "card": "1"})
    ]  # fmt: skip


def test_what_is_not_needed_may_be_missing() -> None:
    found = read_table(b"card,note\n1\n", NAMES, ("card",), 10, "t")
    assert (found.columns, list(found.rows)) == ({"card", "note"}, [(2, {"card": "1", "note": ""}, "")])


def test_a_comma_without_quotes_is_a_wrong_line_and_empty_cells_at_the_end_are_none() -> None:
    found = rows(b'note,card\nn,1,234.50\nn,2,,\n"n,3",4\n')
    assert [(row.number, bool(row.fault)) for row in found] == [(2, True), (3, False), (4, False)]


@pytest.mark.parametrize("raw", [b"", b"note\n", b"card,card\n", b"card,note,note\n", b"\xff\xff", b"x" * 200_000])
def test_what_is_no_table(raw: bytes) -> None:
    with pytest.raises(ConfigFault, match=r"^t: "):
        rows(raw)


def test_a_bound_on_lines() -> None:
    assert len(rows(b"card\n1\n2\n", 2)) == 2
    with pytest.raises(ConfigFault, match="超过 2 行"):
        rows(b"card\n1\n2\n3\n", 2)


def test_labels() -> None:
    assert parse_label(' ="0012" ', "card") == "0012"
    for cell in ("", '=""', "x" * 65, "a\x00b"):
        with pytest.raises(WireFault, match=r"^card: "):
            parse_label(cell, "card")


@given(st.binary(max_size=200))
def test_no_file_crashes_the_reader(raw: bytes) -> None:
    try:
        found = rows(b"card\n" + raw, 1000)
    except ConfigFault:
        return
    assert all(row.fault or row.cells["card"] for row in found)
