"""Two persons close the list of what cannot come again of a ledger that was put back: until then nothing is green.

What they have found out, and entered anew from paper, stands in the proposal's reason. Nothing else changes by it: the
list stays in the books, closed.
"""

from collections.abc import Sequence

from cloud.ledger.held import two_persons
from cloud.ledger.held.two_persons import Decided, Proposal, ProposalKind, ProposalRefused
from cloud.ledger.journal.witnessed import PutBack, put_backs
from cloud.ledger.journal.writing import Writing
from shared.errors import WireFault
from shared.facts.desks import PutBackClosed
from shared.wire import codec
from shared.words.voice import Text


def read_named(document: bytes) -> tuple[int, ...]:
    """Which put-backs a proposal's document names. WireFault for a document that is none."""
    named = codec.loads(document)
    if not named or not all(type(number) is int for number in named):
        raise WireFault("put-back: malformed")
    return tuple(named)


def propose_close(writing: Writing, who: str, reason: str) -> Proposal:
    """Inside of a transaction. All that is open now. ProposalRefused when nothing is, or it is proposed already."""
    wanted = tuple(one.number for one in put_backs(writing.db) if one.is_open)
    if not wanted:
        raise ProposalRefused(Text("没有要办结的", "nothing is open"))
    for other in two_persons.waiting(writing.db, writing.now.unix_ms):
        if other.kind is ProposalKind.PUT_BACK and set(read_named(other.document)) & set(wanted):
            raise ProposalRefused(
                Text(
                    f"与提议 {other.number} 重叠，先办结它",
                    f"proposal {other.number} names some of it: decide it first",
                )
            )
    return two_persons.propose(writing, ProposalKind.PUT_BACK, codec.dumps(list(wanted)), who, reason)


def confirm_close(writing: Writing, number: int, who: str) -> Decided:
    """Inside of a transaction. The second person's word: closed when this returns. Idempotent. ProposalRefused."""
    decided = two_persons.confirm(writing, _offered(writing, number).number, who)
    if decided.again:
        return decided
    named = read_named(decided.proposal.document)
    writing.db.insert("put_back_close", "put_back, proposal", [(one, number) for one in named])
    found = [one for one in put_backs(writing.db) if one.number in named]
    writing.notes.tell(_closed(decided.proposal, found))
    return decided


def reject_close(writing: Writing, number: int, who: str, reason: str) -> Decided:
    """Inside of a transaction. It stays open. Idempotent. ProposalRefused."""
    return two_persons.reject(writing, _offered(writing, number).number, who, reason)


def _closed(proposal: Proposal, found: Sequence[PutBack]) -> PutBackClosed:
    checker = proposal.decision.checker if proposal.decision is not None else ""
    spans = [one for one in found if one.last]
    first, last = min((one.first for one in spans), default=0), max((one.last for one in spans), default=0)
    return PutBackClosed(proposal.number, first, last, proposal.maker, checker, proposal.reason)


def _offered(writing: Writing, number: int) -> Proposal:
    found = two_persons.proposal(writing.db, number)
    if found.kind is not ProposalKind.PUT_BACK:
        raise ProposalRefused(
            Text(f"提议 {number} 不是放回旧账本的", f"proposal {number} is not about a ledger that was put back")
        )
    return found
