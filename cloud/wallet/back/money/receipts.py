"""A receipt 凭证 of an entry: a file that its holder keeps and shows, and that is held against the books again.

It proves nothing by itself: whoever is shown one asks the school, by `./ykt cloud people receipt --file FILE`. What it
holds is of this entry alone: its sums for the card, the digest of the document or the bytes of the record behind it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from cloud.ledger.read.books import entries_of_numbers
from cloud.store.db import Database
from cloud.wallet.back.context import Context, Operation, Right
from cloud.wallet.back.money.statement import ENTRY_MAX, is_anothers, is_of_card, moved
from cloud.wallet.line.problems import NOT_YOURS, CallRefused
from cloud.wallet.line.shapes import HOLDER, Arguments, whole
from shared.ids import CardId
from shared.words.voice import Text

FORM = "openykt-receipt-1"
FIELDS = ("form", "entry", "kind", "day", "booked_ms", "label", "fen", "document", "record")
ENTRY, CARD, SUM, DOCUMENT, RECORD = (
    Text("分录：号、类别、日期", "the entry: number, kind, day"),
    Text("是这张卡的", "it is this card's"),
    Text("金额", "its sum"),
    Text("单据摘要", "the digest of its document"),
    Text("终端流水", "the terminal's record"),
)


def receipt(context: Context, given: Arguments) -> dict[str, Any]:
    """Of an entry of the chosen holder's card, and not of another guardian's deposit."""
    db, card, number = context.site.ledger.database, context.card, given["entry"]
    with db.reading():
        mine = is_of_card(db, card, number)
        found = _made(db, card, context.whose.label, number) if mine else None
        entries = entries_of_numbers(db, [number]) if mine else []
    if found is None or any(is_anothers(context, one) for one in entries):
        raise CallRefused(NOT_YOURS)
    return found


def checked(db: Database, shown: Mapping[str, Any]) -> Iterator[tuple[Text, bool]]:
    """What it says against what the books say, each with whether it is so. Inside of a snapshot."""
    number, label = shown.get("entry"), shown.get("label")
    cards = db.run("SELECT card FROM card WHERE label = ?", (label,)) if isinstance(label, str) else []
    is_number = type(number) is int and 0 < number <= ENTRY_MAX
    there = _made(db, bytes(cards[0][0]), str(label), number or 0) if cards and is_number else None
    books = there or dict.fromkeys(FIELDS)
    yield ENTRY, there is not None and _same(shown, books, ("form", "entry", "kind", "day", "booked_ms"))
    yield CARD, there is not None and is_of_card(db, CardId(bytes(cards[0][0])), number or 0)
    for what, name in ((SUM, "fen"), (DOCUMENT, "document"), (RECORD, "record")):
        yield what, there is not None and _same(shown, books, (name,))


def _same(shown: Mapping[str, Any], books: Mapping[str, Any], names: tuple[str, ...]) -> bool:
    return all(type(shown.get(name)) is type(books[name]) and shown[name] == books[name] for name in names)


def _made(db: Database, card: bytes, label: str, number: int) -> dict[str, Any] | None:
    found = entries_of_numbers(db, [number])
    if not found:
        return None
    ((digest,),) = db.run("SELECT input_hash FROM posting WHERE entry = ? AND line = 0", (number,))
    one, record = found[0], found[0].record
    values = (
        FORM, number, one.kind, one.effective_day, one.booked_at_ms, label, moved(one, card), bytes(digest).hex(),
        record.stored.hex() if record else "",
    )  # fmt: skip
    return dict(zip(FIELDS, values, strict=True))


OPERATIONS: Mapping[str, Operation] = {
    "statement/receipt": Operation(Right.SEES, {"holder": HOLDER, "entry": whole(1, ENTRY_MAX)}, receipt),
}
