"""A list taken home: CSV that Excel opens with its Chinese (UTF-8 with BOM), streamed, all rows that fit the question.

A cell that a spreadsheet would take for a formula is given an apostrophe, for names come from outside.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any, TypeVar

from werkzeug.wrappers import Response

from cloud.console.frame.table import Column

T = TypeVar("T")
BOM = "\ufeff"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_CHUNK = 200
"""Rows in one piece of the answer."""


def csv_answer(name: str, heads: Sequence[str], columns: Sequence[Column[T]], rows: Iterable[T]) -> Response:
    """As a file to save. name: ASCII, without its ending."""
    answer = Response(_pieces(heads, columns, rows), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


def _pieces(heads: Sequence[str], columns: Sequence[Column[T]], rows: Iterable[T]) -> Iterator[str]:
    out = io.StringIO()
    writer = csv.writer(out)
    out.write(BOM)
    writer.writerow([cell(head) for head in heads])
    for number, row in enumerate(rows, 1):
        writer.writerow([cell(column.value(row)) for column in columns])
        if number % _CHUNK == 0:
            yield _taken(out)
    yield _taken(out)


def cell(value: Any) -> Any:  # noqa: ANN401 - whatever a column holds
    """A number as it is, a text that begins no formula, nothing for what is not known."""
    if value is None or isinstance(value, int | float | Decimal):
        return "" if value is None else value
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _taken(out: io.StringIO) -> str:
    text = out.getvalue()
    out.seek(0)
    out.truncate()
    return text
