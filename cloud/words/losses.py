"""Lost and kept cards, and write-offs of terminals for them, as text and as JSON, in both languages. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from cloud.ledger.held.losses.standing import CARDS_MAX, LostCard
from cloud.ledger.held.losses.waiting import SCHOOL_DAYS, Waiting
from cloud.ledger.held.losses.write_off import read_offer
from cloud.ledger.held.two_persons import Proposal
from cloud.words.both import halves
from cloud.words.held import WAITS, person_lines, proposal_head, state_of
from shared.clocks.campus_clock import WALL
from shared.clocks.clock import time_text
from shared.money import yuan
from shared.words.voice import Text

CARDS_SHOWN, TERMINALS_SHOWN = 100, 100
"""Lines for people; a program gets all."""


def card_json(one: LostCard) -> dict[str, Any]:
    """Sums in fen, times in Unix milliseconds."""
    return {
        "card": one.label, "state": "lost" if one.is_lost else "replaced", "since_ms": one.since_ms,
        "successor": one.successor, "left_fen": one.left_fen, "subsidy_left_fen": one.subsidy_left_fen,
        "free_fen": one.free_fen, "losses": one.borne, "loss_fen": one.borne_fen, "provided_fen": one.provided_fen,
        "written_off": one.written_off, "due_terminals": len(one.due),
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


def list_lines(found: Sequence[LostCard]) -> Iterator[str]:
    """A line each: what is left, what waits, what is to be signed."""
    for one in found[:CARDS_SHOWN]:
        yield str(_head(one))
        if one.is_open:
            yield f"  {_waits(one)}"
    open_fen = sum(one.frozen_fen for one in found)
    borne, provided = sum(one.borne_fen for one in found), sum(one.provided_fen for one in found)
    frozen, lost, kept = yuan(open_fen), yuan(borne), yuan(provided)
    yield str(
        Text(
            f"挂失与收存的卡 {len(found)}，冻结 ¥{frozen}，挂失后损失 ¥{lost}，准备未用 ¥{kept}",
            f"lost and kept cards: {len(found)}, frozen ¥{frozen}, lost after reports ¥{lost}, still provided ¥{kept}",
        )
    )
    if len(found) >= CARDS_MAX:
        yield str(Text(f"  仅列 {CARDS_MAX} 张；其余按卡号查", f"  {CARDS_MAX} are listed; ask for others by label"))
    if any(one.is_open for one in found):
        then = "cloud lost explain --card LABEL"
        yield str(Text(f"  逐台说明：{then}", f"  terminal by terminal: {then}"))


def explain_lines(one: LostCard) -> Iterator[str]:
    """All of one card: why each terminal is waited for, and what can be done."""
    yield str(_head(one))
    if not one.is_open:
        yield str(Text("  没有冻结的余款", "  nothing is frozen"))
        return
    rule = Text("收齐", "is complete")
    if one.is_lost:
        rule = Text("收齐且拒收旧卡", "is complete and refuses the card")
    yield str(
        Text(
            f"  余款待每台终端{rule.zh}，或两人销账",
            f"  the balance waits until each terminal {rule.en}, or two persons write it off",
        )
    )
    for waiting in one.waiting[:TERMINALS_SHOWN]:
        yield f"  {waiting.terminal.name} {waiting.terminal.place}: {_listed(_why(one, waiting))}"
    if len(one.waiting) > TERMINALS_SHOWN:
        more = len(one.waiting) - TERMINALS_SHOWN
        yield str(Text(f"  … 另有 {more} 台，--json 列出全部", f"  … {more} more, --json lists all"))
    yield from _next(one)


def offer_lines(proposal: Proposal, label: str, names: Sequence[str], now_ms: int) -> Iterator[str]:
    """What was proposed, how it stands, and what the second person does."""
    offer, state = read_offer(proposal.document), state_of(proposal, now_ms)
    told = ", ".join(names[:8]) + (" …" if len(names) > 8 else "")
    count, fen = len(offer.devices), yuan(offer.fen)
    what = Text(
        f"卡 {label} 不再等 {told}（{count} 台），至多计提 ¥{fen}",
        f"card {label} waits no longer for {told} ({count}), at most ¥{fen} is provided for",
    )
    yield str(proposal_head(proposal.number, state, what))
    yield from person_lines(proposal)
    if state == WAITS:
        then = f"cloud lost write-off --proposal {proposal.number} --who NAME"
        yield str(Text(f"  须另一人：{then}", f"  for somebody else: {then}"))


def offer_json(proposal: Proposal, label: str, names: Sequence[str], now_ms: int) -> dict[str, Any]:
    """Times: Unix milliseconds."""
    said = proposal.decision
    return {
        "proposal": proposal.number, "state": state_of(proposal, now_ms), "card": label, "terminals": list(names),
        "fen": read_offer(proposal.document).fen, "maker": proposal.maker, "reason": proposal.reason,
        "at_ms": proposal.at_ms, "until_ms": proposal.until_ms, "checker": said.checker if said else "",
    }  # fmt: skip


def _head(one: LostCard) -> Text:
    main, subsidy = yuan(one.left_fen), yuan(one.subsidy_left_fen)
    left = Text(f"¥{main}", f"¥{main}")
    if one.subsidy_left_fen:
        left = Text(f"¥{main}，补助钱包 ¥{subsidy}", f"¥{main}, in the subsidy purse ¥{subsidy}")
    state = Text("挂失", "lost") if one.is_lost else Text("坏卡已换", "replaced")
    since, borne = time_text(WALL.at(one.since_ms / 1000)), yuan(one.borne_fen)
    new = Text("，未补卡", ", no new card yet")
    if one.successor:
        new = Text(f" → 新卡 {one.successor}", f" → new card {one.successor}")
    spent = Text(f"，挂失后消费 {one.borne} 笔 ¥{borne}", f", {one.borne} purchases since: ¥{borne}")
    zh, en = halves(spent if one.borne else None)
    return Text(
        f"卡 {one.label} {state.zh} {since}{new.zh}：卡内余款冻结 {left.zh}{zh}",
        f"card {one.label} {state.en} {since}{new.en}: frozen {left.en}{en}",
    )


def _waits(one: LostCard) -> Text:
    if not one.waiting:
        then = f"desk {'release' if one.successor else 'reissue'} --label {one.label}"
        return Text(f"不再等任何终端：{then}", f"waits for no terminal: {then}")
    names = ", ".join(w.terminal.name for w in one.waiting[:6]) + (" …" if len(one.waiting) > 6 else "")
    count, due, signed = len(one.waiting), len(one.due), len(one.proposed)
    said = [Text(f"等 {count} 台终端：{names}", f"waits for {count} terminals: {names}")]
    said.append(Text(f"已销账 {one.written_off}", f"written off {one.written_off}"))
    said += [Text(f"待两人签字 {due}", f"two signatures wanted for {due}")] if due else []
    said += [Text(f"已一人签 {signed}", f"signed by one {signed}")] if signed else []
    return Text("；".join(part.zh for part in said), "; ".join(part.en for part in said))


def _listed(said: Iterable[Text]) -> Text:
    parts = list(said)
    return Text("，".join(part.zh for part in parts), ", ".join(part.en for part in parts))


def _why(one: LostCard, waiting: Waiting) -> Iterator[Text]:
    if waiting.records:
        spans = ", ".join(f"{low}–{high}" for low, high in waiting.terminal.owed[:4])
        yield Text(f"欠 {waiting.records} 笔 {spans}".rstrip(), f"owes {waiting.records} records {spans}".rstrip())
    if waiting.open_slots:
        yield Text(f"未了 {waiting.open_slots} 笔", f"{waiting.open_slots} open slots")
    if waiting.silent:
        yield Text("其后未联系", "not heard since")
    if waiting.accepts:
        yield Text("未回报拒收", "has not said that it refuses the card")
    if waiting.terminal.device in one.due:
        days = SCHOOL_DAYS
        yield Text(
            f"已 {days} 个上课日未联系，销账待两人签字",
            f"silent for {days} school days: a write-off wants two signatures",
        )
    if waiting.terminal.device in one.proposed:
        number = one.proposed[waiting.terminal.device]
        yield Text(f"提议 {number}", f"proposal {number}")


def _free(one: LostCard) -> Text:
    then, free = f"desk {'release' if one.successor else 'reissue'} --label {one.label}", yuan(one.free_fen)
    return Text(f"  按限额可先转 ¥{free}：{then}", f"  by the caps ¥{free} go at once: {then}")


def _next(one: LostCard) -> Iterator[str]:
    if not one.waiting:
        yield f"  {_waits(one)}"
        return
    if one.free_fen:
        yield str(_free(one))
    then = (
        f"cloud lost write-off --card {one.label} --terminal {one.waiting[0].terminal.name} … --who NAME --reason TEXT"
    )
    yield str(
        Text(
            f"  销账（两人）：{then}；--due 为到期各台",
            f"  to write off, by two persons: {then}; --due: all that are due",
        )
    )
