"""Held 待核 entries and proposals about them, as text and as JSON, Chinese first. Pure."""

from collections.abc import Iterator, Sequence
from typing import Any

from cloud.ledger.held.releases import Side, read_offer
from cloud.ledger.held.two_persons import Outcome, Proposal, ProposalKind
from cloud.ledger.read.held import HeldView
from cloud.ledger.read.views import VoidView
from cloud.ledger.receive.void_words import read_voids
from shared.clocks.clock import time_text
from shared.facts.terms import REASONS
from shared.money import yuan

SHOWN_MAX = 200
"""Lines for people; a program gets all."""
SIDES = {Side.MERCHANT: "放行给商户 to the merchant", Side.HOLDER: "退还持卡人 to the holders"}
WAITS, EXPIRED, CONFIRMED, REJECTED = "waits", "expired", "confirmed", "rejected"
STATES = {WAITS: "待确认", EXPIRED: "已过期", CONFIRMED: "已确认", REJECTED: "已否决"}
DAY_MS = 86_400_000


def state_of(proposal: Proposal, now_ms: int) -> str:
    """One of STATES."""
    if proposal.decision is not None:
        return CONFIRMED if proposal.decision.outcome is Outcome.CONFIRMED else REJECTED
    return WAITS if proposal.waits(now_ms) else EXPIRED


def held_json(view: HeldView) -> dict[str, Any]:
    """Times: campus seconds; sums in fen; proposal 0: none waits."""
    return {
        "entry": view.entry, "card": view.card.hex(), "label": view.label, "fen": view.fen, "time": view.time_s,
        "terminal": view.terminal, "merchant": view.merchant, "seq": view.seq, "reason": view.reason.name.lower(),
        "proposal": view.proposal,
    }  # fmt: skip


def held_lines(found: Sequence[HeldView]) -> Iterator[str]:
    """A line each, and the sum."""
    for view in found[:SHOWN_MAX]:
        why = " ".join(REASONS.get(view.reason.word, ()))
        named = f"，提议 proposal {view.proposal}" if view.proposal else ""
        where = f"{view.terminal} {view.merchant}".rstrip()
        yield (
            f"分录 entry {view.entry}  卡 card {view.label or view.card.hex()}  ¥{yuan(view.fen)}  "
            f"{time_text(view.time_s)}  {where} seq {view.seq}  {why}{named}"
        )
    if len(found) > SHOWN_MAX:
        yield f"… 另有 {len(found) - SHOWN_MAX} 笔 more; --json: 全部 all"
    yield f"待核 held: {len(found)} 笔, ¥{yuan(sum(view.fen for view in found))}"


def void_json(view: VoidView) -> dict[str, Any]:
    """record: its number, to propose it by. Sums in fen."""
    r = view.record
    return {
        "record": r.number, "card": r.card.hex(), "label": r.label, "fen": r.amount_fen, "terminal": r.terminal,
        "seq": r.seq, "sale": view.target, "reason": view.why,
    }  # fmt: skip


def void_lines(found: Sequence[VoidView]) -> Iterator[str]:
    """A line each, where there are any."""
    for view in found[:SHOWN_MAX]:
        r, why = view.record, " ".join(REASONS.get(view.why.replace("_", "-"), ()))
        yield (
            f"撤销 void, 记录 record {r.number}  卡 card {r.label or r.card.hex()}  ¥{yuan(r.amount_fen)}  "
            f"{r.terminal} seq {r.seq} → {view.target}  {why}"
        )
    if found:
        told = "held propose --void N：两人核定后退回 / given back when two persons have decided"
        yield f"待核撤销 held voids: {len(found)}；{told}"


def proposal_json(proposal: Proposal, now_ms: int) -> dict[str, Any]:
    """Times: Unix milliseconds."""
    said = proposal.decision
    return {
        "proposal": proposal.number, "state": state_of(proposal, now_ms), **_what(proposal),
        "maker": proposal.maker, "reason": proposal.reason, "at_ms": proposal.at_ms,
        "until_ms": proposal.until_ms, "checker": said.checker if said else "",
        "checker_reason": said.reason if said else "", "decided_ms": said.at_ms if said else 0,
    }  # fmt: skip


def proposal_lines(proposal: Proposal, now_ms: int) -> Iterator[str]:
    """What was proposed, how it stands, and what the second person does."""
    if proposal.kind is ProposalKind.VOID:
        named = ", ".join(map(str, read_voids(proposal.document)))
        return decision_lines(proposal, f"撤销 voids, 记录 records {named}", now_ms, "held confirm")
    offer = read_offer(proposal.document)
    what = f"{len(offer.entries)} 笔 entries, ¥{yuan(offer.fen)} {SIDES[offer.side]}"
    return decision_lines(proposal, what, now_ms, "held confirm")


def _what(proposal: Proposal) -> dict[str, Any]:
    if proposal.kind is ProposalKind.VOID:
        return {"to": str(Side.HOLDER), "voids": list(read_voids(proposal.document))}
    offer = read_offer(proposal.document)
    return {"to": str(offer.side), "fen": offer.fen, "entries": list(offer.entries)}


def decision_lines(proposal: Proposal, what: str, now_ms: int, confirm: str) -> Iterator[str]:
    """The same of any proposal. confirm: the second person's command."""
    state = state_of(proposal, now_ms)
    yield f"提议 proposal {proposal.number}: {STATES[state]} {state}: {what}"
    yield f"  提议人 proposed by {proposal.maker}: {proposal.reason}"
    if proposal.decision is not None:
        why = f": {proposal.decision.reason}" if proposal.decision.reason else ""
        yield f"  复核人 decided by {proposal.decision.checker}{why}"
    if state == WAITS:
        days = (proposal.until_ms - now_ms) // DAY_MS
        yield f"  余 {days} 天 days；须另一人 somebody else: {confirm} --proposal {proposal.number} --who NAME"
