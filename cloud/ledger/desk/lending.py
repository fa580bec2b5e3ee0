"""A spare card 备用卡 is lent, handed to a class, taken back; a visitor's card 临时卡 is the same without a holder.

One act each, from a stock: a card that nobody ever had becomes a spare when it is lent first. It carries its holder's
online account from this commit on; the card that it stands in for stays as it is. Given back, it must be empty, as its
own MAC1 says: its deposit and what is in its accounts go to whom they belong, and it may be lent again.
"""

from dataclasses import dataclass

from cloud.ledger.books.chart import SPARE_DEPOSITS, Account, Side
from cloud.ledger.books.entry import EntryKind
from cloud.ledger.books.posting import Moved
from cloud.ledger.cards.life import life_of
from cloud.ledger.cards.listing import Why, unlist_card
from cloud.ledger.cards.refusals import (
    AMOUNT,
    CARD_LOST,
    DRAWER,
    HAS_SPARE,
    HOTLISTED,
    KEY_USED,
    NO_FUNDS,
    NOT_LENT,
    NOT_SPARE,
    SPARE_DAYS,
    SPARE_NOT_EMPTY,
    DeskRefused,
)
from cloud.ledger.desk.receipts import Receipt, ReceiptKind, add_receipt, given_before, require_open_day
from cloud.ledger.desk.replacing import Wish, card_of
from cloud.ledger.desk.stock import require_fresh, use
from cloud.ledger.funds.documents import enter, need_drawer
from cloud.ledger.funds.floors import floor_of
from cloud.ledger.funds.payments.rule import DAY_MAX_FEN
from cloud.ledger.funds.spares import (
    AT_HAND,
    HELD,
    NOBODY,
    Spare,
    SpareAct,
    add_spare,
    held_by,
    spare_by_key,
    spare_of,
)
from cloud.ledger.funds.successors import home_of
from cloud.ledger.journal.balances import balance, balance_now
from cloud.ledger.journal.registry import ensure_accounts, touch_registry
from cloud.ledger.journal.writing import Writing
from cloud.ledger.loads.offers import close_others
from cloud.ledger.loads.sources import Source
from shared.clocks.clock import day_number
from shared.facts.desks import SpareBack, SpareCard
from shared.facts.terms import word_of
from shared.wire.desk.calls import CardState

DAYS_MAX = 60
"""Longest that one is lent; then it is lent anew."""
DEPOSIT_MAX_FEN = 200_00
_STOCK_KEY = b"\x01"
"""Behind a lending's key: of the row that makes a card of the stock a spare."""


@dataclass(frozen=True, slots=True)
class Loan:
    """Who borrows, and within what. holder_label: of his card, '' of a visitor. in_cash: the deposit's way."""

    holder_label: str
    person: str
    deposit_fen: int
    in_cash: bool
    limit_fen: int
    until_day: int
    place: str = ""
    """The class whose teacher lends it, '' the desk."""


def lend(writing: Writing, wish: Wish, loan: Loan) -> Receipt | None:
    """wish.label: the spare's. The receipt of the desk's; a class teacher takes no money and gives no paper."""
    card = card_of(writing.db, wish.label)
    known = spare_by_key(writing.db, wish.key)
    if known is not None:
        return again(writing, wish, known, card, SpareAct.LENT)
    holder = _holder(writing, loan)
    _require_terms(writing, loan)
    _require_lendable(writing, wish, card, loan)
    entry = _take_deposit(writing, wish, holder, loan)
    for source in Source:  # what did not reach the card under another borrower is not tried again with this one's money
        close_others(writing.db, card, source)
    row = Spare(
        0, wish.key, card, int(SpareAct.LENT), holder, loan.person, loan.place, loan.deposit_fen, int(loan.in_cash),
        loan.limit_fen, loan.until_day, wish.cashier, wish.reason,
    )  # fmt: skip
    note(writing, wish, add_spare(writing, row))
    if loan.place:
        return None
    fen = loan.deposit_fen
    return add_receipt(writing, wish.cashier, ReceiptKind.SPARE_LENT, card, fen, entry, wish.key)


def hand_to_class(writing: Writing, wish: Wish, place: str) -> None:
    """A spare goes into the hands of a class's teacher; place '': it comes back to the desk, never having been lent."""
    card = card_of(writing.db, wish.label)
    act = SpareAct.HANDED if place else SpareAct.STOCKED
    known = spare_by_key(writing.db, wish.key)
    if known is not None:
        again(writing, wish, known, card, act)
        return
    stands = spare_of(writing.db, card)
    if stands is None:
        _of_the_stock(writing, wish, card)
    elif stands.act not in (*AT_HAND, SpareAct.HANDED):
        raise DeskRefused(NOT_SPARE)
    note(writing, wish, add_spare(writing, Spare(0, wish.key, card, int(act), place=place, who=wish.cashier)))


