"""Limits that terminals are to refuse by though they allowed it: one person proposes, another confirms, and it ends.

What counts afterwards is drafted and signed with the confirmation, so that nobody is needed when the time has come.
Refuses days out of bounds; a proposal says what it would have refused in the last days, as of when it was made.
"""

from collections.abc import Sequence
from typing import NamedTuple

from cloud.ledger.fleet.parameters.door import keep_all, positions, standing
from cloud.ledger.fleet.parameters.rows import Making, Push, PushKind, keep_file
from cloud.ledger.held import two_persons
from cloud.ledger.held.two_persons import Decided, Proposal, ProposalKind, ProposalRefused
from cloud.ledger.journal.writing import Writing
from cloud.parameters.campus_file import CampusFile
from cloud.parameters.floor import require_a_meal
from cloud.parameters.resolve import resolved
from cloud.store.db import Database
from shared.errors import WireFault
from shared.facts.settings import TighterConfirmed, TighterProposed, TighterRejected
from shared.wire import codec
from shared.words.voice import Text

DAYS, DAYS_MAX = 30, 366


class Offer(NamedTuple):
    """What a proposal's document says: which file to which terminals, for so many days; what it would have refused."""

    file: int
    devices: tuple[bytes, ...]
    days: int
    times: int
    fen: int

    def to_bytes(self) -> bytes:
        return codec.dumps([self.file, list(self.devices), self.days, self.times, self.fen])


def read_offer(document: bytes) -> Offer:
    """WireFault for a document that is none."""
    file, devices, *rest = codec.fields(codec.loads(document), int, list, int, int, int, what="tighter limits")
    if not all(type(device) is bytes for device in devices):
        raise WireFault("tighter limits: malformed")
    return Offer(file, tuple(devices), *rest)


def propose_tighter(
    writing: Writing, file: CampusFile, devices: Sequence[bytes], days: int, refused: tuple[int, int], who: str,
    reason: str,
) -> Proposal:  # fmt: skip
    """Inside of a transaction. refused: how many purchases, over how much. ProposalRefused; ConfigFault: somebody would
    have less than a meal."""
    if not 1 <= days <= DAYS_MAX:
        raise ProposalRefused(f"--days: 1..{DAYS_MAX}")
    _require_meals(writing.db, file, devices)
    offer = Offer(keep_file(writing, file, who), tuple(devices), days, *refused)
    made = two_persons.propose(writing, ProposalKind.TIGHTER, offer.to_bytes(), who, reason)
    writing.notes.tell(TighterProposed(made.number, len(devices), days, refused[0], made.maker, made.reason))
    return made


def _require_meals(db: Database, file: CampusFile, devices: Sequence[bytes]) -> None:
    there = standing(db, devices)
    for one in positions(db):
        if one.device in there:
            require_a_meal(file, one.name, there[one.device].former, resolved(file, one))


def confirm_tighter(
    writing: Writing, number: int, who: str, made: Sequence[Making], until_s: int
) -> tuple[Decided, Push | None]:
    """Inside of a transaction. None: it was confirmed before. ProposalRefused, ConfigFault: nothing was changed."""
    offer = offered(writing.db, number)
    decided = two_persons.confirm(writing, number, who)
    if decided.again:
        return decided, None
    one = decided.proposal
    checker = one.decision.checker if one.decision else ""
    push = keep_all(writing, offer.file, PushKind.TRIAL, f"{one.maker}, {checker}", offer.devices, made, number)
    writing.notes.tell(TighterConfirmed(number, len(made), until_s, one.maker, checker))
    return decided, push


def reject_tighter(writing: Writing, number: int, who: str, reason: str) -> Decided:
    """Inside of a transaction. All stays as it is. ProposalRefused."""
    offered(writing.db, number)
    decided = two_persons.reject(writing, number, who, reason)
    one = decided.proposal
    if not decided.again and one.decision is not None:
        writing.notes.tell(TighterRejected(number, one.maker, one.decision.checker))
    return decided


def offered(db: Database, number: int) -> Offer:
    """ProposalRefused when it is about something else."""
    found = two_persons.proposal(db, number)
    if found.kind is not ProposalKind.TIGHTER:
        raise ProposalRefused(
            Text(f"提议 {number} 不是收紧限额", f"proposal {number} is not about tighter limits")
        )
    return read_offer(found.document)
