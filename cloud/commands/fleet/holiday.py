"""`cloud holiday check`: before the power goes, every terminal and box that may still hold something is named."""

import json
import sys
from pathlib import Path

from cloud.commands.opening import open_books, wall_now
from cloud.words.fleet.holiday import holiday_json, holiday_lines
from shared.clocks.clock import day_number


def check(data: Path, dsn: str | None, *, as_json: bool) -> int:
    """1 when anything is not drained."""
    now = wall_now()
    with open_books(data, dsn) as reader:
        found, calendar = reader.fleet.undrained(now), reader.calendar()
        terminals = len({row.device for row in reader.terminals()})
    today = day_number(now.campus_s)
    holiday = calendar.next_holiday(today)
    if as_json:
        sys.stdout.write(json.dumps(holiday_json(found, holiday), ensure_ascii=False) + "\n")
    else:
        sys.stdout.write("".join(f"{line}\n" for line in holiday_lines(found, holiday, today, terminals)))
    return int(bool(found))
