"""Command line of the bench: names choose rows, --json writes them down. Exit 0 when every goal was met."""

import argparse
import importlib
import os
import sys
from pathlib import Path

from shared.input.command_line import Parser
from shared.words.ending import end
from shared.words.screen import ProgressLine
from shared.words.voice import Text, speak, wanted
from tests.bench.row import Row, as_json, table

ABOUT = Text(
    "性能数字，每项一行，旁边是同一次运行测得的参照与目标。其他程序忙时数字偏低。",
    "Figures, a row each, beside a yardstick measured in the same run and the goal. A busy machine lowers them.",
)
EXITS = Text(
    "退出码：0 全部达标 · 1 有未达标 · 2 用法不对", "exit codes: 0 every goal met · 1 a goal missed · 2 wrong use"
)
NAMES = (
    "outbox", "can", "can_edge", "joining", "authorise", "online", "rs485", "tls", "hole", "idle", "ledger", "looks",
    "campus",
    "console", "flood", "sim", "watch", "watch_money", "account", "wallet", "phones",
    "purse", "codes", "keys", "personalise",
)  # fmt: skip
LONG = ("links", "hotlist", "offered", "filled", "large", "firmware", "watch_ten", "console_ten", "backup")
"""Minutes each: measured when they are named, or with --all."""
_NAMES = Text(
    f"{' '.join(NAMES)}（缺省全部）\n各需数分钟：{' '.join(LONG)}",
    f"{' '.join(NAMES)} (all of these, if none is named)\nminutes each: {' '.join(LONG)}",
)


def main(arguments: list[str]) -> int:
    """Measure and print; 1 when a goal was missed."""
    parser = Parser(
        prog="./ykt bench", description=ABOUT, epilog=EXITS, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", choices=(*NAMES, *LONG), help=_NAMES)
    parser.add_argument("--all", action="store_true", help=Text("也测需数分钟的", "those that take minutes, too"))
    written = Text("结果另存为 JSON", "write the figures as JSON")
    parser.add_argument("--json", type=Path, metavar="FILE", help=written)
    given = parser.parse_args(arguments)
    rows: list[Row] = []
    progress = ProgressLine(sys.stderr, os.environ)
    for name in given.names or (*NAMES, *(LONG if given.all else ())):
        progress.tell(name)
        for row in importlib.import_module(f"tests.bench.{name}").rows():
            rows.append(row)
            progress.clear()
            sys.stdout.write(f"  · {row.name}: {row.said} {row.unit}\n")
            sys.stdout.flush()
            progress.tell(name)
    progress.clear()
    sys.stdout.write("\n" + table(rows))
    if given.json:
        given.json.write_text(as_json(rows), encoding="utf-8")
    return 0 if all(row.met is not False for row in rows) else 1


if __name__ == "__main__":
    speak(wanted(sys.argv[1:], os.environ))
    end(lambda: main(sys.argv[1:]))
