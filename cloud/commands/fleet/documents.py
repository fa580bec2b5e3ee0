"""`cloud documents`: what every terminal should have beside what it says that it uses; for people, or as JSON."""

import json
import sys
from pathlib import Path

from cloud.commands.opening import open_books, wall_now
from cloud.words.fleet.documents import documents_json, documents_lines
from shared.errors import ConfigFault
from shared.words.voice import Text


def documents(data: Path, dsn: str | None, device: str | None, *, as_json: bool) -> int:
    """1 where somebody has to look: a fork, a refusal, a generation that nobody made here. Else 0: late is work, and
    unknown is unknown. ConfigFault: no such terminal."""
    now = wall_now()
    with open_books(data, dsn) as reader:
        fleet = reader.fleet.documents()._replace(beyond=reader.fleet.awaited(now).beyond)
        known = {row.name for row in reader.terminals()} | {row.device.hex() for row in reader.terminals()}
    if device is not None:
        if device not in known:
            raise ConfigFault(Text(f"没有终端 {device[:40]}", f"there is no terminal {device[:40]}"))
        fleet = fleet.of(device)
    if as_json:
        sys.stdout.write(json.dumps(documents_json(fleet), ensure_ascii=False) + "\n")
    else:
        sys.stdout.write("".join(f"{line}\n" for line in documents_lines(fleet, now)))
    return int(fleet.is_red)
