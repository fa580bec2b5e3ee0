"""A ledger that was put back, as text and as JSON, in both languages. Pure."""

from collections.abc import Iterator, Sequence
from typing import Any

from cloud.ledger.journal.witnessed import PutBack
from cloud.ledger.read.put_backs import LackView, PutBackView
from cloud.words.both import halves
from shared.clocks.campus_clock import WALL
from shared.clocks.clock import time_text
from shared.money import yuan
from shared.words.voice import Text

ACCOUNTS = {"online": Text("电子账户", "online account"), "pending": Text("过渡余额", "pending load")}
SHOWN_MAX = 100
"""Lines of a kind for people; a program gets all."""


def put_back_json(view: PutBackView, lacks: Sequence[LackView]) -> dict[str, Any]:
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
        "lacks": [one._asdict() for one in lacks],
    }  # fmt: skip


def one_line(view: PutBackView) -> Text:
    """What came again, and what cannot."""
    records, fen = sum(one.records for one in view.again), sum(one.spent_fen for one in view.again)
    waits = view.waits
    spans = "、".join(f"{one.first}–{one.last}" for one in waits if one.last)
    unknown = Text("（旧版网关不知其数）", " (boxes of 0.1 do not know which)")
    zh, en = halves(unknown if any(one.is_unknown for one in waits) else None)
    gone = Text("账内链所缺已办结", "what the book-only chain lacks is closed")
    if waits:
        gone = Text(
            f"账内链 {spans}{zh} 不会再来，待两人办结",
            f"book-only links {spans}{en} are gone, for two persons to close",
        )
    spent, terminals = yuan(fen), len(view.again)
    return Text(
        f"放回了旧账本：再来 {records} 条记录 ¥{spent}，{terminals} 台终端；{gone.zh}",
        f"an older ledger was put back: {records} records ¥{spent} came again from {terminals} terminals; {gone.en}",
    )


def put_back_lines(view: PutBackView, lacks: Sequence[LackView]) -> Iterator[str]:
    """All that is known."""
    if not view.found:
        yield str(Text("账本未曾放回", "this ledger was never put back"))
        return
    yield str(one_line(view))
    for one in view.found[-SHOWN_MAX:]:
        yield from _found(one)
    for again in view.again[:SHOWN_MAX]:
        loaded = yuan(again.loaded_fen)
        zh, en = halves(Text(f"，圈存 ¥{loaded}", f", loaded ¥{loaded}") if again.loaded_fen else None)
        records, spent = again.records, yuan(again.spent_fen)
        yield str(
            Text(
                f"  再来：{again.terminal} {records} 条记录 ¥{spent}{zh}",
                f"  came again: {again.terminal} {records} records ¥{spent}{en}",
            )
        )
    for lack in lacks[:SHOWN_MAX]:
        account, fen = ACCOUNTS.get(lack.account, lack.account), yuan(lack.fen)
        yield str(Text(f"  缺款：卡 {lack.label} {account} ¥{fen}", f"  lacks: card {lack.label}, {account} ¥{fen}"))
    if view.waits:
        then = "put-back propose --who NAME --reason TEXT"
        yield str(Text(f"  查明补记后：{then}", f"  when it was seen to: {then}"))


def _found(one: PutBack) -> Iterator[str]:
    state, when, since = _state(one), _time(one.at_ms), _time(one.since_ms)
    yield str(
        Text(
            f"  {one.number}. {when} {one.box}：回执 {one.shown}，账本 {one.here}  {state.zh}",
            f"  {one.number}. {when} {one.box}: ack {one.shown}, ledger {one.here}  {state.en}",
        )
    )
    if one.last:
        yield str(
            Text(
                f"     账内链 {one.first}–{one.last}：{since} 之后的充值、发放、卡务、审批",
                f"     book-only links {one.first}–{one.last}: deposits, grants, desk, approvals after {since}",
            )
        )
    elif one.is_unknown:
        yield str(
            Text(
                "     旧版网关只见证记录；充值、发放、卡务、审批请按纸据核对",
                "     a box of 0.1 witnesses records only: check deposits, grants, desk and approvals by paper",
            )
        )


def _state(one: PutBack) -> Text:
    if one.is_open:
        return Text("未办结", "open")
    if one.proposal:
        return Text(f"已由提议 {one.proposal} 办结", f"closed by proposal {one.proposal}")
    return Text("无缺", "nothing gone")


def _time(unix_ms: int) -> str:
    return time_text(WALL.at(unix_ms / 1000)) if unix_ms else "—"
