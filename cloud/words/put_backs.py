"""A ledger that was put back, as text and as JSON, Chinese first. Pure."""

from collections.abc import Iterator
from typing import Any

from cloud.ledger.journal.witnessed import PutBack
from cloud.ledger.read.put_backs import PutBackView
from shared.clocks.campus_clock import WALL
from shared.clocks.clock import time_text
from shared.money import yuan

ACCOUNTS = {"online": "电子账户 online account", "pending": "过渡余额 pending load"}
SHOWN_MAX = 100
"""Lines of a kind for people; a program gets all."""


def put_back_json(view: PutBackView) -> dict[str, Any]:
    """Sums in fen, times in Unix milliseconds; first..last 0: no link is gone; unknown: a box of 0.1 cannot say."""
    return {
        "open": len(view.waits),
        "found": [
            {
                "number": one.number, "box": one.box, "partition": one.partition, "shown": one.shown, "here": one.here,
                "first": one.first, "last": one.last, "unknown": one.is_unknown, "since_ms": one.since_ms,
                "at_ms": one.at_ms, "proposal": one.proposal, "open": one.is_open,
            }
            for one in view.found
        ],
        "again": {
            "records": sum(one.records for one in view.again), "spent_fen": sum(one.spent_fen for one in view.again),
            "loaded_fen": sum(one.loaded_fen for one in view.again),
            "terminals": {one.terminal: one.records for one in view.again},
        },
        "lacks": [one._asdict() for one in view.lacks],
    }  # fmt: skip


def one_line(view: PutBackView) -> str:
    """What came again, and what cannot."""
    records, fen = sum(one.records for one in view.again), sum(one.spent_fen for one in view.again)
    waits = view.waits
    spans = "、".join(f"{one.first}–{one.last}" for one in waits if one.last)
    unknown = "（旧版网关不知其数 not known to boxes of 0.1）" if any(one.is_unknown for one in waits) else ""
    gone = f"不会再来，待两人办结 gone, two persons to close: {spans}{unknown}" if waits else "所缺已办结 closed"
    return (
        f"放回了旧账本 an older ledger was put back: 再来 came again {records} 条 records ¥{yuan(fen)}，"
        f"{len(view.again)} 台终端 terminals；账内链 book-only links {gone}"
    )


def put_back_lines(view: PutBackView) -> Iterator[str]:
    """All that is known."""
    if not view.found:
        yield "账本未曾放回 this ledger was never put back"
        return
    yield one_line(view)
    for one in view.found[-SHOWN_MAX:]:
        yield from _found(one)
    for again in view.again[:SHOWN_MAX]:
        loaded = f"，圈存 loaded ¥{yuan(again.loaded_fen)}" if again.loaded_fen else ""
        yield f"  再来 came again: {again.terminal} {again.records} 条 records ¥{yuan(again.spent_fen)}{loaded}"
    for lack in view.lacks[:SHOWN_MAX]:
        yield f"  缺款 lacks: 卡 card {lack.label} {ACCOUNTS.get(lack.account, lack.account)} ¥{yuan(lack.fen)}"
    if view.waits:
        yield "  查明补记后 when seen to: put-back propose --who NAME --reason TEXT"


def _found(one: PutBack) -> Iterator[str]:
    closed = f"已办结 closed by {one.proposal}" if one.proposal else "无缺 nothing gone"
    state = "未办结 open" if one.is_open else closed
    when, since = _time(one.at_ms), _time(one.since_ms)
    yield f"  {one.number}. {when} {one.box}: 回执 ack {one.shown}，账本 ledger {one.here}  {state}"
    if one.last:
        yield f"     账内链 links {one.first}–{one.last}，{since} 之后的充值、发放、卡务、审批 made after that moment"
    elif one.is_unknown:
        yield "     旧版网关只见证记录；充值、发放、卡务、审批请按纸据核对 check deposits, grants, desk by paper"


def _time(unix_ms: int) -> str:
    return time_text(WALL.at(unix_ms / 1000)) if unix_ms else "—"