def collect(writing: Writing, wish: Wish, place: str) -> SpareAct:
    """A class teacher has it back. One onto which nothing was ever loaded meanwhile, and for which no deposit was
    paid, he may lend again; every other one the desk settles."""
    card = card_of(writing.db, wish.label)
    known = spare_by_key(writing.db, wish.key)
    if known is not None:
        again(writing, wish, known, card, SpareAct(known.act))
        return SpareAct(known.act)
    stands = spare_of(writing.db, card)
    if stands is None or stands.act not in (SpareAct.LENT, SpareAct.OVERDUE) or stands.place != place:
        raise DeskRefused(NOT_LENT)
    is_clean = not stands.deposit_fen and _is_empty(writing, card)
    if is_clean:
        unlist_card(writing, card, Why.SPARE)
        made = Spare(0, wish.key, card, int(SpareAct.HANDED), place=place, who=wish.cashier)
    else:
        made = stands._replace(key=wish.key, act=int(SpareAct.COLLECTED), who=wish.cashier, reason=wish.reason)
    note(writing, wish, add_spare(writing, made), stands)
    return SpareAct(made.act)


def take_back(writing: Writing, wish: Wish, said_fen: int) -> Receipt:
    """said_fen: what the card said to hold, under a right MAC1 of now; it is unloaded before."""
    card = card_of(writing.db, wish.label)
    before = receipt_before(writing, wish, card, SpareAct.RETURNED)
    if before is not None:
        return before
    stands = spare_of(writing.db, card)
    if stands is None or stands.act not in HELD:
        raise DeskRefused(NOT_LENT)
    if said_fen:
        raise DeskRefused(SPARE_NOT_EMPTY)
    holder = home_of(writing.db, stands.holder) if stands.holder else NOBODY
    moved = beside(writing, card)
    total_fen = stands.deposit_fen + sum(moved)
    in_cash = bool(stands.deposit_fen and stands.in_cash) or not holder
    cashier = paying_drawer(writing, wish.cashier, stands, moved, holder) if in_cash and total_fen else ""
    fields = (cashier, card, holder, stands.deposit_fen, *moved)
    entry = enter(writing, EntryKind.SPARE_RETURNED, fields, wish.key) if total_fen else None
    unlist_card(writing, card, Why.SPARE)
    row = Spare(0, wish.key, card, int(SpareAct.RETURNED), who=wish.cashier, reason=wish.reason)
    note(writing, wish, add_spare(writing, row), stands)
    return add_receipt(writing, wish.cashier, ReceiptKind.SPARE_RETURNED, card, total_fen, entry, wish.key)


def _holder(writing: Writing, loan: Loan) -> bytes:
    """The card that it stands in for, as it is by now; one that is lost is what this is for."""
    if not loan.holder_label:
        return NOBODY
    holder = home_of(writing.db, card_of(writing.db, loan.holder_label))
    if spare_of(writing.db, holder) is not None or held_by(writing.db, holder) is not None:
        raise DeskRefused(HAS_SPARE)
    return holder


def _require_terms(writing: Writing, loan: Loan) -> None:
    today = day_number(writing.now.campus_s)
    if not today <= loan.until_day <= today + DAYS_MAX:
        raise DeskRefused(SPARE_DAYS)
    if not 0 < loan.limit_fen <= DAY_MAX_FEN or not 0 <= loan.deposit_fen <= DEPOSIT_MAX_FEN:
        raise DeskRefused(AMOUNT)
    if not loan.holder_label and not (loan.in_cash or not loan.deposit_fen):
        raise DeskRefused(AMOUNT)  # a visitor has no account


def _require_lendable(writing: Writing, wish: Wish, card: bytes, loan: Loan) -> None:
    stands = spare_of(writing.db, card)
    if stands is None and not loan.place:
        _of_the_stock(writing, wish, card)
        return
    at_class = stands is not None and loan.place and (stands.act, stands.place) == (SpareAct.HANDED, loan.place)
    at_desk = stands is not None and not loan.place and stands.act in AT_HAND
    if not at_class and not at_desk:
        raise DeskRefused(NOT_SPARE)
    if life_of(writing.db, card).state is not CardState.NORMAL:
        raise DeskRefused(CARD_LOST)
    if writing.registry.cards[card].hotlisted:
        raise DeskRefused(HOTLISTED)


