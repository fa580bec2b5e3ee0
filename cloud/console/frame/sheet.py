"""A list taken home as XLSX: written row by row into a file, so that its memory does not grow with the rows.

The one door to xlsxwriter. Texts stay texts: nothing that comes from outside becomes a formula or a link.
"""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import IO, Any, TypeVar

import xlsxwriter
from werkzeug.wrappers import Response

from cloud.console.frame.table import Column

T = TypeVar("T")
ROWS_MAX = 1_048_575
"""Of one sheet below its head; what is beyond is left out, and its last row says so."""
_PIECE = 65_536
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_PLAIN = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


def xlsx_answer(name: str, heads: Sequence[str], columns: Sequence[Column[T]], rows: Iterable[T]) -> Response:
    """As a file to save. name: ASCII, without its ending."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the answer
    _write(file, heads, columns, rows)
    size = file.tell()
    file.seek(0)
    answer = Response(_pieces(file), mimetype=_TYPE)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.xlsx"'
    answer.headers["Content-Length"] = str(size)
    answer.call_on_close(file.close)
    return answer


def _write(file: IO[bytes], heads: Sequence[str], columns: Sequence[Column[T]], rows: Iterable[T]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list.xlsx"
        with xlsxwriter.Workbook(str(path), {**_PLAIN, "tmpdir": folder}) as book:
            _fill(book, heads, columns, rows)
        with path.open("rb") as made:
            while piece := made.read(_PIECE):
                file.write(piece)


def _fill(book: xlsxwriter.Workbook, heads: Sequence[str], columns: Sequence[Column[T]], rows: Iterable[T]) -> None:
    sheet, bold, money = book.add_worksheet(), book.add_format({"bold": True}), book.add_format({"num_format": "0.00"})
    sheet.freeze_panes(1, 0)
    for at, head in enumerate(heads):
        sheet.write_string(0, at, head, bold)
    for number, row in enumerate(rows, 1):
        if number > ROWS_MAX:
            sheet.write_string(ROWS_MAX, 0, "…")
            return
        for at, column in enumerate(columns):
            _cell(sheet, number, at, column.value(row), money)


def _cell(sheet: Any, row: int, at: int, value: Any, money: Any) -> None:  # noqa: ANN401 - the library has no types
    """A number as it is, money with its two decimals, a text as a text, nothing for what is not known."""
    if isinstance(value, Decimal):
        sheet.write_number(row, at, value, money)
    elif isinstance(value, int | float):
        sheet.write_number(row, at, value)
    elif value is not None:
        sheet.write_string(row, at, str(value))


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(_PIECE):
            yield piece
