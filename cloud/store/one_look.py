"""A database as one look at it: what was asked once is not asked again, and so has one answer. Reads alone.

For whoever puts a page together from many questions: several of them want the same rows, and rows that changed between
two of them would make a page that contradicts itself. What it remembers goes with it.
"""

from collections.abc import Hashable, Sequence
from typing import NoReturn

from cloud.store.db import Database, Newest, Question, Rows
from shared.errors import RuleBroken

ROWS_MAX = 20_000
"""So many rows are remembered; what comes above is asked for each time, so that an export of all the books passes."""


class OneLook(Database):
    """Over another one, which stays its owner's. RuleBroken: something would be written."""

    def __init__(self, of: Database) -> None:
        self._of = of
        self.dialect = of.dialect
        self._known: dict[Hashable, Rows] = {}
        self._room = ROWS_MAX

    def run(self, sql: str, arguments: Sequence[object] = ()) -> Rows:
        """As the other's, the first time."""
        return self.ask(Question(sql, arguments))[0]

    def ask(self, *questions: Question | Newest) -> list[Rows]:
        """As the other's; what is not known yet is asked in one go."""
        named = [(_name(one), one) for one in questions]
        fresh = {name: one for name, one in named if name not in self._known}
        found = dict(zip(fresh, self._asked(list(fresh.values())), strict=True)) if fresh else {}
        for name, rows in found.items():
            self._remember(name, rows)
        return [list(found[name] if name in found else self._known[name]) for name, _ in named]

    def _asked(self, fresh: list[Question | Newest]) -> list[Rows]:
        """A single plain question goes where all others go that are asked alone."""
        (first, *more) = fresh
        if not more and isinstance(first, Question) and not first.keyed:
            return [self._of.run(first.sql, first.arguments)]
        return self._of.ask(*fresh)

    def _remember(self, name: Hashable, rows: Rows) -> None:
        if len(rows) <= self._room:
            self._room -= len(rows)
            self._known[name] = rows

    def insert(self, *_: object) -> NoReturn:
        """RuleBroken."""
        raise RuleBroken("a look writes nothing")

    def insert_all(self, *_: object) -> NoReturn:
        """RuleBroken."""
        self.insert()

    def upsert(self, *_: object) -> NoReturn:
        """RuleBroken."""
        self.insert()

    def close(self) -> None:
        """The other one's owner closes that."""
        self._known.clear()

    def begin(self, *, write: bool) -> None:
        """RuleBroken: to write."""
        if write:
            self.insert()
        self._of.begin(write=False)

    def commit(self) -> None:
        """The other's."""
        self._of.commit()

    def undo(self, fault: BaseException) -> None:
        """The other's."""
        self._of.undo(fault)

    def _begin(self, *, write: bool) -> NoReturn:
        raise NotImplementedError  # begin, commit and undo do without these

    def _end(self, *, commit: bool) -> NoReturn:
        raise NotImplementedError

    def _translated(self, fault: Exception) -> NoReturn:
        raise NotImplementedError


def _name(one: Question | Newest) -> Hashable:
    if isinstance(one, Newest):
        return one.sql, tuple(one.ranges), one.most
    return one.sql, tuple(one.arguments), one.keyed
