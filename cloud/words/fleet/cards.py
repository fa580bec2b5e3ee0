"""Cards on the hotlist 黑名单 and why, as text and as JSON, in both languages. Pure."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from cloud.ledger.cards.listing import ListedFor, Why
from cloud.ledger.findings.listing import word_of_kinds
from cloud.ledger.findings.rows import Kind
from cloud.ledger.fleet.documents.reach import CardReach
from shared.clocks.campus_clock import WALL
from shared.clocks.clock import time_text
from shared.facts.terms import FINDINGS
from shared.words.voice import Text

CARDS_SHOWN, NAMES_SHOWN = 200, 8
"""Lines for people; a program gets all."""
WHYS = {
    Why.COMMAND: Text("人工列入", "by a person"),
    Why.LOST: Text("挂失", "reported lost"),
    Why.REPLACED: Text("已换卡、补卡", "replaced"),
    Why.SPOILED: Text("废卡", "spoiled"),
    Why.FINDING: Text("账目发现异常", "found by the books"),
    Why.CLONE: Text("已证实复制卡", "proven to be copied"),
    Why.SPARE: Text("备用卡逾期未还", "a spare card, not returned in time"),
}
_DONE = {
    "report-lost": Text("已挂失，列入黑名单", "is reported lost, and on the hotlist"),
    "cancel-report": Text("已解挂", "is found: its report is cancelled"),
    "hotlist": Text("已列入黑名单", "is on the hotlist"),
    "unlist": Text("不再因人工列入黑名单", "is on the hotlist by nobody's word any longer"),
}
STEPS = tuple(_DONE)


def done_line(step: str, label: str) -> str:
    """What was done."""
    done, then = _DONE[step], "cloud documents"
    return str(Text(f"卡 {label} {done.zh}；各终端：{then}", f"card {label} {done.en}; at terminals: {then}"))


def done_json(step: str, label: str, reach: CardReach | None = None, *, is_new: bool) -> dict[str, Any]:
    """new: did it change anything? The rest only where it was waited for."""
    done: dict[str, Any] = {"card": label, "step": step, "new": is_new}
    if reach is not None:
        done |= {"generation": reach.generation, "ok": reach.is_whole}
        done |= {"there": list(reach.there), "late": list(reach.late), "away": list(reach.away)}
    return done


def reach_line(reach: CardReach) -> str:
    """At how many terminals it counts, which of those that are heard lack it, and which are away."""
    there, late, away = len(reach.there), _some(reach.late), _some(reach.away)
    return str(
        Text(
            f"  已生效 {there} 台；在线未到：{late}；未联系：{away}",
            f"  counts at {there} terminals; online and not yet: {late}; away: {away}",
        )
    )


def _some(names: Sequence[str]) -> str:
    return (" ".join(names[:NAMES_SHOWN]) + (f" … ({len(names)})" if len(names) > NAMES_SHOWN else "")) or "–"


def policy_line(kinds: Collection[Kind]) -> str:
    """By which findings a card is listed."""
    zh, en = FINDINGS[word_of_kinds(kinds)]
    return str(Text(f"自动列入黑名单的账目发现：{zh}", f"findings that put a card on the hotlist: {en}"))


def listed_json(found: Sequence[ListedFor], labels: Mapping[bytes, str]) -> dict[str, Any]:
    """Times in Unix milliseconds."""
    return {
        "listed": [
            {
                "card": labels.get(one.card, one.card.hex()), "why": one.why.name.lower(), "who": one.who,
                "reason": one.text, "since_ms": one.since_ms,
            }
            for one in found
        ]
    }  # fmt: skip


def listed_lines(found: Sequence[ListedFor], labels: Mapping[bytes, str]) -> Iterator[str]:
    """A line for each reason, the newest first, then how many cards there are."""
    for one in list(reversed(found))[:CARDS_SHOWN]:
        since = time_text(WALL.at(one.since_ms / 1000)) if one.since_ms else ""
        said = " ".join(part for part in (one.who, one.text) if part)
        yield f"{labels.get(one.card, one.card.hex())}  {WHYS[one.why]}  {since}  {said}".rstrip()
    cards = len({one.card for one in found})
    yield str(Text(f"黑名单共 {cards} 张卡", f"the hotlist has {cards} cards"))
    if len(found) > CARDS_SHOWN:
        yield str(Text(f"  最新 {CARDS_SHOWN} 条；--json 列出全部", f"  the newest {CARDS_SHOWN}; --json lists all"))
