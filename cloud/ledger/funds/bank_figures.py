"""What the bank's statement says of 专户, read by a person or from the bank's file; and what is on its way, by name.

Append-only: a figure that was wrong has another one beside it, and the last one counts. Each keeps what the books had
at that moment, and up to which entry, so that anybody can add it up again.
"""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from cloud.ledger.books.chart import BANK, Side
from cloud.ledger.journal.balances import balance
from cloud.ledger.journal.book_chain import BookLinkKind, digest_of
from cloud.ledger.journal.writing import Writing
from cloud.store.db import Database, Row
from shared.clocks.clock import day_number
from shared.errors import ConfigFault, WireFault
from shared.input.amount import parse_amount
from shared.wire import codec
from shared.words.voice import Text, told_by

ITEMS_MAX, NAME_MAX, SOURCE_MAX = 20, 40, 80
LINES_MAX = 10_000
COLUMNS = "id, day, fen, books_fen, last_entry, who, source, items, at_ms"
_SELECT = f"SELECT {COLUMNS} FROM bank_figure"  # noqa: S608  # our own names
_ITEM = re.compile(r"(.+?)\s*[=\s]\s*([+\-−]?)\s*([^\s=+\-−]+)")


class BankRefused(ConfigFault):
    """Happens when it is no figure of a bank, or no item. Nothing was kept."""


class Item(NamedTuple):
    """On its way 在途. fen: above zero, the bank has it and the books do not yet; below, the other way round."""

    name: str
    fen: int


class BankFigure(NamedTuple):
    """day: the campus day of whose morning it is. books_fen: the bank's account up to the entry last_entry. source: the
    file that it was read from; '': typed in."""

    number: int
    day: int
    fen: int
    books_fen: int
    last_entry: int
    who: str
    source: str
    items: tuple[Item, ...]
    at_ms: int

    @property
    def apart_fen(self) -> int:
        """What the bank has more than the books."""
        return self.fen - self.books_fen

    @property
    def unexplained_fen(self) -> int:
        """What of that no item names."""
        return self.apart_fen - sum(one.fen for one in self.items)


def keep_figure(writing: Writing, fen: int, items: Sequence[Item], who: str, source: str) -> BankFigure:
    """Inside of a transaction. BankRefused. It gets its link, so that an older copy of the books shows."""
    _require_sound(fen, items, source)
    writing.booking.flush()
    db, day = writing.db, day_number(writing.now.campus_s)
    ((account,),) = db.run("SELECT id FROM account WHERE code = ?", (BANK,))
    (number, last), books_fen = _ends(db), balance(db, account, Side.DEBIT)
    document = codec.dumps([list(one) for one in items])
    row = (number + 1, day, fen, books_fen, last, who, source, document, writing.now.unix_ms)
    db.insert("bank_figure", COLUMNS, [row])
    writing.booking.link(BookLinkKind.BANK, number + 1, digest_of(row))
    return _figure(row)


def newest_figure(db: Database) -> BankFigure | None:
    """The last one that was kept. Inside of a snapshot."""
    rows = db.run(f"{_SELECT} ORDER BY id DESC LIMIT 1")
    return _figure(rows[0]) if rows else None


def figures(db: Database) -> list[BankFigure]:
    """All of them, oldest first. WireFault: a row that is none."""
    return [_figure(row) for row in db.run(f"{_SELECT} ORDER BY id")]


def parse_item(text: str) -> Item:
    """'name=12.50', 'name -12.50'. BankRefused."""
    found = _ITEM.fullmatch(text.strip())
    if found is None:
        raise BankRefused(Text(f"在途项应如 名称=12.50：{text[:40]!r}", f"an item is as NAME=12.50: {text[:40]!r}"))
    name, sign, amount = found.groups()
    try:
        return Item(name, parse_amount(amount) * (-1 if sign in ("-", "−") else 1))
    except WireFault as fault:
        raise BankRefused(Text(f"{name[:40]}：{fault}", f"{name[:40]}: {fault}")) from fault


def parse_figure(text: str) -> int:
    """Fen of what somebody types; an empty account has zero. BankRefused, with the reason."""
    plain = text.strip()
    if plain in ("0", "0.00"):
        return 0
    try:
        return parse_amount(plain)
    except WireFault as fault:
        said = told_by(fault)
        raise BankRefused(Text(f"银行数不是金额：{said.zh}", f"the bank's figure is no sum: {said.en}")) from fault


def _require_sound(fen: int, items: Sequence[Item], source: str) -> None:
    if fen < 0:
        raise BankRefused(Text("银行数不能为负", "the bank's figure is below zero"))
    names = [one.name for one in items]
    if len(names) > ITEMS_MAX or len(set(names)) < len(names):
        raise BankRefused(
            Text(f"在途项至多 {ITEMS_MAX} 个，名称各异", f"{ITEMS_MAX} items at most, each with its own name")
        )
    for one in items:
        if not 0 < len(one.name) <= NAME_MAX or not one.name.isprintable() or not one.fen:
            raise BankRefused(
                Text(f"在途项名称 1..{NAME_MAX} 字，金额不为零", f"an item has a name of 1..{NAME_MAX}, and a sum")
            )
    if len(source) > SOURCE_MAX:
        raise BankRefused(Text("文件名过长", "the file's name is too long"))


def _ends(db: Database) -> tuple[int, int]:
    numbers = "SELECT (SELECT COALESCE(MAX(id), 0) FROM bank_figure), (SELECT COALESCE(MAX(entry), 0) FROM posting)"
    ((number, last),) = db.run(numbers)
    return int(number), int(last)


def _figure(row: Row) -> BankFigure:
    number, day, fen, books_fen, last, who, source, document, at_ms = row
    return BankFigure(number, day, fen, books_fen, last, who, source, tuple(_items(bytes(document))), at_ms)


def _items(document: bytes) -> Iterable[Item]:
    rows = codec.loads(document)
    if not isinstance(rows, list):
        raise WireFault("bank figure: malformed")
    for row in rows:
        name, fen = codec.fields(row, str, int, what="bank figure")
        yield Item(name, fen)
