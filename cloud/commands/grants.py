"""`cloud grant`: 发放 into cards' pending loads, one card or a CSV; each line has its result, a re-run adds nothing.

CSV: a table (shared/input/table.py) with card, a sum in fen or in yuan, reason and perhaps key. Without a key of its
own a line has BATCH-LABEL, so the same file under the same --key is the same batch. A line that is refused keeps no
other one back.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import NamedTuple

from cloud.commands.intake import read_inventory
from cloud.commands.opening import wall_now
from cloud.ledger.ledger import Ledger, open_ledger
from cloud.ledger.records.values import GrantRefused
from cloud.process.settings import load_settings
from shared.errors import ConfigFault, WireFault
from shared.ids import CardId
from shared.input.amount import parse_amount
from shared.input.table import Row, Table, parse_label, read_table
from shared.money import yuan

LINES_MAX = 100_000
BYTES_MAX = 64 << 20
"""Of a file: what is larger is none of LINES_MAX lines."""
FEN, YUAN = "fen", "amount"
"""A sum in fen, or in yuan: a file has one of these columns, never both."""
NAMES = {
    "card": "card", "卡号": "card", "fen": FEN, "分": FEN, "金额(分)": FEN, "金额（分）": FEN, YUAN: YUAN, "金额": YUAN,
    "金额(元)": YUAN, "金额（元）": YUAN, "reason": "reason", "缘由": "reason", "事由": "reason", "key": "key",
    "幂等键": "key",
}  # fmt: skip
HEAD_HELP = "card,fen,reason[,key] / 卡号,金额(元),缘由[,幂等键]"


@dataclass(frozen=True, slots=True)
class Wish:
    """One card, or the lines of a file. payer: fund or bank; key: of the one grant, or of the batch."""

    card: str | None
    fen: int | None
    reason: str | None
    file: Path | None
    payer: str
    key: str | None
    who: str = ""


class Line(NamedTuple):
    """A wished grant; number: of the line in its file, 0 for the command's own. fault: why it can be none."""

    number: int
    label: str
    fen: int
    reason: str
    key: str
    fault: str = ""


class Done(NamedTuple):
    """What became of a line: granted, again, refused; why, for the last."""

    line: Line
    result: str
    why: str = ""


SAID = {"granted": "已发放", "again": "先前已发放", "refused": "拒绝"}


def grant(data: Path, dsn: str | None, wish: Wish, *, as_json: bool) -> int:
    """0 when every line is granted, now or before; 1 when one was refused; ConfigFault for a wish without sense."""
    lines = list(_lines(wish))
    settings = load_settings(data)
    cards = {row.label: row.card for row in read_inventory(settings).cards}
    with closing(open_ledger(settings.books(dsn))) as ledger:
        done = [_granted(ledger, cards, wish, line) for line in lines]
    _say(done, as_json=as_json)
    return 1 if any(one.result == "refused" for one in done) else 0


def _granted(ledger: Ledger, cards: dict[str, CardId], wish: Wish, line: Line) -> Done:
    """One transaction a line."""
    if line.fault:
        return Done(line, "refused", line.fault)
    if line.label not in cards:
        return Done(line, "refused", "没有这张卡 / no such card")
    try:
        made = ledger.grant(cards[line.label], line.fen, wish.payer, line.reason, line.key, wall_now(), wish.who)
    except GrantRefused as refused:
        return Done(line, "refused", str(refused))
    return Done(line, "again" if made.again else "granted")


def _lines(wish: Wish) -> Iterator[Line]:
    if wish.file is None:
        if wish.card is None or wish.fen is None or not wish.reason:
            raise ConfigFault("缺少 --yuan 或 --reason / --yuan or --reason is missing")
        yield Line(0, wish.card, wish.fen, wish.reason, wish.key or f"command-{token_hex(8)}")
        return
    if wish.fen is not None:
        raise ConfigFault("--file 不与 --yuan 同用 / --file goes without --yuan")
    yield from _of_file(wish.file, wish)


def _of_file(file: Path, wish: Wish) -> Iterator[Line]:
    table = _table(file, needs_reason=not wish.reason)
    if len(table.columns & {FEN, YUAN}) != 1:
        raise ConfigFault(f"{file.name}: 金额列须恰有一个 / one column with the sum: {HEAD_HELP}")
    if "key" not in table.columns and not wish.key:
        raise ConfigFault(f"{file.name}: 无 key 列，须给 --key 批次号 / no key column: --key BATCH is needed")
    for row in table.rows:
        try:
            yield _line(row, wish)
        except WireFault as fault:
            yield Line(row.number, row.cells.get("card", ""), 0, "", "", str(fault))


def _table(file: Path, *, needs_reason: bool) -> Table:
    try:
        with file.open("rb") as source:
            raw = source.read(BYTES_MAX + 1)
    except OSError as fault:
        raise ConfigFault(f"{file}: 无法读取 / cannot be read: {fault.strerror}") from fault
    if len(raw) > BYTES_MAX:
        raise ConfigFault(f"{file.name}: 至多 / at most {BYTES_MAX >> 20} MiB")
    return read_table(raw, NAMES, ("card", *(("reason",) if needs_reason else ())), LINES_MAX, file.name)


def _line(row: Row, wish: Wish) -> Line:
    """WireFault for a line that cannot be granted."""
    if row.fault:
        raise WireFault(row.fault)
    label = parse_label(row.cells["card"], "卡号 / card")
    fen = parse_amount(row.cells[YUAN]) if YUAN in row.cells else _fen(row.cells[FEN])
    reason = row.cells.get("reason") or wish.reason or ""
    return Line(row.number, label, fen, reason, row.cells.get("key") or f"{wish.key}-{label}")


def _fen(cell: str) -> int:
    if not (cell.isascii() and cell.isdecimal() and len(cell) <= 10):
        raise WireFault("金额应为整数分 / the amount is a whole number of fen")
    return int(cell)


def _say(done: list[Done], *, as_json: bool) -> None:
    counts = {result: sum(one.result == result for one in done) for result in SAID}
    fresh_fen = sum(one.line.fen for one in done if one.result == "granted")
    if as_json:
        lines = [{**one.line._asdict(), "result": one.result, "why": one.why} for one in done]
        for line in lines:
            del line["fault"]
        sys.stdout.write(json.dumps({**counts, "granted_fen": fresh_fen, "lines": lines}, ensure_ascii=False) + "\n")
        return
    for one in done:
        place = f"行 line {one.line.number}: " if one.line.number else ""
        why = f": {one.why}" if one.why else ""
        said = f"{SAID[one.result]} {one.result}{why}"
        sys.stdout.write(f"{place}卡 card {one.line.label} ¥{yuan(one.line.fen)} {said}\n")
    sys.stdout.write(
        f"合计 total: 新发放 granted {counts['granted']} 笔 ¥{yuan(fresh_fen)}, 先前已发放 again {counts['again']}, "
        f"拒绝、跳过 refused {counts['refused']}\n"
    )
