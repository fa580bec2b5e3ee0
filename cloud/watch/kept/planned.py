"""Planned work 计划检修: on what, from when until when, who has planned it and why; kept for good, ended early or not.

Inside of transactions of the watch's file. A plan has an end, and ends by itself: what still stands then calls.
"""

from typing import NamedTuple

from cloud.store.db import Database
from cloud.watch.alarms.terms import Source, source_of
from cloud.watch.alarms.watching import Window
from shared.errors import YktError
from shared.words.voice import Text

LONGEST_MS = 3 * 86_400_000
"""Who needs longer plans it again."""
AHEAD_MS = 366 * 86_400_000
OPEN_MAX = 200
"""Plans that are not over at once."""
WHY_MAX = 200
PLANNED = "SELECT source, from_ms, CASE WHEN ended_ms > 0 THEN MIN(until_ms, ended_ms) ELSE until_ms END FROM work"
"""Of all plans: on what, from when until when, for who only reads."""
_COLUMNS = "id, source, from_ms, until_ms, who, why, made_ms, ended_ms, ended_by"


class WorkRefused(YktError):
    """Happens when a plan cannot be, or is not there to be ended. Nothing was changed."""


class Work(NamedTuple):
    """One plan. ended_ms 0: nobody has ended it early."""

    number: int
    source: Source
    from_ms: int
    until_ms: int
    who: str
    why: str
    made_ms: int
    ended_ms: int = 0
    ended_by: str = ""

    @property
    def end_ms(self) -> int:
        """When it ends, or has ended."""
        return self.ended_ms or self.until_ms


def plan(db: Database, work: Work) -> int:
    """Take it up, under a number of ours. WorkRefused."""
    _check(work)
    if len(_open(db, work.made_ms)) >= OPEN_MAX:
        raise WorkRefused(Text(f"未结束的检修已有 {OPEN_MAX} 个", f"there are {OPEN_MAX} plans that are not over"))
    number: int = (db.run("SELECT MAX(id) FROM work")[0][0] or 0) + 1
    row = (number, str(work.source), work.from_ms, work.until_ms, work.who, work.why, work.made_ms, 0, "")
    db.insert("work", _COLUMNS, [row])
    return number


def end(db: Database, number: int, who: str, now_ms: int) -> Work:
    """Before its time, or before it has begun. WorkRefused where there is none, or it is over."""
    found = next((one for one in _open(db, now_ms) if one.number == number), None)
    if found is None:
        told = Text(f"没有进行中或将要开始的检修 {number}", f"no plan {number} that goes on or is to come")
        raise WorkRefused(told)
    db.run("UPDATE work SET ended_ms = ?, ended_by = ? WHERE id = ?", (now_ms, who, number))
    return found._replace(ended_ms=now_ms, ended_by=who)


def works(db: Database, most: int) -> list[Work]:
    """The newest first."""
    return [_work(*row) for row in db.run(f"SELECT {_COLUMNS} FROM work ORDER BY id DESC LIMIT ?", (most,))]  # noqa: S608


def windows(db: Database) -> tuple[Window, ...]:
    """Those that nobody has ended, as rules look at them."""
    rows = db.run("SELECT id, source, from_ms, until_ms FROM work WHERE ended_ms = 0")
    return tuple(Window(str(number), source_of(source), *times) for number, source, *times in rows)


def _open(db: Database, now_ms: int) -> list[Work]:
    sql = f"SELECT {_COLUMNS} FROM work WHERE ended_ms = 0 AND until_ms > ?"  # noqa: S608  # our own names
    return [_work(*row) for row in db.run(sql, (now_ms,))]


def _work(
    number: int,
    source: str,
    from_ms: int,
    until_ms: int,
    who: str,
    why: str,
    made_ms: int,
    ended_ms: int,
    ended_by: str,
) -> Work:  # a row
    return Work(number, source_of(source), from_ms, until_ms, who, why, made_ms, ended_ms, ended_by)


def _check(work: Work) -> None:
    if not work.why.strip() or len(work.why) > WHY_MAX or not work.why.isprintable():
        raise WorkRefused(Text(f"须写缘由，至多 {WHY_MAX} 字", f"a reason is wanted, {WHY_MAX} characters at most"))
    if not 0 < work.until_ms - work.from_ms <= LONGEST_MS:
        raise WorkRefused(Text("检修须有结束，至多 3 天", "planned work has an end, 3 days at most"))
    if work.until_ms <= work.made_ms or work.from_ms > work.made_ms + AHEAD_MS:
        raise WorkRefused(Text("时间应在今后一年之内", "its time lies within the year to come"))
