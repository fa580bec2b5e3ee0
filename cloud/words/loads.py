"""One load 圈存 as text and as JSON: the words are cloud.ledger.loads.state's. Pure."""

from typing import Any

from cloud.ledger.loads.state import Words
from cloud.ledger.read.loads import LoadStanding
from shared.money import yuan
from shared.words.spans import span


def load_json(one: LoadStanding) -> dict[str, Any]:
    """What a program gets; texts as [zh, en]."""
    state = one.state
    return {
        "terminal": one.terminal, "place": one.place, "device": one.device.hex(), "epoch": one.epoch,
        "request": one.request, "card": one.label, "counter": one.counter, "amount_fen": one.amount_fen,
        "open": state.is_open, "unfinished": state.is_unfinished, "source": one.source,
        "stage": state.stage.value, "age_s": state.age_s, "opened_ms": one.opened_ms,
        "result": one.result, "next": state.next.value, "said": list(state.said),
        "evidence": [list(words) for words in state.evidence], "will": list(state.will),
    }  # fmt: skip


def load_lines(one: LoadStanding) -> list[str]:
    """What a person reads, evidence and outlook below the head."""
    state = one.state
    mark = "●" if state.is_open else "◐" if state.is_unfinished else "○"
    is_claim = one.source == "pending" or not one.amount_fen  # whoever asks what waits names no sum
    what = "领款 claim" if is_claim else "圈存 load"
    place = f"（{one.place}）" if one.place else ""
    since = Words("申请", "asked") if state.is_open else Words("判定", "decided")
    zh, en = span(state.age_s)
    lines = [
        f"{mark} {what} ¥{yuan(one.amount_fen)}  卡 card {one.label}  {one.terminal}{place} #{one.request}",
        f"    {state.said.zh}（{since.zh}于 {zh}前） / {state.said.en} ({since.en} {en} ago)",
    ]
    lines += [f"    {words.zh} / {words.en}" for words in state.evidence]
    if state.will.zh:
        lines.append(f"  → {state.will.zh}\n    {state.will.en}")
    return lines
