"""`cloud differences`: where cards and ledger differ, and what somebody has found out about it.

A name is the person's word for himself: who may use this command is the operating system's business.
"""

import json
import sys
from contextlib import closing
from pathlib import Path

from cloud.commands.opening import open_books, wall_now
from cloud.ledger.journal.opened import open_prepared
from cloud.ledger.ledger import Ledger
from cloud.process.settings import load_settings
from cloud.words.differences import difference_json, difference_lines


def listing(data: Path, dsn: str | None, *, as_json: bool) -> int:
    """All of them, oldest first; 1 while one is unexplained."""
    with open_books(data, dsn) as reader:
        found = reader.differences()
    if as_json:
        _say(json.dumps({"differences": [difference_json(one) for one in found]}, ensure_ascii=False))
    else:
        _say(*difference_lines(found))
    return 1 if any(one.is_unexplained for one in found) else 0


def explain(data: Path, dsn: str | None, number: int, who: str, reason: str, *, as_json: bool) -> int:
    """Kept for ever when this returns. DifferenceRefused; then nothing was changed."""
    with closing(Ledger(open_prepared(load_settings(data).books(dsn)))) as ledger:
        said = ledger.explain_difference(number, who, reason, wall_now())
    _say(json.dumps(difference_json(said), ensure_ascii=False) if as_json else "\n".join(difference_lines([said])))
    return 0


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
