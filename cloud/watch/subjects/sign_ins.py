"""Wrong passwords at the console, as its own file counts them (table `try`, see cloud/console/access/accounts.py).

Read only: the file is the console's. One that cannot be read now is unknown.
"""

from pathlib import Path

from cloud.store.db import read_file
from cloud.watch.alarms.terms import Kind, Signal, Source
from shared.errors import YktError

FILE = "console.db"
SINCE_S = 300
CONSOLE = Source(Kind.SERVICE, "console")


def sign_in_signal(folder: Path, now_ms: int) -> Signal:
    """How often a sign-in has failed by names that failed in the last SINCE_S."""
    return Signal("sign-in-failures", CONSOLE, now_ms, failures(folder / FILE, now_ms // 1000))


def failures(file: Path, now_s: int) -> int | None:
    """None: there is no console, or its file cannot be read."""
    try:
        rows = read_file(file, f"SELECT COALESCE(SUM(count), 0) FROM try WHERE since > {now_s - SINCE_S}")  # noqa: S608  # a number of ours
    except YktError:
        return None
    count: int = rows[0][0]
    return count
