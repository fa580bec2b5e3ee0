"""A stolen PSAM as text and as JSON: what was done, who knows it, what is held, what the key reaches. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from cloud.ledger.read.thefts import BoxWord, Reach, TheftView, Touched
from cloud.ledger.records.marks import Mark
from cloud.words.both import halves
from cloud.words.theft_reach import REACHES
from shared.clocks.clock import time_text
from shared.input.sheet import sheet
from shared.money import yuan
from shared.words.voice import Text

CARDS_SHOWN = 20
NO_BODY = Text("清单中不在任何终端", "in no terminal of the inventory")
BODY_TOO = Text("（机身一并挂失）", " (its body, too)")
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
    state = Text("已挂失", "reported stolen") if theft.found is None else Text("已找回", "found again")
    yield f"PSAM {theft.psam.hex()}: {state}"
    where = f"{view.terminal} {view.place} {view.merchant} @ {view.box}" if view.body else str(NO_BODY)
    yield f"  {Text('机身  ', 'body   ')}  {where}{BODY_TOO if theft.device else ''}"
    since, who = time_text(theft.since_s), f"{theft.who}: {theft.reason}"
    yield str(Text(f"  起于    {since}  经手 {who}", f"  since    {since}  by {who}"))
    yield from _box_lines(boxes, version)
    yield from _settled_lines(view)
    held, fen = view.held[0], yuan(view.held[1])
    yield str(
        Text(
            f"  待核    {held} 笔，¥{fen}（卡方已入账）", f"  held     {held} records, ¥{fen} (the card side is posted)"
        )
    )
    yield from _decided_lines(view)
    more, fen = view.doubtful[0], yuan(view.doubtful[1])
    yield str(
        Text(
            f"  另有    被盗之后、挂失之前已结清 {more} 笔，¥{fen}：归商户，人工核对",
            f"  besides  settled after the theft, before the report: {more} records, ¥{fen}; "
            "with the merchant: look at them",
        )
    )
    yield str(Text(f"  涉及卡  {len(view.cards)}", f"  cards    {len(view.cards)}"))
    yield from map(_card_line, view.cards[:CARDS_SHOWN])
    yield str(Text("密钥所及", "what its key reaches"))
    yield from map(_reach_line, reach)
    yield from (f"  · {told}" for told in REACHES)
    yield str(_undo(view))


def cards_sheet(cards: Iterable[Touched]) -> bytes:
    """One line a card, most records first, as CSV. Times: campus local."""
    return sheet(CSV_COLUMNS, map(_card_row, cards))


def _card_row(card: Touched) -> tuple[str | int, ...]:
    times = time_text(card.first_s), time_text(card.last_s)
    return card.label, card.card.hex(), card.records, card.fen, card.held_records, card.held_fen, *times


def _box_lines(boxes: Sequence[BoxWord], version: int) -> Iterator[str]:
    confirmed = sum(word.confirmed for word in boxes)
    share = f"{confirmed}/{len(boxes)}"
    yield str(
        Text(f"  名单    版本 {version}，已确认 {share}", f"  list     version {version}, confirmed by {share} boxes")
    )
    yield from (str(_late_box(word)) for word in boxes if not word.confirmed)


def _late_box(word: BoxWord) -> Text:
    ahead = Text("，比账本新：请再执行一次", ", newer than the ledger: run this again")
    zh, en = halves(ahead if word.ahead else None)
    return Text(
        f"    未确认：{word.box} {word.name}（版本 {word.version}{zh}）",
        f"    not yet: {word.box} {word.name} (version {word.version}{en})",
    )


def _settled_lines(view: TheftView) -> Iterator[str]:
    yield str(Text("  截止号（挂失时已结清，仍归商户）：", "  settled  when it was reported, stays with the merchant:"))
    for row in view.settled:
        mark = _mark(row.mark)
        yield str(
            Text(
                f"    {row.terminal} 存储代 {row.epoch}：序号 {mark}",
                f"    {row.terminal} epoch {row.epoch}: seq {mark}",
            )
        )
    if not view.settled:
        yield f"    {Text('无', 'none')}"


def _reach_line(one: Reach) -> str:
    fen = yuan(one.purse_fen)
    return str(
        Text(
            f"  {one.profile} 密钥版本 {one.key_version}：{one.cards} 张卡，卡内 ¥{fen}",
            f"  {one.profile} key version {one.key_version}: {one.cards} cards, ¥{fen} in their purses",
        )
    )


def _decided_lines(view: TheftView) -> Iterator[str]:
    """What two persons have decided of it so far, and how the rest is decided."""
    merchant, holder = Text("已放行", "released to the merchant"), Text("已退还", "returned to the holders")
    for told, (records, fen) in ((merchant, view.released), (holder, view.returned)):
        if records:
            sum_ = yuan(fen)
            yield str(Text(f"  {told.zh}  {records} 笔，¥{sum_}", f"  {told.en}: {records} records, ¥{sum_}"))
    if view.held[0]:
        then = f"held propose --psam {view.theft.psam.hex()} --to merchant|holder …"
        yield str(Text(f"  由两人处理：{then}", f"  two persons decide: {then}"))


def _undo(view: TheftView) -> Text:
    psam = view.theft.psam.hex()
    if view.theft.found is None:
        then = f"psam-stolen --found --psam {psam} --who … --reason …"
        return Text(f"撤销（待核不放行）：{then}", f"to undo it (held stays held): {then}")
    return Text("可再营业；上列待核由两人核对后放行", "it may sell again; two persons release what is held above")


def _mark(mark: Mark) -> str:
    above = "".join(f", {low}–{high}" for low, high in mark.ranges)
    return f"{mark.cumulative}{above}"


def _card_json(card: Touched) -> dict[str, Any]:
    return {
        "label": card.label, "card": card.card.hex(), "records": card.records, "fen": card.fen,
        "held_records": card.held_records, "held_fen": card.held_fen, "first": card.first_s, "last": card.last_s,
    }  # fmt: skip


def _card_line(card: Touched) -> str:
    count, fen = card.held_records, yuan(card.held_fen)
    zh, en = halves(Text(f"，待核 {count} 笔 ¥{fen}", f", held {count} ¥{fen}") if count else None)
    label, sum_, when = card.label or card.card.hex(), yuan(card.fen), time_text(card.last_s)
    return str(
        Text(f"    {label}  {card.records} 笔 ¥{sum_}{zh}  {when}", f"    {label}  {card.records} ¥{sum_}{en}  {when}")
    )
