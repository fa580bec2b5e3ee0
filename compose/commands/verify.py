"""`./ykt verify`: both halves of the check, the boxes' outboxes and the ledger, whether the campus runs or not.

Starts what the check needs and is not there: a key process for the TACs, and PostgreSQL for a --full folder. Changes
nothing. Exit 0 true, 1 false, 2 wrong use.
"""

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from compose.campus.beside import campus_of, exit_code, last_object, ledger_dsn
from compose.campus.campus import key_process, step
from compose.campus.terms import terms_now
from compose.parts.part import Part
from compose.parts.supervise import Supervisor
from compose.parts.told import Waiting, progress_line
from compose.place import DATA_HELP, ROOT, keep_private
from shared.input.command_line import Parser
from shared.words.ending import end
from shared.words.voice import Text, speak, wanted

ABOUT = Text(
    """核对账本（余额、分录、TAC 复核、唯一键、批次链、逐卡）与各网关的发件箱；
网关见证过的账本须有；只读，校园运行时也可用。""",
    """Checks the ledger (balances, entries, every TAC again, unique keys, batch chain, card by card) and the outbox
of every box; what a box has seen of the ledger must be there. Changes nothing; may be used while the campus runs.""",
)
EXITS = Text(
    "退出码：0 无误 · 1 有误，指出第一处 · 2 用法不对",
    "exit codes: 0 true · 1 not true, the first place is named · 2 wrong use",
)
JSON_HELP = Text("机器可读，一行 JSON", "one line of JSON, for a program")


def main(arguments: list[str]) -> int:
    """Check a data folder; the exit code."""
    parser = Parser(prog="./ykt verify", description=ABOUT, epilog=EXITS, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT / "var", metavar="DIR", help=DATA_HELP)
    parser.add_argument(
        "--checkpoint", type=Path, action="append", default=[], metavar="FILE",
        help=Text("另存的检查点，账本须含；可重复", "a saved checkpoint that the ledger must contain; may be repeated"),
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help=JSON_HELP)
    given = parser.parse_args(arguments)
    saved = [word for file in given.checkpoint for word in ("--checkpoint", str(file.absolute()))]
    return exit_code(_verify(given.data.absolute(), saved, given.json))


async def _verify(data: Path, saved: Sequence[str], as_json: bool) -> int:
    room = campus_of(data)
    with tempfile.TemporaryDirectory(prefix="ykt-") as run, progress_line() as progress:
        async with Supervisor(Path(run) / "log", on_event=Waiting(progress)) as parts:
            socket = Path(run) / "keys.sock"
            await parts.start(key_process(room, socket))
            dsn = await ledger_dsn(parts, data)
            progress.clear()
            store = ("--data", str(room), *(("--dsn", dsn) if dsn else ()))
            halves = [
                step("verify-edge", "edge", "verify", "--data", str(room)),
                step("verify-cloud", "cloud", "verify", *store, "--keys", str(socket), *saved),
            ]
            return await asyncio.to_thread(_both, halves, room, as_json)


def _both(halves: Iterable[Part], room: Path, as_json: bool) -> int:
    ended, terms = [_half(half, as_json) for half in halves], terms_now(room)
    if any(half.returncode == -signal.SIGPIPE for half in ended):
        raise BrokenPipeError
    if as_json:
        said = [last_object(half.stdout) for half in ended]
        checks = [check for half in said for check in half.get("checks", [])]
        whole = {"ok": all(half.get("ok") for half in said), "checks": checks, "warnings": terms}
        sys.stdout.write(json.dumps(whole, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write("".join(f"{line}\n" for line in terms))
    return max(half.returncode for half in ended)


def _half(half: Part, as_json: bool) -> "subprocess.CompletedProcess[str]":
    words = (*half.argv, *(("--json",) if as_json else ()))
    return subprocess.run(words, check=False, text=True, stdout=subprocess.PIPE if as_json else None)


if __name__ == "__main__":
    keep_private()
    speak(wanted(sys.argv[1:], os.environ))
    end(lambda: main(sys.argv[1:]))
