"""Orders about terminals, as text and as JSON, in both languages. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from cloud.ledger.held.orders import read_epoch, read_move
from cloud.ledger.held.two_persons import Proposal, ProposalKind
from cloud.words.held import decision_lines, state_of
from shared.words.voice import Text

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
    return decision_lines(one, _text(one, names), now_ms, "device confirm")


def _what(one: Proposal, names: Names) -> dict[str, Any]:
    if one.kind is ProposalKind.MOVE:
        move = read_move(one.document)
        return {"order": "move", "terminal": _named(move.device, names), "from": move.former, "to": move.box}
    epoch = read_epoch(one.document)
    return {"order": "epoch", "terminal": _named(epoch.device, names), "epoch": epoch.epoch}


def _text(one: Proposal, names: Names) -> Text:
    if one.kind is ProposalKind.MOVE:
        move = read_move(one.document)
        named = _named(move.device, names)
        return Text(
            f"终端 {named} 由网关 {move.former} 移到 {move.box}",
            f"terminal {named} moves from box {move.former} to {move.box}",
        )
    epoch = read_epoch(one.document)
    named = _named(epoch.device, names)
    return Text(f"终端 {named} 的存储代 {epoch.epoch} 放行", f"epoch {epoch.epoch} of terminal {named} counts")


def _named(device: bytes, names: Names) -> str:
    return names.get(device, device.hex())
