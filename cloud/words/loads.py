"""One load 圈存 as text and as JSON: the words are cloud.ledger.loads.state's. Pure."""

from typing import Any

from cloud.ledger.read.loads import LoadStanding
from cloud.words.both import both
from shared.money import yuan
from shared.words.spans import span
from shared.words.voice import Text


def load_json(one: LoadStanding) -> dict[str, Any]:
    """What a program gets; texts as [zh, en]."""
    state = one.state
    return {
        "terminal": one.terminal, "place": one.place, "device": one.device.hex(), "epoch": one.epoch,
        "request": one.request, "card": one.label, "counter": one.counter, "amount_fen": one.amount_fen,
        "open": state.is_open, "unfinished": state.is_unfinished, "source": one.source,
        "stage": state.stage.value, "age_s": state.age_s, "opened_ms": one.opened_ms,
        "result": one.result, "next": state.next.value, "said": both(state.said),
        "evidence": [both(words) for words in state.evidence], "will": both(state.will),
    }  # fmt: skip


def load_lines(one: LoadStanding) -> list[str]:
    """What a person reads, evidence and outlook below the head."""
    state = one.state
    mark = "●" if state.is_open else "◐" if state.is_unfinished else "○"
    is_claim = one.source == "pending" or not one.amount_fen  # whoever asks what waits names no sum
    what = Text("领款", "claim") if is_claim else Text("圈存", "load")
    at = Text(f"{one.terminal}（{one.place}）", f"{one.terminal} ({one.place})") if one.place else one.terminal
    since = Text("申请", "asked") if state.is_open else Text("判定", "decided")
    zh, en = span(state.age_s)
    age = Text(f"（{since.zh}于 {zh}前）", f" ({since.en} {en} ago)")
    lines = [
        f"{mark} {what} ¥{yuan(one.amount_fen)}  {Text('卡', 'card')} {one.label}  {at} #{one.request}",
        f"    {state.said}{age}",
    ]
    lines += [f"    {words}" for words in state.evidence]
    if state.will.zh:
        lines.append(f"  → {state.will}")
    return lines
