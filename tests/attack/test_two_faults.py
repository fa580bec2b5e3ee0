"""Two faults at once, over and over the same question: is every 成功 posted once, and is what is lost named?"""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.attack.books import Line, lines, require_books
from tests.attack.place import Place, asked, command

pytestmark = pytest.mark.process
COUNT = "SELECT count(*) FROM record"


def back_up(place: Place) -> Path:
    """A copy of the ledger as it is now."""
    copy = place.room / "old.db"
    with closing(sqlite3.connect(place.ledger)) as db, closing(sqlite3.connect(copy)) as old:
        db.backup(old)
    return copy


def put_back(place: Place, copy: Path) -> None:
    """The ingest has ended; its ledger is the copy again."""
    for file in place.ledger.parent.glob(place.ledger.name + "-*"):
        file.unlink()
    shutil.copy(copy, place.ledger)


def test_ledger_put_back_while_the_outboxes_are_destroyed(room: Path) -> None:
    """What was settled at both is gone with both: more faults than stores. The ledger must name what it lacks."""
    with Place(room) as place:
        place.open("pos-1", "pos-2", "pos-4")
        place.until_posted(20)
        copy = back_up(place)
        place.until_posted(40)
        place.until("some are SETTLED", lambda: place.status("pos-1").get("settled", 0) > 15)
        place.kill("ingest", "edge-canteen")
        put_back(place, copy)
        for file in place.outbox().parent.glob("outbox.db*"):
            file.unlink()
        place.start("ingest", "edge-canteen")
        place.until_posted(40)
        place.close_shop()
        lacking = {line for line in lines(place.data) if not _is_posted(place, line)}
        assert lacking, "otherwise this was not the fault that it should be"
        for line in lacking:
            assert line.body in ("pos-1", "pos-2"), "the annex had its outbox"
            sql = "SELECT last FROM epoch_status WHERE device = ? AND epoch = ?"
            assert asked(place.ledger, sql, line.device, line.epoch)[0][0] >= line.seq, "its STATUS tells that it was"
        said = command("cloud", "verify", "--data", place.data, code=1)
        assert any(f"gaps: terminal {body}" in said for body in ("pos-1", "pos-2")), said


def _is_posted(place: Place, line: Line) -> bool:
    head = line.device + line.epoch.to_bytes(2, "big")
    sql = "SELECT count(*) FROM record WHERE substr(stored, 1, 8) = ? AND substr(stored, 19, 4) = ?"
    return asked(place.ledger, sql, head, line.seq.to_bytes(4, "big")) != [(0,)]


def test_a_ledger_put_back_twice_while_its_boxes_fill_it(room: Path) -> None:
    """Again before they had all sent again what it lost the first time; then the shop closes: nothing new pushes."""
    with Place(room) as place:
        place.open()
        place.until_posted(12)
        copy = back_up(place)
        place.until_posted(30)
        for _ in range(2):
            place.kill("ingest")
            put_back(place, copy)
            place.start("ingest")
            place.until("it is being filled again", lambda: place.posted() > asked(copy, COUNT)[0][0])
        place.close_shop()
        require_books(place)
