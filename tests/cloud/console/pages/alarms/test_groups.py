"""Groups and planned work on pages: seen, pushed, planned and ended by whoever may at that place."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud.console.access.rights import Grant, Role, Scope
from cloud.watch.kept import planned
from tests.cloud.console.pages.alarms import scene as s
from tests.cloud.console.rig import Rig, made
from tests.cloud.ledger import campus as c


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with made(tmp_path) as found:
        yield found


def file(rig: Rig) -> str:
    name = next(one.name for one in rig.sources.reader.terminals() if one.box == c.BOX)
    return f'format = 1\n[[group]]\nname = "a"\nshares = "switch"\ntitle = "一食堂A"\nterminals = ["{name}"]\n'


def works(rig: Rig) -> list[planned.Work]:
    with rig.sources.watch() as store, store.db.reading():
        return planned.works(store.db, 9)


def plain(page: str) -> str:
    return re.sub(r"<[^>]+>", "", page)


def test_groups_are_checked_against_what_is_registered_and_shown_with_their_members(rig: Rig) -> None:
    admin = rig.browser()
    assert "还没有分组" in admin.see("/groups")
    text = file(rig)
    assert "第 6 行" in admin.send("/groups/edit", 400, text=text.replace('["', '["x'))
    assert "● 有效：1 个分组" in admin.send("/groups/edit", 200, text=text)
    admin.send("/groups/push", text=text)
    assert "交换机 一食堂A" in admin.see("/groups")
    assert "一食堂A" in rig.browser("陈经理", [Grant(Role.CANTEEN, Scope(c.BOX))]).see("/groups")
    his = rig.browser("李经理", [Grant(Role.CANTEEN, Scope(c.OTHER_BOX))])
    assert "一食堂A" not in his.see("/groups")
    his.send("/groups/push", 403, text=text)


def test_work_is_planned_and_ended_by_who_has_signed_in(rig: Rig) -> None:
    admin = rig.browser()
    assert "没有计划检修" in admin.see("/planned")
    page = admin.see("/planned")
    times = {name: re.findall(rf'name="{name}" value="([^"]+)"', page)[0] for name in ("from", "until")}
    admin.send("/planned", source=f"box:{c.BOX}", why="换电源", **times)
    assert "进行中" in admin.see("/planned")
    assert "换电源" in admin.see("/planned")
    (work,) = works(rig)
    assert (work.who, str(work.source)) == ("admin", f"box:{c.BOX}")
    assert abs(work.from_ms - s.now_ms()) < 120_000
    admin.send("/planned/end", number="1")
    assert works(rig)[0].ended_by == "admin"
    assert "提前结束：" in admin.see("/planned")
    admin.send("/planned/end", 404, number="7")


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"source": "box:nowhere"}, "没有登记"), ({"source": "what"}, "不是报警来源"), ({"until": "later"}, "时间应如"),
        ({"until": "2020-01-01T00:00"}, "至多 3 天"), ({"why": " "}, "须写缘由"), ({"until": ""}, "至多 3 天"),
    ],
)  # fmt: skip
def test_what_cannot_be_planned_is_said(rig: Rig, form: dict[str, str], said: str) -> None:
    given = {"source": f"box:{c.BOX}", "from": "", "until": "2099-01-01T00:00", "why": "换电源", **form}
    assert said in rig.browser().send("/planned", 503, **given)
    assert works(rig) == []


def test_a_manager_plans_for_his_canteen_alone(rig: Rig) -> None:
    until = s.moment_in(3600)
    his = rig.browser("陈经理", [Grant(Role.CANTEEN, Scope(c.BOX))])
    his.send("/planned", 403, source=f"box:{c.OTHER_BOX}", until=until, why="停电")
    his.send("/planned", 403, source="campus", until=until, why="停电")
    his.send("/planned", source=f"box:{c.BOX}", until=until, why="停电")
    other = rig.browser("李经理", [Grant(Role.CANTEEN, Scope(c.OTHER_BOX))])
    assert "停电" not in plain(other.see("/planned"))
    other.send("/planned/end", 403, number="1")
    assert len(works(rig)) == 1
