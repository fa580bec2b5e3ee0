"""Hand-over: what is told of a shift, signed by who leaves and taken by who comes, and nobody else; kept for good."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cloud.console.access.rights import Grant, Role, Scope
from cloud.console.pages.alarms.shifts import LISTED_MAX, Note, Shifts
from cloud.process.settings import FOLDER
from cloud.store.db import open_database
from shared.errors import RuleBroken
from tests.cloud.console.pages.alarms import scene as s
from tests.cloud.console.rig import Browser, Rig, made
from tests.cloud.ledger import campus as c


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with made(tmp_path) as found:
        yield found


@pytest.fixture
def two(rig: Rig) -> tuple[Browser, Browser]:
    return rig.browser("王芳", [Grant(Role.DUTY)]), rig.browser("李明", [Grant(Role.DUTY)])


def shifts(rig: Rig) -> Shifts:
    return Shifts(rig.sources.settings.data / FOLDER)


def test_one_leaves_with_what_stands_and_another_takes_it(rig: Rig, two: tuple[Browser, Browser]) -> None:
    leaver, comer = two
    s.raised(rig, s.BOX)
    leaver.send("/handover/note", text="二楼电源明早换")
    page = leaver.see("/handover")
    for part in ("二楼电源明早换", "网关失联", "产生报警", "还没有交过班"):
        assert part in page
    leaver.send("/handover/leave", note="盯着网关")
    waits = comer.see("/handover")
    assert "等人接： 王芳" in waits
    assert "盯着网关" in waits
    assert s.path(s.BOX) in waits
    comer.send("/handover/take", number="1", note="知道了")
    (left,) = shifts(rig).listed()
    assert (left.who, left.taken_by, left.taken_note) == ("王芳", "李明", "知道了")
    assert left.stands == (("box-silent", f"box:{c.BOX}"),)
    assert "等人接" not in comer.see("/handover")
    assert "二楼电源明早换" not in comer.see("/handover"), "a new shift has begun"


def test_nobody_takes_his_own_or_what_does_not_wait(rig: Rig, two: tuple[Browser, Browser]) -> None:
    leaver, comer = two
    assert "没有等着接" in comer.send("/handover/take", 503, number="1")
    leaver.send("/handover/leave", note="")
    assert "由别人接" in leaver.send("/handover/take", 503, number="1")
    assert "须由别人接班" in leaver.see("/handover")
    assert "还没有人接" in comer.send("/handover/leave", 503, note="")
    comer.send("/handover/take", number="1")
    assert "没有等着接" in comer.send("/handover/take", 503, number="1")
    comer.send("/handover/leave", note="")
    assert [one.who for one in shifts(rig).listed()] == ["李明", "王芳"]


def test_who_takes_over_sees_of_what_stood_what_he_may(rig: Rig, two: tuple[Browser, Browser]) -> None:
    s.raised(rig, s.BOOKS)
    rig.browser("财务", [Grant(Role.FINANCE)]).send("/handover/leave", note="")
    assert shifts(rig).listed()[0].stands == (("trial-balance", "campus"),)
    assert s.path(s.BOOKS) not in two[1].see("/handover")


def test_a_canteens_manager_hands_over_nothing(rig: Rig) -> None:
    his = rig.browser("陈经理", [Grant(Role.CANTEEN, Scope(c.BOX))])
    his.see("/handover", 403)
    for path in ("note", "leave", "take"):
        his.send(f"/handover/{path}", 403, text="x", note="", number="1")
    assert shifts(rig).listed() == []


@pytest.mark.parametrize("text", ["", "   ", "x" * 501])
def test_a_note_says_something_and_is_not_cut(rig: Rig, two: tuple[Browser, Browser], text: str) -> None:
    two[0].send("/handover/note", 503, text=text)
    assert shifts(rig).notes(0) == []


@pytest.mark.parametrize("sql", ["DELETE FROM shift_left", "UPDATE shift_note SET text = 'x'"])
def test_what_was_signed_stays(rig: Rig, sql: str) -> None:
    kept = shifts(rig)
    kept.add_note(Note(1, "王芳", "在"))
    kept.leave(2, "王芳", "", [])
    file = str(rig.sources.settings.data / FOLDER / "console.db")
    with closing(open_database(file)) as db, pytest.raises(RuleBroken), db.writing():
        db.run(sql)
    assert (len(kept.listed()), kept.notes(0)[0].text) == (1, "在")


def test_lists_are_bounded(rig: Rig) -> None:
    kept = shifts(rig)
    for n in range(LISTED_MAX + 5):
        kept.add_note(Note(n, "王芳", f"第 {n} 条"))
    assert [len(kept.notes(0)), kept.notes(0)[-1].text] == [LISTED_MAX, f"第 {LISTED_MAX + 4} 条"]
