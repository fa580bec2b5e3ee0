"""A table that a school gives us as CSV, read by one rule wherever one comes in. Never guesses: wrong lines are named.

UTF-8 with or without BOM, or GB18030; any line ending; columns in any order under a Chinese or an English name, others
ignored; empty lines skipped; more cells than the head line has are wrong. Cells are text: 0012 is not 12, and ="0012"
is how a spreadsheet keeps it.
"""

import csv
import io
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from shared.errors import ConfigFault, WireFault
from shared.words.voice import Text

LABEL_MAX = 64
ENCODINGS = "UTF-8, GB18030"
_TOO_MANY = Text(
    "列数多于表头，含逗号的金额要加引号", "more columns than the head line: quote a sum that has a comma"
)


class Row(NamedTuple):
    """A line. number: of the file, the head line's is 1. cells: by column, stripped; fault: why they cannot be read."""

    number: int
    cells: dict[str, str]
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """columns: those of ours that the head line names. rows: may be read once."""

    columns: frozenset[str]
    rows: Iterator[Row]


class _Lines(Protocol):
    """A csv.reader, whose type has no public name. line_num: of the file, after the line read last."""

    line_num: int

    def __next__(self) -> list[str]: ...


def read_table(raw: bytes, names: Mapping[str, str], needed: Collection[str], lines_max: int, what: str) -> Table:
    """The table of a file's bytes. names: as people write them, in lower case → column.

    ConfigFault, which begins with `what`: no text, a needed column missing, one twice; from rows: too many lines.
    """
    lines = csv.reader(io.StringIO(decoded(raw, what), newline=""), strict=False)
    head = [names.get(cell.strip().lower(), "") for cell in _head(lines)]
    wrong = [name for name in dict.fromkeys((*needed, *filter(None, head))) if head.count(name) != 1]
    if wrong:
        said = Text("缺少列或重复列", "a column is missing or there twice")
        raise ConfigFault(f"{what}: {said}: {', '.join(wrong)}")
    places = {name: at for at, name in enumerate(head) if name}
    width = 1 + max((places[name] for name in needed), default=0)
    return Table(frozenset(places), _rows(lines, places, (width, len(head)), lines_max, what))


def decoded(raw: bytes, what: str) -> str:
    """The text of a file; ConfigFault, which begins with `what`, when it is none."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ConfigFault(f"{what}: {Text('既不是 UTF-8 也不是 GB18030', 'neither UTF-8 nor GB18030')}")


def parse_label(cell: str, what: str | Text) -> str:
    """What is printed on a card or a window; WireFault, which begins with `what`."""
    plain = cell.strip()
    if plain.startswith('="') and plain.endswith('"'):
        plain = plain[2:-1]
    if not plain or len(plain) > LABEL_MAX or not plain.isprintable():
        raise WireFault(f"{what}: {Text('空、过长或含控制字符', 'empty, too long or unprintable')}")
    return plain


def _head(lines: _Lines) -> list[str]:
    """Nothing where there is none."""
    try:
        return next(lines)
    except (StopIteration, csv.Error):
        return []


def _miscounted(cells: list[str], least: int, most: int) -> str:
    """Why a line has too few cells, or too many: 1,234.50 without quotes would be read as 1."""
    if len(cells) < least:
        return str(Text(f"列数不足，只有 {len(cells)} 列", f"only {len(cells)} columns"))
    if any(cell.strip() for cell in cells[most:]):
        return str(_TOO_MANY)
    return ""


def _rows(
    lines: _Lines, places: dict[str, int], widths: tuple[int, int], lines_max: int, what: str
) -> Iterator[Row]:
    count = 0
    while True:
        try:
            cells = next(lines)
        except StopIteration:
            return
        except csv.Error as fault:
            cells, broken = [], str(fault)
        else:
            if not any(cell.strip() for cell in cells):
                continue
            broken = _miscounted(cells, *widths)
        count += 1
        if count > lines_max:
            raise ConfigFault(f"{what}: {Text(f'超过 {lines_max} 行', f'more than {lines_max} lines')}")
        found = {name: cells[at].strip() if at < len(cells) else "" for name, at in places.items()}
        yield Row(lines.line_num, {} if broken else found, broken)
