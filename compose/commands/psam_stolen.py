"""`./ykt psam-stolen`: a stolen PSAM in one command: the ledger and the boxes first, then the register.

Starts PostgreSQL for a --full folder that does not run. Both parts are idempotent: run it again to see how far it is.
Exit 0 done, 1 when a box has not confirmed within --wait, 2 wrong use.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from compose.campus.beside import campus_of, exit_code, last_object, ledger_dsn
from compose.campus.campus import step
from compose.parts.part import Part
from compose.parts.supervise import Supervisor
from compose.parts.told import Waiting, progress_line
from compose.place import DATA_HELP, ROOT, keep_private
from shared.input.command_line import Parser
from shared.words.ending import end
from shared.words.voice import Text, speak, wanted

ABOUT = Text(
    """PSAM 被盗：一条命令。挂失下发到每个网关并等其落盘确认；截止号之后的记录商户侧一律待核（卡方照常入账）；
列出涉及的卡；说明密钥所及与轮换的代价。可反复执行以看进度；--found 撤销。""",
    """A stolen PSAM: revokes it at every box and waits for them, holds the merchant side of all that arrives after its
last settled record (the card side always posts), lists the cards touched, says what its key reaches and what rotation
costs. Run it again to see how far it is; --found takes it back.""",
)
EXITS = Text(
    "退出码：0 已办 · 1 有网关未在 --wait 内确认 · 2 用法不对",
    "exit codes: 0 done · 1 a box has not confirmed within --wait · 2 wrong use",
)
WAIT_S = 10.0
_HELP = {
    "wait": Text(f"等网关几秒，缺省 {WAIT_S:g}", f"seconds to wait for the boxes ({WAIT_S:g})"),
    "psam": Text("PSAM 号（0016 文件），12 位十六进制", "its number (file 0016), 6 bytes in hexadecimal"),
    "since": Text("何时起失控，如 2026-11-26T11:30", "out of our hands since, as 2026-11-26T11:30"),
    "who": Text("经手人", "who reports it"),
    "reason": Text("缘由", "why"),
    "body": Text("机身一并被盗", "the body that it is in is gone, too"),
    "found": Text("撤销：已找回", "it is found again"),
    "unlisted": Text("清单之外，如库存的", "it is in no inventory, as one in stock"),
    "csv": Text("涉及的卡，写入此文件", "all cards touched by it, to this file"),
    "passphrase-file": Text("密钥库的口令文件", "passphrase of the key store"),
    "share-file": Text("份额，可重复", "a share; may be repeated"),
    "json": Text("机器可读，一行 JSON", "one line of JSON, for a program"),
}


def main(arguments: list[str]) -> int:
    """Both parts; the exit code."""
    given = _parser().parse_args(arguments)
    return exit_code(_report(given))


def _parser() -> Parser:
    form = argparse.RawTextHelpFormatter
    parser = Parser(prog="./ykt psam-stolen", description=ABOUT, epilog=EXITS, formatter_class=form)
    parser.add_argument("--data", type=Path, default=ROOT / "var", metavar="DIR", help=DATA_HELP)
    parser.add_argument("--psam", required=True, metavar="HEX", help=_HELP["psam"])
    parser.add_argument("--since", metavar="TIME", help=_HELP["since"])
    parser.add_argument("--who", required=True, metavar="NAME", help=_HELP["who"])
    parser.add_argument("--reason", required=True, metavar="TEXT", help=_HELP["reason"])
    parser.add_argument("--body", action="store_true", help=_HELP["body"])
    parser.add_argument("--found", action="store_true", help=_HELP["found"])
    parser.add_argument("--unlisted", action="store_true", help=_HELP["unlisted"])
    parser.add_argument("--wait", type=float, default=WAIT_S, metavar="S", help=_HELP["wait"])
    parser.add_argument("--csv", type=Path, metavar="FILE", help=_HELP["csv"])
    parser.add_argument("--passphrase-file", type=Path, metavar="FILE", help=_HELP["passphrase-file"])
    share = {"action": "append", "default": [], "metavar": "FILE"}
    parser.add_argument("--share-file", type=Path, help=_HELP["share-file"], **share)
    parser.add_argument("--json", action="store_true", help=_HELP["json"])
    return parser


async def _report(given: argparse.Namespace) -> int:
    data = given.data.absolute()
    room = campus_of(data)
    with tempfile.TemporaryDirectory(prefix="ykt-") as run, progress_line() as progress:
        async with Supervisor(Path(run) / "log", on_event=Waiting(progress)) as parts:
            dsn = await ledger_dsn(parts, data)
            progress.clear()
            return await asyncio.to_thread(_both, _parts(given, room, dsn), given.json)


def _parts(given: argparse.Namespace, room: Path, dsn: str) -> tuple[Part, Part]:
    common = ["--data", str(room), "--psam", given.psam, "--who", given.who, "--reason", given.reason]
    common += ["--found"] * given.found
    cloud = [*common, "--wait", str(given.wait), *["--body"] * given.body, *["--unlisted"] * given.unlisted]
    for name, value in (("--dsn", dsn), ("--since", given.since), ("--csv", given.csv)):
        cloud += [name, str(value)] if value else []
    keys = [*common, *(["--passphrase-file", str(given.passphrase_file)] if given.passphrase_file else [])]
    keys += [word for share in given.share_file for word in ("--share-file", str(share))]
    ledger = step("theft-ledger", "cloud", "psam-stolen", *cloud)
    return ledger, step("theft-register", "provisioning", "psam-stolen", *keys)


def _both(parts: tuple[Part, Part], as_json: bool) -> int:
    """The register's part is not begun when the first one was wrong use: then nothing was reported."""
    said: dict[str, Any] = {}
    worst = 0
    for part, name in zip(parts, ("ledger", "register"), strict=True):
        words = (*part.argv, *(("--json",) if as_json else ()))
        done = subprocess.run(words, check=False, text=True, stdout=subprocess.PIPE if as_json else None)
        worst = max(worst, done.returncode)
        said[name] = last_object(done.stdout) if as_json else {}
        if done.returncode > 1:
            break
    if as_json:
        sys.stdout.write(json.dumps(said, ensure_ascii=False) + "\n")
    return worst


if __name__ == "__main__":
    keep_private()
    speak(wanted(sys.argv[1:], os.environ))
    end(lambda: main(sys.argv[1:]))
