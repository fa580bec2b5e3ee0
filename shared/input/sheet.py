"""A table that we give to people, as CSV: the counterpart of `table`, and the only writer of one.

A spreadsheet takes a cell that begins as a formula for one, and runs it: text that does gets an apostrophe before it,
as a person would type it. Text is quoted, so that no separator of any country splits it; numbers stay bare numbers.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a formula begins with; in the wide forms, too, and after what a spreadsheet drops."""

Cell = str | int | Decimal


def sheet(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """The file's bytes. It begins with a mark, without which spreadsheets take Chinese for something else."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow(head)
    writer.writerows([_cell(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def yuan_cell(fen: int) -> Decimal:
    """A sum as a number with two digits."""
    return Decimal(fen).scaleb(-2)


def _cell(cell: Cell) -> Cell:
    return f"'{cell}" if isinstance(cell, str) and cell.lstrip(" ").startswith(FORMULA) else cell
