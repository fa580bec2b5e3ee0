"""The doors by which persons close a business day of the campus 日结; each is one transaction.

Refuses to call closed what records are owed for: then one proposes the close with its gaps by name, and another person
confirms it, if no gap has come since that was not named. A day is closed once, when it is over; the books stay open.
"""

from collections.abc import Sequence

from cloud.ledger.held import two_persons
from cloud.ledger.held.days import Closed, DayRefused, Statement, closed, decode, keep, new_gaps
from cloud.ledger.held.two_persons import Decided, Proposal, ProposalKind, ProposalRefused
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.journal.writing import Writing
from cloud.ledger.read.shown.campus_days import net_of, statement_now
from cloud.ledger.records.values import Now
from shared.clocks.clock import day_number, day_text
from shared.facts.desks import DayClosed, DayClosedOpen, DayCloseProposed, DayCloseRejected
from shared.words.voice import Text

NAMED_MAX = 5
"""Names in one sentence."""


class DayLedger:
    """Over an opened ledger; belongs to one thread at a time."""

    def __init__(self, opened: OpenedLedger) -> None:
        self._opened = opened

    def close(self, day: int, who: str, now: Now) -> Closed:
        """Of a day that lacks nothing. Idempotent for the same person. DayRefused, ProposalRefused."""
        with self._opened.writing(now) as writing:
            return _close(writing, day, who)

    def propose(self, day: int, who: str, reason: str, now: Now) -> Proposal:
        """The first person's word on a day with gaps: it is not closed yet. DayRefused, ProposalRefused."""
        with self._opened.writing(now) as writing:
            return _propose(writing, day, who, reason)

    def confirm(self, number: int, who: str, now: Now) -> Decided:
        """The second person's word: closed with named gaps. Idempotent. DayRefused, ProposalRefused."""
        with self._opened.writing(now) as writing:
            return _confirm(writing, number, who)

    def reject(self, number: int, who: str, reason: str, now: Now) -> Decided:
        """It stays open. Idempotent. ProposalRefused."""
        with self._opened.writing(now) as writing:
            return _reject(writing, number, who, reason)


def _close(writing: Writing, day: int, who: str) -> Closed:
    maker = two_persons.person(who)
    before = closed(writing.db, day, day).get(day)
    if before is not None and two_persons.is_same_person(before.maker, maker):
        return before
    made = _statement(writing, day)
    if not made.is_whole:
        raise DayRefused(
            Text(
                f"{day_text(day)} 还不能日结：{_gaps(made).zh}。可提议注明缺口日结，由第二人确认",
                f"{day_text(day)} cannot be closed: {_gaps(made).en}. Propose to close it with named gaps",
            )
        )
    writing.notes.tell(DayClosed(day_text(day), net_of(made.sums), maker))
    return keep(writing, made, maker, "")


def _propose(writing: Writing, day: int, who: str, reason: str) -> Proposal:
    made = _statement(writing, day)
    if made.is_whole:
        raise DayRefused(
            Text(f"{day_text(day)} 没有缺口，一人即可日结", f"{day_text(day)} lacks nothing: one person closes it")
        )
    maker = two_persons.person(who)
    waiting = (one for one in two_persons.waiting(writing.db, writing.now.unix_ms) if one.kind is ProposalKind.DAY)
    before = next((one for one in waiting if decode(one.document).day == day), None)
    if before is not None and two_persons.is_same_person(before.maker, maker):
        return before
    if before is not None:
        raise DayRefused(
            Text(
                f"{day_text(day)} 已由 {before.maker} 提议（{before.number}），请确认或否决",
                f"{day_text(day)} is proposed by {before.maker} ({before.number}): confirm or reject that",
            )
        )
    proposal = two_persons.propose(writing, ProposalKind.DAY, made.encode(), who, reason)
    lacks = len(made.gaps) + made.more_gaps + len(made.drawers)
    writing.notes.tell(DayCloseProposed(proposal.number, day_text(day), lacks, proposal.maker, proposal.reason))
    return proposal


def _confirm(writing: Writing, number: int, who: str) -> Decided:
    decided = two_persons.confirm(writing, _of_day(writing, number).number, who)
    if decided.again or decided.proposal.decision is None:
        return decided
    named = decode(decided.proposal.document)
    made = _statement(writing, named.day)
    if fresh := new_gaps(made, named):
        raise DayRefused(
            Text(
                f"提议之后又有缺口：{_some(fresh)}。请否决后重新提议",
                f"more is lacking than was proposed: {_some(fresh)}. Reject it and propose again",
            )
        )
    checker = decided.proposal.decision.checker
    keep(writing, made, decided.proposal.maker, checker)
    lacks, first = len(made.gaps) + made.more_gaps + len(made.drawers), decided.proposal.maker
    writing.notes.tell(DayClosedOpen(number, day_text(made.day), lacks, net_of(made.sums), first, checker))
    return decided


def _reject(writing: Writing, number: int, who: str, reason: str) -> Decided:
    decided = two_persons.reject(writing, _of_day(writing, number).number, who, reason)
    if not decided.again and decided.proposal.decision is not None:
        day, checker = decode(decided.proposal.document).day, decided.proposal.decision.checker
        writing.notes.tell(DayCloseRejected(number, day_text(day), decided.proposal.maker, checker))
    return decided


def _statement(writing: Writing, day: int) -> Statement:
    """As of this transaction. DayRefused for a day that may not be closed."""
    if not 0 < day < day_number(writing.now.campus_s):
        raise DayRefused(Text("营业日还没有结束", "that business day is not over"))
    if before := closed(writing.db, day, day).get(day):
        what, who = day_text(day), before.maker
        raise DayRefused(Text(f"{what} 已由 {who} 日结", f"{who} has closed {what}"))
    writing.booking.flush()
    return statement_now(writing.db, day, writing.now)


def _of_day(writing: Writing, number: int) -> Proposal:
    found = two_persons.proposal(writing.db, number)
    if found.kind is not ProposalKind.DAY:
        raise ProposalRefused(Text(f"提议 {number} 不是日结", f"proposal {number} is not about a day"))
    return found


def _gaps(made: Statement) -> Text:
    names = made.gap_names
    more = made.more_gaps
    return Text(f"{len(names) + more} 处未齐（{_some(names)}）", f"{len(names) + more} still owe ({_some(names)})")


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:NAMED_MAX]) + (" …" if len(names) > NAMED_MAX else "")
