"""The ledger's doors for the card desk: each is one transaction, and answers after its commit.

Refuses by DeskRefused, which changed nothing. A deed is named by the desk's key: asked again it is told again.
"""

from cloud.ledger.books.chart import Side
from cloud.ledger.books.entry import EntryKind
from cloud.ledger.cards.life import deed_of, require_served
from cloud.ledger.cards.refusals import (
    AMOUNT,
    COUNTER_USED,
    DRAWER,
    KEY_USED,
    MORE_THAN_BOOKS,
    NO_CASE,
    NO_FUNDS,
    UNKNOWN_CARD,
    WRONG_MAC1,
    WRONG_PROOF,
    DeskRefused,
)
from cloud.ledger.desk.day_close import close_day, sheet_now
from cloud.ledger.desk.receipts import (
    NOBODY,
    Receipt,
    ReceiptKind,
    add_receipt,
    given_before,
    require_open_day,
)
from cloud.ledger.desk.replacing import (
    Wish,
    cancel_lost,
    card_of,
    change_class,
    release,
    replace_broken,
    replace_lost,
    report_lost,
)
from cloud.ledger.desk.stock import draw, range_labels, spoil
from cloud.ledger.funds.documents import enter, need_drawer
from cloud.ledger.funds.floors import floor_of
from cloud.ledger.funds.meals.debts import repay
from cloud.ledger.funds.spares import payer_of
from cloud.ledger.journal.balances import balance, balance_now
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.journal.writing import Writing
from cloud.ledger.loads.cases import counter_is_proven, settle_pending
from cloud.ledger.loads.evidence import MAIN_PURSE
from cloud.ledger.loads.unloads import (
    TAKEN,
    UnloadCase,
    UnloadState,
    add_unload_case,
    note_unload,
    prove_unload_case,
    unload_case_of,
)
from cloud.ledger.read.desk import card_books
from cloud.ledger.receive.suspense import Touched, settle_touched
from cloud.ledger.records.values import Now
from shared.facts.books import Mac3Wrong
from shared.ids import CardId
from shared.money import FEN_MAX
from shared.purse.load_auth import LoadAuth
from shared.wire import codec
from shared.wire.desk.calls import CardAsk, CardBooks, DaySheet, ReceiptSaid, Replaced


