"""Two persons 双人: one proposes, another confirms, and only then something happens. Rows are never edited.

Not about what is proposed: a kind and a document say that. Refuses a confirmation by the proposer, of what has expired
or was rejected; the database refuses the first two as well. Confirmed again is success, and changes nothing.
"""

import unicodedata
from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

from cloud.ledger.journal.book_chain import BookLinkKind, digest_of
from cloud.ledger.journal.writing import Writing
from cloud.store.db import Database
from shared.errors import ConfigFault
from shared.words.voice import Text

WHO_MAX, REASON_MAX = 64, 200
PROPOSAL_DAYS = 7
"""So long a proposal may be confirmed; then whoever still wants it proposes it again, of what is true then."""
OPEN_MAX = 100
"""Most proposals that wait at a time; at the bound those are decided first."""
_DAY_MS = 86_400_000
_COLUMNS = "id, kind, document, maker, reason, at_ms, until_ms"
_DECISION_COLUMNS = "proposal, outcome, checker, reason, at_ms"
_SELECT = (
    "SELECT p.id, p.kind, p.document, p.maker, p.reason, p.at_ms, p.until_ms, d.outcome, d.checker, d.reason, d.at_ms "
    "FROM proposal p LEFT JOIN decision d ON d.proposal = p.id"
)


class ProposalRefused(ConfigFault):
    """Happens when a proposal or a decision is not as two persons may make it. Nothing was changed."""


class ProposalKind(IntEnum):
    """What is proposed. Frozen numbers: they stand in the books."""

    HELD = 1
    """What becomes of held 待核 entries (cloud.ledger.held.releases)."""
    PUT_BACK = 2
    """What cannot come again of a ledger that was put back is seen to (cloud.ledger.held.put_backs)."""
    WRITE_OFF = 6
    """Terminals that a lost card's balance waits for no longer (cloud.ledger.held.losses.write_off)."""
    MOVE = 12
    """A terminal stands at another box (cloud.ledger.held.orders)."""
    VOID = 22
    """Held voids 撤销 give back what their sales took (cloud.ledger.receive.void_words)."""
    REVERSAL = 24
    """Held reversals 冲正 give back what accounts have paid (cloud.ledger.held.reversals)."""
    EPOCH = 13
    """A high epoch of a terminal counts as given (cloud.ledger.held.orders)."""
    SWAP = 15
    """A spare body in a broken one's place (cloud.ledger.held.swaps)."""
    DAY = 31
    """A day of the campus is closed with named gaps (cloud.ledger.desk.campus_day)."""
    DEPOSIT = 48
    """What becomes of an item of a provider's bill 渠道差错 (cloud.ledger.held.deposits.items)."""
    REFUND = 54
    """A deposit, or a part of it, goes back to its payer 渠道退款 (cloud.ledger.held.deposits.refunds)."""
    TIGHTER = 30
    """Terminals refuse what they allowed, until it ends (cloud.ledger.held.tightening)."""
    MEAL_SHEET = 36
    """A paper sheet of emergency meals 应急餐 is posted (cloud.ledger.held.meal_sheets)."""
    MEAL_BACK = 64
    """An emergency meal stood in a wrong person's name 应急餐改正 (cloud.ledger.held.meal_backs)."""


class Outcome(IntEnum):
    """Frozen numbers: they stand in the books."""

    CONFIRMED = 1
    REJECTED = 2


class Decision(NamedTuple):
    """What the second person said, or the first one who takes it back: that is a rejection."""

    outcome: Outcome
    checker: str
    reason: str
    at_ms: int


class Proposal(NamedTuple):
    """until_ms: the last moment at which it may be confirmed."""

    number: int
    kind: ProposalKind
    document: bytes
    maker: str
    reason: str
    at_ms: int
    until_ms: int
    decision: Decision | None

    def waits(self, now_ms: int) -> bool:
        """May it be confirmed?"""
        return self.decision is None and now_ms <= self.until_ms


class Decided(NamedTuple):
    """again: it had been confirmed before, and nothing was changed."""

    proposal: Proposal
    again: bool


def propose(writing: Writing, kind: ProposalKind, document: bytes, who: str, reason: str) -> Proposal:
    """Inside of a transaction. Signed, with a reason. ProposalRefused."""
    maker, why = person(who), _reason(reason)
    now_ms = writing.now.unix_ms
    if len(waiting(writing.db, now_ms)) >= OPEN_MAX:
        raise ProposalRefused(
            Text(f"未决提议已有 {OPEN_MAX} 件，请先办结", f"{OPEN_MAX} proposals wait: decide those first")
        )
    number = 1 + int(writing.db.run("SELECT COALESCE(MAX(id), 0) FROM proposal")[0][0])
    until_ms = now_ms + PROPOSAL_DAYS * _DAY_MS
    row = (number, int(kind), document, maker, why, now_ms, until_ms)
    writing.db.insert("proposal", _COLUMNS, [row])
    writing.booking.link(BookLinkKind.PROPOSAL, number, digest_of(row))
    return Proposal(number, kind, document, maker, why, now_ms, until_ms, None)


