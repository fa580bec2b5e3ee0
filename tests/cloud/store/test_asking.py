"""Whoever asks waits for whoever asked before, on the real door; a question that fails holds up nobody."""

from contextlib import closing
from pathlib import Path

import pytest

from cloud.store.asking import Asking
from cloud.store.db import Database, open_database
from shared.errors import StoreFault


def test_one_question_at_a_time(tmp_path: Path) -> None:
    with closing(open_database(str(tmp_path / "a.db"))) as database:
        ask = Asking(database)

        def free(db: Database, name: str, *, most: int) -> tuple[bool, str, int]:
            assert db.run("SELECT 1") == [(1,)]
            return ask.lock.acquire(blocking=False), name, most

        assert ask(free, "a", most=3) == (False, "a", 3)
        with pytest.raises(StoreFault):
            ask(lambda db: db.run("SELECT nothing FROM nowhere"))
        assert ask(free, "b", most=4) == (False, "b", 4)
