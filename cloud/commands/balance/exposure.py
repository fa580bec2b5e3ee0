"""`cloud exposure`: the most that may be at risk now, by terminal, box, card and for the campus. Reads only."""

import json
import sys
from pathlib import Path

from cloud.commands.opening import open_books, wall_now
from cloud.words.balance.exposure import exposure_json, exposure_lines


def exposure(data: Path, dsn: str | None, *, as_json: bool) -> int:
    """Always 0: it is a figure, not a fault."""
    with open_books(data, dsn) as reader:
        found = reader.exposure(wall_now())
    lines = [json.dumps(exposure_json(found), ensure_ascii=False)] if as_json else exposure_lines(found)
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0