def confirm(writing: Writing, number: int, who: str, reason: str = "") -> Decided:
    """Inside of the transaction that does what was proposed. ProposalRefused."""
    checker, found = person(who), proposal(writing.db, number)
    if found.decision is not None:
        if found.decision.outcome is Outcome.CONFIRMED:
            return Decided(found, again=True)
        raise ProposalRefused(
            Text(
                f"提议 {number} 已被 {found.decision.checker} 否决",
                f"proposal {number} was rejected by {found.decision.checker}",
            )
        )
    if not found.waits(writing.now.unix_ms):
        raise ProposalRefused(
            Text(f"提议 {number} 已过期，请重新提议", f"proposal {number} has expired: propose it again")
        )
    if is_same_person(checker, found.maker):
        raise ProposalRefused(
            Text(f"{found.maker} 是提议人，须另一人确认", f"{found.maker} proposed it: somebody else confirms")
        )
    return Decided(_decide(writing, found, Outcome.CONFIRMED, checker, reason.strip()), again=False)


def reject(writing: Writing, number: int, who: str, reason: str) -> Decided:
    """Inside of a transaction. All stays as it is; an expired one may be rejected too. ProposalRefused."""
    checker, found, why = person(who), proposal(writing.db, number), _reason(reason)
    if found.decision is not None:
        if found.decision.outcome is Outcome.REJECTED:
            return Decided(found, again=True)
        raise ProposalRefused(
            Text(
                f"提议 {number} 已由 {found.decision.checker} 确认",
                f"proposal {number} was confirmed by {found.decision.checker}",
            )
        )
    return Decided(_decide(writing, found, Outcome.REJECTED, checker, why), again=False)


def proposal(db: Database, number: int) -> Proposal:
    """ProposalRefused when there is none."""
    rows = db.run(f"{_SELECT} WHERE p.id = ?", (number,))
    if not rows:
        raise ProposalRefused(Text(f"没有提议 {number}", f"there is no proposal {number}"))
    return _proposal(rows[0])


def proposals(db: Database) -> list[Proposal]:
    """All of them, oldest first."""
    return [_proposal(row) for row in db.run(f"{_SELECT} ORDER BY p.id")]


def waiting(db: Database, now_ms: int) -> list[Proposal]:
    """Those that may be confirmed, oldest first."""
    rows = db.run(f"{_SELECT} WHERE d.proposal IS NULL AND p.until_ms >= ? ORDER BY p.id", (now_ms,))
    return [_proposal(row) for row in rows]


def said_before(writing: Writing, kind: ProposalKind, document: bytes, who: str) -> Proposal | None:
    """The same by the same person, that waits already: whoever says it twice, by a second click, said it once."""
    maker = person(who)
    found = (one for one in waiting(writing.db, writing.now.unix_ms) if one.kind is kind and one.document == document)
    return next((one for one in found if is_same_person(one.maker, maker)), None)


def person(name: str) -> str:
    """A name as it is kept: one spelling for what looks the same. ProposalRefused for none."""
    plain = " ".join(unicodedata.normalize("NFKC", name).split())
    if not 0 < len(plain) <= WHO_MAX or not plain.isprintable():
        raise ProposalRefused(Text(f"--who: 1..{WHO_MAX} 个字", f"--who: 1..{WHO_MAX} characters"))
    return plain


def is_same_person(one: str, other: str) -> bool:
    """Of names as they are kept. A name is what we have until people sign in."""
    return one.casefold() == other.casefold()


def _reason(text: str) -> str:
    plain = text.strip()
    if not 0 < len(plain) <= REASON_MAX or "\0" in plain:
        raise ProposalRefused(Text(f"--reason: 1..{REASON_MAX} 个字", f"--reason: 1..{REASON_MAX} characters"))
    return plain


def _decide(writing: Writing, found: Proposal, outcome: Outcome, checker: str, reason: str) -> Proposal:
    if len(reason) > REASON_MAX or "\0" in reason:
        raise ProposalRefused(Text(f"--reason: 0..{REASON_MAX} 个字", f"--reason: 0..{REASON_MAX} characters"))
    said = Decision(outcome, checker, reason, writing.now.unix_ms)
    row = (found.number, int(outcome), checker, reason, said.at_ms)
    writing.db.insert("decision", _DECISION_COLUMNS, [row])
    writing.booking.link(BookLinkKind.DECISION, found.number, digest_of(row))
    return found._replace(decision=said)


def _proposal(row: Sequence[object]) -> Proposal:
    number, kind, document, maker, reason, at_ms, until_ms, outcome, *said = row
    decision = None if outcome is None else Decision(Outcome(outcome), *said)  # type: ignore[arg-type]  # a row of ours
    return Proposal(number, ProposalKind(kind), document, maker, reason, at_ms, until_ms, decision)  # type: ignore[arg-type]  # a row of ours
