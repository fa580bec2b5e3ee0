"""A card takes another one's place: 坏卡换卡 for a broken card, 挂失补卡 for a lost one. Two deeds, two kinds of entry.

What is not on the card (online account, pending load, subsidy that was given back) moves at once. Of the purse moves
what is proven: the balance that the broken card itself says under its MAC1; of a broken card that is not readable, and
that the desk keeps, all of it once no terminal owes a record; of a lost card nothing before every terminal has brought
what it has and says that it refuses the card, or was written off by two persons, but for what the caps of those that
are waited for make certain (held/losses). Of a subsidy purse no card says anything under a MAC: it moves as that of an
unreadable card does, and waits as the new card's. The rest stays in the old accounts, where late records find it, and
is released later. The old card is void and hotlisted for ever.
"""

from dataclasses import dataclass

from cloud.ledger.books.chart import Side
from cloud.ledger.books.entry import EntryKind
from cloud.ledger.books.posting import CardAccounts, Moved
from cloud.ledger.cards.classes import hand_class_on
from cloud.ledger.cards.life import DeedKind, Life, add_deed, deed_of, life_of, set_life
from cloud.ledger.cards.listing import Why, list_card, unlist_card
from cloud.ledger.cards.refusals import (
    CARD_LOST,
    CARD_REPLACED,
    IS_SPARE,
    KEY_USED,
    NEW_CARD_USED,
    NOT_LOST,
    NOT_REPLACED,
    UNKNOWN_CARD,
    DeskRefused,
)
from cloud.ledger.desk.receipts import ReceiptKind, add_receipt, receipt_of
from cloud.ledger.desk.stock import require_fresh, use
from cloud.ledger.fleet.owing import OWING_MAX
from cloud.ledger.funds.documents import enter
from cloud.ledger.funds.offline.certificates import end_of_card
from cloud.ledger.funds.offline.terms import EndWhy
from cloud.ledger.funds.spares import ENDED, spare_of
from cloud.ledger.funds.successors import home_of
from cloud.ledger.held.losses.bearing import bear, borne_beside, take_back_provided
from cloud.ledger.held.losses.exposure import certain_fen
from cloud.ledger.held.losses.reports import freeze_told, reports
from cloud.ledger.held.losses.waiting import must_refuse, waits_for
from cloud.ledger.journal.balances import balance
from cloud.ledger.journal.writing import Writing
from cloud.store.db import Database
from shared.facts.desks import CardLife
from shared.facts.terms import word_of
from shared.wire.desk.calls import CardState, Replaced

_NOTHING = Moved()


@dataclass(frozen=True, slots=True)
class Wish:
    """Who wants what done to which card."""

    key: bytes
    cashier: str
    label: str
    reason: str


def card_of(db: Database, label: str) -> bytes:
    """The card with this label; DeskRefused."""
    rows = db.run("SELECT card FROM card WHERE label = ?", (label,))
    if not rows:
        raise DeskRefused(UNKNOWN_CARD)
    return bytes(rows[0][0])


def report_lost(writing: Writing, wish: Wish) -> None:
    """挂失: hotlisted first, frozen from this commit on. Of a card that is lost already the deed alone is kept."""
    card = card_of(writing.db, wish.label)
    if _done_before(writing, wish, DeedKind.LOST, card):
        return
    life = life_of(writing.db, card)
    if life.state is CardState.REPLACED:
        raise DeskRefused(CARD_REPLACED)
    list_card(writing, card, Why.LOST, wish.cashier, wish.reason)
    end_of_card(writing, card, EndWhy.LOST, wish.cashier)
    if life.state is CardState.LOST:
        _note(writing, wish, DeedKind.LOST, card)
        return
    set_life(writing, card, life._replace(state=CardState.LOST))
    freeze_told(writing, _note(writing, wish, DeedKind.LOST, card))


def cancel_lost(writing: Writing, wish: Wish) -> None:
    """解挂: the card was found before another one took its place."""
    card = card_of(writing.db, wish.label)
    if _done_before(writing, wish, DeedKind.FOUND, card):
        return
    life = life_of(writing.db, card)
    if life.state is not CardState.LOST:
        raise DeskRefused(NOT_LOST if life.state is CardState.NORMAL else CARD_REPLACED)
    unlist_card(writing, card, Why.LOST)
    set_life(writing, card, life._replace(state=CardState.NORMAL))
    _give_back_borne(writing, wish, card)
    _note(writing, wish, DeedKind.FOUND, card)
    take_back_provided(writing, card)


