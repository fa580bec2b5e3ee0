"""Floor plans as they are kept: drawings and what stands on them, a draft beside what everybody sees.

In the console's own file, with the drawings: a drawing and the positions on it are changed, saved and put back in one
transaction. Positions are 0 to 1 of width and height, so they hold when the drawing is replaced. Bounds: PLANS_MAX
plans, SPOTS_MAX devices on each, the last DRAWINGS_KEPT drawings, the last STEPS_KEPT steps to undo; what is beyond
the first two is refused, the oldest of the others go.
"""

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from cloud.console.frame.sources import Sources
from cloud.console.pages.places.drawings import Drawing
from cloud.process.settings import FOLDER
from cloud.store.db import Database
from cloud.store.own_tables import OwnTables
from shared.errors import ConfigFault
from shared.words.voice import Text

FILE = "console.db"
PLANS_MAX = 200
SPOTS_MAX = 2_000
DRAWINGS_KEPT = 5
STEPS_KEPT = 200
NAME_MAX = 40
_SCHEMA = (
    """CREATE TABLE IF NOT EXISTS plan (
      id INTEGER PRIMARY KEY, name TEXT NOT NULL, box TEXT NOT NULL, drawing INTEGER NOT NULL) STRICT""",
    """CREATE TABLE IF NOT EXISTS plan_drawing (
      plan INTEGER NOT NULL, number INTEGER NOT NULL, media TEXT NOT NULL, width REAL NOT NULL, height REAL NOT NULL,
      at_ms INTEGER NOT NULL, who TEXT NOT NULL, image BLOB NOT NULL, PRIMARY KEY (plan, number)) STRICT""",
    """CREATE TABLE IF NOT EXISTS plan_spot (
      plan INTEGER NOT NULL, device TEXT NOT NULL, is_draft INTEGER NOT NULL, x REAL NOT NULL, y REAL NOT NULL,
      PRIMARY KEY (plan, device, is_draft)) STRICT""",
    """CREATE TABLE IF NOT EXISTS plan_step (
      number INTEGER PRIMARY KEY, plan INTEGER NOT NULL, at_ms INTEGER NOT NULL, who TEXT NOT NULL,
      device TEXT NOT NULL, x REAL, y REAL) STRICT""",
)
_PLAN = (
    "SELECT p.id, p.name, p.box, d.number, d.media, d.width, d.height, d.at_ms, d.who FROM plan p "
    "JOIN plan_drawing d ON d.plan = p.id AND d.number = p.drawing"
)
At = tuple[float, float]
"""x and y, from the left and from above."""


class PlanRefused(ConfigFault):
    """Happens when what is asked of a plan cannot be. Nothing was changed."""


class Plan(NamedTuple):
    """A plan with the drawing that it shows. box: whose it is; empty: of the whole campus."""

    id: int
    name: str
    box: str
    number: int
    media: str
    width: float
    height: float
    at_ms: int
    who: str


class Version(NamedTuple):
    """A drawing that is kept, without its image."""

    number: int
    at_ms: int
    who: str


class Author(NamedTuple):
    """Who does it, and when, in Unix milliseconds."""

    who: str
    at_ms: int


def plans_of(sources: Sources) -> "Plans":
    """Of this console."""
    return _at(sources.settings.data / FOLDER / FILE)


@lru_cache(maxsize=8)
def _at(path: Path) -> "Plans":
    return Plans(path)


