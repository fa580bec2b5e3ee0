"""The office that sets parameters in a scene, and a clock on which lunch is about to begin."""

import json
import time

from shared import records
from shared.clocks.campus_clock import WALL
from shared.clocks.clock import DAY_S
from shared.records import PROVEN, PurchaseRecord, parse_stored
from shared.wire.fleet_lane import Verdict
from tests.scenes.campus import Campus
from tests.scenes.plans import command, run

LUNCH_S = 10 * 3600
BEFORE_S = 32
"""A scene begins so long before lunch that must not be too late for it on a busy machine."""
SHORTLY_S = 12
"""So long before it a campus comes back that was made ready in the morning."""
MORNING_S = 8 * 3600
PURCHASES, TILLS = "SELECT stored FROM record", "SELECT name, device FROM device WHERE kind = 'pos'"
TEXT = """format = 1
[classes]
"学生" = 1
[[meal]]
number = 1
name = "早餐"
from = "00:00"
[[meal]]
number = 2
name = "午餐"
from = "10:00"
[[limit]]
LIMIT = "FEN"
"""


class Office:
    """Whoever sets one limit for all: `single`, `day` or another one of the campus file."""

    def __init__(self, campus: Campus, limit: str = "single", more: str = "") -> None:
        """more: further lines of the campus file."""
        self.campus = campus
        self._text = TEXT.replace("LIMIT", limit) + more
        self.file = campus.room / "campus.toml"

    def say(self, step: str, *words: str) -> dict:
        """As a person types it."""
        done = run("cloud", "parameters", step, *words, "--data", self.campus.data, "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        return dict(json.loads(done.stdout))

    def push(self, yuan: str, *words: str) -> dict:
        """One person's word; a tighter one only proposes."""
        self.file.write_text(self._text.replace("FEN", yuan), encoding="utf-8")
        return self.say("push", str(self.file), "--all", "--who", "王芳", *words)

    def discounts(self) -> int:
        """How many their bearers have paid."""
        ((count,),) = self.campus.asked("SELECT COUNT(*) FROM discount WHERE state = 2")
        return int(count)

    def served(self, generation: int) -> int:
        """What tills have counted as served under that generation."""
        ((count,),) = self.campus.asked("SELECT SUM(served) FROM device_tally WHERE generation = ?", generation)
        return int(count or 0)

    def reported(self) -> dict[bytes, tuple[int, int, int]]:
        """Device → generation in use, generation spoken of, verdict."""
        sql = "SELECT device, generation, offered, verdict FROM document_reported WHERE kind = 2"
        return {bytes(device): (generation, *word) for device, generation, *word in self.campus.asked(sql)}

    def are(self, verdict: Verdict, generation: int, of: set[bytes]) -> bool:
        """Do all of these say so?"""
        said = self.reported()
        return all(said.get(device, (0, 0, 0))[1:] == (generation, int(verdict)) for device in of)

    def versions(self, device: bytes) -> list[tuple[int, int]]:
        """Parameter version and sum of each proven purchase, in their order."""
        stored = [parse_stored(bytes(raw)) for (raw,) in self.campus.asked(PURCHASES)]
        mine = sorted((one for one in stored if one.device == device), key=lambda one: one.seq)
        found = [records.decode(one.wire) for one in mine]
        bought = (r for r in found if isinstance(r, PurchaseRecord) and r.kind in PROVEN)
        return [(r.parameter_version, r.amount_fen) for r in bought]


def in_the_morning() -> str:
    """A clock on which lunch is hours away, however long it takes what is to be done before it."""
    return _today_at(MORNING_S)


def before_lunch(seconds: int = BEFORE_S) -> str:
    """A clock on which lunch begins in so many seconds, on this day."""
    return _today_at(LUNCH_S - seconds)


def _today_at(second: int) -> str:
    now = time.time()
    return f"{WALL.at(now) // DAY_S * DAY_S + second}:{now}:1"


LOOKED = "findings"
"""How the ledger calls the mark up to which it has looked for differences."""


async def explained(campus: Campus, why: str) -> int:
    """What a lost card has spent after its report is looked at, and a person says why; how much it is, in fen."""
    await campus.until("all is looked at", lambda: _is_looked_at(campus), 120.0)
    said = json.loads(command("cloud", "differences", "--json", "--data", campus.data, code=1))
    (one,) = [row for row in said["differences"] if row["state"] == "unexplained"]
    words = ("--number", one["number"], "--who", "李明", "--reason", why)
    command("cloud", "differences", "explain", *words, "--data", campus.data)
    return int(one["read_fen"])


def _is_looked_at(campus: Campus) -> bool:
    sql = "SELECT w.value >= (SELECT MAX(entry) FROM posting) FROM watermark w WHERE w.name = ?"
    return bool(campus.asked(sql, LOOKED)[0][0])
