"""Two faults at once, over and over the same question: is every 成功 posted once, and is what is lost named?"""

import shutil
import signal
import sqlite3
import struct
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.attack.books import Line, lines, require_books
from tests.attack.place import Place, asked, command

pytestmark = pytest.mark.process
YEAR_S = 31_557_600
LIVE_S = 11.0
"""Longer than a terminal that says nothing counts as alive at its box."""
SHIM = Path(__file__).with_name("clock_shift.c")


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


class Clocks:
    """The wall clocks of some parts, from their next start on: `jump` moves them all, whenever it is called."""

    def __init__(self, place: Place, *names: str) -> None:
        compiler = shutil.which("cc")
        if compiler is None:
            pytest.skip("no C compiler: wall clocks cannot be moved")
        library, self._file = place.room / "clock.so", place.room / "clock.shift"
        subprocess.run([compiler, "-O1", "-shared", "-fPIC", "-o", library, SHIM, "-ldl"], check=True)
        self.jump(0)
        for name in names:
            place.environment[name] = {"LD_PRELOAD": str(library), "YKT_CLOCK_SHIFT": str(self._file)}

    def jump(self, seconds: float) -> None:
        """So far from the truth."""
        mode = "r+b" if self._file.exists() else "wb"
        with self._file.open(mode) as file:
            file.write(struct.pack("=q", int(seconds * 1e9)))


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


def _broker_thrown_away(place: Place, _: Clocks) -> None:
    """Its data are gone while the box is away, twice over."""
    for _ in range(2):
        place.kill("edge-canteen", "broker")
        place.until_shown(8)
        place.start("broker", "edge-canteen")
        place.until_posted(8)


def _broker_in_a_loop(place: Place, _: Clocks) -> None:
    """It comes and goes faster than anybody has caught up."""
    for pause_s in (0.3, 1.0, 0.1):
        place.kill("broker")
        place.start("broker")
        time.sleep(pause_s)


def _stopped_and_continued(place: Place, _: Clocks) -> None:
    """Longer than keepalives, joins and a terminal's life in the eyes of its box; its TCP connections stay."""
    for name in ("ingest", "edge-canteen", "pos-1", "keys", "broker"):
        place.send(name, signal.SIGSTOP)
        time.sleep(LIVE_S if name.startswith("edge") else 1.5)
        place.send(name, signal.SIGCONT)


def _year_2000(place: Place, clocks: Clocks) -> None:
    """The box's clock has lost its battery when the ledger is put back."""
    copy = back_up(place)
    place.until_posted(15)
    place.kill("ingest", "edge-canteen")
    put_back(place, copy)
    clocks.jump(-26.9 * YEAR_S)
    place.start("edge-canteen")
    place.until_shown(8)
    place.start("ingest")
    place.until_posted(20)


def _jumping_clock(place: Place, clocks: Clocks) -> None:
    """Back an hour, forth a week, to 2000 and home again, under running sessions."""
    for seconds in (-3600.0, 7 * 86_400.0, -26.9 * YEAR_S, 0.0):
        clocks.jump(seconds)
        place.until_shown(8)
        place.until_posted(8)


def _put_back_twice(place: Place, _: Clocks) -> None:
    """A ledger is put back, and again while its boxes are still sending it what it lost."""
    copy = back_up(place)
    place.until_posted(30)
    for _ in range(2):
        place.kill("ingest")
        put_back(place, copy)
        place.start("ingest")
        place.until("it is being filled again", lambda: place.posted() > asked(copy, COUNT)[0][0])
    place.until_posted(10)


COUNT = "SELECT count(*) FROM record"
ATTACKS = (
    _broker_thrown_away, _broker_in_a_loop, _stopped_and_continued, _year_2000, _jumping_clock, _put_back_twice,
)  # fmt: skip


def test_a_lunch_with_all_of_it(room: Path) -> None:
    """One after the other in one campus, so that what one attack leaves behind meets the next."""
    with Place(room) as place:
        clocks = Clocks(place, "edge-canteen", "pos-1", "pos-2")
        place.open()
        place.until_posted(12)
        for attack in ATTACKS:
            try:
                attack(place, clocks)
                place.until_posted(8)
            except Exception as fault:
                fault.add_note(f"during {attack.__name__}")
                raise
        place.close_shop()
        require_books(place)
