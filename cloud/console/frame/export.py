"""A list taken home: CSV that Excel opens with its Chinese, streamed, all rows that fit the question."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, TypeVar

from werkzeug.wrappers import Response

from cloud.console.frame.table import Column
from shared.input.sheet import pieces, safe

T = TypeVar("T")


def csv_answer(name: str, heads: Sequence[str], columns: Sequence[Column[T]], rows: Iterable[T]) -> Response:
    """As a file to save. name: ASCII, without its ending."""
    cells = ([cell(column.value(row)) for column in columns] for row in rows)
    answer = Response(pieces(heads, cells), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


def cell(value: Any) -> Any:  # noqa: ANN401 - whatever a column holds
    """A number as it is, a text that begins no formula, nothing for what is not known."""
    if value is None:
        return ""
    return value if isinstance(value, int | float | Decimal) else safe(str(value))
