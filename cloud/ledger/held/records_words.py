"""What two persons make of records that are held, whichever they are of: proposed, confirmed all or none, rejected.

A matter says which records those are and what becomes of them. ProposalRefused changed nothing.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

from cloud.ledger.held import two_persons
from cloud.ledger.held.two_persons import Decided, Proposal, ProposalKind, ProposalRefused
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.journal.writing import Writing
from cloud.ledger.records.values import Now
from cloud.store.db import Database
from shared.facts.desks import HeldProposed, HeldRejected, HeldReturned
from shared.wire import codec
from shared.words.voice import Text

RECORDS_MAX = 100
"""Of one proposal; more are proposed in parts."""
SIDE = "holder"
"""Whom both matters give back to."""
Sums = Mapping[int, int]
"""Record → fen."""


def read_records(document: bytes) -> tuple[int, ...]:
    """The record numbers that a proposal names; WireFault for a document that is none."""
    records = codec.loads(document)
    return tuple(codec.fields(records, *(int for _ in records), what="records"))


class RecordsLedger(ABC):
    """Over an opened ledger; belongs to one thread at a time. Each door is one transaction."""

    kind: ClassVar[ProposalKind]
    name: ClassVar[Text]
    """Of one such record."""

    def __init__(self, opened: OpenedLedger) -> None:
        self._opened = opened
        self.database = opened.database

    @abstractmethod
    def known(self, db: Database, wanted: Sequence[int]) -> Sums:
        """Of these records those that are such, whatever became of them."""

    @abstractmethod
    def held(self, db: Database, wanted: Sequence[int]) -> Sums:
        """Of these records those that wait for two persons."""

    @abstractmethod
    def give_back(self, writing: Writing, proposal: int, wanted: Sequence[int]) -> None:
        """All of them, inside of the transaction. ProposalRefused for one that moves nothing whoever wants it."""

    def propose(self, records: Sequence[int], who: str, reason: str, now: Now) -> Proposal:
        """The first person's word: nothing moves yet. ProposalRefused."""
        with self._opened.writing(now) as writing:
            return self._propose(writing, tuple(sorted(set(records))), who, reason)

    def confirm(self, number: int, who: str, now: Now) -> Decided:
        """The second person's word: all of them are in the books when this returns. Idempotent. ProposalRefused."""
        with self._opened.writing(now) as writing:
            return self._confirm(writing, number, who)

    def reject(self, number: int, who: str, reason: str, now: Now) -> Decided:
        """They stay held. Idempotent. ProposalRefused."""
        with self._opened.writing(now) as writing:
            return self._reject(writing, number, who, reason)

    def _propose(self, writing: Writing, wanted: tuple[int, ...], who: str, reason: str) -> Proposal:
        if not 0 < len(wanted) <= RECORDS_MAX:
            count = len(wanted)
            raise ProposalRefused(
                Text(f"{self.name.zh}应为 1..{RECORDS_MAX} 笔，现有 {count}", f"1..{RECORDS_MAX}, here {count}")
            )
        held = self._require_held(writing.db, wanted)
        document = codec.dumps(list(wanted))
        if before := two_persons.said_before(writing, self.kind, document, who):
            return before
        made = two_persons.propose(writing, self.kind, document, who, reason)
        writing.notes.tell(HeldProposed(made.number, len(held), sum(held.values()), SIDE, made.maker, made.reason))
        return made

    def _confirm(self, writing: Writing, number: int, who: str) -> Decided:
        """All of the proposal, or none."""
        decided = two_persons.confirm(writing, self._of_these(writing, number).number, who)
        if decided.again:
            return decided
        wanted = read_records(decided.proposal.document)
        held = self._require_held(writing.db, wanted)
        self.give_back(writing, number, wanted)
        writing.notes.tell(HeldReturned(number, len(held), sum(held.values()), *_who(decided.proposal)))
        return decided

    def _reject(self, writing: Writing, number: int, who: str, reason: str) -> Decided:
        decided = two_persons.reject(writing, self._of_these(writing, number).number, who, reason)
        if not decided.again:
            found = self.known(writing.db, read_records(decided.proposal.document))
            writing.notes.tell(HeldRejected(number, len(found), sum(found.values()), SIDE, *_who(decided.proposal)))
        return decided

    def _of_these(self, writing: Writing, number: int) -> Proposal:
        found = two_persons.proposal(writing.db, number)
        if found.kind is not self.kind:
            raise ProposalRefused(
                Text(f"提议 {number} 不是{self.name.zh}", f"proposal {number} is not about a {self.name.en}")
            )
        return found

    def _require_held(self, db: Database, wanted: Sequence[int]) -> Sums:
        held = self.held(db, wanted)
        if missing := sorted(set(wanted) - set(held)):
            raise ProposalRefused(
                Text(
                    f"记录 {missing[0]} 不是待核的{self.name.zh}",
                    f"record {missing[0]} is no {self.name.en} that is held",
                )
            )
        return held


def _who(proposal: Proposal) -> tuple[str, str]:
    return proposal.maker, proposal.decision.checker if proposal.decision is not None else ""
