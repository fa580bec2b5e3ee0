"""How business days of the campus stand 日结, as text and as JSON, in both languages. Pure."""

from collections.abc import Iterator
from typing import Any

from cloud.ledger.held.days import Closed, DaySum, Gap, Statement
from cloud.ledger.read.shown.campus_days import DayState, net_of
from cloud.words.both import halves
from shared.clocks.clock import day_text
from shared.money import yuan
from shared.words.voice import Text

SHOWN_MAX = 50
"""Terminals for people; a program gets all."""
RUNNING, OPEN, OWING, PROPOSED, WHOLE, WITH_GAPS = "running", "open", "owing", "proposed", "closed", "closed-with-gaps"
STATES = {
    RUNNING: Text("未结束", "not over"),
    OPEN: Text("已收齐，待日结", "complete, to be closed"),
    OWING: Text("未收齐，不能日结", "not complete, cannot be closed"),
    PROPOSED: Text("注明缺口日结，待第二人确认", "proposed with gaps, waits for a second person"),
    WHOLE: Text("已日结", "closed"),
    WITH_GAPS: Text("已注明缺口日结", "closed with named gaps"),
}


def state_of(one: DayState) -> str:
    """One of STATES. Closed is said only of what persons have closed."""
    if one.closed is not None:
        return WHOLE if one.closed.statement.is_whole else WITH_GAPS
    if not one.is_over:
        return RUNNING
    if one.proposal is not None:
        return PROPOSED
    return OWING if one.lacks else OPEN


def day_json(one: DayState) -> dict[str, Any]:
    """Sums in fen."""
    return {
        "day": day_text(one.day), "state": state_of(one), "net_fen": one.net_fen, "late_fen": net_of(one.late),
        "sums": [_sum_json(each) for each in one.sums], "late": [_sum_json(each) for each in one.late],
        "gaps": [_gap_json(each) for each in one.gaps], "drawers": [[who, day_text(day)] for who, day in one.drawers],
        "closed": _closed_json(one.closed) if one.closed else None,
        "proposal": one.proposal.number if one.proposal else 0,
    }  # fmt: skip


def list_lines(found: list[DayState]) -> Iterator[str]:
    """A line each, the newest first."""
    for one in found:
        said, lacks = STATES[state_of(one)], one.lacks if one.closed is None and one.is_over else 0
        who = _who(one.closed) if one.closed else None
        owed = Text(f"，{lacks} 处未齐", f", {lacks} still owe") if lacks else None
        late = Text(f"，日结后又来 ¥{yuan(net_of(one.late))}", f", ¥{yuan(net_of(one.late))} after the close")
        more = [halves(part) for part in (who, owed, late if one.late else None)]
        net = yuan(one.net_fen)
        yield str(
            Text(
                f"{day_text(one.day)}  ¥{net}  {said.zh}{''.join(zh for zh, _ in more)}",
                f"{day_text(one.day)}  ¥{net}  {said.en}{''.join(en for _, en in more)}",
            )
        )


def day_lines(one: DayState) -> Iterator[str]:
    """One day whole."""
    yield from list_lines([one])
    statement = one.closed.statement if one.closed else None
    for each in statement.sums if statement else one.sums:
        yield f"  {_sum(each)}"
    for each in one.late:
        yield f"  {Text('日结后', 'after the close')}: {_sum(each)}"
    gaps, drawers = (statement.gaps, statement.drawers) if statement else (one.gaps, one.drawers)
    for gap in gaps[:SHOWN_MAX] if one.is_over else ():
        yield f"  {gap_text(gap)}"
    more = len(gaps) - SHOWN_MAX + (statement.more_gaps if statement else 0)
    if one.is_over and more > 0:
        yield f"  {Text(f'… 另有 {more} 台', f'… {more} more')}"
    for who, since in drawers if one.is_over else ():
        yield f"  {Text(f'收银员 {who} 自 {day_text(since)} 未日结', f'cashier {who}: open since {day_text(since)}')}"
    if statement is not None:
        yield f"  {chain_text(statement)}"


def gap_text(gap: Gap) -> Text:
    """What a terminal lacks."""
    where = " ".join(part for part in (gap.name, gap.place) if part)
    spans = ", ".join(f"{low}–{high}" if low != high else str(low) for low, high in gap.ranges)
    lacks = (
        Text(f"欠 {gap.records} 条（{spans}）", f"owes {gap.records} ({spans})") if gap.records else None,
        Text(f"{gap.open_slots} 笔未完成", f"{gap.open_slots} unfinished") if gap.open_slots else None,
        Text("日终后未联系，未知", "not heard since the day ended: unknown") if gap.silent else None,
    )
    said = [one for one in lacks if one is not None]
    zh, en = "，".join(one.zh for one in said), ", ".join(one.en for one in said)
    return Text(f"{where}：{zh}", f"{where}: {en}")


def chain_text(said: Statement) -> Text:
    """Where the books stood, to be held against them for ever."""
    number, sealed = said.link
    head = sealed.hex()[:16]
    return Text(
        f"账至分录 {said.last_entry}，账内链 {number} {head}…",
        f"books up to entry {said.last_entry}, link {number} {head}…",
    )


def _who(said: Closed) -> Text:
    two = f"{said.maker} → {said.checker}" if said.checker else said.maker
    return Text(f"，{two}", f", {two}")


def _sum(one: DaySum) -> Text:
    where = " · ".join(part for part in (one.box, one.merchant) if part) or "?"
    gross, back = yuan(one.gross_fen), yuan(one.back_fen)
    return Text(f"{where}：{one.sales} 笔 ¥{gross}，退 ¥{back}", f"{where}: {one.sales} sales ¥{gross}, back ¥{back}")


def _sum_json(one: DaySum) -> dict[str, Any]:
    return dict(one._asdict())


def _gap_json(one: Gap) -> dict[str, Any]:
    return one._asdict() | {"device": one.device.hex(), "ranges": [list(span) for span in one.ranges]}


def _closed_json(said: Closed) -> dict[str, Any]:
    number, sealed = said.statement.link
    return {
        "maker": said.maker, "checker": said.checker, "at_ms": said.at_ms, "last_entry": said.statement.last_entry,
        "link": number, "hash": sealed.hex(), "gaps": [_gap_json(one) for one in said.statement.gaps],
        "sums": [_sum_json(one) for one in said.statement.sums], "waiting": said.statement.waiting._asdict(),
    }  # fmt: skip
