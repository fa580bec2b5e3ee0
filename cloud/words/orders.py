"""Orders about terminals, as text and as JSON, Chinese first. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from cloud.ledger.held.orders import read_epoch, read_move
from cloud.ledger.held.two_persons import Proposal, ProposalKind
from cloud.words.held import DAY_MS, STATES, WAITS, state_of

Names = Mapping[bytes, str]
"""Device → what people call it."""


def order_json(one: Proposal, names: Names, now_ms: int) -> dict[str, Any]:
    """Times: Unix milliseconds."""
    said = one.decision
    return {
        "proposal": one.number, "state": state_of(one, now_ms), **_what(one, names), "maker": one.maker,
        "reason": one.reason, "at_ms": one.at_ms, "until_ms": one.until_ms, "checker": said.checker if said else "",
        "checker_reason": said.reason if said else "", "decided_ms": said.at_ms if said else 0,
    }  # fmt: skip


def order_lines(one: Proposal, names: Names, now_ms: int) -> Iterator[str]:
    """What was proposed, how it stands, and what the second person does."""
    state = state_of(one, now_ms)
    yield f"提议 proposal {one.number}: {STATES[state]} {state}: {_text(one, names)}"
    yield f"  提议人 proposed by {one.maker}: {one.reason}"
    if one.decision is not None:
        why = f": {one.decision.reason}" if one.decision.reason else ""
        yield f"  复核人 decided by {one.decision.checker}{why}"
    if state == WAITS:
        days = (one.until_ms - now_ms) // DAY_MS
        yield f"  余 {days} 天 days；须另一人 somebody else: device confirm --proposal {one.number} --who NAME"


def _what(one: Proposal, names: Names) -> dict[str, Any]:
    if one.kind is ProposalKind.MOVE:
        move = read_move(one.document)
        return {"order": "move", "terminal": _named(move.device, names), "from": move.former, "to": move.box}
    epoch = read_epoch(one.document)
    return {"order": "epoch", "terminal": _named(epoch.device, names), "epoch": epoch.epoch}


def _text(one: Proposal, names: Names) -> str:
    if one.kind is ProposalKind.MOVE:
        move = read_move(one.document)
        return f"终端 {_named(move.device, names)} 由网关 {move.former} 移到 {move.box} moves from one box to another"
    epoch = read_epoch(one.document)
    return f"终端 {_named(epoch.device, names)} 的存储代 {epoch.epoch} 放行 this epoch of the terminal counts"


def _named(device: bytes, names: Names) -> str:
    return names.get(device, device.hex())
