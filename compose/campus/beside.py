"""What a verb needs that works on the folder of a campus, whether the campus runs or not."""

import asyncio
import json
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from compose.campus.opening import room_mark
from compose.parts.supervise import StartFailed, Supervisor
from compose.place import WrongUse
from compose.servers.database import database
from compose.servers.servers import ServerMissing
from shared.words.voice import Text


def exit_code(work: Coroutine[Any, Any, int]) -> int:
    """Do it; its exit code, or 2 for wrong use and a missing server, or 1 when a part would not start."""
    try:
        return asyncio.run(work)
    except (WrongUse, ServerMissing) as wrong:
        sys.stderr.write(f"{wrong}\n")
        return 2
    except StartFailed as failed:
        sys.stderr.write(f"{failed}\n")
        return 1


def campus_of(data: Path) -> Path:
    """The campus in a launcher's folder; WrongUse when there is none."""
    room = data / "campus"
    if not (room / "campus.json").exists():
        raise WrongUse(Text(f"{data}: 这里没有校园数据", f"{data}: no campus here"))
    return room


async def ledger_dsn(parts: Supervisor, data: Path) -> str:
    """Where the ledger of a --full folder is, its PostgreSQL running; empty for a folder with an SQLite file."""
    mark = room_mark(data)
    return await database(parts, data) if mark is not None and mark["full"] else ""


def last_object(text: str) -> dict[str, Any]:
    """The JSON that a part ended with; empty when it ended without."""
    lines = text.splitlines()
    return dict(json.loads(lines[-1])) if lines and lines[-1].startswith("{") else {}