def change_class(writing: Writing, wish: Wish, card: bytes, card_class: int) -> None:
    """更改卡类型: the ledger's word on a class that the desk has written onto the card."""
    if card not in writing.registry.cards:
        raise DeskRefused(UNKNOWN_CARD)
    if _done_before(writing, wish, DeedKind.CLASS, card, bytes((card_class,))):
        return
    life = life_of(writing.db, card)._replace(card_class=card_class)
    set_life(writing, card, life, _since_ms(writing, card))
    _note(writing, wish, DeedKind.CLASS, card, bytes((card_class,)))


def replace_broken(writing: Writing, wish: Wish, new_label: str, said_fen: int | None) -> Replaced:
    """坏卡换卡. said_fen: what the card said under a right MAC1; None: it is not readable, and the desk keeps it."""
    old, new = card_of(writing.db, wish.label), card_of(writing.db, new_label)
    kind = DeedKind.KEPT if said_fen is None else DeedKind.REPLACED
    if _done_before(writing, wish, kind, old, new):
        return _told(writing, wish.key, old, again=True)
    if life_of(writing.db, old).state is not CardState.NORMAL:
        lost = life_of(writing.db, old).state is CardState.LOST
        raise DeskRefused(CARD_LOST if lost else CARD_REPLACED)
    return _replace(writing, wish, old, new, said_fen, kind)


def replace_lost(writing: Writing, wish: Wish, new_label: str) -> Replaced:
    """挂失补卡: only for a card that was reported lost."""
    old, new = card_of(writing.db, wish.label), card_of(writing.db, new_label)
    if _done_before(writing, wish, DeedKind.REISSUED, old, new):
        return _told(writing, wish.key, old, again=True)
    life = life_of(writing.db, old)
    if life.state is not CardState.LOST:
        raise DeskRefused(NOT_LOST if life.state is CardState.NORMAL else CARD_REPLACED)
    return _replace(writing, wish, old, new, None, DeedKind.REISSUED)


def release(writing: Writing, wish: Wish) -> Replaced:
    """余款解冻: what is left in the old purse, when no terminal is waited for any more, and what came to the old
    accounts since (a load that was given back, a void). Nothing left is a success."""
    old = card_of(writing.db, wish.label)
    to = _goes_to(writing.db, old)
    if _done_before(writing, wish, DeedKind.RELEASED, old, to):
        return _told(writing, wish.key, old, again=True)
    moved, entry = free(writing, wish, old, to)
    if entry is None:
        return _told(writing, wish.key, old)
    add_receipt(writing, wish.cashier, ReceiptKind.RELEASE, old, sum(moved), entry, wish.key)
    return _told(writing, wish.key, old, moved)


def free(writing: Writing, wish: Wish, old: bytes, to: bytes) -> tuple[Moved, int | None]:
    """What is proven goes into the accounts of `to`, or out of the purse into the card's own; with its entry,
    None where nothing is."""
    moved, kept_back = _movable(writing, old, None)
    if to == old:
        moved = Moved(moved.purse, subsidy=moved.subsidy)
    if not sum(moved):
        return moved, None
    kind = EntryKind.LOSS_RELEASED if must_refuse(writing.db, old) else EntryKind.CARD_REPLACED
    entry = enter(writing, kind, (old, to, *moved, *kept_back), wish.key)
    _note(writing, wish, DeedKind.RELEASED, old, to)
    return moved, entry


def _goes_to(db: Database, old: bytes) -> bytes:
    """The card that took its place; of a spare that is written off or kept, the one that it stood in for, unless the
    spare was said to be found since: then nothing proves that terminals refuse it."""
    life, spare = life_of(db, old), spare_of(db, old)
    if life.state is CardState.REPLACED and life.successor is not None:
        return life.successor
    if spare is None or spare.act not in ENDED or not spare.holder or life.state is CardState.NORMAL:
        raise DeskRefused(NOT_REPLACED)
    return home_of(db, spare.holder)


def _replace(
    writing: Writing, wish: Wish, old: bytes, new: bytes, said_fen: int | None, deed: DeedKind
) -> Replaced:  # fmt: skip
    if new == old:
        raise DeskRefused(NEW_CARD_USED)
    if spare_of(writing.db, old) is not None:
        raise DeskRefused(IS_SPARE)  # what is on it is its holder's, and its deposit waits for it to come back
    require_fresh(writing, new)
    use(writing, wish.key, wish.cashier, new)
    since_ms = _since_ms(writing, old)
    set_life(writing, old, Life(CardState.REPLACED, new, life_of(writing.db, old).card_class), since_ms)
    hand_class_on(writing.db, old, new)
    list_card(writing, old, Why.REPLACED, wish.cashier, wish.reason)
    end_of_card(writing, old, EndWhy.LOST, wish.cashier)
    moved, kept_back = _movable(writing, old, said_fen)
    kind = EntryKind.LOSS_RELEASED if deed is DeedKind.REISSUED else EntryKind.CARD_REPLACED
    entry = enter(writing, kind, (old, new, *moved, *kept_back), wish.key)
    add_receipt(writing, wish.cashier, ReceiptKind.REPLACE, old, sum(moved), entry, wish.key)
    _note(writing, wish, deed, old, new)
    return _told(writing, wish.key, old, moved)


