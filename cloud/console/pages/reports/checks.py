"""What a morning looks at: each line ok, wrong or unknown, with a figure, who it is about, and where to go on.

Adds no judgement that the sources do not make; what a source does not say is unknown, and never ok.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from cloud.console.frame.clock import moment_of, today, wall_now
from cloud.console.frame.money import sum_text
from cloud.console.frame.sources import Sources
from cloud.console.pages.reports.days import joined, owing_of
from cloud.ledger.fleet.documents.standing import DocumentState
from cloud.ledger.fleet.views import newest_of
from cloud.ledger.read.shown.balance import BalanceView, Mark
from cloud.ledger.read.shown.campus_days import DayState, net_of
from cloud.ledger.read.shown.morning import MorningView
from cloud.process.settings import FOLDER
from cloud.watch.alarms.rules import RULES
from cloud.watch.store import Listed
from cloud.watch.subjects.marks import MARK, finished
from cloud.watch.turn import BEAT, STALE_MS
from cloud.words.balance.morning import figure_lines, mark_text, unknown_lines
from cloud.words.both import halves
from cloud.words.days import OWING, STATES, WHOLE, WITH_GAPS, state_of
from shared.clocks.clock import DAY_S, day_text
from shared.words.voice import Text

OK, WRONG, UNKNOWN = "ok", "bad", "off"
NAMES_MAX = 20
BACKUP_MAX_H = 26
"""A daily backup that is older has been left out once."""
LOADS_MAX = 1000
"""Open loads that are looked at, of either kind, the oldest."""
_HOUR_MS = 3_600_000


class Check(NamedTuple):
    """name: a word's key is `morning_` and this. page: where one goes on, if it is there for whoever looks."""

    name: str
    mark: str
    figure: int | None
    page: str
    said: Text

    def to_json(self) -> dict[str, object]:
        """To be kept under a signature."""
        return {"name": self.name, "mark": self.mark, "figure": self.figure, "zh": self.said.zh, "en": self.said.en}


def digest(checks: Sequence[Check]) -> str:
    """Of what is shown but for its words: whoever signs has seen this."""
    said = json.dumps([[one.name, one.mark, one.figure] for one in checks])
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def checks(sources: Sources) -> list[Check]:
    """All of them."""
    found = sources.reader.morning(LOADS_MAX, wall_now())
    return [
        _day(found.yesterday),
        _closed(found),
        _owing(found),
        _books(sources),
        _loads(found),
        _none("held", found.waiting.held + found.to_decide),
        _none("suspense", found.waiting.suspense),
        _none("quarantine", found.waiting.quarantined),
        _none("differences", found.apart.unexplained),
        _bank(found.balance),
        _backup(sources),
        _hotlist(found),
        _alarms(sources),
    ]


def _day(one: DayState | None) -> Check:
    """Of what persons have said of yesterday."""
    if one is None:
        return Check("day", UNKNOWN, None, "closing", Text("账本今天才开始", "the books begin today"))
    state = state_of(one)
    late = net_of(one.late)
    zh, en = halves(Text(f"，日结后又来 {sum_text(late)}", f", {sum_text(late)} after the close") if one.late else None)
    said = Text(STATES[state].zh + zh, STATES[state].en + en)
    mark = {WHOLE: OK, WITH_GAPS: UNKNOWN}.get(state, WRONG)
    return Check("day", mark, one.lacks if state == OWING else None, "closing", said)


def _closed(found: MorningView) -> Check:
    """Cashiers' days."""
    late = [one for one in found.late if one.day < today()]
    if not found.cashiers:
        return Check("closed", UNKNOWN, None, "", Text("还没有收银员的钱箱", "no cashier has a drawer yet"))
    return _named("closed", [f"{one.cashier} ({day_text(one.day)})" for one in late], "")


def _owing(found: MorningView) -> Check:
    views = joined(newest_of(found.terminals).values())
    if not views:
        return Check("owing", UNKNOWN, None, "devices", Text("还没有终端入过网", "no terminal has ever joined"))
    late = owing_of(views, today() - 1)
    silent, owing = [one for one in late if one.owes is None], [one for one in late if one.owes]
    names = [f"{one.terminal} ({one.owes})" for one in owing]
    if owing or not silent:
        return _named("owing", names, "reports")
    names = [one.terminal for one in silent]
    return Check("owing", UNKNOWN, len(silent), "reports", _list(names, Text("未联系：", "not heard since: ")))


