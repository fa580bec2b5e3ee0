"""A spare card 备用卡 that never comes back into the stock: lost for good, or back with a chip that nobody can read.

Lost: written off. It is reported lost, its deposit becomes the school's, and its holder may borrow another one. Should
it come back, the desk takes it in: the deposit is given back, the card stays void. A card that cannot be read is taken
in by the number printed on it, by two persons, for it proves nothing itself.

What is on its purse follows the rules of cards that are lost or that the desk keeps (replacing.py): as far as terminals
prove it, at once, the rest with `release`, to the card that it stood in for.
"""

from dataclasses import replace

from cloud.ledger.books.chart import SPARES_KEPT
from cloud.ledger.books.entry import EntryKind
from cloud.ledger.cards.life import DeedKind, add_deed, life_of, set_life
from cloud.ledger.cards.listing import Why, list_card
from cloud.ledger.cards.refusals import NOT_LENT, SECOND, DeskRefused
from cloud.ledger.desk.lending import again, beside, need_account, note, paying_drawer, receipt_before
from cloud.ledger.desk.receipts import Receipt, ReceiptKind, add_receipt
from cloud.ledger.desk.replacing import Wish, card_of, free, report_lost
from cloud.ledger.funds.documents import enter
from cloud.ledger.funds.spares import HELD, NOBODY, Spare, SpareAct, add_spare, spare_by_key, spare_of
from cloud.ledger.funds.successors import home_of
from cloud.ledger.held.two_persons import is_same_person
from cloud.ledger.journal.writing import Writing
from shared.wire.desk.calls import CardState

_LOST, _KEPT, _FREED = b"\x02", b"\x03", b"\x04"
"""Behind a deed's key: of what goes with it."""
NAME_MAX = 64


def write_off(writing: Writing, wish: Wish) -> None:
    """Lost for good. What it still proves of its purse waits for terminals, as of every lost card."""
    card = card_of(writing.db, wish.label)
    known = spare_by_key(writing.db, wish.key)
    if known is not None:
        again(writing, wish, known, card, SpareAct.WRITTEN_OFF)
        return
    stands = _standing(writing, card, HELD)
    report_lost(writing, replace(wish, key=wish.key + _LOST))
    list_card(writing, card, Why.SPARE, wish.cashier, wish.reason)  # found or not, it never pays again
    if stands.deposit_fen:
        need_account(writing, SPARES_KEPT)
        enter(writing, EntryKind.SPARE_KEPT, (card, stands.deposit_fen), wish.key)
    row = stands._replace(key=wish.key, act=int(SpareAct.WRITTEN_OFF), who=wish.cashier, reason=wish.reason)
    note(writing, wish, add_spare(writing, row), stands)


def take_in(writing: Writing, wish: Wish, second: str) -> Receipt:
    """By the number printed on it. second: who else has seen the card; DeskRefused where that is the cashier."""
    card = card_of(writing.db, wish.label)
    before = receipt_before(writing, wish, card, SpareAct.TAKEN_IN)
    if before is not None:
        return before
    other = " ".join(second.split())[:NAME_MAX]
    if not other or is_same_person(other, wish.cashier):
        raise DeskRefused(SECOND)
    stands = _standing(writing, card, (*HELD, SpareAct.WRITTEN_OFF))
    holder = home_of(writing.db, stands.holder) if stands.holder else NOBODY
    _keep(writing, wish, card)
    free(writing, replace(wish, key=wish.key + _FREED), card, holder or card)
    moved = beside(writing, card)
    total_fen = stands.deposit_fen + sum(moved)
    in_cash = bool(stands.deposit_fen and stands.in_cash) or not holder
    drawer = paying_drawer(writing, wish.cashier, stands, moved, holder) if in_cash and total_fen else ""
    is_kept = stands.act == SpareAct.WRITTEN_OFF
    kind = EntryKind.SPARE_REGAINED if is_kept and stands.deposit_fen else EntryKind.SPARE_RETURNED
    fields = (drawer, card, holder, stands.deposit_fen, *moved)
    entry = enter(writing, kind, fields, wish.key) if total_fen else None
    row = stands._replace(
        key=wish.key, act=int(SpareAct.TAKEN_IN), who=f"{wish.cashier} → {other}", reason=wish.reason
    )
    note(writing, wish, add_spare(writing, row), stands)
    return add_receipt(writing, wish.cashier, ReceiptKind.SPARE_RETURNED, card, total_fen, entry, wish.key)


def _standing(writing: Writing, card: bytes, acts: tuple[SpareAct, ...]) -> Spare:
    stands = spare_of(writing.db, card)
    if stands is None or stands.act not in acts:
        raise DeskRefused(NOT_LENT)
    return stands


def _keep(writing: Writing, wish: Wish, card: bytes) -> None:
    """The desk keeps it, void; of one that was reported lost that stands already."""
    life = life_of(writing.db, card)
    list_card(writing, card, Why.SPARE, wish.cashier, wish.reason)
    if life.state is CardState.NORMAL:
        set_life(writing, card, life._replace(state=CardState.REPLACED))
        add_deed(writing, DeedKind.KEPT, card, wish.cashier, wish.key + _KEPT, wish.reason)
