"""The tree for people, as lines, and for programs, as JSON of a stable form (docs/status.md). Pure.

What is well is folded into its sum; what is not is always shown, SHOWN_MAX of one parent. Unknown is told with the time
up to which it was known; no mark of what is not well is the mark of what is.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cloud.watch.services.terms import Node, Reason, State, What
from shared.clocks.campus_clock import WALL
from shared.clocks.clock import time_text
from shared.words.spans import span
from shared.words.voice import Language, Text

SCHEMA, FORMAT = "openykt.status", 1
SHOWN_MAX = 20
"""Children of one parent that are listed when not all are wanted; of the others the number is told."""
STATES = {
    State.OK: Text("正常", "well"),
    State.WARN: Text("提示", "notice"),
    State.UNKNOWN: Text("未知", "unknown"),
    State.WRONG: Text("异常", "wrong"),
    State.UNUSED: Text("未投用", "not in use"),
}
MARKS = {State.OK: "●", State.WARN: "△", State.UNKNOWN: "○", State.WRONG: "✗", State.UNUSED: "·"}
_QUIET = (State.OK, State.UNUSED)
_BRANCH, _LAST, _BAR, _SPACE = "├ ", "└ ", "│ ", "  "


def lines(root: Node, *, is_all: bool) -> Iterator[tuple[State, str]]:
    """Each with the state that its colour says again. is_all: nothing is folded."""
    yield root.state, _line(root, root.as_of_ms)
    yield from _below(root, "", root.as_of_ms, is_all=is_all)


def _below(node: Node, before: str, now_ms: int, *, is_all: bool) -> Iterator[tuple[State, str]]:
    told = shown(node, is_all=is_all)
    hidden = len(node.children) - len(told) if len(told) == SHOWN_MAX else 0
    for at, child in enumerate(told):
        is_last = at == len(told) - 1 and not hidden
        yield child.state, f"{before}{_LAST if is_last else _BRANCH}{_line(child, now_ms)}"
        yield from _below(child, before + (_SPACE if is_last else _BAR), now_ms, is_all=is_all)
    if hidden:
        yield State.OK, f"{before}{_LAST}{Text(f'… 另有 {hidden} 项', f'… {hidden} more')}"


def shown(node: Node, *, is_all: bool = False) -> Sequence[Node]:
    """What is told below it. Folded: terminals and lines that are well, and all that is unknown because of what stands
    above it."""
    if is_all:
        return node.children
    is_folded = node.what in (What.BOX, What.LINE)
    is_news = [one for one in node.children if not one.is_inherited and (not is_folded or one.state not in _QUIET)]
    return is_news[:SHOWN_MAX]


def _line(node: Node, now_ms: int) -> str:
    since = _since(node.since_ms, now_ms) if node.since_ms and node.own is node.state else ""
    parts = (
        f"{MARKS[node.state]} {node.called}", "" if node.state is State.OK else str(STATES[node.state]),
        str(node.says) if node.says else "", _sum(node), since, *_reasons(node, now_ms), _as_of(node, now_ms),
        *map(str, node.waits), node.version,
    )  # fmt: skip
    return "  ".join(part for part in parts if part)


def _sum(node: Node) -> str:
    """How many of each state, the worst first."""
    if not node.children or node.what is What.CAMPUS:
        return ""
    counted = " ".join(f"{MARKS[state]} {node.counts[state]}" for state in reversed(State) if state in node.counts)
    return f"[{counted}{Text(' 未投用', ' not in use') if State.UNUSED in node.counts else ''}]"


def _reasons(node: Node, now_ms: int) -> Iterator[str]:
    for reason in node.reasons:
        since = f" {_since(reason.since_ms, now_ms)}" if reason.since_ms and not node.since_ms else ""
        yield f"{reason.text}{since}"


def _as_of(node: Node, now_ms: int) -> str:
    if node.own is not State.UNKNOWN:
        return ""
    if not node.as_of_ms:
        return str(Text("从未得知", "never known"))
    at = clock_time(node.as_of_ms, now_ms)
    return str(Text(f"截至 {at}", f"as of {at}"))


def _since(since_ms: int, now_ms: int) -> str:
    at, long = clock_time(since_ms, now_ms), span(max(0, now_ms - since_ms) // 1000)
    return str(Text(f"自 {at}（{long[0]}）", f"since {at} ({long[1]})"))


def clock_time(at_ms: int, now_ms: int) -> str:
    """HH:MM; with the day where that is another one than now."""
    text, now = (time_text(WALL.at(ms / 1000)) for ms in (at_ms, now_ms))
    return text[11:16] if text[:10] == now[:10] else text[:16]


def status_json(root: Node, code: int) -> dict[str, Any]:
    """The whole. Keys are added, never renamed; another `format` where that would not do."""
    return {
        "schema": SCHEMA, "format": FORMAT, "at_ms": root.as_of_ms, "state": root.state.value, "exit_code": code,
        "tree": node_json(root),
    }  # fmt: skip


def node_json(node: Node) -> dict[str, Any]:
    """A node and all below it. A time that nobody knows is null."""
    return {
        "what": node.what.value, "name": node.name, "called": both(node.called), "state": node.state.value,
        "own": node.own.value, "reasons": [_reason(one) for one in node.reasons],
        "says": both(node.says) if node.says else None, "since_ms": node.since_ms or None,
        "as_of_ms": node.as_of_ms or None, "version": node.version or None,
        "waits_for": [both(one) for one in node.waits], "inherited": node.is_inherited, "counts": _counts(node.counts),
        "children": [node_json(one) for one in node.children],
    }  # fmt: skip


def _counts(counts: Mapping[State, int]) -> dict[str, int]:
    return {state.value: counts.get(state, 0) for state in State}


def _reason(one: Reason) -> dict[str, Any]:
    return {"text": both(one.text), "rule": one.rule or None, "since_ms": one.since_ms or None}


def both(text: Text) -> dict[str, str]:
    """In both languages: what reads it may speak another one than this process."""
    return {language.value: text.in_language(language) for language in Language}
