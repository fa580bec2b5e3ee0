"""Held 待核 entries and proposals about them, as text and as JSON, in both languages. Pure."""

from collections.abc import Iterator, Sequence
from typing import Any

from cloud.ledger.held.records_words import read_records
from cloud.ledger.held.releases import Side, read_offer
from cloud.ledger.held.two_persons import Outcome, Proposal, ProposalKind
from cloud.ledger.read.held import HeldView
from cloud.ledger.read.reversals import ReversalView
from cloud.ledger.read.views import VoidView
from cloud.words.both import halves
from shared.clocks.clock import time_text
from shared.facts.terms import REASONS
from shared.money import yuan
from shared.words.voice import Text

SHOWN_MAX = 200
"""Lines for people; a program gets all."""
SIDES = {
    Side.MERCHANT: Text("放行给商户", "released to the merchant"),
    Side.HOLDER: Text("退还持卡人", "returned to the holders"),
}
WAITS, EXPIRED, CONFIRMED, REJECTED = "waits", "expired", "confirmed", "rejected"
STATES = {
    WAITS: Text("待确认", "waits"),
    EXPIRED: Text("已过期", "expired"),
    CONFIRMED: Text("已确认", "confirmed"),
    REJECTED: Text("已否决", "rejected"),
}
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
        yield str(_held(view))
    if len(found) > SHOWN_MAX:
        more = len(found) - SHOWN_MAX
        yield str(Text(f"… 另有 {more} 笔，--json 列出全部", f"… {more} more, --json lists all"))
    fen = yuan(sum(view.fen for view in found))
    yield str(Text(f"待核 {len(found)} 笔，¥{fen}", f"held: {len(found)}, ¥{fen}"))


def _held(view: HeldView) -> Text:
    why, card = reason_text(view.reason.word), view.label or view.card.hex()
    where, fen, when = f"{view.terminal} {view.merchant}".rstrip(), yuan(view.fen), time_text(view.time_s)
    zh, en = halves(Text(f"，提议 {view.proposal}", f", proposal {view.proposal}") if view.proposal else None)
    return Text(
        f"分录 {view.entry}  卡 {card}  ¥{fen}  {when}  {where} 序号 {view.seq}  {why.zh}{zh}",
        f"entry {view.entry}  card {card}  ¥{fen}  {when}  {where} seq {view.seq}  {why.en}{en}",
    )


def reason_text(word: str) -> Text:
    """Why the ledger holds it; a word of a newer program as it is."""
    return Text(*REASONS.get(word, (word, word)))


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
        r, why = view.record, reason_text(view.why.replace("_", "-"))
        card, fen = r.label or r.card.hex(), yuan(r.amount_fen)
        yield str(
            Text(
                f"撤销记录 {r.number}  卡 {card}  ¥{fen}  {r.terminal} 序号 {r.seq} → {view.target}  {why.zh}",
                f"void, record {r.number}  card {card}  ¥{fen}  {r.terminal} seq {r.seq} → {view.target}  {why.en}",
            )
        )
    if found:
        yield str(
            Text(
                f"待核撤销 {len(found)} 笔；两人核定后退回：held propose --void N",
                f"held voids: {len(found)}; given back when two persons have decided: held propose --void N",
            )
        )


def reversal_json(view: ReversalView) -> dict[str, Any]:
    """record: its number, to propose it by. said_paid: the terminal has said that it was paid, too. Sums in fen."""
    return {
        "record": view.record, "card": view.card.hex(), "label": view.label, "fen": view.amount_fen,
        "terminal": view.terminal, "request": view.request, "said_paid": view.said_paid,
    }  # fmt: skip


def reversal_lines(found: Sequence[ReversalView]) -> Iterator[str]:
    """A line each, where there are any."""
    for view in found[:SHOWN_MAX]:
        why = _BOTH if view.said_paid else _BEYOND
        card, fen, asked = view.label or view.card.hex(), yuan(view.amount_fen), view.request
        yield str(
            Text(
                f"冲正记录 {view.record}  卡 {card}  ¥{fen}  {view.terminal} 请求 {asked}  {why.zh}",
                f"reversal, record {view.record}  card {card}  ¥{fen}  {view.terminal} request {asked}  {why.en}",
            )
        )
    if found:
        yield str(
            Text(
                f"待核冲正 {len(found)} 笔；两人核定后退回账户：held propose --reversal N",
                f"held reversals: {len(found)}; given back when two persons have decided: held propose --reversal N",
            )
        )


_BOTH = Text("终端另称已收款", "its terminal says that it was paid, too")
_BEYOND = Text("超限，或来历、金额不符", "above the bounds, or from elsewhere, or over another sum")


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
        named = ", ".join(map(str, read_records(proposal.document)))
        voids = Text(f"撤销，记录 {named}", f"voids, records {named}")
        return decision_lines(proposal, voids, now_ms, "held confirm")
    if proposal.kind is ProposalKind.REVERSAL:
        named = ", ".join(map(str, read_records(proposal.document)))
        reversals = Text(f"冲正，记录 {named}", f"reversals, records {named}")
        return decision_lines(proposal, reversals, now_ms, "held confirm")
    offer = read_offer(proposal.document)
    count, fen, side = len(offer.entries), yuan(offer.fen), SIDES[offer.side]
    what = Text(f"{count} 笔，¥{fen}，{side.zh}", f"{count} entries, ¥{fen}, {side.en}")
    return decision_lines(proposal, what, now_ms, "held confirm")


def _what(proposal: Proposal) -> dict[str, Any]:
    if proposal.kind is ProposalKind.VOID:
        return {"to": str(Side.HOLDER), "voids": list(read_records(proposal.document))}
    if proposal.kind is ProposalKind.REVERSAL:
        return {"to": str(Side.HOLDER), "reversals": list(read_records(proposal.document))}
    offer = read_offer(proposal.document)
    return {"to": str(offer.side), "fen": offer.fen, "entries": list(offer.entries)}


def decision_lines(proposal: Proposal, what: Text, now_ms: int, confirm: str) -> Iterator[str]:
    """The same of any proposal. confirm: the second person's command."""
    state = state_of(proposal, now_ms)
    yield str(proposal_head(proposal.number, state, what))
    yield from person_lines(proposal)
    if state == WAITS:
        days, then = (proposal.until_ms - now_ms) // DAY_MS, f"{confirm} --proposal {proposal.number} --who NAME"
        yield str(Text(f"  余 {days} 天，须另一人：{then}", f"  {days} days left, for somebody else: {then}"))


def proposal_head(number: int, state: str, what: Text) -> Text:
    """Which one, how it stands, what it is about."""
    stands = STATES[state]
    return Text(f"提议 {number}：{stands.zh}：{what.zh}", f"proposal {number}: {stands.en}: {what.en}")


def person_lines(proposal: Proposal) -> Iterator[str]:
    """Who proposed it, and who decided."""
    maker, said = f"{proposal.maker}: {proposal.reason}", proposal.decision
    yield str(Text(f"  提议人 {maker}", f"  proposed by {maker}"))
    if said is not None:
        checker = f"{said.checker}: {said.reason}" if said.reason else said.checker
        yield str(Text(f"  复核人 {checker}", f"  decided by {checker}"))
