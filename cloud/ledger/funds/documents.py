"""Documents of the desk's entries, and the postings that each one means: booked and verified by this one reading.

A document is CBOR [kind, *fields]; accounts come from the registry. The last field is the key of the deed.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from cloud.ledger.books.chart import OVER_SHORT, SPARE_DEPOSITS, SPARES_KEPT, Account, cash_account
from cloud.ledger.books.entry import Entry, EntryKind, document_hash
from cloud.ledger.books.posting import (
    CardAccounts,
    Moved,
    Postings,
    cash_closed,
    cash_float,
    cash_in,
    cash_out,
    moved_to,
    spare_kept,
    spare_lent,
    spare_returned,
    unloaded,
)
from cloud.ledger.journal.registry import Registry, ensure_accounts, touch_registry
from cloud.ledger.journal.writing import Writing
from cloud.ledger.records.values import OWN_PARTITION
from shared.clocks.clock import day_number
from shared.errors import WireFault
from shared.money import fen as money
from shared.wire import codec
from shared.words.voice import Text

KEY_MAX = 64
WHO_MAX = 64
DESK_KINDS = frozenset(
    (
        EntryKind.CASH_IN, EntryKind.CASH_OUT, EntryKind.CASH_FLOAT, EntryKind.UNLOADED,
        EntryKind.UNLOADED_BY_COUNTER, EntryKind.CARD_REPLACED, EntryKind.LOSS_RELEASED, EntryKind.CASH_CLOSED,
        EntryKind.SPARE_LENT, EntryKind.SPARE_RETURNED, EntryKind.SPARE_KEPT, EntryKind.SPARE_REGAINED,
    )
)  # fmt: skip


def require_sum_and_key(what: str, fen: int, key: str) -> None:
    """What every sum that is given from outside must have; WireFault, which names the document."""
    money(fen)
    if not fen or not 0 < len(key.encode()) <= KEY_MAX:
        raise WireFault(
            Text(
                f"金额须大于零，幂等键为 1..{KEY_MAX} 字节",
                f"a {what} has a sum above zero and a key of 1 to {KEY_MAX} bytes",
            )
        )


def signed(who: str) -> tuple[str, ...]:
    """What a document ends with: who gave the sum; nothing where nobody said so. WireFault for a name that is none."""
    name = " ".join(who.split())
    if len(name) > WHO_MAX or not name.isprintable():
        raise WireFault(Text(f"--who: 1..{WHO_MAX} 个字", f"--who: 1..{WHO_MAX} characters"))
    return (name,) if name else ()


def enter(writing: Writing, kind: EntryKind, fields: Sequence[object], key: bytes) -> int | None:
    """Book a deed and return its entry's number; None when it moves nothing."""
    document = codec.dumps([int(kind), *fields, key])
    postings = desk_postings(writing.registry, kind, [*fields, key])
    if not postings:
        return None
    entry = Entry(
        kind, day_number(writing.now.campus_s), bytes((kind,)) + key, document_hash(document), postings,
        document=document,
    )  # fmt: skip
    return writing.booking.add_entry(entry, OWN_PARTITION)


def need_drawer(writing: Writing, cashier: str) -> int:
    """The account of this cashier's drawer, made with that of over-short when it is new."""
    drawer = cash_account(cashier)
    is_new = not writing.db.run("SELECT 1 FROM account WHERE code = ?", (drawer.code,))
    numbers = ensure_accounts(writing.db, (drawer, OVER_SHORT))
    writing.registry.drawers.update(numbers)  # asked each time: what was made in a refused deed is not there
    if is_new:
        touch_registry(writing.db)
    return numbers[drawer.code]


def desk_postings(registry: Registry, kind: EntryKind, fields: Sequence[Any]) -> Postings:
    """What the fields of a document mean. KeyError, TypeError, ValueError for a document that is none."""
    return _MEANINGS[kind](registry, *fields)


def _card(registry: Registry, card: object) -> CardAccounts:
    if not isinstance(card, bytes):
        raise TypeError("a card is bytes")
    return registry.cards[card].accounts


def _drawer(registry: Registry, cashier: str) -> int:
    return registry.drawers[cash_account(cashier).code]


def _fen(value: object) -> int:
    if type(value) is not int or value < 0:
        raise TypeError("a sum is a whole number")
    return value


