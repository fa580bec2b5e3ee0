"""Questions to a database that several threads share: one at a time, each answered from one snapshot."""

import threading
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from cloud.store.db import Database

P = ParamSpec("P")
T = TypeVar("T")


class Asking:
    """Whoever asks waits for whoever asked before. lock: of those who ask the same database; None: nobody else does."""

    def __init__(self, database: Database, lock: threading.Lock | None = None) -> None:
        self.database = database
        self.lock = lock or threading.Lock()

    def __call__(self, question: Callable[Concatenate[Database, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What it answers over the database, inside of one transaction that reads alone."""
        with self.lock, self.database.reading():
            return question(self.database, *args, **kwargs)
