"""Command line of the bench: names choose rows, --json writes them down. Exit 0 when every goal was met."""

import argparse
import importlib
import sys
from pathlib import Path

from shared.input.command_line import Parser
from tests.bench.row import Row, as_json, table

ABOUT = """性能数字，每项一行，旁边是同一次运行测得的参照与目标。其他程序忙时数字偏低。
Figures, a row each, beside a yardstick measured in the same run and the goal. A busy machine lowers them."""
EXITS = "退出码 exit codes: 0 全部达标 every goal met · 1 有未达标 a goal missed · 2 用法不对 wrong use"
NAMES = (
    "outbox", "can", "rs485", "hole", "ledger", "looks", "campus", "flood", "sim", "purse", "keys", "personalise",
)  # fmt: skip
LONG = ("offered", "filled", "large")
"""Minutes each: measured when they are named, or with --all."""
_NAMES = f"{' '.join(NAMES)}（缺省全部 default: all）\n各需数分钟 minutes each: {' '.join(LONG)}"


def main(arguments: list[str]) -> int:
    """Measure and print; 1 when a goal was missed."""
    parser = Parser(
        prog="./ykt bench", description=ABOUT, epilog=EXITS, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=_NAMES)
    parser.add_argument("--all", action="store_true", help="也测需数分钟的 · those that take minutes, too")
    parser.add_argument("--json", type=Path, metavar="FILE", help="结果另存为 JSON · write the figures as JSON")
    given = parser.parse_args(arguments)
    unknown = sorted(set(given.names) - {*NAMES, *LONG})
    if unknown:
        parser.error(f"没有这一项 / no such figure: {', '.join(unknown)}")
    rows: list[Row] = []
    for name in given.names or (*NAMES, *(LONG if given.all else ())):
        for row in importlib.import_module(f"tests.bench.{name}").rows():
            rows.append(row)
            sys.stdout.write(f"  · {row.name}: {row.said} {row.unit}\n")
            sys.stdout.flush()
    sys.stdout.write("\n" + table(rows))
    if given.json:
        given.json.write_text(as_json(rows), encoding="utf-8")
    return 0 if all(row.met is not False for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