def _of_the_stock(writing: Writing, wish: Wish, card: bytes) -> None:
    """A card that nobody ever had, out of the cashier's hands or the cupboard."""
    require_fresh(writing, card)
    use(writing, wish.key, wish.cashier, card)
    add_spare(writing, Spare(0, wish.key + _STOCK_KEY, card, int(SpareAct.STOCKED), who=wish.cashier))


def _take_deposit(writing: Writing, wish: Wish, holder: bytes, loan: Loan) -> int | None:
    if not loan.deposit_fen:
        return None
    need_deposits(writing)
    if loan.in_cash:
        require_open_day(writing, wish.cashier)
        need_drawer(writing, wish.cashier)
    else:
        online = writing.registry.cards[holder].accounts.online
        if balance_now(writing.db, online, Side.CREDIT) - floor_of(writing.db, holder) < loan.deposit_fen:
            raise DeskRefused(NO_FUNDS)
    whose = wish.cashier if loan.in_cash else ""
    return enter(writing, EntryKind.SPARE_LENT, (whose, holder, loan.deposit_fen), wish.key)


def need_deposits(writing: Writing) -> None:
    """The account of all deposits, made with the first."""
    need_account(writing, SPARE_DEPOSITS)


def need_account(writing: Writing, account: Account) -> None:
    """One that is made when it is first used."""
    is_new = account.code not in writing.registry.drawers
    writing.registry.drawers.update(ensure_accounts(writing.db, (account,)))
    if is_new:
        touch_registry(writing.db)


def beside(writing: Writing, card: bytes) -> Moved:
    """What is in its own accounts and not on it. What its purse still has by the books, terminals have not brought."""
    writing.booking.flush()
    accounts = writing.registry.cards[card].accounts
    of = (accounts.online, accounts.pending, accounts.pending_subsidy)
    online, pending, given_back = (max(0, balance(writing.db, account, Side.CREDIT)) for account in of)
    return Moved(0, online, pending, 0, given_back)


def paying_drawer(writing: Writing, cashier: str, stands: Spare, moved: Moved, holder: bytes) -> str:
    """The cashier whose drawer pays what is given back in cash. DeskRefused: it has not so much."""
    require_open_day(writing, cashier)
    drawer = need_drawer(writing, cashier)
    fen = stands.deposit_fen + (0 if holder else sum(moved))
    if balance(writing.db, drawer, Side.DEBIT) < fen:
        raise DeskRefused(DRAWER)
    return cashier


def _is_empty(writing: Writing, card: bytes) -> bool:
    """Nothing is in its accounts, and so nothing on it: neither loaded nor on its way."""
    writing.booking.flush()
    return not any(balance(writing.db, account, Side.CREDIT) for account in writing.registry.cards[card].accounts)


def receipt_before(writing: Writing, wish: Wish, card: bytes, act: SpareAct) -> Receipt | None:
    """Of a deed that has one, and was done under this key already; None: it was not. DeskRefused as `again`."""
    known = spare_by_key(writing.db, wish.key)
    if known is None:
        return None
    found = again(writing, wish, known, card, act)
    if found is None:
        raise DeskRefused(KEY_USED)
    return found


def again(writing: Writing, wish: Wish, known: Spare, card: bytes, act: SpareAct) -> Receipt | None:
    """The same deed was done before. DeskRefused when the key was used for another."""
    if (known.card, known.act) != (card, act):
        raise DeskRefused(KEY_USED)
    back = ReceiptKind.SPARE_RETURNED
    kinds = {SpareAct.LENT: ReceiptKind.SPARE_LENT, SpareAct.RETURNED: back, SpareAct.TAKEN_IN: back}
    if act not in kinds or (act is SpareAct.LENT and known.place):
        return None
    rows = writing.db.run("SELECT fen FROM receipt WHERE key = ?", (wish.key,))
    return given_before(writing.db, wish.key, wish.cashier, kinds[act], card, rows[0][0] if rows else 0)


def note(writing: Writing, wish: Wish, row: Spare, stood: Spare | None = None) -> None:
    """stood: how it was before, where that was out; one that was overdue is no alarm any more."""
    act = word_of(SpareAct(row.act).name)
    writing.notes.tell(SpareCard(wish.label, act, wish.cashier))
    if stood is not None and stood.act == SpareAct.OVERDUE:
        writing.notes.tell(SpareBack(wish.label, act, wish.cashier))
