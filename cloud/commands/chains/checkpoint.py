"""`cloud checkpoint`: where the ledger's chains stand, signed, into a file to be kept elsewhere.

`verify --checkpoint FILE` holds a ledger against it: one that was put back from before that moment is named. Durable
before it is told.
"""

import json
import sys
from pathlib import Path

from cloud.commands.opening import open_books, wall_now
from cloud.ingest.seal import AckSeal, load_ack_key
from cloud.process.settings import FOLDER, load_settings
from cloud.process.whole_file import write_whole
from shared.clocks.clock import date_time_bcd
from shared.wire.checkpoint import Checkpoint
from shared.words.voice import Text

PLACE = "checkpoints"
ENDING = ".checkpoint"


def checkpoint(data: Path, dsn: str | None, out: Path | None, *, as_json: bool) -> int:
    """Into `out`, else into DATA/cloud/checkpoints under the time and the book-only number. ConfigFault, StoreFault."""
    settings, now = load_settings(data), wall_now()
    seal = AckSeal(load_ack_key(settings.ack_key_file))
    with open_books(data, dsn) as reader:
        stands: Checkpoint = reader.checkpoint(now.unix_ms)
    file = out or settings.data / FOLDER / PLACE / _name(now.campus_s, stands.number)
    write_whole(file, seal.checkpoint(stands))
    if as_json:
        told = {"file": str(file), "book_only": stands.number, "chains": len(stands.chains)}
        sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")
    else:
        link, chains = stands.number, len(stands.chains)
        said = Text(
            f"检查点：{file}（账内链 {link}，{chains} 条批次链），请另存他处",
            f"checkpoint: {file} (book-only link {link}, {chains} batch chains); keep it elsewhere",
        )
        sys.stdout.write(f"{said}\n")
    return 0


def _name(campus_s: int, number: int) -> str:
    return f"{date_time_bcd(campus_s).hex()}-{number}{ENDING}"
