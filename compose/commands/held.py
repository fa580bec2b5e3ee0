"""`./ykt held`: what is held 待核, and what two persons make of it.

Starts PostgreSQL for a --full folder that does not run. Everything but --data is `cloud held`'s. Exit 0 done, 2 wrong
use or refused, and then nothing was changed.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from compose.campus.beside import campus_of, exit_code, ledger_dsn
from compose.campus.campus import step
from compose.parts.supervise import Supervisor
from compose.parts.told import Waiting, progress_line
from compose.place import DATA_HELP, ROOT, keep_private
from shared.input.command_line import Parser
from shared.words.ending import end
from shared.words.voice import Text, speak, wanted

_USES = """
  ./ykt held list [--psam HEX] [--card LABEL]… [--json]
  ./ykt held propose --psam HEX|--card LABEL|--entry N --to merchant|holder --who NAME --reason TEXT
  ./ykt held confirm --proposal N --who NAME
  ./ykt held reject --proposal N --who NAME --reason TEXT"""
ABOUT = Text(
    f"""待核：卡方已入账、商户侧等人核对的分录（如 PSAM 被盗之后到的）。
一人提议，另一人确认，才以新分录放行给商户或退还持卡人。
{_USES}""",
    f"""Held: entries whose card side is posted and whose merchant side waits, as after a theft. One person proposes,
another confirms, and only then new entries give the sums to the merchant or back to the holder.
{_USES}""",
)
EXITS = Text(
    "退出码：0 已办 · 2 用法不对或被拒绝，未作任何更改",
    "exit codes: 0 done · 2 wrong use or refused, nothing was changed",
)


def main(arguments: list[str]) -> int:
    """One step; the exit code."""
    form = argparse.RawTextHelpFormatter
    parser = Parser(prog="./ykt held", description=ABOUT, epilog=EXITS, formatter_class=form)
    parser.add_argument("--data", type=Path, default=ROOT / "var", metavar="DIR", help=DATA_HELP)
    given, words = parser.parse_known_args(arguments)
    return exit_code(_step(given.data.absolute(), words))


async def _step(data: Path, words: list[str]) -> int:
    room = campus_of(data)
    with tempfile.TemporaryDirectory(prefix="ykt-") as run, progress_line() as progress:
        async with Supervisor(Path(run) / "log", on_event=Waiting(progress)) as parts:
            dsn = await ledger_dsn(parts, data)
            progress.clear()
            part = step("held", "cloud", "held", "--data", str(room), *(("--dsn", dsn) if dsn else ()), *words)
            done = await asyncio.to_thread(subprocess.run, part.argv, check=False)
            return done.returncode


if __name__ == "__main__":
    keep_private()
    speak(wanted(sys.argv[1:], os.environ))
    end(lambda: main(sys.argv[1:]))