class DeskLedger:
    """Over an opened ledger; belongs to one thread at a time."""

    def __init__(self, opened: OpenedLedger) -> None:
        self.opened = opened
        self.database = opened.database

    def card_books(self, ask: CardAsk) -> CardBooks | None:
        """What the books say of a card; None for one in no inventory."""
        with self.database.reading():
            return card_books(self.database, ask)

    # --- cash -----------------------------------------------------------------------------------------------------

    def cash_in(self, key: bytes, cashier: str, card: bytes, fen: int, now: Now) -> ReceiptSaid:
        """Cash into the online account."""
        with self.opened.writing(now) as writing:
            known = given_before(writing.db, key, cashier, ReceiptKind.CASH_IN, card, fen)
            if known is not None:
                return said(writing, known, again=True)
            _require_sum(fen)
            require_open_day(writing, cashier)
            require_served(writing, card)
            need_drawer(writing, cashier)
            payer = payer_of(writing.db, card)  # of a spare card, its holder's account
            entry = enter(writing, EntryKind.CASH_IN, (cashier, payer, fen), key)
            if entry is not None:
                repay(writing, payer, fen, entry)
            return said(writing, add_receipt(writing, cashier, ReceiptKind.CASH_IN, card, fen, entry, key))

    def cash_out(self, key: bytes, cashier: str, card: bytes, fen: int, now: Now) -> ReceiptSaid:
        """Cash out of the online account."""
        with self.opened.writing(now) as writing:
            known = given_before(writing.db, key, cashier, ReceiptKind.CASH_OUT, card, fen)
            if known is not None:
                return said(writing, known, again=True)
            _require_sum(fen)
            require_open_day(writing, cashier)
            served = require_served(writing, card)
            drawer = need_drawer(writing, cashier)
            left_fen = balance_now(writing.db, served.accounts.online, Side.CREDIT)
            if left_fen - floor_of(writing.db, card) < fen:
                raise DeskRefused(NO_FUNDS)
            if balance(writing.db, drawer, Side.DEBIT) < fen:
                raise DeskRefused(DRAWER)
            entry = enter(writing, EntryKind.CASH_OUT, (cashier, card, fen), key)
            return said(writing, add_receipt(writing, cashier, ReceiptKind.CASH_OUT, card, fen, entry, key))

    def cash_float(self, key: bytes, cashier: str, fen: int, now: Now) -> ReceiptSaid:
        """备用金: change for a drawer."""
        with self.opened.writing(now) as writing:
            known = given_before(writing.db, key, cashier, ReceiptKind.CASH_FLOAT, NOBODY, fen)
            if known is not None:
                return said(writing, known, again=True)
            _require_sum(fen)
            require_open_day(writing, cashier)
            need_drawer(writing, cashier)
            entry = enter(writing, EntryKind.CASH_FLOAT, (cashier, fen), key)
            return said(writing, add_receipt(writing, cashier, ReceiptKind.CASH_FLOAT, NOBODY, fen, entry, key))

    # --- unload 圈提 ----------------------------------------------------------------------------------------------

    def unload_authorise(self, key: bytes, cashier: str, auth: LoadAuth, now: Now, *, mac1_ok: bool) -> UnloadCase:
        """The case, pending: its MAC2 may leave. A right MAC1 also settles the card's earlier loads and unloads."""
        body = codec.dumps(list(auth))
        with self.opened.writing(now) as writing:
            known = unload_case_of(writing.db, key)
            if known is not None:
                return _same_case(known, body)
            served = require_served(writing, auth.card, returning=True)
            if not mac1_ok:
                raise DeskRefused(WRONG_MAC1)
            _require_sum(auth.amount_fen)
            settle_by_counter(writing, auth, body)
            if counter_is_proven(writing.db, auth.card, auth.counter):
                raise DeskRefused(COUNTER_USED)
            books_fen = balance_now(writing.db, served.accounts.purse, Side.CREDIT)
            if auth.amount_fen > min(auth.balance_fen, books_fen):
                raise DeskRefused(MORE_THAN_BOOKS)
            ms = writing.now.unix_ms
            case = UnloadCase(
                key, auth.card, auth.counter, auth.balance_fen, auth.amount_fen, cashier, body, writing.now.campus_s,
                int(UnloadState.PENDING), "", ms, ms,
            )  # fmt: skip
            add_unload_case(writing, case)
            return case

    def unload_case(self, key: bytes) -> UnloadCase:
        """The case of a deed; DeskRefused when there is none."""
        with self.database.reading():
            case = unload_case_of(self.database, key)
        if case is None:
            raise DeskRefused(NO_CASE)
        return case

    def unload_proven(self, key: bytes, cashier: str, mac3: bytes, now: Now) -> ReceiptSaid:
        """MAC3 is right: posted, once, with a receipt."""
        with self.opened.writing(now) as writing:
            case = _case(writing, key)
            known = given_before(writing.db, key, cashier, ReceiptKind.UNLOAD, case.card, case.amount_fen)
            prove_unload_case(writing, case, mac3)
            _touch(writing, case.card)
            if known is not None:
                return said(writing, known, again=True)
            kind = ReceiptKind.UNLOAD
            return said(writing, add_receipt(writing, cashier, kind, case.card, case.amount_fen, None, key))

    def unload_end(self, key: bytes, now: Now) -> tuple[UnloadState, ReceiptSaid | None]:
        """What the books know of it; with a receipt, the same as before or the first, when the card took it."""
        case = self.unload_case(key)
        if case.state not in TAKEN:
            return UnloadState(case.state), None
        with self.opened.writing(now) as writing:
            of_case = (case.cashier, ReceiptKind.UNLOAD, case.card, case.amount_fen)
            known = given_before(writing.db, key, *of_case)
            receipt = known or add_receipt(writing, *of_case, None, key)
            return UnloadState(case.state), said(writing, receipt, again=known is not None)

    # --- the life of cards ----------------------------------------------------------------------------------------

    def find(self, label: str) -> list[object]:
        """Card id, state, class, expected balance, online account."""
        with self.database.reading():
            card = card_of(self.database, label)
            books = card_books(self.database, CardAsk(CardId(card), 0, 0))
        if books is None:
            raise DeskRefused(UNKNOWN_CARD)
        return [card, books.state.value, books.card_class, books.purse_fen, books.online_fen]

    def report_lost(self, wish: Wish, now: Now) -> None:
        """挂失: hotlisted and frozen when this returns."""
        with self.opened.writing(now) as writing:
            report_lost(writing, wish)

    def cancel_lost(self, wish: Wish, now: Now) -> None:
        """解挂."""
        with self.opened.writing(now) as writing:
            cancel_lost(writing, wish)

    def change_class(self, wish: Wish, card: bytes, card_class: int, now: Now) -> None:
        """更改卡类型."""
        with self.opened.writing(now) as writing:
            change_class(writing, wish, card, card_class)

    def replace_broken(self, wish: Wish, new_label: str, proof: LoadAuth | None, now: Now) -> Replaced:
        """坏卡换卡. proof: the card's MAC1 of a load of nothing, checked by the caller; None: not readable."""
        with self.opened.writing(now) as writing:
            if proof is not None and deed_of(writing.db, wish.key) is None:
                if proof.card != card_of(writing.db, wish.label):
                    raise DeskRefused(WRONG_PROOF)
                settle_by_counter(writing, proof, codec.dumps(list(proof)))
            return replace_broken(writing, wish, new_label, None if proof is None else proof.balance_fen)

    def replace_lost(self, wish: Wish, new_label: str, now: Now) -> Replaced:
        """挂失补卡."""
        with self.opened.writing(now) as writing:
            return replace_lost(writing, wish, new_label)

    def release(self, wish: Wish, now: Now) -> Replaced:
        """余款解冻."""
        with self.opened.writing(now) as writing:
            return release(writing, wish)

    # --- a cashier's day ------------------------------------------------------------------------------------------

    def draw(self, key: bytes, cashier: str, first: str, last: str, now: Now) -> None:
        """Cards of the stock into the cashier's hands."""
        with self.opened.writing(now) as writing:
            draw(writing, key, cashier, range_labels(first, last))

    def spoil(self, wish: Wish, now: Now) -> None:
        """One of them is waste."""
        with self.opened.writing(now) as writing:
            spoil(writing, wish.key, wish.cashier, wish.label, wish.reason)

    def close_day(self, key: bytes, cashier: str, counted_fen: int, counted_left: int, now: Now) -> DaySheet:
        """日结."""
        with self.opened.writing(now) as writing:
            return close_day(writing, key, cashier, counted_fen, counted_left)

    def sheet(self, cashier: str, day: int) -> DaySheet:
        """As it was closed, or so far."""
        with self.database.reading():
            return sheet_now(self.database, cashier, day)

    def unload_mac3_wrong(self, key: bytes, now: Now) -> None:
        """The card's proof is wrong: top-grade, and nothing moves."""
        with self.opened.writing(now) as writing:
            case = _case(writing, key)
            writing.notes.tell(Mac3Wrong(case.card))

    def unload_nothing(self, key: bytes, now: Now) -> None:
        """The desk says that nothing was debited; the card's next counter will prove it."""
        with self.opened.writing(now) as writing:
            note_unload(writing, _case(writing, key), "not debited, says the desk")