def _movable(writing: Writing, old: bytes, said_fen: int | None) -> tuple[Moved, tuple[int, ...]]:
    """What is not on the card is the holder's, whatever terminals owe; what is on it, as far as it is proven. Beside it
    what of the purse is kept back, where a part of it goes.

    A card says nothing of its subsidy purse under a MAC, so the terminals' records alone can prove that.
    """
    accounts = writing.registry.cards[old].accounts
    writing.booking.flush()
    beside = (accounts.online, accounts.pending, accounts.pending_subsidy)
    online, pending, given_back = (max(0, balance(writing.db, account, Side.CREDIT)) for account in beside)
    left_fen = max(0, balance(writing.db, accounts.purse, Side.CREDIT))
    purse, subsidy = _provable(writing, old, accounts.purse, said_fen), _provable(writing, old, accounts.subsidy, None)
    kept_back = (left_fen - purse,) if said_fen is None and 0 < purse < left_fen else ()
    return Moved(purse, online, pending, subsidy, given_back), kept_back


def _provable(writing: Writing, old: bytes, purse: int, said_fen: int | None) -> int:
    """What of the purse is the holder's for certain. said_fen: the card's own word under MAC1, in the field now."""
    writing.booking.flush()
    books_fen = max(0, balance(writing.db, purse, Side.CREDIT))
    if said_fen is not None:
        return min(said_fen, books_fen)
    waiting = waits_for(writing.db, old, _since_ms(writing, old))
    return certain_fen(writing.db, old, books_fen, waiting, writing.now)


def _since_ms(writing: Writing, card: bytes) -> int:
    """Since when nobody may use the card: its report, or this moment."""
    rows = writing.db.run("SELECT since_ms FROM card_life WHERE card = ? AND state <> 0", (card,))
    return int(rows[0][0]) if rows else writing.now.unix_ms


def _done_before(writing: Writing, wish: Wish, kind: DeedKind, card: bytes, other: bytes | None = None) -> bool:
    known = deed_of(writing.db, wish.key)
    if known is None:
        if receipt_of(writing.db, wish.key) is not None:
            raise DeskRefused(KEY_USED)
        return False
    if known != (kind, card, other):
        raise DeskRefused(KEY_USED)
    return True


def _note(writing: Writing, wish: Wish, kind: DeedKind, card: bytes, other: bytes | None = None) -> int:
    """The deed's number."""
    number = add_deed(writing, kind, card, wish.cashier, wish.key, wish.reason, other)
    label = wish.label or writing.registry.cards[card].label
    writing.notes.tell(CardLife(label, word_of(kind.name), wish.cashier))
    return number


def _give_back_borne(writing: Writing, wish: Wish, card: bytes) -> None:
    """What the school has borne of it lies in its purse account and not on the card: into the online account."""
    report = reports(writing.db, [card]).get(card)
    if report is not None:
        bear(writing, card, report)
    moved = borne_beside(writing.db, card, writing.registry.cards[card].accounts)
    if any(moved):
        enter(writing, EntryKind.LOSS_RELEASED, (card, card, *moved), wish.key)


def _told(writing: Writing, key: bytes, old: bytes, moved: Moved = _NOTHING, *, again: bool = False) -> Replaced:
    """What was moved and what is left; of a repeated question the sums stand in its receipt alone."""
    writing.booking.flush()
    accounts: CardAccounts = writing.registry.cards[old].accounts
    left_fen = max(0, balance(writing.db, accounts.purse, Side.CREDIT))
    subsidy_left_fen = max(0, balance(writing.db, accounts.subsidy, Side.CREDIT))
    late = waits_for(writing.db, old, _since_ms(writing, old)) if left_fen or subsidy_left_fen else []
    given = receipt_of(writing.db, key)
    number, total = (given.number, given.fen) if given else (0, 0)
    return Replaced(
        number, total, moved.purse, moved.online, moved.pending, left_fen,
        balance(writing.db, accounts.transit, Side.CREDIT),
        tuple((one.terminal.name, one.terminal.place, *one[1:4]) for one in late[:OWING_MAX]), again,
        bool(left_fen or subsidy_left_fen) and must_refuse(writing.db, old),
        moved.subsidy + moved.pending_subsidy, subsidy_left_fen, len(late),
    )  # fmt: skip
