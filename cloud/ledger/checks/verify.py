"""The invariants on a real ledger (DESIGN 2, relsec I1–I5, I15): what was checked, how many, the first thing broken.

Reads one snapshot and believes nothing that it can work out again: every sum from its source bytes, every TAC from the
key process, every key, mark and batch hash from the records. Open cases are told, not blamed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from cloud.ledger.checks.book_chain import check_book_chain
from cloud.ledger.checks.books import check_balances, check_chain, check_entries
from cloud.ledger.checks.cards import check_cards
from cloud.ledger.checks.check import Check
from cloud.ledger.checks.differences import check_differences, check_looks
from cloud.ledger.checks.file import check_file
from cloud.ledger.checks.fleet.discounts import check_discounts
from cloud.ledger.checks.fleet.documents import check_documents
from cloud.ledger.checks.fleet.firmware import check_rollouts
from cloud.ledger.checks.fleet.jobs import check_jobs
from cloud.ledger.checks.fleet.orders import check_orders
from cloud.ledger.checks.fleet.parameters import check_parameters
from cloud.ledger.checks.gaps import check_backup_marks, check_gaps
from cloud.ledger.checks.losses import check_losses
from cloud.ledger.checks.money.bank import check_bank
from cloud.ledger.checks.money.codes import check_codes
from cloud.ledger.checks.money.days import check_days
from cloud.ledger.checks.money.deposits import check_deposits
from cloud.ledger.checks.money.desk import check_desk
from cloud.ledger.checks.money.findings import check_closing, check_findings
from cloud.ledger.checks.money.meals import check_meals
from cloud.ledger.checks.money.online import check_online
from cloud.ledger.checks.money.payments import check_payments
from cloud.ledger.checks.money.refunds import check_refunds
from cloud.ledger.checks.money.spares import check_spares
from cloud.ledger.checks.money.till_orders import check_till_orders
from cloud.ledger.checks.put_backs import Witness, check_put_backs, check_unasked
from cloud.ledger.checks.quarantine import check_quarantine
from cloud.ledger.checks.records import check_keys, check_marks, check_open, check_records, check_tacs, check_voids
from cloud.ledger.checks.releases import check_two_persons
from cloud.ledger.checks.thefts import check_thefts
from cloud.ledger.ledger import Ledger
from cloud.ledger.read.reader import Reader
from cloud.ledger.records.values import CheckTac


@dataclass(frozen=True, slots=True)
class Report:
    """All checks, in the order in which they were made."""

    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """Nothing is broken."""
        return not any(check.broken for check in self.checks)

    @property
    def warns(self) -> bool:
        """True, and yet there is something that a person has had to explain."""
        return any(check.warns for check in self.checks)

    @property
    def first_broken(self) -> str:
        """'name: what', or empty."""
        return next((f"{check.name}: {check.broken}" for check in self.checks if check.broken), "")


_FIRST = (check_file, check_balances, check_entries, check_records)
_WITH_KEYS = (check_tacs, check_voids, check_payments, check_meals, check_codes)
_THEN = (
    check_keys, check_marks, check_quarantine, check_gaps, check_backup_marks, check_chain, check_book_chain,
    check_cards, check_differences, check_looks, check_findings, check_closing, check_discounts, check_losses,
    check_thefts, check_two_persons, check_orders, check_desk, check_days, check_bank, check_deposits, check_refunds,
    check_online, check_till_orders, check_documents, check_jobs, check_parameters, check_rollouts, check_spares,
    check_open,
)  # fmt: skip


def _unheard(_done: int, _total: int) -> None:
    return


def verify(
    source: Ledger | Reader,
    check_tac: CheckTac,
    witnesses: Sequence[Witness] = (),
    unasked: Sequence[str] = (),
    tell: Callable[[int, int], None] = _unheard,
) -> Report:
    """KeyFault when the key process cannot be asked: then nothing is said. witnesses: of the ledger's chains, as they
    stood before this was asked; unasked: boxes that may be some, and could not be asked. tell: before each check, how
    many are done, and of how many."""
    db = source.database
    steps: list[Callable[[], Check]] = [
        *(partial(check, db) for check in _FIRST),
        *(partial(check, db, check_tac) for check in _WITH_KEYS),
        *(partial(check, db) for check in _THEN),
        partial(check_put_backs, db, witnesses),
    ]
    made: list[Check] = []
    with db.reading():
        for done, step in enumerate(steps):
            tell(done, len(steps))
            made.append(step())
    return Report((*made, *check_unasked(unasked)))


__all__ = ["Check", "Report", "verify"]
