"""A table that we give to people, as CSV: the counterpart of `table`, and the only writer of one.

A spreadsheet takes a cell that begins as a formula for one, and runs it: text that does gets an apostrophe before it,
as a person would type it. Text is quoted, so that no separator of any country splits it; numbers stay bare numbers.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a formula begins with; in the wide forms, too, and after what a spreadsheet drops."""

PIECE_ROWS = 200
Cell = str | int | float | Decimal | None
"""None: an empty cell."""


def sheet(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """The file's bytes. It begins with a mark, without which spreadsheets take Chinese for something else."""
    return b"".join(pieces(head, rows, quoting=csv.QUOTE_NONNUMERIC))


def pieces(head: Sequence[str], rows: Iterable[Sequence[Cell]], *, quoting: int = csv.QUOTE_MINIMAL) -> Iterator[bytes]:
    """The same for a table of any length, one piece after the other."""
    text = io.StringIO("\ufeff")
    text.seek(0, io.SEEK_END)
    writer = csv.writer(text, quoting=quoting)  # type: ignore[arg-type]  # one of the module's numbers
    writer.writerow([safe(name) for name in head])
    for number, row in enumerate(rows, 1):
        writer.writerow([safe(cell) for cell in row])
        if number % PIECE_ROWS == 0:
            yield _taken(text)
    yield _taken(text)


def _taken(text: io.StringIO) -> bytes:
    found = text.getvalue()
    text.seek(0)
    text.truncate()
    return found.encode()


def yuan_cell(fen: int) -> Decimal:
    """A sum as a number with two digits."""
    return Decimal(fen).scaleb(-2)


def safe(cell: Cell) -> Cell:
    """As it may stand in a spreadsheet."""
    return f"'{cell}" if isinstance(cell, str) and cell.lstrip(" ").startswith(FORMULA) else cell
