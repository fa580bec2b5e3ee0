"""`cloud day`: how business days of the campus stand, and how persons close one.

A name is the person's word for himself: who may use this command is the operating system's business, until he signs in
at the console, which uses the same doors.
"""

import json
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from cloud.commands.opening import open_books, wall_now
from cloud.ledger.desk.campus_day import DayLedger
from cloud.ledger.held.days import decode
from cloud.ledger.journal.opened import open_prepared
from cloud.ledger.records.values import Now
from cloud.process.settings import load_settings
from cloud.words.days import OWING, PROPOSED, day_json, day_lines, list_lines, state_of
from shared.clocks.clock import DAY_S

T = TypeVar("T")
SHOWN_DAYS = 14


def listing(data: Path, dsn: str | None, day: int | None, *, as_json: bool) -> int:
    """The last days, or one of them whole; 1 while one that is over cannot be closed, or waits for a second person."""
    last = wall_now().campus_s // DAY_S if day is None else day
    first = last - SHOWN_DAYS + 1 if day is None else day
    with open_books(data, dsn) as reader:
        found = reader.campus_days(first, last, wall_now())
    if as_json:
        _say(json.dumps({"days": [day_json(one) for one in found]}, ensure_ascii=False))
    else:
        _say(*(list_lines(found) if day is None else (line for one in found for line in day_lines(one))))
    return 1 if any(state_of(one) in (OWING, PROPOSED) for one in found) else 0


def close(data: Path, dsn: str | None, day: int, who: str, *, as_json: bool) -> int:
    """Closed when this returns. DayRefused: something is lacking; nothing was changed."""
    _with(data, dsn, lambda books, now: books.close(day, who, now))
    return listing(data, dsn, day, as_json=as_json)


def propose(data: Path, dsn: str | None, day: int, who: str, reason: str, *, as_json: bool) -> int:
    """The first person's word on a day with gaps. Answers 1: it waits for a second one."""
    _with(data, dsn, lambda books, now: books.propose(day, who, reason, now))
    return listing(data, dsn, day, as_json=as_json)


def confirm(data: Path, dsn: str | None, number: int, who: str, *, as_json: bool) -> int:
    """The second person's: closed with its gaps by name when this returns."""
    decided = _with(data, dsn, lambda books, now: books.confirm(number, who, now))
    return listing(data, dsn, decode(decided.proposal.document).day, as_json=as_json)


def reject(data: Path, dsn: str | None, number: int, who: str, reason: str, *, as_json: bool) -> int:
    """It stays open."""
    decided = _with(data, dsn, lambda books, now: books.reject(number, who, reason, now))
    listing(data, dsn, decode(decided.proposal.document).day, as_json=as_json)
    return 0


def _with(data: Path, dsn: str | None, act: Callable[[DayLedger, Now], T]) -> T:
    with closing(open_prepared(load_settings(data).books(dsn))) as opened:
        return act(DayLedger(opened), wall_now())


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
