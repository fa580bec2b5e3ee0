"""`./ykt held`: what is held 待核, and what two persons make of it.

Starts PostgreSQL for a --full folder that does not run. Everything but --data is `cloud held`'s. Exit 0 done, 2 wrong
use or refused, and then nothing was changed.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from compose.campus.campus import step
from compose.campus.opening import ROOM_MARK
from compose.parts.supervise import StartFailed, Supervisor
from compose.place import ROOT, WrongUse
from compose.servers.database import database
from compose.servers.servers import ServerMissing
from shared.input.command_line import Parser

ABOUT = """待核：卡方已入账、商户侧等人核对的分录（如 PSAM 被盗之后到的）。
一人提议，另一人确认，才以新分录放行给商户或退还持卡人。
Held: entries whose card side is posted and whose merchant side waits, as after a theft. One person proposes, another
confirms, and only then new entries give the sums to the merchant or back to the holder.

  ./ykt held list [--psam HEX] [--card LABEL]… [--json]
  ./ykt held propose --psam HEX|--card LABEL|--entry N --to merchant|holder --who NAME --reason TEXT
  ./ykt held confirm --proposal N --who NAME
  ./ykt held reject --proposal N --who NAME --reason TEXT"""
EXITS = "退出码 exit codes: 0 已办 done · 2 用法不对或被拒绝，未作任何更改 wrong use or refused, nothing was changed"


def main(arguments: list[str]) -> int:
    """One step; the exit code."""
    form = argparse.RawTextHelpFormatter
    parser = Parser(prog="./ykt held", description=ABOUT, epilog=EXITS, formatter_class=form)
    parser.add_argument("--data", type=Path, default=ROOT / "var", metavar="DIR", help="数据目录 · data folder (var/)")
    given, words = parser.parse_known_args(arguments)
    try:
        return asyncio.run(_step(given.data.absolute(), words))
    except (WrongUse, ServerMissing) as wrong:
        sys.stderr.write(f"{wrong}\n")
        return 2
    except StartFailed as failed:
        sys.stderr.write(f"{failed}\n")
        return 1


async def _step(data: Path, words: list[str]) -> int:
    room, mark = data / "campus", data / ROOM_MARK
    if not (room / "campus.json").exists():
        raise WrongUse(f"{data}: 这里没有校园数据 / no campus here")
    full = mark.exists() and json.loads(mark.read_text(encoding="utf-8"))["full"]
    with tempfile.TemporaryDirectory(prefix="ykt-") as run:
        async with Supervisor(Path(run) / "log") as parts:
            dsn = ("--dsn", await database(parts, data)) if full else ()
            part = step("held", "cloud", "held", "--data", str(room), *dsn, *words)
            done = await asyncio.to_thread(subprocess.run, part.argv, check=False)
            return done.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
