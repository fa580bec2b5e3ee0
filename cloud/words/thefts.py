"""A stolen PSAM as text and as JSON: what was done, who knows it, what is held, what the key reaches. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from cloud.ledger.read.thefts import BoxWord, Reach, TheftView, Touched
from cloud.ledger.records.marks import Mark
from cloud.words.theft_reach import REACHES
from shared.clocks.clock import time_text
from shared.input.sheet import sheet
from shared.money import yuan

CARDS_SHOWN = 20
NO_BODY = "清单中不在任何终端 / in no body"
BODY_TOO = "（机身一并挂失 / its body too）"
CSV_COLUMNS = ("card_label", "card", "records", "fen", "held_records", "held_fen", "first", "last")


def theft_json(view: TheftView, boxes: Sequence[BoxWord], version: int, reach: Iterable[Reach]) -> dict[str, Any]:
    """What a program gets. Times: campus seconds; sums in fen."""
    theft, held, doubtful = view.theft, view.held, view.doubtful
    return {
        "psam": theft.psam.hex(), "state": "stolen" if theft.found is None else "found", "report": theft.number,
        "with_body": bool(theft.device), "body": view.body.hex(), "terminal": view.terminal, "box": view.box,
        "place": view.place, "merchant": view.merchant, "since": theft.since_s, "who": theft.who,
        "reason": theft.reason, "at_ms": theft.at_ms, "version": version,
        "boxes": [
            {"box": word.box, "version": word.version, "confirmed": word.confirmed, "ahead": word.ahead}
            for word in boxes
        ],
        "confirmed": all(word.confirmed for word in boxes),
        "settled": [
            {"device": row.device.hex(), "terminal": row.terminal, "epoch": row.epoch, "seq": row.mark.cumulative,
             "ranges": [list(pair) for pair in row.mark.ranges]}
            for row in view.settled
        ],
        "held": {"records": held[0], "fen": held[1]},
        "released": {"records": view.released[0], "fen": view.released[1]},
        "returned": {"records": view.returned[0], "fen": view.returned[1]},
        "settled_since_theft": {"records": doubtful[0], "fen": doubtful[1]},
        "cards": len(view.cards),
        "cards_most": [_card_json(card) for card in view.cards[:CARDS_SHOWN]],
        "reach": [
            {"profile": one.profile, "key_version": one.key_version, "cards": one.cards, "purse_fen": one.purse_fen}
            for one in reach
        ],
    }  # fmt: skip


def theft_lines(view: TheftView, boxes: Sequence[BoxWord], version: int, reach: Iterable[Reach]) -> Iterator[str]:
    """What a person reads."""
    theft = view.theft
    state = "已挂失 reported stolen" if theft.found is None else "已找回 found again"
    yield f"PSAM {theft.psam.hex()}: {state}"
    where = f"{view.terminal} {view.place} {view.merchant} @ {view.box}" if view.body else NO_BODY
    yield f"  终端 body      {where}{BODY_TOO if theft.device else ''}"
    yield f"  起于 since     {time_text(theft.since_s)}  经手 by {theft.who}: {theft.reason}"
    yield from _box_lines(boxes, version)
    yield "  截止号 settled when it was reported (stays with the merchant):"
    yield from (f"    {row.terminal} 代 epoch {row.epoch}: seq {_mark(row.mark)}" for row in view.settled)
    if not view.settled:
        yield "    无 / none"
    yield f"  待核 held      {view.held[0]} 笔 records, ¥{yuan(view.held[1])}（卡方已入账 / the card side is posted）"
    yield from _decided_lines(view)
    told = f"{view.doubtful[0]} 笔 records, ¥{yuan(view.doubtful[1])}"
    yield f"  另 settled since the theft, before the report: {told}，归商户，人工核对 / with the merchant: look at them"
    yield f"  涉及卡 cards   {len(view.cards)}"
    yield from map(_card_line, view.cards[:CARDS_SHOWN])
    yield "密钥所及 / what its key reaches"
    for one in reach:
        count = f"{one.cards} 张卡 cards, 卡内 ¥{yuan(one.purse_fen)} in their purses"
        yield f"  {one.profile} 密钥版本 key version {one.key_version}: {count}"
    for zh, en in REACHES:
        yield f"  · {zh}"
        yield f"    {en}"
    yield _undo(view)


def cards_sheet(cards: Iterable[Touched]) -> bytes:
    """One line a card, most records first, as CSV. Times: campus local."""
    return sheet(CSV_COLUMNS, map(_card_row, cards))


def _card_row(card: Touched) -> tuple[str | int, ...]:
    times = time_text(card.first_s), time_text(card.last_s)
    return card.label, card.card.hex(), card.records, card.fen, card.held_records, card.held_fen, *times


def _box_lines(boxes: Sequence[BoxWord], version: int) -> Iterator[str]:
    confirmed = sum(word.confirmed for word in boxes)
    yield f"  名单 list      版本 version {version}，已确认 confirmed {confirmed}/{len(boxes)}"
    for word in boxes:
        if not word.confirmed:
            ahead = "，比账本新：请再执行一次 / newer than the ledger: run this again" if word.ahead else ""
            yield f"    未确认 not yet: {word.box} {word.name}（版本 version {word.version}{ahead}）"


def _decided_lines(view: TheftView) -> Iterator[str]:
    """What two persons have decided of it so far, and how the rest is decided."""
    merchant, holder = "已放行 released to the merchant", "已退还 returned to the holders"
    for told, (records, fen) in ((merchant, view.released), (holder, view.returned)):
        if records:
            yield f"  {told}: {records} 笔 records, ¥{yuan(fen)}"
    if view.held[0]:
        psam = view.theft.psam.hex()
        yield f"  由两人处理 two persons decide: held propose --psam {psam} --to merchant|holder …"


def _undo(view: TheftView) -> str:
    psam = view.theft.psam.hex()
    if view.theft.found is None:
        return f"撤销 / undo: psam-stolen --found --psam {psam} --who … --reason … （待核不放行 / held stays held）"
    return "可再营业；上列待核由两人核对后放行 / it may sell again; two persons release what is held above"


def _mark(mark: Mark) -> str:
    above = "".join(f", {low}–{high}" for low, high in mark.ranges)
    return f"{mark.cumulative}{above}"


def _card_json(card: Touched) -> dict[str, Any]:
    return {
        "label": card.label, "card": card.card.hex(), "records": card.records, "fen": card.fen,
        "held_records": card.held_records, "held_fen": card.held_fen, "first": card.first_s, "last": card.last_s,
    }  # fmt: skip


def _card_line(card: Touched) -> str:
    held = f"，待核 held {card.held_records} ¥{yuan(card.held_fen)}" if card.held_records else ""
    return f"    {card.label or card.card.hex()}  {card.records} 笔 ¥{yuan(card.fen)}{held}  {time_text(card.last_s)}"
