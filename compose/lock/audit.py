"""`./ykt audit`: are there known holes in the packages of the lock? By pip-audit, where it and its database are.

No database, no answer: that is told as unknown, and is never a failure, for most schools' machines reach none. A tool
that says “nothing found” and has skipped what it could not ask about has told nothing.
"""

import json
import os
import shutil
import subprocess
import sys
from typing import Any, NamedTuple

from compose.lock.locked import FILE, parse
from compose.place import ROOT, keep_private
from shared.input.command_line import Parser
from shared.words.ending import end
from shared.words.screen import Ink, Inks
from shared.words.voice import Text, speak, wanted

ABOUT = Text(
    "锁文件中的包有没有公开的漏洞：用本机的 pip-audit 问漏洞库；问不到就说不知道，不算失败。",
    "Are there known holes in the packages of the lock? Asks the database of pip-audit, where this machine has both;\n"
    "where not, nothing is known, which is no failure.",
)
EXITS = Text(
    "退出码：0 没有发现，或问不到 · 1 有漏洞 · 2 用法不对",
    "exit codes: 0 nothing was found, or nobody could be asked · 1 there are holes · 2 wrong use",
)
TOOL = "pip-audit"
ASK_S = 180.0
NAMED_MAX = 20


class Found(NamedTuple):
    """asked: how many packages the database has answered for. holes: package, version, and the hole's name."""

    asked: int
    holes: tuple[tuple[str, str, str], ...]


def main(arguments: list[str]) -> int:
    """Ask, and say what was found; the exit code."""
    Parser(prog="./ykt audit", description=ABOUT, epilog=EXITS).parse_args(arguments)
    names = {one.name for one in parse((ROOT / FILE).read_text(encoding="utf-8"))}
    found = ask(shutil.which(TOOL))
    inks = Inks(sys.stdout, os.environ)
    if found is None or found.asked < len(names):
        asked = 0 if found is None else found.asked
        said = Text(
            f"不知道：{len(names)} 个包中问到 {asked} 个",
            f"not known: {asked} of {len(names)} packages were asked about",
        )
        sys.stdout.write(f"{inks(Ink.CARE, '?')} {said}\n")
    elif not found.holes:
        said = Text(f"{found.asked} 个包，没有公开的漏洞", f"{found.asked} packages, no known hole")
        sys.stdout.write(f"{inks(Ink.GOOD, '✓')} {said}\n")
    holes = () if found is None else found.holes
    sys.stdout.write(
        "".join(f"{inks(Ink.BAD, '✗')} {name} {version}: {hole}\n" for name, version, hole in holes[:NAMED_MAX])
    )
    return 1 if holes else 0


def ask(tool: str | None) -> Found | None:
    """None: it is not here, or has not understood."""
    if tool is None:
        return None
    words = (tool, "--strict", "--disable-pip", "--require-hashes", "-r", str(ROOT / FILE), "-f", "json")
    try:
        ended = subprocess.run(words, capture_output=True, text=True, check=False, timeout=ASK_S)
        return told(json.loads(ended.stdout))
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError, TypeError, AttributeError):
        return None


def told(said: dict[str, Any]) -> Found:
    """Of its JSON; a package that it has skipped was not asked about."""
    rows = [one for one in said["dependencies"] if "skip_reason" not in one]
    holes = [(one["name"], one["version"], hole["id"]) for one in rows for hole in one["vulns"]]
    return Found(len({str(one["name"]).lower().replace("_", "-") for one in rows}), tuple(holes))


if __name__ == "__main__":
    keep_private()
    speak(wanted(sys.argv[1:], os.environ))
    end(lambda: main(sys.argv[1:]))
