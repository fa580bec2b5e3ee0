"""Swaps 换机, as text and as JSON, Chinese first. Pure."""

from collections.abc import Iterator, Sequence
from typing import Any

from cloud.ledger.held.two_persons import Proposal
from cloud.ledger.journal.swap_rows import SwapState
from cloud.ledger.read.swaps import SwapView
from cloud.words.held import STATES, state_of
from shared.clocks.clock import time_text
from shared.money import yuan

WORDS = {
    SwapState.TOLD: "待两人确认 waits for two persons",
    SwapState.CONFIRMED: "已确认 confirmed",
    SwapState.REJECTED: "已否决 rejected",
}


def swap_json(view: SwapView) -> dict[str, Any]:
    """at: campus seconds; held: entries that wait, fen: their sum."""
    row = view.row
    return {
        "swap": row.number, "state": row.state.value, "box": row.box, "spare": view.spare, "broken": view.broken,
        "place": view.place, "psam": row.psam.hex(), "epoch": row.epoch, "at": row.at_s, "who": row.who,
        "held": view.held, "fen": view.fen, "proposal": view.proposal,
    }  # fmt: skip


def swap_lines(views: Sequence[SwapView]) -> Iterator[str]:
    """Two lines each: who stands in for whom, and what waits for whom."""
    for view in views:
        row = view.row
        yield (
            f"换机 swap {row.number}  {view.spare} 顶替 for {view.broken}  {view.place}  网关 box {row.box}  "
            f"{time_text(row.at_s)}  {row.who}  {WORDS[row.state]}"
        )
        named = f"  提议 proposal {view.proposal} 待另一人确认 waits for another person" if view.proposal else ""
        yield f"    PSAM {row.psam.hex()}  待核 held: {view.held} 笔, ¥{yuan(view.fen)}{named}"
    yield f"换机 swaps: {len(views)}"


def decision_lines(proposal: Proposal, now_ms: int) -> Iterator[str]:
    """What one person proposed, and what became of it."""
    said = proposal.decision
    checker = f"，{said.checker}" if said else ""
    state = state_of(proposal, now_ms)
    yield f"提议 proposal {proposal.number}  {STATES[state]} {state}：{proposal.maker}（{proposal.reason}）{checker}"


def confirmed_lines(psam: bytes) -> Iterator[str]:
    """What a confirmation does, and what it leaves to do."""
    release = f"./ykt held propose --psam {psam.hex()} --to merchant"
    yield f"此后所售直接归商户；此前待核的仍待放行：{release}"
    yield f"From now on its sales are the merchant's; what was held before waits to be released: {release}"
