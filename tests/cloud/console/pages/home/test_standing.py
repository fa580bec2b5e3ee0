"""What the stream says of alarms: another mark when something has happened, and the same while nothing has."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cloud.console.pages.home.standing import Standing
from cloud.process.settings import FOLDER
from cloud.watch.metrics.rings import MINUTE_S
from cloud.watch.pushes import POLICIES
from tests.cloud.console.pages.alarms import scene as s
from tests.cloud.console.rig import Rig, made


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with made(tmp_path) as found:
        yield found


def commented(rig: Rig) -> None:
    rig.browser().send(s.path(s.BOX), step="comment", note="看过")


def pushed(rig: Rig) -> None:
    with rig.sources.watch() as store, store.db.writing():
        POLICIES.push(store.db, 1, "王芳", "", "format = 1\n")


def measured(rig: Rig) -> None:
    with rig.sources.watch() as store, store.db.writing():
        store.db.insert("ring", "step_s, series, at_ms, tag, low, high", [(MINUTE_S, "watch-turns", 1, "", 1.0, 1.0)])
        store.set_mark("beat", s.now_ms() + s.AHEAD_S * 1000)


def died(rig: Rig) -> None:
    s.beaten(rig, ago_s=60)


@pytest.mark.parametrize(("act", "moves"), [(commented, True), (pushed, True), (died, True), (measured, False)])
def test_its_mark_moves_with_what_is_shown_and_with_nothing_else(
    rig: Rig, act: Callable[[Rig], None], *, moves: bool
) -> None:
    s.raised(rig, s.BOX)
    standing = Standing(rig.sources.settings.data / FOLDER)
    before = standing.read()
    assert standing.read() == before
    act(rig)
    after = standing.read()
    assert after["alarms"] == before["alarms"], "how many call is the same"
    assert (after["alarm_marks"] != before["alarm_marks"]) is moves
