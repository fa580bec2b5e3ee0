"""Is this ledger an older copy that was put back? What boxes and saved checkpoints bear witness of must be contained.

What was found before stands in the books: false until what comes again is here, and two persons have closed the list
of what cannot.
"""

from collections.abc import Sequence
from typing import NamedTuple

from cloud.ledger.checks.check import Check
from cloud.ledger.held import two_persons
from cloud.ledger.held.put_backs import read_named
from cloud.ledger.held.two_persons import Outcome, ProposalKind, ProposalRefused, is_same_person
from cloud.ledger.journal.book_chain import book_head
from cloud.ledger.journal.booking import head
from cloud.ledger.journal.mark_rows import box_marks, box_question, device_question, device_rows
from cloud.ledger.journal.witnessed import Claim, PutBack, claim_of, common_with, missing, put_backs
from cloud.ledger.records.marks import EMPTY, Mark
from cloud.store.db import Database
from shared.errors import WireFault
from shared.money import yuan
from shared.wire.messages import AckBody
from shared.words.voice import Text

NAME = "put-back"
UNASKED = "unasked"


class Witness(NamedTuple):
    """A claim, and of a box the ack that makes it."""

    claim: Claim
    ack: AckBody | None = None


def witness_of(ack: AckBody) -> Witness:
    """A box's newest ack."""
    return Witness(claim_of(ack), ack)


def check_put_backs(db: Database, witnesses: Sequence[Witness]) -> Check:
    """All witnesses at hand, and all that was found before."""
    known = put_backs(db)
    broken = next((fault for one in witnesses if (fault := _fault(db, one, known))), "")
    broken = broken or next((fault for one in known if (fault := _closing_fault(db, one))), "")
    waits = [one for one in known if one.is_open]
    if not broken and waits:
        broken = f"{_gone(waits)}; two persons have not closed the list: cloud put-back"
    note = _note(db, known) if known else None if witnesses else Text("没有见证在手", "no witness was at hand")
    return Check(NAME, len(witnesses), broken, note, warns=bool(known) and not broken)


def check_unasked(boxes: Sequence[str]) -> list[Check]:
    """Of boxes that could not be asked what they have seen; nothing when all were."""
    if not boxes:
        return []
    zh, en = "、".join(boxes), ", ".join(boxes)
    return [Check(UNASKED, len(boxes), "", Text(f"网关 {zh} 无法询问", f"box {en} could not be asked"), warns=True)]


def _fault(db: Database, one: Witness, known: Sequence[PutBack]) -> str:
    claim, gone = one.claim, missing(db, one.claim, known)
    if gone.book and claim.book is not None:
        ours, _ = book_head(db)
        first = min(ours + 1, claim.book[0], common_with(db, claim.who) + 1)
        return (
            f"{claim.who} has seen link {claim.book[0]} of the book-only chain, this is an older ledger: links {first} "
            f"to {claim.book[0]} (deposits, grants, desk, approvals) cannot come again"
        )
    if gone.chain:
        partition, number, _ = gone.chain
        ours, _ = head(db, partition)
        return f"{claim.who} has ack {number} of p{partition:02d}, this is an older ledger (at {ours}, or another one)"
    return _records_fault(db, one.ack) if one.ack is not None else ""


def _records_fault(db: Database, ack: AckBody) -> str:
    rows, devices = db.ask(box_question([ack.box]), device_question({(d.device, d.epoch) for d in ack.devices}))
    held = box_marks(rows).get((ack.box, ack.store), EMPTY)
    if not held.covers(Mark(ack.row_cumulative, ack.row_ranges)):
        return f"{ack.box} has an ack of rows up to {ack.row_cumulative}, here are those up to {held.cumulative}"
    marks = device_rows({(d.device, d.epoch) for d in ack.devices}, devices)
    for d in ack.devices:
        if not marks[d.device, d.epoch].mark.covers(Mark(d.cumulative, d.ranges)):
            return f"{ack.box} has an ack of records of {d.device.hex()}/{d.epoch} that are not here"
    return ""


def _closing_fault(db: Database, one: PutBack) -> str:
    """Closed by a proposal that names it, and that another person has confirmed in time."""
    if one.proposal is None:
        return ""
    try:
        said = two_persons.proposal(db, one.proposal)
        named = said.kind is ProposalKind.PUT_BACK and one.number in read_named(said.document)
    except (ProposalRefused, WireFault):
        return f"put-back {one.number}: closed by a proposal {one.proposal} that is none"
    decision = said.decision
    if not named or decision is None or decision.outcome is not Outcome.CONFIRMED or decision.at_ms > said.until_ms:
        return f"put-back {one.number}: proposal {one.proposal} does not close it"
    own = is_same_person(said.maker, decision.checker)
    return f"put-back {one.number}: {said.maker} confirmed his own" if own else ""


def _gone(waits: Sequence[PutBack]) -> str:
    spans = ", ".join(f"{one.first}–{one.last}" for one in waits if one.last)
    unknown = any(one.is_unknown for one in waits)
    named = f"links {spans} of the book-only chain are gone (deposits, grants, desk, approvals)" if spans else ""
    return " and ".join(filter(None, (named, "a box of 0.1 does not say what is gone" if unknown else "")))


def _note(db: Database, known: Sequence[PutBack]) -> Text:
    sql = "SELECT COALESCE(SUM(records), 0), COALESCE(SUM(spent_fen), 0), COUNT(DISTINCT device) FROM put_back_again"
    ((records, fen, terminals),) = db.run(sql)
    closed = sum(one.proposal is not None for one in known)
    times, spent = len(known), yuan(int(fen))
    return Text(
        f"放回 {times} 次；再来 {int(records)} 条记录，¥{spent}，{terminals} 台终端；已办结 {closed}",
        f"put back {times}; came again: {int(records)} records, ¥{spent}, {terminals} terminals; closed {closed}",
    )
