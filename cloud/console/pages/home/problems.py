"""What is wrong, the worst first: ranked by how grave it is, then by how many people or how much money it is about.

Each names the right that sees it, where it is, and the page that shows more. What is not known is a problem, too. Pure.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from cloud.console.access.rights import Right
from cloud.console.frame.money import sum_text
from cloud.console.pages.home.seen import Seen
from shared.words.spans import span
from shared.words.voice import Text

SHOWN = 8
NAMED = 3
"""Terminals of one line that are named."""
WAITS_S = 60
"""Records that wait for longer than this are a problem."""
_GRAVITY = {"bad": 0, "warn": 1, "off": 2}
Row = Mapping[str, Any]


class Problem(NamedTuple):
    """mark: bad, warn, or off for what is not known. weight: people or money. page: an endpoint; query: of its address.
    box: '' is the whole campus."""

    mark: str
    weight: int
    said: Text
    right: Right
    page: str
    query: str = ""
    box: str = ""

    def is_seen(self, seen: Seen) -> bool:
        """A place's by whoever sees the place, the campus's by whoever sees all of it."""
        if not self.box:
            return self.right in seen.whole
        return self.right in seen.some and seen.sees(self.box)


def problems(s: Row) -> list[Problem]:
    """Of a snapshot, all of them, the worst first."""
    found = [*_books(s), *_places(s), *_thefts(s), *_alarms(s.get("alarms"), s.get("at_ms", 0))]
    return sorted(found, key=lambda one: (_GRAVITY[one.mark], -one.weight))


def worst(found: Sequence[Problem]) -> str:
    """The mark above them all; `ok` where there is none."""
    return min((one.mark for one in found), key=_GRAVITY.__getitem__, default="ok")


def _books(s: Row) -> Iterator[Problem]:
    ledger, figures, loads = s["ledger"], s["figures"], s["open_loads"]
    if ledger["difference_fen"]:
        fen = ledger["difference_fen"]
        text = sum_text(fen)
        yield Problem("bad", abs(fen), Text(f"账本不平，差 {text}", f"books out of balance by {text}"),
                      Right.SEE_BOOKS, "books")  # fmt: skip
    if count := ledger["unexplained"]:
        yield Problem("bad", count, Text(f"{count} 处卡与账不符，未说明", f"{count} unexplained differences of cards"),
                      Right.SEE_BOOKS, "differences")  # fmt: skip
    if count := s.get("closing", {}).get("findings"):
        yield Problem("bad", count, Text(f"{count} 项卡的发现待查", f"{count} findings of cards"), Right.SEE_BOOKS,
                      "card_findings")  # fmt: skip
    if ledger["said"] == "ledger_put_back":
        yield Problem("bad", 1, Text("放回了旧账本，有待办结", "an older ledger was put back and waits for decisions"),
                      Right.SEE_BOOKS, "books")  # fmt: skip
    if count := figures["quarantined"]:
        yield Problem("warn", count, Text(f"{count} 条记录在隔离", f"{count} records in quarantine"), Right.SEE_BOOKS,
                      "quarantine")  # fmt: skip
    if count := figures["suspense"] + figures["held"]:
        yield Problem("warn", count, Text(f"{count} 笔挂账或待核", f"{count} in suspense or held"), Right.SEE_BOOKS,
                      "held")  # fmt: skip
    if count := loads["count"]:
        fen = loads["fen"]
        said = Text(f"{count} 笔圈存未了，共 {sum_text(fen)}", f"{count} loads without an end, {sum_text(fen)}")
        yield Problem("warn", fen, said, Right.SEE_BOOKS, "loads")


def _places(s: Row) -> Iterator[Problem]:
    terminals = Counter(one["box"] for one in s["terminals"] if "box" in one)
    owing = Counter({one["box"]: 0 for one in s["boxes"]})
    for one in s["terminals"]:
        owing[one.get("box", "")] += one["owes"] or 0
    for box in s["boxes"]:
        yield from _box(box, terminals[box["box"]], owing[box["box"]])
    for box in s.get("plain", ()):
        yield Problem("warn", 0, Text(f"{box['name']}：终端链路未加密", f"{box['name']}: terminals without TLS"),
                      Right.SEE_CAMPUS, "devices", f"?box={box['box']}", box["box"])  # fmt: skip
    yield from _silent(s)


def _box(box: Row, terminals: int, owes: int) -> Iterator[Problem]:
    name, at = box["name"], box["box"]
    where = (Right.SEE_CAMPUS, "devices", f"?box={at}", at)
    if box["state"] == "offline":
        zh, en = span(box["heard_s"])
        yield Problem("bad", terminals, Text(
            f"{name}：网关离线 {zh}，{terminals} 台终端状况未知",
            f"{name}: box unreachable for {en}, {terminals} terminals unknown"
        ), *where)  # fmt: skip
    elif box["state"] == "unknown":
        yield Problem("off", terminals, Text(
            f"{name}：网关还没有上线，{terminals} 台终端未知",
            f"{name}: box not seen yet, {terminals} terminals unknown"
        ), *where)  # fmt: skip
    elif owes:
        yield Problem(
            "warn", owes, Text(f"{name}：终端还欠 {owes} 条记录", f"{name}: terminals owe {owes} records"), *where
        )


def _silent(s: Row) -> Iterator[Problem]:
    """By box, terminals of one state that is none of the good ones; those of a silent box stand with the box."""
    names = {box["box"]: box["name"] for box in s["boxes"]}
    heard = {box["box"] for box in s["boxes"] if box["state"] == "ok"}
    groups: dict[tuple[str, str, str], list[str]] = {}
    for one in s["terminals"]:
        if one["mark"] in ("bad", "off") and one.get("box") in heard:
            groups.setdefault((one["box"], one["mark"], one["state"]), []).append(one["name"])
    for (box, mark, state), found in groups.items():
        first = ", ".join(found[:NAMED]) + ("…" if len(found) > NAMED else "")
        state_of = _STATES.get(state, _UNKNOWN)
        said = Text(
            f"{names[box]}：{len(found)} 台终端{state_of.zh}（{first}）",
            f"{names[box]}: {len(found)} terminals {state_of.en} ({first})",
        )
        yield Problem(mark, len(found), said, Right.SEE_CAMPUS, "devices", f"?box={box}&state={state}", box)


_STATES = {
    "parted": Text("断线", "unreachable"), "silent": Text("无应答", "silent"),
    "revoked": Text("已挂失", "reported stolen"), "waiting": Text("待批号", "waiting for an epoch"),
    "never": Text("从未入网", "never joined"),
}  # fmt: skip
_UNKNOWN = Text("未知", "unknown")


def _thefts(s: Row) -> Iterator[Problem]:
    waiting = s["thefts"]["waiting"]
    if s["thefts"]["version"] and waiting:
        yield Problem("warn", len(waiting), Text(
            f"失窃设备名单：{len(waiting)} 台网关还没有确认",
            f"list of stolen devices: {len(waiting)} boxes have not confirmed it"
        ), Right.SEE_CAMPUS, "thefts")  # fmt: skip


def _alarms(alarms: Row | None, now_ms: int) -> Iterator[Problem]:
    if not alarms or not alarms["ran"]:
        return
    if not alarms["known"]:
        yield Problem("off", 1, Text("读不到报警", "alarms cannot be read"), Right.SEE_ALARMS, "alarms")
    elif count := alarms["urgent"]:
        zh, en = span(max(0, now_ms - alarms["oldest_ms"]) // 1000)
        yield Problem("bad", count, Text(
            f"{count} 条紧急报警无人确认，最早 {zh} 前", f"urgent alarms unacknowledged: {count}, the oldest for {en}"
        ), Right.SEE_ALARMS, "alarms")  # fmt: skip
    elif count := alarms["waiting"]:
        zh, en = span(max(0, now_ms - alarms["oldest_ms"]) // 1000)
        yield Problem("warn", count, Text(
            f"{count} 条报警无人确认，最早 {zh} 前", f"alarms unacknowledged: {count}, the oldest for {en}"
        ), Right.SEE_ALARMS, "alarms")  # fmt: skip


def of_viewer(found: Iterable[Problem], seen: Seen) -> list[Problem]:
    """Those that he sees."""
    return [one for one in found if one.is_seen(seen)]
