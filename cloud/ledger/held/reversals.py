"""What two persons make of reversals 冲正 that are held: confirmed, the account has its money back, and once.

Their word takes the place of bounds and of origin, and decides where a terminal has said both. A reversal over another
sum, or of another card, than the payment that it names moves nothing whoever wants it. Rejected, all stays as it is.
"""

from collections.abc import Sequence

from cloud.ledger.funds.payments.cases import COLUMNS, PaymentCase, PaymentState, keep
from cloud.ledger.funds.payments.settle import Said, give_back, is_its
from cloud.ledger.held import two_persons
from cloud.ledger.held.two_persons import Decided, Proposal, ProposalKind, ProposalRefused
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.journal.writing import Writing
from cloud.ledger.records.arrival import arrive
from cloud.ledger.records.judge import Reason
from cloud.ledger.records.values import Now
from cloud.store.db import Database
from shared.facts.desks import HeldProposed, HeldRejected, HeldReturned
from shared.wire import codec
from shared.words.voice import Text

REVERSALS_MAX = 100
"""Of one proposal; more are proposed in parts."""
SIDE = "holder"
_HELD = f"SELECT {COLUMNS} FROM payment_case WHERE state = ? ORDER BY reversal"  # noqa: S608  # our own names


class ReversalLedger:
    """Over an opened ledger; belongs to one thread at a time. Each door is one transaction."""

    def __init__(self, opened: OpenedLedger) -> None:
        self._opened = opened

    def propose(self, records: Sequence[int], who: str, reason: str, now: Now) -> Proposal:
        """The first person's word: nothing moves yet. records: of the reversals. ProposalRefused."""
        with self._opened.writing(now) as writing:
            return _propose(writing, records, who, reason)

    def confirm(self, number: int, who: str, now: Now) -> Decided:
        """The second person's word: all of them are in the books when this returns. Idempotent. ProposalRefused."""
        with self._opened.writing(now) as writing:
            return _confirm(writing, number, who)

    def reject(self, number: int, who: str, reason: str, now: Now) -> Decided:
        """They stay held. Idempotent. ProposalRefused."""
        with self._opened.writing(now) as writing:
            return _reject(writing, number, who, reason)


def held_reversals(db: Database) -> list[PaymentCase]:
    """Oldest record first."""
    return [PaymentCase(*row) for row in db.run(_HELD, (int(PaymentState.HELD),))]


def read_reversals(document: bytes) -> tuple[int, ...]:
    """The record numbers that a proposal names; WireFault for a document that is none."""
    records = codec.loads(document)
    return tuple(codec.fields(records, *(int for _ in records), what="reversals"))


def _propose(writing: Writing, records: Sequence[int], who: str, reason: str) -> Proposal:
    wanted = tuple(sorted(set(records)))
    if not 0 < len(wanted) <= REVERSALS_MAX:
        raise ProposalRefused(
            Text(f"冲正应为 1..{REVERSALS_MAX} 笔，现有 {len(wanted)}", f"1..{REVERSALS_MAX}, here {len(wanted)}")
        )
    held = _require_held(writing.db, wanted)
    document = codec.dumps(list(wanted))
    if before := two_persons.said_before(writing, ProposalKind.REVERSAL, document, who):
        return before
    made = two_persons.propose(writing, ProposalKind.REVERSAL, document, who, reason)
    writing.notes.tell(HeldProposed(made.number, len(held), _sum(held), SIDE, made.maker, made.reason))
    return made


def _confirm(writing: Writing, number: int, who: str) -> Decided:
    """All of the proposal, or none."""
    decided = two_persons.confirm(writing, _of_reversals(writing, number).number, who)
    if decided.again:
        return decided
    held = _require_held(writing.db, read_reversals(decided.proposal.document))
    for case in held:
        give_back(writing, case, _said(writing, case))
        keep(writing.db, case._replace(state=int(PaymentState.REVERSED), changed_ms=writing.now.unix_ms))
    writing.notes.tell(HeldReturned(number, len(held), _sum(held), *_who(decided.proposal)))
    return decided


def _reject(writing: Writing, number: int, who: str, reason: str) -> Decided:
    decided = two_persons.reject(writing, _of_reversals(writing, number).number, who, reason)
    if not decided.again:
        wanted = set(read_reversals(decided.proposal.document))
        cases = [case for case in held_reversals(writing.db) if case.reversal in wanted]
        writing.notes.tell(HeldRejected(number, len(cases), _sum(cases), SIDE, *_who(decided.proposal)))
    return decided


def _said(writing: Writing, case: PaymentCase) -> Said:
    """Its reversal, as it came."""
    stored, received_s = writing.db.run("SELECT stored, received_s FROM record WHERE id = ?", (case.reversal,))[0]
    said = Said(arrive(stored), case.reversal or 0, received_s, Reason.NONE)
    if not is_its(case, said):
        raise ProposalRefused(
            Text(f"记录 {case.reversal} 与账户支付不符", f"record {case.reversal} is over another sum, or card")
        )
    return said


def _of_reversals(writing: Writing, number: int) -> Proposal:
    found = two_persons.proposal(writing.db, number)
    if found.kind is not ProposalKind.REVERSAL:
        raise ProposalRefused(Text(f"提议 {number} 不是冲正", f"proposal {number} is not about reversals"))
    return found


def _require_held(db: Database, wanted: Sequence[int]) -> list[PaymentCase]:
    cases = [case for case in held_reversals(db) if case.reversal in wanted]
    missing = sorted(set(wanted) - {case.reversal for case in cases})
    if missing:
        raise ProposalRefused(
            Text(f"记录 {missing[0]} 不是待核的冲正", f"record {missing[0]} is no reversal that is held")
        )
    return cases


def _sum(cases: Sequence[PaymentCase]) -> int:
    return sum(case.amount_fen for case in cases)


def _who(proposal: Proposal) -> tuple[str, str]:
    return proposal.maker, proposal.decision.checker if proposal.decision is not None else ""
