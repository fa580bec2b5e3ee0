"""What two persons make of reversals 冲正 that are held: confirmed, the account has its money back, and once.

Their word takes the place of bounds and of origin, and decides where a terminal has said both. A reversal over another
sum, or of another card, than the payment that it names moves nothing whoever wants it. Rejected, all stays as it is.
"""

from collections.abc import Sequence

from cloud.ledger.funds.payments.cases import COLUMNS, PaymentCase, PaymentState, keep
from cloud.ledger.funds.payments.settle import Said, give_back, is_its
from cloud.ledger.held.records_words import RecordsLedger, Sums
from cloud.ledger.held.two_persons import ProposalKind, ProposalRefused
from cloud.ledger.journal.writing import Writing
from cloud.ledger.records.arrival import arrive
from cloud.ledger.records.judge import Reason
from cloud.store.db import Database
from shared.words.voice import Text

_HELD = f"SELECT {COLUMNS} FROM payment_case WHERE state = ? ORDER BY reversal"  # noqa: S608  # our own names
_KNOWN = "SELECT reversal, amount_fen FROM payment_case WHERE reversal"


class ReversalLedger(RecordsLedger):
    """records: of the reversals."""

    kind = ProposalKind.REVERSAL
    name = Text("冲正", "reversal")

    def known(self, db: Database, wanted: Sequence[int]) -> Sums:
        """Of these records those that are such, whatever became of them."""
        return dict(db.find(_KNOWN, list(wanted)))

    def held(self, db: Database, wanted: Sequence[int]) -> Sums:
        """Of these records those that wait for two persons."""
        return {case.reversal or 0: case.amount_fen for case in _cases(db, wanted)}

    def give_back(self, writing: Writing, proposal: int, wanted: Sequence[int]) -> None:  # noqa: ARG002 - a matter's
        """All of them; ProposalRefused for one over another sum, or card."""
        for case in _cases(writing.db, wanted):
            give_back(writing, case, _said(writing, case))
            keep(writing.db, case._replace(state=int(PaymentState.REVERSED), changed_ms=writing.now.unix_ms))


def held_reversals(db: Database) -> list[PaymentCase]:
    """Oldest record first."""
    return [PaymentCase(*row) for row in db.run(_HELD, (int(PaymentState.HELD),))]


def _cases(db: Database, wanted: Sequence[int]) -> list[PaymentCase]:
    return [case for case in held_reversals(db) if case.reversal in wanted]


def _said(writing: Writing, case: PaymentCase) -> Said:
    """Its reversal, as it came."""
    stored, received_s = writing.db.run("SELECT stored, received_s FROM record WHERE id = ?", (case.reversal,))[0]
    said = Said(arrive(stored), case.reversal or 0, received_s, Reason.NONE)
    if not is_its(case, said):
        raise ProposalRefused(
            Text(f"记录 {case.reversal} 与账户支付不符", f"record {case.reversal} is over another sum, or card")
        )
    return said
