"""The door of spare cards 备用卡: for the card desk, for class teachers, and for whoever lists where each is."""

from typing import NamedTuple

from cloud.ledger.cards.classes import classes_of
from cloud.ledger.cards.refusals import WRONG_PROOF, DeskRefused
from cloud.ledger.desk.door import said, settle_by_counter
from cloud.ledger.desk.lending import Loan, collect, hand_to_class, lend, take_back
from cloud.ledger.desk.replacing import Wish, card_of
from cloud.ledger.desk.spare_ends import take_in, write_off
from cloud.ledger.funds.spares import NOBODY, Spare, SpareAct, spare_by_key, spares
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.records.values import Now
from shared.clocks.clock import day_number
from shared.facts.terms import word_of
from shared.purse.load_auth import LoadAuth
from shared.wire import codec
from shared.wire.desk.calls import ReceiptSaid


class SpareLine(NamedTuple):
    """Where a spare card is. act: a word of shared.facts.terms.SPARES; holder: the label of the card that it stands in
    for. is_late: lent, and its last day is over."""

    label: str
    act: str
    person: str
    holder: str
    place: str
    deposit_fen: int
    limit_fen: int
    until_day: int
    is_late: bool


class SpareView(NamedTuple):
    """For a page. card, holder: b"" where there is none. group: the class of whom it stands in for, '' unknown."""

    line: SpareLine
    card: bytes
    holder: bytes
    group: str


class SpareLedger:
    """Over an opened ledger; belongs to one thread at a time."""

    def __init__(self, opened: OpenedLedger) -> None:
        self._opened = opened

    def lend(self, wish: Wish, loan: Loan, now: Now) -> ReceiptSaid:
        """At the desk, with its receipt."""
        with self._opened.writing(now) as writing:
            again = spare_by_key(writing.db, wish.key) is not None
            receipt = lend(writing, wish, loan)
            if receipt is None:
                raise DeskRefused(WRONG_PROOF)
            return said(writing, receipt, again=again)

    def take_back(self, wish: Wish, proof: LoadAuth, now: Now) -> ReceiptSaid:
        """proof: the card's MAC1 of a load of nothing, checked by the caller."""
        with self._opened.writing(now) as writing:
            again = spare_by_key(writing.db, wish.key) is not None
            if not again:
                if proof.card != card_of(writing.db, wish.label):
                    raise DeskRefused(WRONG_PROOF)
                settle_by_counter(writing, proof, codec.dumps(list(proof)))
            return said(writing, take_back(writing, wish, proof.balance_fen), again=again)

    def take_in(self, wish: Wish, second: str, now: Now) -> ReceiptSaid:
        """By its printed number, by two persons: it cannot be read, or was written off. It stays void."""
        with self._opened.writing(now) as writing:
            again = spare_by_key(writing.db, wish.key) is not None
            return said(writing, take_in(writing, wish, second), again=again)

    def write_off(self, wish: Wish, now: Now) -> None:
        """Lost for good: its deposit is the school's."""
        with self._opened.writing(now) as writing:
            write_off(writing, wish)

    def hand_to_class(self, wish: Wish, place: str, now: Now) -> None:
        """Into a class teacher's hands; place '': back."""
        with self._opened.writing(now) as writing:
            hand_to_class(writing, wish, place)

    def lend_by_class(self, wish: Wish, loan: Loan, now: Now) -> None:
        """By the teacher of the class that loan.place names, without a deposit."""
        with self._opened.writing(now) as writing:
            lend(writing, wish, loan)

    def collect(self, wish: Wish, place: str, now: Now) -> str:
        """The teacher of this class has it back. How it stands then, as a word."""
        with self._opened.writing(now) as writing:
            return word_of(collect(writing, wish, place).name)

    def listed(self, now: Now, place: str = "") -> list[SpareLine]:
        """All, or those of a class: with its teacher, or lent by him."""
        return [one.line for one in self.shown(now, place)]

    def shown(self, now: Now, place: str = "") -> list[SpareView]:
        """The same, with whose class they are of."""
        db, today = self._opened.database, day_number(now.campus_s)
        with db.reading():
            found = [one for one in spares(db) if not place or one.place == place]
            cards = [card for one in found for card in (one.card, one.holder) if card]
            labels = {bytes(card): label for card, label in db.find("SELECT card, label FROM card WHERE card", cards)}
            groups = classes_of(db, [one.holder for one in found if one.holder])
        return [
            SpareView(_line(one, labels, today), one.card, one.holder, groups.get(one.holder, "")) for one in found
        ]


def _line(one: Spare, labels: dict[bytes, str], today: int) -> SpareLine:
    return SpareLine(
        labels.get(one.card, ""), word_of(SpareAct(one.act).name), one.person,
        labels.get(one.holder, "") if one.holder != NOBODY else "", one.place, one.deposit_fen, one.limit_fen,
        one.until_day, one.act == SpareAct.OVERDUE or (one.is_out and one.until_day < today),
    )  # fmt: skip