def _cash_in(registry: Registry, cashier: str, card: bytes, fen: int, _: bytes) -> Postings:
    return cash_in(_drawer(registry, cashier), _card(registry, card), _fen(fen))


def _cash_out(registry: Registry, cashier: str, card: bytes, fen: int, _: bytes) -> Postings:
    return cash_out(_drawer(registry, cashier), _card(registry, card), _fen(fen))


def _cash_float(registry: Registry, cashier: str, fen: int, _: bytes) -> Postings:
    return cash_float(registry.bank, _drawer(registry, cashier), _fen(fen))


def _unloaded(registry: Registry, card: bytes, fen: int, *_: object) -> Postings:
    return unloaded(_card(registry, card), _fen(fen))


def kept_back_fen(document: bytes | None) -> int:
    """What a released balance left in the old purse, for terminals that could still bring it; 0: it was all of it, or
    this is no such document, which `verify` says of the entry itself."""
    try:
        fields = codec.loads(document or b"")
    except WireFault:
        return 0
    return sum(fen for fen in fields[_MOVED_FIELDS:-1] if type(fen) is int)


_MOVED_FIELDS = 3 + len(Moved._fields)
"""Of a document: its kind, both cards, the sums. Behind them what was kept back, where something was, and the key."""


def _moved(registry: Registry, old: bytes, new: bytes, *sums_and_key: object) -> Postings:
    """A document of before knows no subsidies. What was kept back moves nothing."""
    sums = list(map(_fen, sums_and_key[:-1]))
    if len(sums) > len(Moved._fields) + 1:
        raise TypeError("more sums than a card has accounts")
    return moved_to(_card(registry, old), _card(registry, new), Moved(*sums[: len(Moved._fields)]))


def _closed(registry: Registry, cashier: str, _day: int, expected_fen: int, counted_fen: int, _: bytes) -> Postings:
    over_short = registry.drawers[OVER_SHORT.code]
    return cash_closed(registry.bank, _drawer(registry, cashier), over_short, expected_fen, _fen(counted_fen))


def _spare_lent(registry: Registry, cashier: str, holder: bytes, fen: int, _: bytes) -> Postings:
    """cashier: whose drawer took it; '': the holder's account did."""
    source = _drawer(registry, cashier) if cashier else _card(registry, holder).online
    return spare_lent(source, registry.drawers[SPARE_DEPOSITS.code], _fen(fen))


def _spare_kept(registry: Registry, _spare: bytes, fen: int, _: bytes) -> Postings:
    return spare_kept(registry.drawers[SPARE_DEPOSITS.code], registry.drawers[SPARES_KEPT.code], _fen(fen))


def _spare_back(
    source: Account, registry: Registry, cashier: str, spare: bytes, holder: bytes, deposit_fen: int,
    *sums_and_key: object,
) -> Postings:  # fmt: skip
    """source: where the deposit is. cashier: whose drawer pays it, and a visitor all; '': the holder's account has it
    back."""
    drawer = CardAccounts(*[_drawer(registry, cashier)] * len(CardAccounts._fields)) if cashier else None
    whose = _card(registry, holder) if holder else drawer
    if whose is None:
        raise ValueError("nobody's")
    deposits = registry.drawers[source.code] if deposit_fen else 0
    back, moved = (drawer or whose).online, Moved(*map(_fen, sums_and_key[:-1]))
    return spare_returned(deposits, back, _fen(deposit_fen), moved_to(_card(registry, spare), whose, moved))


_MEANINGS: dict[EntryKind, Callable[..., Postings]] = {
    EntryKind.CASH_IN: _cash_in,
    EntryKind.CASH_OUT: _cash_out,
    EntryKind.CASH_FLOAT: _cash_float,
    EntryKind.UNLOADED: _unloaded,
    EntryKind.UNLOADED_BY_COUNTER: _unloaded,
    EntryKind.CARD_REPLACED: _moved,
    EntryKind.LOSS_RELEASED: _moved,
    EntryKind.CASH_CLOSED: _closed,
    EntryKind.SPARE_LENT: _spare_lent,
    EntryKind.SPARE_RETURNED: partial(_spare_back, SPARE_DEPOSITS),
    EntryKind.SPARE_KEPT: _spare_kept,
    EntryKind.SPARE_REGAINED: partial(_spare_back, SPARES_KEPT),
}
