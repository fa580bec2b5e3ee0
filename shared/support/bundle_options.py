"""Words of every part's `diagnostics` on the command line."""

from pathlib import Path

from shared.input.command_line import Parser
from shared.words.voice import Text


def add_bundle(parser: Parser) -> None:
    """Without --out it is only looked at."""
    out = Text(
        "写到这个文件（0600，新建）；不给则只预览", "write it there (0600, a new file); without it is only shown"
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help=out)
    show = Text("打印其中一个文件的全文", "print one of its files in full")
    parser.add_argument("--show", metavar="NAME", help=show)