def _case(writing: Writing, key: bytes) -> UnloadCase:
    case = unload_case_of(writing.db, key)
    if case is None:
        raise DeskRefused(NO_CASE)
    return case


def _same_case(case: UnloadCase, body: bytes) -> UnloadCase:
    if case.auth != body or case.state != UnloadState.PENDING:
        raise DeskRefused(KEY_USED)
    return case


def settle_by_counter(writing: Writing, auth: LoadAuth, evidence: bytes) -> None:
    """What a right MAC1 says of the card's earlier loads and unloads."""
    settle_pending(writing, auth.card, auth.counter, evidence)
    _touch(writing, auth.card)


def _touch(writing: Writing, card: bytes) -> None:
    """The purse's balance moved online: grey purchases may be decided by it."""
    touched = Touched()
    touched.load(card + bytes((MAIN_PURSE,)))
    settle_touched(writing, touched)


def _require_sum(fen: int) -> None:
    if not 0 < fen <= FEN_MAX:
        raise DeskRefused(AMOUNT)


def said(writing: Writing, receipt: Receipt, *, again: bool = False) -> ReceiptSaid:
    """A receipt as it is told, with what the account has now."""
    writing.booking.flush()
    online_fen = 0
    if receipt.card:
        card = writing.registry.cards.get(payer_of(writing.db, receipt.card))
        if card is None:
            raise DeskRefused(UNKNOWN_CARD)
        online_fen = balance(writing.db, card.accounts.online, Side.CREDIT)
    return ReceiptSaid(receipt.cashier, receipt.number, receipt.fen, receipt.at_s, online_fen, again)
