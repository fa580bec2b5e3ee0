"""`cloud card 0012`: all that the books know of a card and its holder, in words."""

import json
import sys
from pathlib import Path

from cloud.commands.opening import open_books, wall_now
from cloud.words.balance.story import story_json, story_lines
from shared.errors import ConfigFault
from shared.words.voice import Text


def story(data: Path, dsn: str | None, label: str, *, as_json: bool) -> int:
    """1 where its movements do not add up to what the books keep. ConfigFault: there is no such card."""
    with open_books(data, dsn) as reader:
        found = reader.story(label, wall_now())
    if found is None:
        raise ConfigFault(Text(f"没有卡 {label[:40]}", f"there is no card {label[:40]}"))
    lines = [json.dumps(story_json(found), ensure_ascii=False)] if as_json else story_lines(found)
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0 if found.adds_up else 1
