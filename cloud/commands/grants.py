"""`cloud grant`: 发放 into cards' pending loads, one card or a CSV; each line has its result, a re-run adds nothing.

CSV: ledger/funds/batch.py says what is in it. A line that is refused keeps no other one back.
"""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import NamedTuple

from cloud.commands.imports import read_inventory
from cloud.commands.opening import wall_now
from cloud.ledger.funds.batch import Line, read_batch, why
from cloud.ledger.ledger import Ledger, open_ledger
from cloud.ledger.records.values import GrantRefused
from cloud.process.settings import load_settings
from cloud.words.both import halves
from shared.errors import ConfigFault
from shared.ids import CardId
from shared.money import yuan
from shared.words.refused import why_not
from shared.words.screen import ProgressLine
from shared.words.voice import Text

BYTES_MAX = 64 << 20
"""Of a file: what is larger is none of LINES_MAX lines."""


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


class Done(NamedTuple):
    """What became of a line: granted, again, refused; why, for the last."""

    line: Line
    result: str
    why: str | Text = ""


SAID = {
    "granted": Text("已发放", "granted"),
    "again": Text("先前已发放", "granted before"),
    "refused": Text("拒绝", "refused"),
}


def grant(data: Path, dsn: str | None, wish: Wish, *, as_json: bool) -> int:
    """0 when every line is granted, now or before; 1 when one was refused; ConfigFault for a wish without sense."""
    lines = list(_lines(wish))
    settings = load_settings(data)
    cards = {row.label: row.card for row in read_inventory(settings).cards}
    with closing(open_ledger(settings.books(dsn))) as ledger, ProgressLine(sys.stderr, os.environ) as progress:
        passing = progress.through(Text("发放", "making grants"), lines, len(lines))
        done = [_granted(ledger, cards, wish, line) for line in passing]
    _say(done, as_json=as_json)
    return 1 if any(one.result == "refused" for one in done) else 0


def _granted(ledger: Ledger, cards: dict[str, CardId], wish: Wish, line: Line) -> Done:
    """One transaction a line."""
    if line.fault:
        return Done(line, "refused", line.fault)
    if line.label not in cards:
        return Done(line, "refused", Text("没有这张卡", "no such card"))
    try:
        made = ledger.grant(cards[line.label], line.fen, wish.payer, line.reason, line.key, wall_now(), wish.who)
    except GrantRefused as refused:
        return Done(line, "refused", why(refused))
    return Done(line, "again" if made.again else "granted")


def _lines(wish: Wish) -> Iterator[Line]:
    if wish.file is None:
        if wish.card is None or wish.fen is None or not wish.reason:
            raise ConfigFault(Text("缺少 --yuan 或 --reason", "--yuan or --reason is missing"))
        yield Line(0, wish.card, wish.fen, wish.reason, wish.key or f"command-{token_hex(8)}")
        return
    if wish.fen is not None:
        raise ConfigFault(Text("--file 不与 --yuan 同用", "--file goes without --yuan"))
    yield from _of_file(wish.file, wish)


def _of_file(file: Path, wish: Wish) -> Iterator[Line]:
    return read_batch(_raw(file), file.name, wish.key or "", wish.reason or "")


def _raw(file: Path) -> bytes:
    try:
        with file.open("rb") as source:
            raw = source.read(BYTES_MAX + 1)
    except OSError as fault:
        raise ConfigFault(
            Text(f"{file}: 无法读取：{why_not(fault).zh}", f"{file}: cannot be read: {why_not(fault).en}")
        ) from fault
    if len(raw) > BYTES_MAX:
        raise ConfigFault(
            Text(f"{file.name}: 至多 {BYTES_MAX >> 20} MiB", f"{file.name}: at most {BYTES_MAX >> 20} MiB")
        )
    return raw


def _say(done: list[Done], *, as_json: bool) -> None:
    counts = {result: sum(one.result == result for one in done) for result in SAID}
    fresh_fen = sum(one.line.fen for one in done if one.result == "granted")
    if as_json:
        lines = [{**one.line._asdict(), "result": one.result, "why": _stored(one.why)} for one in done]
        for line in lines:
            del line["fault"]
        sys.stdout.write(json.dumps({**counts, "granted_fen": fresh_fen, "lines": lines}, ensure_ascii=False) + "\n")
        return
    for one in done:
        sys.stdout.write(f"{_told(one)}\n")
    granted, again, refused, fresh = counts["granted"], counts["again"], counts["refused"], yuan(fresh_fen)
    total = Text(
        f"合计：新发放 {granted} 笔 ¥{fresh}，先前已发放 {again}，拒绝 {refused}",
        f"total: granted {granted} ¥{fresh}, granted before {again}, refused {refused}",
    )
    sys.stdout.write(f"{total}\n")


def _stored(why: str | Text) -> str:
    """For a program: both languages, whatever this process speaks."""
    return f"{why.zh} / {why.en}" if isinstance(why, Text) else why


def _told(one: Done) -> Text:
    line, said = one.line, SAID[one.result]
    row = Text(f"第 {line.number} 行：", f"line {line.number}: ") if line.number else None
    zh, en = halves(row if row else None)
    what = f"{line.label} ¥{yuan(line.fen)}"
    return Text(
        f"{zh}卡 {what} {said.zh}{f'：{one.why}' if one.why else ''}",
        f"{en}card {what} {said.en}{f': {one.why}' if one.why else ''}",
    )
