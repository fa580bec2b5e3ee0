"""What two persons make of voids 撤销 that are held 待核: confirmed, each gives back what its sale took, and once.

Their word takes the place of a card that did not stand for it, of bounds and of origin; a void that fits no sale, or
whose sale is given back already, moves nothing whoever wants it. Rejected, all stays as it is.
"""

from collections.abc import Sequence

from cloud.ledger.held import two_persons
from cloud.ledger.held.two_persons import Decided, Proposal, ProposalKind, ProposalRefused
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.journal.writing import Writing
from cloud.ledger.receive.voids import VoidState, settle_voids
from cloud.ledger.records.values import Now
from cloud.store.db import Database, Row
from shared.facts.desks import HeldProposed, HeldRejected, HeldReturned
from shared.wire import codec
from shared.words.voice import Text

VOIDS_MAX = 100
"""Of one proposal; more are proposed in parts."""
SIDE = "holder"
_CASES = "SELECT record, target, amount_fen, state FROM void_case WHERE record"


class VoidLedger:
    """Over an opened ledger; belongs to one thread at a time. Each door is one transaction."""

    def __init__(self, opened: OpenedLedger) -> None:
        self._opened = opened
        self.database = opened.database

    def propose(self, records: Sequence[int], who: str, reason: str, now: Now) -> Proposal:
        """The first person's word: nothing moves yet. ProposalRefused."""
        with self._opened.writing(now) as writing:
            return propose_voids(writing, records, who, reason)

    def confirm(self, number: int, who: str, now: Now) -> Decided:
        """The second person's word: all of them are in the books when this returns. Idempotent. ProposalRefused."""
        with self._opened.writing(now) as writing:
            return confirm_voids(writing, number, who)

    def reject(self, number: int, who: str, reason: str, now: Now) -> Decided:
        """They stay held. Idempotent. ProposalRefused."""
        with self._opened.writing(now) as writing:
            return reject_voids(writing, number, who, reason)


def read_voids(document: bytes) -> tuple[int, ...]:
    """The record numbers that a proposal names; WireFault for a document that is none."""
    records = codec.loads(document)
    return tuple(codec.fields(records, *(int for _ in records), what="voids"))


def propose_voids(writing: Writing, records: Sequence[int], who: str, reason: str) -> Proposal:
    """Inside of a transaction."""
    wanted = tuple(sorted(set(records)))
    if not 0 < len(wanted) <= VOIDS_MAX:
        raise ProposalRefused(
            Text(f"撤销应为 1..{VOIDS_MAX} 笔，现有 {len(wanted)}", f"1..{VOIDS_MAX} voids, here {len(wanted)}")
        )
    held = _require_held(writing.db, wanted)
    document = codec.dumps(list(wanted))
    if before := two_persons.said_before(writing, ProposalKind.VOID, document, who):
        return before
    made = two_persons.propose(writing, ProposalKind.VOID, document, who, reason)
    writing.notes.tell(HeldProposed(made.number, len(held), _sum(held), SIDE, made.maker, made.reason))
    return made


def confirm_voids(writing: Writing, number: int, who: str) -> Decided:
    """Inside of a transaction. All of the proposal, or none."""
    decided = two_persons.confirm(writing, _of_voids(writing, number).number, who)
    if decided.again:
        return decided
    wanted = read_voids(decided.proposal.document)
    held = _require_held(writing.db, wanted)
    for record in wanted:
        writing.db.run("UPDATE void_case SET proposal = ? WHERE record = ?", (number, record))
    settle_voids(writing, {bytes(target) for _, target, _, _ in held})
    _require_posted(writing.db, wanted)
    writing.notes.tell(HeldReturned(number, len(held), _sum(held), *_who(decided.proposal)))
    return decided


def reject_voids(writing: Writing, number: int, who: str, reason: str) -> Decided:
    """Inside of a transaction."""
    decided = two_persons.reject(writing, _of_voids(writing, number).number, who, reason)
    if not decided.again:
        cases = writing.db.find(_CASES, list(read_voids(decided.proposal.document)))
        writing.notes.tell(HeldRejected(number, len(cases), _sum(cases), SIDE, *_who(decided.proposal)))
    return decided


def _of_voids(writing: Writing, number: int) -> Proposal:
    found = two_persons.proposal(writing.db, number)
    if found.kind is not ProposalKind.VOID:
        raise ProposalRefused(Text(f"提议 {number} 不是撤销", f"proposal {number} is not about voids"))
    return found


def _require_held(db: Database, wanted: Sequence[int]) -> list[Row]:
    cases = [case for case in db.find(_CASES, list(wanted)) if case[3] == VoidState.HELD]
    missing = sorted(set(wanted) - {case[0] for case in cases})
    if missing:
        raise ProposalRefused(Text(f"记录 {missing[0]} 不是待核的撤销", f"record {missing[0]} is no void that is held"))
    return cases


def _require_posted(db: Database, wanted: Sequence[int]) -> None:
    still = sorted(case[0] for case in db.find(_CASES, list(wanted)) if case[3] != VoidState.POSTED)
    if still:
        raise ProposalRefused(
            Text(
                f"记录 {still[0]} 与其消费不符或已退，不能撤销",
                f"record {still[0]} fits no sale that is not given back yet",
            )
        )


def _sum(cases: Sequence[Row]) -> int:
    return sum(fen for _, _, fen, _ in cases)


def _who(proposal: Proposal) -> tuple[str, str]:
    return proposal.maker, proposal.decision.checker if proposal.decision is not None else ""