class Plans:
    """Over the console's file. Each call opens it, so any thread may."""

    def __init__(self, path: Path) -> None:
        self._tables = OwnTables(path, *_SCHEMA)

    def all(self) -> list[Plan]:
        """By name."""
        with self._tables.reading() as db:
            return [Plan(*row) for row in db.run(f"{_PLAN} ORDER BY p.name, p.id")]

    def one(self, plan: int) -> Plan | None:
        """None: there is no such plan."""
        with self._tables.reading() as db:
            rows = db.run(f"{_PLAN} WHERE p.id = ?", (plan,))
        return Plan(*rows[0]) if rows else None

    def image(self, plan: int, number: int) -> tuple[str, bytes] | None:
        """Type and bytes of a drawing that is kept."""
        with self._tables.reading() as db:
            rows = db.run("SELECT media, image FROM plan_drawing WHERE plan = ? AND number = ?", (plan, number))
        return (rows[0][0], bytes(rows[0][1])) if rows else None

    def versions(self, plan: int) -> list[Version]:
        """Drawings that are kept, the newest first."""
        sql = "SELECT number, at_ms, who FROM plan_drawing WHERE plan = ? ORDER BY number DESC"
        with self._tables.reading() as db:
            return [Version(*row) for row in db.run(sql, (plan,))]

    def make(self, name: str, box: str, drawing: Drawing, image: bytes, by: Author) -> int:
        """A new plan; its number. PlanRefused: there are PLANS_MAX."""
        with self._tables.writing() as db:
            count, last = db.run("SELECT COUNT(*), MAX(id) FROM plan")[0]
            if count >= PLANS_MAX:
                raise PlanRefused(Text(f"最多 {PLANS_MAX} 张平面图", f"{PLANS_MAX} plans at most"))
            plan: int = (last or 0) + 1
            db.insert("plan", "id, name, box, drawing", [(plan, name, box, 1)])
            _insert(db, (plan, 1, *drawing, by.at_ms, by.who, image))
        return plan

    def replace(self, plan: int, drawing: Drawing, image: bytes, by: Author) -> int:
        """Another drawing under the same positions; its number."""
        with self._tables.writing() as db:
            number: int = db.run("SELECT MAX(number) + 1 FROM plan_drawing WHERE plan = ?", (plan,))[0][0]
            _insert(db, (plan, number, *drawing, by.at_ms, by.who, image))
            db.run("UPDATE plan SET drawing = ? WHERE id = ?", (number, plan))
            db.run("DELETE FROM plan_drawing WHERE plan = ? AND number <= ?", (plan, number - DRAWINGS_KEPT))
        return number

    def choose(self, plan: int, number: int) -> None:
        """An earlier drawing again. PlanRefused: it is not kept."""
        with self._tables.writing() as db:
            if not db.run("SELECT 1 FROM plan_drawing WHERE plan = ? AND number = ?", (plan, number)):
                raise PlanRefused(Text(f"没有第 {number} 版图纸", f"there is no drawing {number}"))
            db.run("UPDATE plan SET drawing = ? WHERE id = ?", (number, plan))

    def remove(self, plan: int) -> None:
        """With its drawings and positions."""
        with self._tables.writing() as db:
            for table, key in (("plan", "id"), ("plan_drawing", "plan"), ("plan_spot", "plan"), ("plan_step", "plan")):
                db.run(f"DELETE FROM {table} WHERE {key} = ?", (plan,))  # noqa: S608 - our own names

    def spots(self, plan: int, *, is_draft: bool = False) -> dict[str, At]:
        """Device → where it stands."""
        with self._tables.reading() as db:
            return _spots(db, plan, is_draft=is_draft)

    def all_spots(self) -> dict[int, dict[str, At]]:
        """Plan → where its devices stand, as published."""
        found: dict[int, dict[str, At]] = {}
        sql = "SELECT plan, device, x, y FROM plan_spot WHERE is_draft = 0 ORDER BY plan, device"
        with self._tables.reading() as db:
            for plan, device, x, y in db.run(sql):
                found.setdefault(plan, {})[device] = x, y
        return found

    def standing(self, device: str) -> list[Plan]:
        """Plans on which it is, as published; by name."""
        on = "SELECT plan FROM plan_spot WHERE device = ? AND is_draft = 0"
        sql = f"{_PLAN} WHERE p.id IN ({on}) ORDER BY p.name"
        with self._tables.reading() as db:
            return [Plan(*row) for row in db.run(sql, (device,))]

    def steps(self, plan: int) -> int:
        """Steps of the draft that can be undone."""
        with self._tables.reading() as db:
            found: int = db.run("SELECT COUNT(*) FROM plan_step WHERE plan = ?", (plan,))[0][0]
        return found

    def put(self, plan: int, device: str, at: At | None, by: Author) -> None:
        """In the draft: there, or, None, nowhere. PlanRefused: SPOTS_MAX stand on it."""
        with self._tables.writing() as db:
            spots = _spots(db, plan, is_draft=True)
            if at is not None and device not in spots and len(spots) >= SPOTS_MAX:
                raise PlanRefused(Text(f"一张平面图最多 {SPOTS_MAX} 台", f"{SPOTS_MAX} devices at most on a plan"))
            _set(db, plan, device, at)
            db.run(
                "INSERT INTO plan_step (plan, at_ms, who, device, x, y) VALUES (?, ?, ?, ?, ?, ?)",
                (plan, by.at_ms, by.who, device, *spots.get(device, (None, None))),
            )
            db.run(
                "DELETE FROM plan_step WHERE plan = ? AND number NOT IN "
                "(SELECT number FROM plan_step WHERE plan = ? ORDER BY number DESC LIMIT ?)",
                (plan, plan, STEPS_KEPT),
            )

    def undo(self, plan: int) -> str | None:
        """Take the last step of the draft back; the device that it moved, None: there is none."""
        with self._tables.writing() as db:
            sql = "SELECT number, device, x, y FROM plan_step WHERE plan = ? ORDER BY number DESC LIMIT 1"
            rows = db.run(sql, (plan,))
            if not rows:
                return None
            number, device, x, y = rows[0]
            _set(db, plan, device, None if x is None else (x, y))
            db.run("DELETE FROM plan_step WHERE number = ?", (number,))
        return str(device)

    def publish(self, plan: int) -> None:
        """The draft is what everybody sees from now on."""
        self._copy(plan, from_draft=True)

    def discard(self, plan: int) -> None:
        """The draft is again what everybody sees."""
        self._copy(plan, from_draft=False)

    def _copy(self, plan: int, *, from_draft: bool) -> None:
        with self._tables.writing() as db:
            db.run("DELETE FROM plan_spot WHERE plan = ? AND is_draft = ?", (plan, int(not from_draft)))
            db.run(
                "INSERT INTO plan_spot (plan, device, is_draft, x, y) "
                "SELECT plan, device, ?, x, y FROM plan_spot WHERE plan = ? AND is_draft = ?",
                (int(not from_draft), plan, int(from_draft)),
            )
            db.run("DELETE FROM plan_step WHERE plan = ?", (plan,))


def _insert(db: Database, row: tuple[object, ...]) -> None:
    db.insert("plan_drawing", "plan, number, media, width, height, at_ms, who, image", [row])


def _spots(db: Database, plan: int, *, is_draft: bool) -> dict[str, At]:
    sql = "SELECT device, x, y FROM plan_spot WHERE plan = ? AND is_draft = ? ORDER BY device"
    return {device: (x, y) for device, x, y in db.run(sql, (plan, int(is_draft)))}


def _set(db: Database, plan: int, device: str, at: At | None) -> None:
    db.run("DELETE FROM plan_spot WHERE plan = ? AND device = ? AND is_draft = 1", (plan, device))
    if at is not None:
        db.insert("plan_spot", "plan, device, is_draft, x, y", [(plan, device, 1, *at)])
