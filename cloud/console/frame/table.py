"""Lists that one can page, sort and search, by the address alone: what is seen can be sent as a link (IX2). Pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, NamedTuple, TypeVar
from urllib.parse import urlencode

T = TypeVar("T")
SIZES = (50, 100, 200)
FIND_MAX = 100


class Column(NamedTuple, Generic[T]):
    """name: its key in the words and in the address. value: what is sorted by and exported. numeric: to the right."""

    name: str
    value: Callable[[T], Any]
    numeric: bool = False


class Asked(NamedTuple):
    """What the address asks for. page from 1; sort '': in the source's order; down: the greatest first."""

    page: int = 1
    size: int = SIZES[0]
    sort: str = ""
    down: bool = False
    find: str = ""
    kept: tuple[tuple[str, str], ...] = ()
    """Filters of the page's own, kept in every link."""

    def link(self, **other: object) -> str:
        """The query string of this list with something else asked."""
        said = {
            "page": self.page, "size": self.size, "sort": self.sort, "down": int(self.down), "find": self.find,
            **dict(self.kept), **other,
        }  # fmt: skip
        plain = {"page": 1, "size": SIZES[0], "sort": "", "down": 0, "find": ""}
        return "?" + urlencode({key: value for key, value in said.items() if value != plain.get(key) and value != ""})


class Listed(NamedTuple, Generic[T]):
    """One page of a list. total: rows that fit the question, on all pages; found in `every` before it."""

    rows: Sequence[T]
    columns: Sequence[Column[T]]
    asked: Asked
    total: int
    every: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.asked.size))


def asked(arguments: Mapping[str, str], filters: Sequence[str] = ()) -> Asked:
    """From a query string; what makes no sense there is taken as not said."""
    size = _number(arguments.get("size", ""), SIZES[0])
    return Asked(
        max(1, _number(arguments.get("page", ""), 1)),
        size if size in SIZES else SIZES[0],
        arguments.get("sort", ""),
        arguments.get("down") == "1",
        arguments.get("find", "").strip()[:FIND_MAX],
        tuple((name, arguments[name]) for name in filters if arguments.get(name)),
    )


def listed(rows: Sequence[T], columns: Sequence[Column[T]], asked: Asked) -> Listed[T]:
    """What fits, in order, and of it the page. A page behind the last is the last."""
    found = ordered(fitting(rows, columns, asked.find), columns, asked)
    last = max(1, -(-len(found) // asked.size))
    at = asked._replace(page=min(asked.page, last))
    return Listed(found[(at.page - 1) * at.size : at.page * at.size], columns, at, len(found), len(rows))


def fitting(rows: Sequence[T], columns: Sequence[Column[T]], find: str) -> Sequence[T]:
    """Those that have every word of `find` in some column."""
    wanted = find.casefold().split()
    if not wanted:
        return rows
    return [row for row in rows if all(word in _text(row, columns) for word in wanted)]


def ordered(rows: Sequence[T], columns: Sequence[Column[T]], asked: Asked) -> Sequence[T]:
    """By a column that is there; what is not known stands last, whichever way one looks."""
    column = next((one for one in columns if one.name == asked.sort), None)
    if column is None:
        return rows
    known = [row for row in rows if column.value(row) is not None]
    unknown = [row for row in rows if column.value(row) is None]
    return sorted(known, key=column.value, reverse=asked.down) + unknown


def _text(row: T, columns: Sequence[Column[T]]) -> str:
    return " ".join(str(column.value(row)) for column in columns).casefold()


def _number(text: str, otherwise: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else otherwise
