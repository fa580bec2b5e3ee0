"""`./ykt diagnostics`: what whoever helps from afar needs, without keys and card numbers; shown, then written.

By a list of allowed fields, then swept for every secret that is known here. Nothing is sent.
"""

import argparse
import os
import sys
from pathlib import Path

from compose.commands.doctor import every_part
from compose.place import DATA_HELP, ROOT, keep_private
from shared.input.command_line import Parser
from shared.support.bundle_options import add_bundle
from shared.support.diagnostics import diagnostics
from shared.support.gathering import Room
from shared.words.ending import end
from shared.words.voice import Text, speak, wanted

ABOUT = Text(
    "诊断包：体检结果、设置中列明可给的字段、日志末尾、文件清单。不含密钥、口令与卡号，不发送到任何地方。\n"
    "不带 --out 只预览；--show 文件名 看全文。",
    "What the doctor found, fields of settings that are on a list, the end of logs, a list of files. No keys,\n"
    "passwords or card numbers; nothing is sent. Without --out it is only shown; --show NAME prints one of its files.",
)


def main(arguments: list[str]) -> int:
    """Show it, or write it; the exit code."""
    form = argparse.RawTextHelpFormatter
    parser = Parser(prog="./ykt diagnostics", description=ABOUT, formatter_class=form)
    parser.add_argument("--data", type=Path, default=ROOT / "var", metavar="DIR", help=DATA_HELP)
    add_bundle(parser)
    given = parser.parse_args(arguments)
    data = given.data.absolute()
    room = Room(data, data / "campus", data / "run")
    return diagnostics("launcher", room, every_part(data), given)


if __name__ == "__main__":
    keep_private()
    speak(wanted(sys.argv[1:], os.environ))
    end(lambda: main(sys.argv[1:]))
