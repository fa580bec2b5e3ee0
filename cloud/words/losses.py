"""Lost and kept cards, and write-offs of terminals for them, as text and as JSON, Chinese first. Pure."""

from collections.abc import Iterator, Sequence
from typing import Any

from cloud.ledger.held.losses.standing import Standing
from cloud.ledger.held.losses.waiting import SCHOOL_DAYS, Waiting
from cloud.ledger.held.losses.write_off import read_offer
from cloud.ledger.held.two_persons import Proposal
from cloud.words.held import STATES, WAITS, state_of
from shared.clocks.campus_clock import WALL
from shared.clocks.clock import time_text
from shared.money import yuan

CARDS_SHOWN, TERMINALS_SHOWN = 100, 100
"""Lines for people; a program gets all."""


def card_json(one: Standing) -> dict[str, Any]:
    """Sums in fen, times in Unix milliseconds."""
    return {
        "card": one.label, "state": "lost" if one.is_lost else "replaced", "since_ms": one.since_ms,
        "successor": one.successor, "left_fen": one.left_fen, "losses": one.borne, "loss_fen": one.borne_fen,
        "provided_fen": one.provided_fen, "written_off": one.written_off,
        "due_terminals": len(one.due),
        "waiting": [
            {
                "terminal": w.terminal.name, "place": w.terminal.place, "records": w.records,
                "owed": [list(span) for span in w.terminal.owed], "open_slots": w.open_slots, "silent": w.silent,
                "accepts": w.accepts, "heard_ms": w.terminal.heard_ms, "due": w.terminal.device in one.due,
                "proposal": one.proposed.get(w.terminal.device, 0),
            }
            for w in one.waiting
        ],
    }  # fmt: skip


def list_lines(found: Sequence[Standing]) -> Iterator[str]:
    """A line each: what is left, what waits, what is to be signed."""
    for one in found[:CARDS_SHOWN]:
        yield _head(one)
        if one.is_open:
            yield f"  {_waits(one)}"
    open_fen = sum(one.left_fen for one in found)
    borne, provided = sum(one.borne_fen for one in found), sum(one.provided_fen for one in found)
    yield (
        f"挂失与收存的卡 lost and kept cards: {len(found)}，冻结 frozen ¥{yuan(open_fen)}，"
        f"挂失后损失 lost after reports ¥{yuan(borne)}，准备未用 provided ¥{yuan(provided)}"
    )
    if any(one.is_open for one in found):
        yield "  逐台说明 each terminal: cloud lost explain --card LABEL"


def explain_lines(one: Standing) -> Iterator[str]:
    """All of one card: why each terminal is waited for, and what can be done."""
    yield _head(one)
    if not one.is_open:
        yield "  没有冻结的余款 / nothing is frozen"
        return
    rule = "收齐且拒收旧卡" if one.is_lost else "收齐"
    english = "brought all and refuses the card" if one.is_lost else "brought all"
    yield f"  余款待每台终端{rule}，或两人销账 / waits until every terminal has {english}, or two persons write it off"
    for waiting in one.waiting[:TERMINALS_SHOWN]:
        yield f"  {waiting.terminal.name} {waiting.terminal.place}: {'，'.join(_why(one, waiting))}"
    if len(one.waiting) > TERMINALS_SHOWN:
        yield f"  … 另有 {len(one.waiting) - TERMINALS_SHOWN} 台 more; --json: 全部 all"
    yield from _next(one)


def offer_lines(proposal: Proposal, label: str, names: Sequence[str], now_ms: int) -> Iterator[str]:
    """What was proposed, how it stands, and what the second person does."""
    offer, state = read_offer(proposal.document), state_of(proposal, now_ms)
    told = ", ".join(names[:8]) + (" …" if len(names) > 8 else "")
    yield (
        f"提议 proposal {proposal.number}: {STATES[state]} {state}: 卡 card {label} 不再等 waits no longer for {told} "
        f"({len(offer.devices)})，至多计提 may lose ¥{yuan(offer.fen)}"
    )
    yield f"  提议人 proposed by {proposal.maker}: {proposal.reason}"
    if proposal.decision is not None:
        yield f"  复核人 decided by {proposal.decision.checker}"
    if state == WAITS:
        yield f"  须另一人 somebody else: cloud lost write-off --proposal {proposal.number} --who NAME"


def offer_json(proposal: Proposal, label: str, names: Sequence[str], now_ms: int) -> dict[str, Any]:
    """Times: Unix milliseconds."""
    said = proposal.decision
    return {
        "proposal": proposal.number, "state": state_of(proposal, now_ms), "card": label, "terminals": list(names),
        "fen": read_offer(proposal.document).fen, "maker": proposal.maker, "reason": proposal.reason,
        "at_ms": proposal.at_ms, "until_ms": proposal.until_ms, "checker": said.checker if said else "",
    }  # fmt: skip


def _head(one: Standing) -> str:
    state = "挂失 lost" if one.is_lost else "坏卡已换 replaced"
    since = time_text(WALL.at(one.since_ms / 1000))
    successor = f" → 新卡 {one.successor}" if one.successor else "，未补卡 no new card yet"
    spent = f"，挂失后消费 spent since {one.borne} 笔 ¥{yuan(one.borne_fen)}" if one.borne else ""
    return f"卡 card {one.label} {state} {since}{successor}：卡内余款冻结 frozen ¥{yuan(one.left_fen)}{spent}"


def _waits(one: Standing) -> str:
    if not one.waiting:
        verb = "release" if one.successor else "reissue"
        return f"不再等任何终端 waits for nobody: desk {verb} --label {one.label}"
    names = ", ".join(w.terminal.name for w in one.waiting[:6]) + (" …" if len(one.waiting) > 6 else "")
    due = f"；待两人签字 want two signatures: {len(one.due)}" if one.due else ""
    signed = f"；已一人签 signed by one: {len(one.proposed)}" if one.proposed else ""
    return f"等 waits for {len(one.waiting)} 台 terminals: {names}；已销账 written off {one.written_off}{due}{signed}"


def _why(one: Standing, waiting: Waiting) -> Iterator[str]:
    if waiting.records:
        spans = ", ".join(f"{low}–{high}" for low, high in waiting.terminal.owed[:4])
        yield f"欠 {waiting.records} 笔 owes records {spans}".rstrip()
    if waiting.open_slots:
        yield f"未了 {waiting.open_slots} 笔 open slots"
    if waiting.silent:
        yield "其后未联系 not heard since"
    if waiting.accepts:
        yield "未回报拒收 has not said that it refuses the card"
    if waiting.terminal.device in one.due:
        yield f"已 {SCHOOL_DAYS} 个上课日未联系，销账待两人签字 silent for {SCHOOL_DAYS} school days: two signatures"
    if waiting.terminal.device in one.proposed:
        yield f"提议 proposal {one.proposed[waiting.terminal.device]}"


def _next(one: Standing) -> Iterator[str]:
    if not one.waiting:
        yield f"  {_waits(one)}"
        return
    yield (
        f"  销账（两人）write off, by two persons: cloud lost write-off --card {one.label} "
        f"--terminal {one.waiting[0].terminal.name} … --who NAME --reason TEXT；--due: 到期各台 all that are due"
    )