def _books(sources: Sources) -> Check:
    """As the live picture has checked them last."""
    shown = sources.live.snapshot()
    known = None if shown.get("stale", True) else shown.get("ledger")
    if not known:
        return Check("books", UNKNOWN, None, "home", Text("没有新的账本检查", "no fresh check of the books"))
    fen = known["difference_fen"]
    said = Text(f"差异 {sum_text(fen)}", f"difference {sum_text(fen)}")
    return Check("books", OK if not fen else WRONG, abs(fen), "home", said)


def _loads(found: MorningView) -> Check:
    """Those of before today; one of this morning may still be under way."""
    since_ms = wall_now().unix_ms - wall_now().campus_s % DAY_S * 1000
    late = [one for one in found.loads if one.opened_ms < since_ms]
    return _named("loads", [f"{one.label} {sum_text(one.amount_fen)} ({one.terminal})" for one in late], "loads")


def _bank(view: BalanceView) -> Check:
    """Even only where the bank was asked today and every sum is known."""
    mark = {Mark.EVEN: OK, Mark.APART: WRONG}.get(view.mark, UNKNOWN)
    lines = [mark_text(view), *(figure_lines(view.figure) if view.figure else ()), *unknown_lines(view)]
    fen = view.figure.unexplained_fen if view.figure and view.is_of_today else None
    said = Text("；".join(one.zh for one in lines), "; ".join(one.en for one in lines))
    return Check("bank", mark, None if fen is None else abs(fen), "", said)


def _backup(sources: Sources) -> Check:
    at_ms = finished(sources.settings.data / FOLDER / MARK)
    if at_ms is None:
        return Check("backup", UNKNOWN, None, "services", Text("没有备份的标记", "no backup has left its mark"))
    hours = max(0, wall_now().unix_ms - at_ms) // _HOUR_MS
    said = Text(f"{hours} 小时前，{moment_of(at_ms)}", f"{hours} hours ago, {moment_of(at_ms)}")
    return Check("backup", OK if hours <= BACKUP_MAX_H else WRONG, None, "services", said)


def _hotlist(found: MorningView) -> Check:
    there = {view.device for view in joined(found.terminals)}
    rows = [one for one in found.hotlist if one.device in there]
    late = [one for one in rows if one.standing not in _HAS_IT and one.standing is not DocumentState.UNKNOWN]
    silent = [one.name for one in rows if one.standing is DocumentState.UNKNOWN]
    if not rows:
        said = Text("还没有终端该有的黑名单", "no terminal should have a hotlist yet")
        return Check("hotlist", UNKNOWN, None, "cards", said)
    if late or not silent:
        return _named("hotlist", [_behind(one.name, one.behind_ms) for one in late], "cards")
    return Check("hotlist", UNKNOWN, len(silent), "cards", _list(silent, Text("未知：", "unknown: ")))


_HAS_IT = (DocumentState.IN_USE, DocumentState.STORED, DocumentState.UNUSED)


def _behind(name: str, since_ms: int) -> str:
    return f"{name} ({moment_of(since_ms)[5:16]})" if since_ms else name


def _alarms(sources: Sources) -> Check:
    with sources.watch() as store, store.db.reading():
        beat_ms = store.mark(BEAT)
        calls = [one for one in store.listed() if one.alarm.calls]
    if wall_now().unix_ms - beat_ms > STALE_MS:
        said = Text("值守进程没有动静", "the watch does not beat")
        return Check("alarms", UNKNOWN, len(calls), "alarms", said)
    names = [_called(one) for one in calls]
    said = Text(_list(one.zh for one in names).zh, _list(one.en for one in names).en)
    return Check("alarms", WRONG if names else OK, len(names), "alarms", said)


_TITLES = {rule.name: rule.advice.title for rule in RULES}


def _called(one: Listed) -> Text:
    """By its rule's title, where that is one of day one's, and the name of what it is about."""
    name, title = one.key.source.name, _TITLES.get(one.key.rule, Text(one.key.rule, one.key.rule))
    return Text(f"{title.zh} {name}", f"{title.en} {name}")


def _none(name: str, count: int) -> Check:
    return Check(name, WRONG if count else OK, count, name, _list([]))


def _named(name: str, names: Sequence[str], page: str) -> Check:
    """Wrong, and whom it is about; or ok."""
    return Check(name, WRONG if names else OK, len(names), page, _list(names))


def _list(names: Iterable[str], before: Text | None = None) -> Text:
    found = list(names)
    more = f" … (+{len(found) - NAMES_MAX})" if len(found) > NAMES_MAX else ""
    zh, en = (before.zh, before.en) if before else ("", "")
    some = found[:NAMES_MAX]
    return Text(zh + "、".join(some) + more, en + ", ".join(some) + more)
