"""What two persons make of voids 撤销 that are held 待核: confirmed, each gives back what its sale took, and once.

Their word takes the place of a card that did not stand for it, of bounds and of origin; a void that fits no sale, or
whose sale is given back already, moves nothing whoever wants it. Rejected, all stays as it is.
"""

from collections.abc import Sequence

from cloud.ledger.held.records_words import RecordsLedger, Sums
from cloud.ledger.held.two_persons import ProposalKind, ProposalRefused
from cloud.ledger.journal.writing import Writing
from cloud.ledger.receive.voids import VoidState, settle_voids
from cloud.store.db import Database
from shared.words.voice import Text

_CASES = "SELECT record, target, amount_fen, state FROM void_case WHERE record"


class VoidLedger(RecordsLedger):
    """records: of the voids."""

    kind = ProposalKind.VOID
    name = Text("撤销", "void")

    def known(self, db: Database, wanted: Sequence[int]) -> Sums:
        """Of these records those that are such, whatever became of them."""
        return {record: fen for record, _, fen, _ in db.find(_CASES, list(wanted))}

    def held(self, db: Database, wanted: Sequence[int]) -> Sums:
        """Of these records those that wait for two persons."""
        return {record: fen for record, _, fen, state in db.find(_CASES, list(wanted)) if state == VoidState.HELD}

    def give_back(self, writing: Writing, proposal: int, wanted: Sequence[int]) -> None:
        """All of them; ProposalRefused for one that fits no sale which is not given back yet."""
        targets = {bytes(target) for _, target, _, _ in writing.db.find(_CASES, list(wanted))}
        for record in wanted:
            writing.db.run("UPDATE void_case SET proposal = ? WHERE record = ?", (proposal, record))
        settle_voids(writing, targets)
        _require_posted(writing.db, wanted)


def _require_posted(db: Database, wanted: Sequence[int]) -> None:
    still = sorted(case[0] for case in db.find(_CASES, list(wanted)) if case[3] != VoidState.POSTED)
    if still:
        raise ProposalRefused(
            Text(
                f"记录 {still[0]} 与其消费不符或已退，不能撤销",
                f"record {still[0]} fits no sale that is not given back yet",
            )
        )
