"""The door to xlsxwriter: a list taken home as a workbook, written to a file that is gone when it has been sent."""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import IO, TypeVar

import xlsxwriter
from werkzeug.wrappers import Response

from cloud.console.frame.table import Column

T = TypeVar("T")
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_CHUNK = 64 * 1024
_PLAIN = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
"""A row is on the disk when the next one begins; a text is a text, whatever it looks like."""


def xlsx_answer(name: str, heads: Sequence[str], columns: Sequence[Column[T]], rows: Iterable[T]) -> Response:
    """As a file to save. name: ASCII, without its ending."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - it is closed when it has been sent
    book = xlsxwriter.Workbook(file, _PLAIN)
    sheet, money = book.add_worksheet(), book.add_format({"num_format": "0.00"})
    sheet.write_row(0, 0, list(heads))
    for number, row in enumerate(rows, 1):
        for place, column in enumerate(columns):
            value = column.value(row)
            if isinstance(value, Decimal):
                sheet.write_number(number, place, value, money)
            elif value is not None:
                sheet.write(number, place, value if isinstance(value, int | float) else str(value))
    book.close()
    answer = Response(_pieces(file), mimetype=_TYPE)
    answer.call_on_close(file.close)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.xlsx"'
    return answer


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while piece := file.read(_CHUNK):
            yield piece
