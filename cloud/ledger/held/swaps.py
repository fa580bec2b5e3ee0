"""A spare body in a broken one's place 换机: what its box told, and what two persons make of it.

Told by the box, the spare is a body of the campus: it is listed, it owes, and what it sells posts the card side; the
merchant side waits 待核 until two persons have confirmed the swap, and is released from there as all that is held.
Refuses a spare or a broken body that is not of that box, a PSAM that is not the broken body's, a second life, and
an epoch that no ledger can have given.
"""

from cloud.ledger.fleet.epochs import AHEAD, highest_given, is_ahead
from cloud.ledger.held import two_persons
from cloud.ledger.held.two_persons import Decided, Proposal, ProposalKind, ProposalRefused
from cloud.ledger.journal.registry import touch_registry
from cloud.ledger.journal.swap_rows import (
    SwapRow,
    SwapState,
    add_swap,
    document_of,
    next_number,
    number_in,
    read_swaps,
)
from cloud.ledger.journal.writing import Writing
from shared.facts.books import SwapRefused, SwapTold
from shared.facts.desks import SwapConfirmed, SwapRejected
from shared.wire.messages import Swap
from shared.words.voice import Text

_DEVICE = "device, kind, box, name, place, merchant, merchant_account, held_account"
_AS_BROKEN = "kind, place, merchant, merchant_account, held_account"


def swap_told(writing: Writing, box: str, swap: Swap) -> SwapRefused | None:
    """Inside of a transaction. None: it is in the books, now or before; else why it is not, to be told once."""
    same = (box, swap.spare, swap.broken, swap.storage, swap.psam, swap.epoch)
    swaps = read_swaps(writing.db)
    if any((one.box, one.spare, one.broken, one.storage, one.psam, one.epoch) == same for one in swaps):
        return None
    refused = _refusal(writing, box, swap, swaps)
    if refused:
        return SwapRefused(refused, swap.broken, swap.psam, swap.who)
    _take(writing, box, swap)
    writing.notes.tell(SwapTold(swap.broken, swap.psam, swap.epoch, swap.at_s, swap.who), box=box, device=swap.spare)
    return None


def propose_swap(writing: Writing, number: int, who: str, reason: str) -> Proposal:
    """Inside of a transaction. The first person's word on the swap with this number. ProposalRefused."""
    found = _swap(writing, number)
    if found.state is not SwapState.TOLD:
        raise ProposalRefused(
            Text(f"换机 {number} 已确认", f"swap {number} was confirmed")
            if found.state is SwapState.CONFIRMED
            else Text(f"换机 {number} 已否决", f"swap {number} was rejected")
        )
    for other in two_persons.waiting(writing.db, writing.now.unix_ms):
        if other.kind is ProposalKind.SWAP and number_in(other.document) == number:
            raise ProposalRefused(
                Text(f"提议 {other.number} 正等待确认", f"proposal {other.number} waits for a second person")
            )
    return two_persons.propose(writing, ProposalKind.SWAP, document_of(number), who, reason)


def confirm_swap(writing: Writing, proposal: int, who: str) -> Decided:
    """Inside of a transaction. From here on what the spare brings is its merchant's. ProposalRefused."""
    found = _about(writing, proposal)
    decided = two_persons.confirm(writing, proposal, who)
    if not decided.again:
        touch_registry(writing.db)
        writing.notes.tell(SwapConfirmed(found.number, *_who(decided)), box=found.box, device=found.spare)
    return decided


def reject_swap(writing: Writing, proposal: int, who: str, reason: str) -> Decided:
    """Inside of a transaction. What the spare brings stays held. ProposalRefused."""
    found = _about(writing, proposal)
    decided = two_persons.reject(writing, proposal, who, reason)
    if not decided.again:
        touch_registry(writing.db)
        writing.notes.tell(SwapRejected(found.number, *_who(decided)), box=found.box, device=found.spare)
    return decided


def _refusal(writing: Writing, box: str, swap: Swap, swaps: list[SwapRow]) -> str:
    registry = writing.registry
    broken, chip = registry.devices.get(swap.broken), registry.psams.get(swap.psam)
    spares = writing.db.run("SELECT kind FROM spare WHERE device = ? AND box = ?", (swap.spare, box))
    if not spares:
        return "spare-unknown"
    if broken is None or broken.box != box or broken.kind != spares[0][0]:
        return "broken-unknown"
    if chip is None or chip.device != swap.broken:
        return "psam-moved"
    if registry.stolen.names(swap.spare, swap.psam):
        return "stolen"
    if any(one.spare == swap.spare and one.broken != swap.broken for one in swaps):
        return "spare-used"
    if any(one.psam == swap.psam and one.spare != swap.spare and one.state is not SwapState.REJECTED for one in swaps):
        return "psam-swapped"
    if is_ahead(swap.epoch, highest_given(writing.db, swap.spare)):
        return AHEAD
    return "" if _epoch_is_free(writing, swap) else "epoch-taken"


def _epoch_is_free(writing: Writing, swap: Swap) -> bool:
    held = writing.db.run("SELECT storage, psam FROM epoch WHERE device = ? AND epoch = ?", (swap.spare, swap.epoch))
    return not held or held[0] == (swap.storage, swap.psam)


def _take(writing: Writing, box: str, swap: Swap) -> None:
    db = writing.db
    number = next_number(db)
    told = swap.spare, swap.broken, swap.storage, swap.psam, swap.epoch, swap.at_s, swap.who
    add_swap(db, SwapRow(number, box, *told, writing.now.unix_ms))
    if swap.spare not in writing.registry.devices:
        ((name,),) = db.run("SELECT name FROM spare WHERE device = ?", (swap.spare,))
        ((kind, *rest),) = db.run(f"SELECT {_AS_BROKEN} FROM device WHERE device = ?", (swap.broken,))  # noqa: S608  # our own names
        # The box that told it, which is the broken body's of now: a move does not change the broken one's row.
        db.insert("device", _DEVICE, [(swap.spare, kind, box, name, *rest)])
    if not db.run("SELECT 1 FROM epoch WHERE device = ? AND epoch = ?", (swap.spare, swap.epoch)):
        row = swap.spare, swap.epoch, swap.storage, swap.psam
        db.insert("epoch", "device, epoch, storage, psam", [row])
    touch_registry(db)


def _swap(writing: Writing, number: int) -> SwapRow:
    for one in read_swaps(writing.db):
        if one.number == number:
            return one
    raise ProposalRefused(Text(f"没有换机 {number}", f"there is no swap {number}"))


def _about(writing: Writing, proposal: int) -> SwapRow:
    found = two_persons.proposal(writing.db, proposal)
    if found.kind is not ProposalKind.SWAP:
        raise ProposalRefused(Text(f"提议 {proposal} 不是换机", f"proposal {proposal} is no swap"))
    return _swap(writing, number_in(found.document))


def _who(decided: Decided) -> tuple[str, str]:
    said = decided.proposal.decision
    return decided.proposal.maker, said.checker if said is not None else ""
