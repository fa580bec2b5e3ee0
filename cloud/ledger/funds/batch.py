"""A batch of grants 发放 as a table: each line is a grant, or says why it can be none. Pure.

A table (shared/input/table.py) has card, a sum in fen or in yuan, reason and perhaps key. Without a key of its own a
line has BATCH-LABEL, so the same table under the same batch is the same batch.
"""

from collections.abc import Iterator
from typing import NamedTuple

from shared.errors import ConfigFault, WireFault
from shared.input.amount import parse_amount
from shared.input.table import Row, parse_label, read_table
from shared.words.voice import Text

LINES_MAX = 100_000
FEN, YUAN = "fen", "amount"
"""A sum in fen, or in yuan: a table has one of these columns, never both."""
_HEADS = (
    Text("卡号", "card"), Text("分", FEN), Text("金额(分)", FEN), Text("金额（分）", FEN), Text("金额", YUAN),
    Text("金额(元)", YUAN), Text("金额（元）", YUAN), Text("缘由", "reason"), Text("事由", "reason"),
    Text("幂等键", "key"),
)  # fmt: skip
"""Either half is understood, whatever this process speaks; the English one is the column's name."""
NAMES = {head: name.en for name in _HEADS for head in (name.en, name.zh)}
HEAD_HELP = Text("卡号,金额(元),缘由[,幂等键]", "card,fen,reason[,key]")


class Line(NamedTuple):
    """A wished grant; number: of the line in its table, 0 for one that came alone. fault: why it can be none."""

    number: int
    label: str
    fen: int
    reason: str
    key: str
    fault: str | Text = ""


def read_batch(raw: bytes, what: str, batch: str, reason: str) -> Iterator[Line]:
    """The lines of a table's bytes. batch: for keys, '' where each line has its own; reason: of lines without one.

    ConfigFault, which begins with `what`: it is no such table; from the lines: there are too many.
    """
    table = read_table(raw, NAMES, ("card", *(() if reason else ("reason",))), LINES_MAX, what)
    if len(table.columns & {FEN, YUAN}) != 1:
        raise ConfigFault(
            Text(f"{what}: 金额列须恰有一个：{HEAD_HELP.zh}", f"{what}: one column with the sum: {HEAD_HELP.en}")
        )
    if "key" not in table.columns and not batch:
        raise ConfigFault(
            Text(f"{what}: 无 key 列，须给 --key 批次号", f"{what}: no key column: --key BATCH is needed")
        )
    for row in table.rows:
        try:
            yield _line(row, batch, reason)
        except WireFault as fault:
            yield Line(row.number, row.cells.get("card", ""), 0, "", "", why(fault))


def why(fault: WireFault) -> str | Text:
    """What a refusal says."""
    said = fault.args[0] if fault.args else ""
    return said if isinstance(said, Text) else str(said)


def _line(row: Row, batch: str, reason: str) -> Line:
    """WireFault for a line that cannot be granted."""
    if row.fault:
        raise WireFault(row.fault)
    label = parse_label(row.cells["card"], str(Text("卡号", "card")))
    fen = parse_amount(row.cells[YUAN]) if YUAN in row.cells else _fen(row.cells[FEN])
    return Line(
        row.number, label, fen, row.cells.get("reason") or reason, row.cells.get("key") or f"{batch}-{label}"
    )


def _fen(cell: str) -> int:
    if not (cell.isascii() and cell.isdecimal() and len(cell) <= 10):
        raise WireFault(Text("金额应为整数分", "the amount is a whole number of fen"))
    return int(cell)
