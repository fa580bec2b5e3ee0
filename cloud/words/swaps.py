"""Swaps 换机, as text and as JSON, in both languages. Pure."""

from collections.abc import Iterator, Sequence
from typing import Any

from cloud.ledger.held.two_persons import Proposal
from cloud.ledger.journal.swap_rows import SwapState
from cloud.ledger.read.fleet.swaps import SwapView
from cloud.words.both import halves
from cloud.words.held import STATES, state_of
from shared.clocks.clock import time_text
from shared.money import yuan
from shared.words.voice import Text

WORDS = {
    SwapState.TOLD: Text("待两人确认", "waits for two persons"),
    SwapState.CONFIRMED: Text("已确认", "confirmed"),
    SwapState.REJECTED: Text("已否决", "rejected"),
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
        yield str(_who(view))
        yield f"    {_held(view)}"
    yield str(Text(f"换机 {len(views)} 次", f"swaps: {len(views)}"))


def _who(view: SwapView) -> Text:
    row, state = view.row, WORDS[view.row.state]
    who = Text(f"{view.spare} 顶替 {view.broken}", f"{view.spare} for {view.broken}")
    told = f"{time_text(row.at_s)}  {row.who}"
    return Text(
        f"换机 {row.number}  {who.zh}  {view.place}  网关 {row.box}  {told}  {state.zh}",
        f"swap {row.number}  {who.en}  {view.place}  box {row.box}  {told}  {state.en}",
    )


def _held(view: SwapView) -> Text:
    psam, fen, number = view.row.psam.hex(), yuan(view.fen), view.proposal
    zh, en = halves(
        Text(f"  提议 {number} 待另一人确认", f"  proposal {number} waits for another person") if number else None
    )
    return Text(f"PSAM {psam}  待核 {view.held} 笔，¥{fen}{zh}", f"PSAM {psam}  held: {view.held}, ¥{fen}{en}")


def decision_lines(proposal: Proposal, now_ms: int) -> Iterator[str]:
    """What one person proposed, and what became of it."""
    said = proposal.decision
    checker = said.checker if said else ""
    state, number, maker, why = STATES[state_of(proposal, now_ms)], proposal.number, proposal.maker, proposal.reason
    zh, en = halves(Text(f"，复核人 {checker}", f", decided by {checker}") if checker else None)
    yield str(
        Text(f"提议 {number}  {state.zh}：{maker}（{why}）{zh}", f"proposal {number}  {state.en}: {maker} ({why}){en}")
    )


def confirmed_lines(psam: bytes) -> Iterator[str]:
    """What a confirmation does, and what it leaves to do."""
    release = f"./ykt held propose --psam {psam.hex()} --to merchant"
    yield str(
        Text(
            f"此后所售直接归商户；此前待核的仍待放行：{release}",
            f"From now on its sales are the merchant's; what was held before waits to be released: {release}",
        )
    )
