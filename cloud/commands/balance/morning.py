"""`cloud morning`: cards, pending, online and unclaimed against the bank 晨间核对; a person types its figure in, or
brings the bank's file. A name is the person's word for himself."""

import json
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from cloud.commands.opening import open_books, wall_now
from cloud.ledger.desk.bank import BankLedger
from cloud.ledger.funds.bank_figures import SOURCE_MAX, parse_figure, parse_item
from cloud.ledger.funds.bank_files.reading import BankRead, read_bank_file
from cloud.ledger.journal.opened import open_prepared
from cloud.ledger.read.shown.balance import Mark
from cloud.process.settings import load_settings
from cloud.words.balance.morning import balance_json, balance_lines, form_text
from shared.clocks.clock import DAY_S
from shared.errors import ConfigFault
from shared.words.refused import why_not
from shared.words.voice import Text


@dataclass(frozen=True, slots=True)
class Where:
    """Which books."""

    data: Path
    dsn: str | None
    as_json: bool


@dataclass(frozen=True, slots=True)
class Told:
    """What the bank says: as typed, or in its file on a day; and what is on its way."""

    typed: str | None
    file: Path | None
    day: int | None
    items: tuple[str, ...]
    who: str


def show(where: Where) -> int:
    """0 where it is known and even, else 1."""
    with open_books(where.data, where.dsn) as reader:
        found = reader.balance(wall_now())
    lines = [json.dumps(balance_json(found), ensure_ascii=False)] if where.as_json else balance_lines(found)
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0 if found.mark is Mark.EVEN else 1


def bank(where: Where, told: Told) -> int:
    """Kept, and shown beside the books. BankRefused, ConfigFault: nothing was kept."""
    if (told.typed is None) == (told.file is None):
        raise ConfigFault(Text("须有 --yuan 或 --file 之一", "one of --yuan and --file is needed"))
    now = wall_now()
    items = [parse_item(text) for text in told.items]
    day = now.campus_s // DAY_S - 1 if told.day is None else told.day
    read = None if told.typed is not None else _read(told.file, day)
    fen = parse_figure(told.typed or "") if read is None else read.fen
    source = told.file.name[:SOURCE_MAX] if told.file else ""
    with closing(open_prepared(load_settings(where.data).books(where.dsn))) as opened:
        BankLedger(opened).tell(fen, items, told.who, now, source)
    if read is not None and not where.as_json:
        sys.stdout.write(f"{form_text(read)}\n")
    return show(where)


def _read(file: Path | None, day: int) -> BankRead:
    assert file is not None  # noqa: S101  # one of both was given
    try:
        raw = file.read_bytes()
    except OSError as fault:
        why = why_not(fault)
        raise ConfigFault(Text(f"{file}: 无法读取：{why}", f"{file}: cannot be read: {why}")) from fault
    return read_bank_file(raw, day, str(file))
