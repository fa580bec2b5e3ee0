"""The overview as each sees it: money only for who may see it, and a verdict no better than what stands below it."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from cloud.console.access.rights import Grant, Role, Scope, Signed
from cloud.console.pages.home.curve import curve
from cloud.console.pages.home.drawn import drawn
from cloud.console.pages.home.problems import problems, worst
from cloud.console.pages.home.seen import Seen, seen_by
from cloud.console.pages.home.standing import Standing
from cloud.process.settings import FOLDER
from tests.cloud.console.rig import made
from tests.cloud.console.test_shell import SNAPSHOT

TODAY = {"fen": 1250, "sales": 3, "hours": [0, 1250], "then": [0] * 24, "success": 0.5, "p95_s": 2}
CALM = {
    **SNAPSHOT, "today": TODAY, "thefts": {**SNAPSHOT["thefts"], "waiting": []},
    "open_loads": {"count": 0, "fen": 0, "rows": []},
}  # fmt: skip
QUIET = {"known": True, "ran": True, "grades": [], "waiting": 0, "urgent": 0, "oldest_ms": 0}


def seen(*grants: Grant) -> Seen:
    found = seen_by(Signed("x", "", grants))
    assert found
    return found


def shown(snapshot: dict[str, Any], *grants: Grant) -> dict[str, Any]:
    return drawn(snapshot, seen(*grants), lambda name: f"/{name}")


def test_money_is_for_those_who_see_all_of_it() -> None:
    admin = shown(CALM, Grant(Role.ADMIN))
    assert (admin["takings"]["fen"], admin["ledger"]["mark"]) == (1250, "ok")
    for grants in ([Grant(Role.DUTY)], [Grant(Role.CANTEEN, Scope("canteen-1"))], [Grant(Role.OPERATIONS)]):
        found = shown(CALM, *grants)
        assert [found[name] for name in ("takings", "curve", "ledger", "records", "open_loads")] == [None] * 5


def test_no_amount_stands_in_the_page_of_who_sees_no_money(tmp_path: Path) -> None:
    with made(tmp_path, CALM) as rig:
        assert "¥12.50" in rig.browser().see("/overview")
        assert "¥" not in rig.browser("duty", [Grant(Role.DUTY)]).see("/overview")


def test_a_canteen_manager_sees_his_own_places() -> None:
    other = {**CALM["boxes"][0], "box": "canteen-2", "name": "第二食堂", "state": "offline"}
    snapshot = {**CALM, "boxes": [*CALM["boxes"], other]}
    his = shown(snapshot, Grant(Role.CANTEEN, Scope("canteen-1")))
    assert ([one["box"] for one in his["boxes"]], his["verdict"]) == (["canteen-1"], "ok")
    assert shown(snapshot, Grant(Role.ADMIN))["verdict"] == "bad"


CASES: Sequence[tuple[str, Callable[[dict[str, Any]], dict[str, Any]]]] = (
    ("ok", lambda s: s),
    ("bad", lambda s: {**s, "boxes": [{**s["boxes"][0], "state": "offline"}]}),
    ("off", lambda s: {**s, "boxes": [{**s["boxes"][0], "state": "unknown"}]}),
    ("bad", lambda s: {**s, "terminals": [{**s["terminals"][0], "mark": "bad", "state": "parted"}]}),
    ("off", lambda s: {**s, "terminals": [{**s["terminals"][0], "mark": "off", "state": "unknown"}]}),
    ("warn", lambda s: {**s, "terminals": [{**s["terminals"][0], "owes": 3}]}),
    ("warn", lambda s: {**s, "figures": {**s["figures"], "quarantined": 1}}),
    ("bad", lambda s: {**s, "ledger": {**s["ledger"], "difference_fen": -5}}),
    ("bad", lambda s: {**s, "alarms": {**QUIET, "waiting": 2, "urgent": 1, "oldest_ms": 1}}),
    ("warn", lambda s: {**s, "alarms": {**QUIET, "waiting": 2, "oldest_ms": 1}}),
    ("off", lambda s: {**s, "alarms": {**QUIET, "known": False}}),
)


@pytest.mark.parametrize(("mark", "change"), CASES)
def test_the_word_above_is_the_worst_of_what_is_below(mark: str, change: Any) -> None:
    assert worst(problems(change(CALM))) == mark


def test_what_is_wrong_goes_before_what_is_unknown() -> None:
    box = CALM["boxes"][0]
    snapshot = {**CALM, "boxes": [{**box, "state": "unknown"}, {**box, "box": "b", "state": "offline"}]}
    assert [one.mark for one in problems(snapshot)] == ["bad", "off"]


def test_a_ledger_that_is_away_is_never_green(tmp_path: Path) -> None:
    with made(tmp_path, {**CALM, "stale": True}) as rig:
        page = rig.browser().see("/overview")
        verdict = re.search(r'class="verdict (\w+)"', page)
        assert verdict
        assert verdict[1] == "off"
        assert "数据中断，现状未知" in page


def test_alarms_are_unknown_where_there_is_no_watch_and_counted_where_there_is(tmp_path: Path) -> None:
    with made(tmp_path) as rig:
        standing = Standing(tmp_path / FOLDER)
        assert standing.read() == {"alarms": {"known": False, "ran": False}}
        with rig.sources.watch():
            found = standing.read()["alarms"]
        assert (found["known"], found["waiting"]) == (True, 0)
        (tmp_path / FOLDER / "watch.db").write_bytes(b"no database at all")
        assert standing.read()["alarms"]["known"] is False


def test_a_curve_stays_within_its_box() -> None:
    found = curve([0, -5, 180], [10] * 24)
    assert found.top == 200
    assert found.now == "0,120 20,120 41,12"
    assert curve([], []).now == ""
