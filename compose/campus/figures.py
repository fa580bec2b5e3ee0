"""What a run ends with: the figures of the closing sheet, and whether they are true. Pure.

All are of the data folder since its first start. Sums of money are of both purses of a card unless they say which.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from compose.parts.alarms import Alarms
from shared.words.voice import Text


@dataclass(frozen=True, slots=True)
class Terminal:
    """One body's line: sequence range of its newest epoch, taps shown, records and fen posted, what it still owes.

    zero_rides: boardings with distance fare, which take nothing and post nothing; the exit pays.
    """

    name: str
    place: str
    first_seq: int
    last_seq: int
    taps: int
    posted: int
    spent_fen: int
    loads: int
    loads_fen: int
    owes: int
    open_slots: int
    zero_rides: int = 0


@dataclass(frozen=True, slots=True)
class Open:
    """A case that nobody has decided yet. kind: transit (a load) or suspense (a purchase); number: request or seq.

    will: what will happen to this one; empty: what the kind says.
    """

    kind: str
    terminal: str
    number: int
    card: str
    amount_fen: int
    age_s: int
    will: str | Text = ""


@dataclass(frozen=True, slots=True)
class Owed:
    """成功 that were shown, are not posted, and still lie in a terminal or its box: these numbers of it."""

    name: str
    epoch: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What a run ends with.

    double: 成功 shown and posted twice. lost: shown, not posted, and nobody can bring it any more; owed: somebody can.
    owed_fen: what owed purchases took from the cards, of both purses. suspense_fen, transit_fen: what the open cases
    are about, which the cards may have paid, or been given, and which no sum above holds.
    """

    taps: int
    declined: int
    records: int
    posted: int
    suspense: int
    quarantined: int
    no_entry: int
    unposted: int
    opening_fen: int
    loads: int
    loads_fen: int
    spent_fen: int
    cards: int
    cards_fen: int
    purse_float_fen: int
    deposits_fen: int
    online_fen: int
    transit_fen: int
    suspense_fen: int
    lost: int
    double: int
    latency_ms: Mapping[str, float]
    verify: Mapping[str, Any]
    terminals: tuple[Terminal, ...]
    faults: Mapping[str, int]
    injected: Mapping[str, int]
    this_run: Mapping[str, float]
    open: tuple[Open, ...] = ()
    subsidy_fen: int = 0
    """Of purse_float_fen, in the cards' subsidy purses 补助."""
    subsidy_opening_fen: int = 0
    """Of opening_fen."""
    subsidy_spent_fen: int = 0
    """Of spent_fen, by its postings."""
    subsidy_cards_fen: int = 0
    """Of cards_fen."""
    subsidies: int = 0
    """Cards that have a subsidy purse."""
    mixed: int = 0
    """Of taps: mixed payments, two records each."""
    pending_fen: int = 0
    """过渡余额: given back to the cards' holders and not claimed yet."""
    pending_subsidy_fen: int = 0
    """待回补助: the same of subsidies, which nothing loads back yet."""
    zero_rides: int = 0
    """Of no_entry: boardings with distance fare."""
    voids: int = 0
    voided_fen: int = 0
    """撤销: of spent_fen, taken from the merchants again; the cards have paid it and are not touched."""
    payments: int = 0
    payments_fen: int = 0
    """账户支付: online accounts → merchants, no purse between."""
    granted_fen: int = 0
    """发放: from the subsidy fund or the bank into pending load."""
    unloads_fen: int = 0
    """圈提: cards → online accounts, at the card desk."""
    replaced_fen: int = 0
    """坏卡换卡, 挂失补卡: what void cards still say, though it stands in their successors' accounts."""
    subsidy_replaced_fen: int = 0
    """Of replaced_fen."""
    owed: int = 0
    owed_fen: int = 0
    owed_subsidy_fen: int = 0
    owed_by: tuple[Owed, ...] = ()
    differences: int = 0
    """Between cards and ledger, and nobody has explained them: must be 0."""
    differences_explained: int = 0
    explained_fen: int = 0
    """What cards hold beyond the books, by differences that are explained."""
    put_back: str | Text = ""
    """An older ledger was put back: what came again, and what cannot; in the cloud's words."""
    checkpoint: str = ""
    """The file of the signed checkpoint that was written with these figures."""
    put_backs_open: int = 0
    """Of it, what two persons have not closed: must be 0."""

    alarms: Alarms = None
    """As the watch told them when all had drained; None: nobody knows."""
    losses: int = 0
    loss_fen: int = 0
    """挂失后损失: purchases of lost cards after their report, and what is provided for them; the school bears it."""
    loss_provision_fen: int = 0
    """Of loss_fen, provided and not spent by now."""
    loss_purses_fen: int = 0
    """What was booked back into purses of lost cards: in the ledger's float, and on no card."""
    loss_subsidy_fen: int = 0
    """Of it, into their subsidy purses."""

    @property
    def expected_fen(self) -> int:
        """What the cards must hold: opening + loads − spent − unloads; void cards hold nothing that counts."""
        return self.opening_fen + self.loads_fen - self.spent_fen - self.unloads_fen - self.replaced_fen

    @property
    def unexplained_fen(self) -> int:
        """Card side and books apart, beyond what the open cases are about: must be 0."""
        apart = self.cards_fen - self.replaced_fen - self.expected_fen - self.explained_fen + self.owed_fen
        beyond = max(0, apart - self.transit_fen) + max(0, -apart - self.suspense_fen)
        came_in = self.deposits_fen + self.voided_fen + self.granted_fen + self.unloads_fen + self.replaced_fen
        waits = self.pending_fen + self.pending_subsidy_fen
        went = self.loads_fen + self.transit_fen + self.payments_fen
        accounts = came_in - went - waits - self.online_fen
        books = abs(self.purse_float_fen - self.loss_purses_fen - self.expected_fen) + abs(accounts)
        return beyond + books + self._subsidy_unexplained_fen

    @property
    def subsidy_expected_fen(self) -> int:
        """What the subsidy purses must hold: nothing is loaded into them."""
        return self.subsidy_opening_fen - self.subsidy_spent_fen - self.subsidy_replaced_fen

    @property
    def _subsidy_unexplained_fen(self) -> int:
        """The same for the subsidy purses alone: what one purse lacks, the other cannot make good."""
        apart = self.subsidy_cards_fen - self.subsidy_replaced_fen - self.subsidy_expected_fen + self.owed_subsidy_fen
        beyond = max(0, apart) + max(0, -apart - self.suspense_fen)
        return beyond + abs(self.subsidy_fen - self.loss_subsidy_fen - self.subsidy_expected_fen)

    @property
    def adds_up(self) -> bool:
        """Whether everything that is booked is right, and all is in; open cases or not."""
        return self.is_right and not (self.owed or self.unposted or any(t.owes or t.open_slots for t in self.terminals))

    @property
    def is_right(self) -> bool:
        """Whether everything that is booked is right, and nothing is lost; not whether all is in."""
        wrong = self.lost or self.double or self.unexplained_fen or self.differences or self.put_backs_open
        return not wrong and bool(self.verify.get("ok"))

    @property
    def undecided(self) -> bool:
        """Whether something lies in transit, in suspense or in quarantine: not all is posted."""
        return bool(self.open or self.transit_fen or self.suspense or self.quarantined)

    @property
    def true(self) -> bool:
        """Whether all is posted and everything adds up: exit code 0."""
        return self.adds_up and not self.undecided
