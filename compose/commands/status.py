"""`./ykt status`: server, services and devices of a campus as one tree, whether it runs or not.

Starts nothing, changes nothing and waits for nobody: the cloud's own command asks all at once, with a bound.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from compose.campus.beside import campus_of
from compose.campus.campus import step
from compose.place import DATA_HELP, ROOT, WrongUse, keep_private
from shared.input.command_line import Parser
from shared.words.ending import end
from shared.words.voice import Text, speak, wanted

ABOUT = Text(
    "服务器、服务、设备：哪些在、自何时、什么版本、等什么、为何；校园停着也可用，约 2 秒内回答。",
    "Server, services, devices: what is up, since when, which version, what it waits for, and why; also while the\n"
    "campus does not run. Answers within about 2 s.",
)
EXITS = Text(
    "退出码：0 都正常 · 1 有异常 · 2 有不知道的，或用法不对",
    "exit codes: 0 all is well · 1 something is wrong · 2 something is not known, or wrong use",
)
JSON_HELP = Text("机器可读，一行 JSON（docs/status.md）", "one line of JSON, for a program (docs/status.md)")
ALL_HELP = Text("正常的也逐项列出", "list what is well, too")


def main(arguments: list[str]) -> int:
    """The cloud's command on the campus of that folder; the exit code."""
    parser = Parser(prog="./ykt status", description=ABOUT, epilog=EXITS, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT / "var", metavar="DIR", help=DATA_HELP)
    parser.add_argument("--all", action="store_true", help=ALL_HELP)
    parser.add_argument("--json", action="store_true", help=JSON_HELP)
    given = parser.parse_args(arguments)
    try:
        room = campus_of(given.data.absolute())
    except WrongUse as wrong:
        sys.stderr.write(f"{wrong}\n")
        return wrong.exit_code
    words = [*(["--all"] if given.all else []), *(["--json"] if given.json else [])]
    command = step("status", "cloud", "status", "--data", str(room), *words).argv
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    keep_private()
    speak(wanted(sys.argv[1:], os.environ))
    end(lambda: main(sys.argv[1:]))
