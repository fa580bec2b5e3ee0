"""The overview as one kind of viewer sees it: tiles by right, counts of his places, the verdict that they add up to.

Pure: from a snapshot, which holds everything, to what the template shows; nothing that he may not see is in it.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from cloud.console.access.rights import Right
from cloud.console.pages.home.curve import curve
from cloud.console.pages.home.problems import SHOWN, of_viewer, problems, worst
from cloud.console.pages.home.seen import Seen
from shared.words.spans import span

GROUPS = ("ok", "warn", "alarm", "offline", "unknown")
_OFFLINE = ("parted", "silent")
Page = Callable[[str], str]
"""Endpoint → its address; '' where there is none."""


def group_of(terminal: Mapping[str, Any]) -> str:
    """Of five groups; what is neither good nor known to be bad is unknown."""
    if terminal["state"] in _OFFLINE:
        return "offline"
    return {"ok": "ok", "warn": "warn", "bad": "alarm"}.get(terminal["mark"], "unknown")


def drawn(s: Mapping[str, Any], seen: Seen, page: Page) -> dict[str, Any]:
    """As live.html takes it."""
    if not s.get("figures"):
        return {"stale": s["stale"], "first": True}
    found = of_viewer(problems(s), seen)
    terminals = [one for one in s["terminals"] if seen.sees(one.get("box", ""), one.get("merchant", ""))]
    boxes = [one for one in s["boxes"] if seen.sees(one["box"])]
    waits = s["figures"]["oldest_s"]
    return {
        "stale": s["stale"],
        "demo": s["demo"],
        "campus": s["campus"],
        "verdict": worst(found),
        "count": len(found),
        "problems": [
            {"mark": one.mark, "said": [one.said.zh, one.said.en], "href": _href(page(one.page), one.query)}
            for one in found[:SHOWN]
        ],
        "plain": [one for one in s.get("plain", ()) if seen.sees(one["box"])],
        "groups": _groups(terminals),
        "terminals": len(terminals),
        "boxes": boxes,
        "boxes_bad": sum(one["state"] != "ok" for one in boxes),
        "figures": s["figures"],
        "waits": span(waits) if waits else None,
        "takings": s.get("today") if Right.SEE_TAKINGS in seen.whole else None,
        "curve": _curve(s.get("today")) if Right.SEE_TAKINGS in seen.whole else None,
        "ledger": s["ledger"] if Right.SEE_BOOKS in seen.whole else None,
        "whole": Right.SEE_CAMPUS in seen.whole,
        "alarms": _alarms(s) if Right.SEE_ALARMS in seen.whole else None,
        "records": s["records"] if Right.SEE_BOOKS in seen.whole else None,
        "open_loads": s["open_loads"] if Right.SEE_BOOKS in seen.whole else None,
        "thefts": s["thefts"] if Right.SEE_CAMPUS in seen.whole else None,
        "facts": s["facts"] if Right.SEE_CAMPUS in seen.whole else None,
        "to": {name: page(name) for name in PAGES},
    }  # fmt: skip


PAGES = ("devices", "alarms", "books", "held", "loads", "thefts", "daily")
"""Pages that tiles lead to, where they are there and he may see them."""


def _href(address: str, query: str) -> str:
    return f"{address}{query}" if address else ""


def _groups(terminals: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    counts = Counter(group_of(one) for one in terminals)
    return [{"name": name, "count": counts[name]} for name in GROUPS]


def _curve(today: Mapping[str, Any] | None) -> Any:  # noqa: ANN401 - None, or a Curve
    return curve(today["hours"], today["then"]) if today else None


def _alarms(s: Mapping[str, Any]) -> dict[str, Any]:
    alarms: dict[str, Any] = s.get("alarms") or {"known": False, "ran": False}
    waits = max(0, s["at_ms"] - alarms.get("oldest_ms", 0)) // 1000 if alarms.get("oldest_ms") else 0
    return {**alarms, "waits": span(waits) if waits else None}
