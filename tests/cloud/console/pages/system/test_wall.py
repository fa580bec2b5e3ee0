"""The wall without a person: a link once, a cookie for the wall alone, what is on it, and what never is."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from cloud.console.access.rights import Grant, Role, Scope
from cloud.console.pages.places.drawings import drawing_of
from cloud.console.pages.places.kept import Author, plans_of
from cloud.console.pages.system.once import Once
from cloud.console.pages.system.screens import LINK_S, SCREENS_MAX, Screens
from cloud.console.pages.system.services import Goals
from cloud.watch.alarms.states import raised
from cloud.watch.alarms.terms import Kind, Source
from cloud.watch.alarms.watching import Change, Key
from cloud.watch.services.goals import Outcome, month_of
from cloud.watch.services.months import Measured
from cloud.watch.turn import BEAT
from shared.errors import ConfigFault
from shared.facts.told import Level
from shared.words.voice import Text
from tests.cloud.console.pages.places import drawn
from tests.cloud.console.rig import Browser, Rig, made
from tests.cloud.console.test_shell import SNAPSHOT
from tests.cloud.ledger import campus as c

CARD, PERSON = "0012-0047-11", "王小明"


def snapshot() -> dict[str, Any]:
    terminals = [one | {"device": "00010000000f", "box": "canteen-1"} for one in SNAPSHOT["terminals"]]
    return SNAPSHOT | {"at_ms": int(time.time() * 1000), "terminals": terminals, "today": {"fen": 1_250}}


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with made(tmp_path_factory.mktemp("rig"), snapshot()) as found:
        yield found


@pytest.fixture(scope="module")
def admin(rig: Rig) -> Browser:
    return rig.browser()


def link_of(page: str) -> str:
    found = re.search(r"http://localhost(/wall/[\w-]+)", page)
    assert found
    return found[1]


def screen(rig: Rig, admin: Browser, name: str, view: str = "campus") -> FlaskClient:
    """A browser that was given the link, and has opened it."""
    client = rig.app.test_client()
    answer = client.post(link_of(admin.send("/wall/tokens", 200, name=name, view=view)))
    assert (answer.status_code, answer.location) == (302, "/wall")
    return client


def test_a_link_works_once_and_its_cookie_opens_the_wall_alone(rig: Rig, admin: Browser) -> None:
    link = link_of(admin.send("/wall/tokens", 200, name="门厅", view="campus"))
    client = rig.app.test_client()
    assert client.get(link).status_code == 200
    answer = client.post(link)
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "Path=/wall" in cookie
    assert client.get("/wall").status_code == 200
    assert client.post(link).status_code == 410
    assert client.get(link).status_code == 410
    for path in ("/overview", "/wall/tokens", "/services", "/api/v1/overview"):
        assert client.get(path).status_code in (302, 401), path
    assert rig.app.test_client().get("/wall").status_code == 401


def test_a_screen_that_is_taken_away_is_dark_and_so_is_one_whose_link_was_made_anew(rig: Rig, admin: Browser) -> None:
    client = screen(rig, admin, "值班室")
    assert client.get("/wall/live").status_code == 200
    number = next(one.number for one in Screens(path(rig)).listed() if one.name == "值班室")
    other = rig.app.test_client()
    other.post(link_of(admin.send("/wall/tokens/link", 200, number=number)))
    assert (client.get("/wall/live").status_code, other.get("/wall/live").status_code) == (401, 200)
    admin.send("/wall/tokens/drop", number=number)
    assert other.get("/wall/live").status_code == 401


def path(rig: Rig) -> Path:
    return rig.sources.settings.data / "cloud" / "console.db"


def test_nothing_that_opens_a_wall_is_kept_as_it_is(rig: Rig, admin: Browser) -> None:
    link = link_of(admin.send("/wall/tokens", 200, name="走廊", view="devices"))
    client = rig.app.test_client()
    client.post(link)
    cookie = client.get_cookie("ykt_wall", path="/wall")
    assert cookie
    octets = b"".join(one.read_bytes() for one in path(rig).parent.glob("console.db*"))
    assert link.removeprefix("/wall/").encode() not in octets
    assert cookie.value.encode() not in octets


def test_a_view_without_sums_has_none_and_one_of_a_box_has_its_terminals(rig: Rig, admin: Browser) -> None:
    campus = screen(rig, admin, "a", "campus").get("/wall").get_data(as_text=True)
    devices = screen(rig, admin, "b", "devices").get("/wall").get_data(as_text=True)
    box = screen(rig, admin, "c", f"box:{c.OTHER_BOX}").get("/wall?view=campus").get_data(as_text=True)
    assert "¥12.50" in campus
    assert "<h2></h2>" not in campus + devices, "each number says what it is"
    assert "已平" in campus
    assert "¥" not in devices
    assert "第一食堂" in devices
    assert "第一食堂" not in box
    admin.send("/wall/tokens", 400, name="d", view="everything")


def test_alarms_are_on_it_and_no_person_and_no_card(rig: Rig, admin: Browser) -> None:
    sources = (Source(Kind.CARD, CARD), Source(Kind.PERSON, PERSON), Source(Kind.BOX, "canteen-1"))
    changes = []
    for rule, source in zip(("records-replayed", "box-silent", "box-silent"), sources, strict=True):
        alarm, deed = raised(None, 1_795_000_000_000, Level.URGENT)
        changes.append(Change(Key(rule, source), 1_795_000_000_000, deed, alarm))
    with rig.sources.watch() as watch, watch.db.writing():
        watch.write(changes)
        watch.set_mark(BEAT, int(time.time() * 1000))
    rig.app.extensions.pop("ykt_once", None)
    page = screen(rig, admin, "strip").get("/wall").get_data(as_text=True)
    assert page.count("紧急") == 3
    assert re.search(r"紧急</strong>[^<]*第一食堂", page)
    assert (CARD in page, PERSON in page) == (False, False)


def test_a_watch_that_does_not_look_knows_no_alarms(tmp_path: Path) -> None:
    with made(tmp_path, snapshot()) as rig:
        assert "无未确认报警" not in rig.browser().see("/wall")
        with rig.sources.watch() as watch, watch.db.writing():
            watch.set_mark(BEAT, int(time.time() * 1000) - 60_000)
        rig.app.extensions.pop("ykt_once", None)
        assert "无未确认报警" not in rig.browser().see("/wall")


def test_no_green_word_stands_over_a_box_that_is_not_heard(tmp_path: Path) -> None:
    dark = snapshot()
    dark["boxes"] = [one | {"state": "offline", "mark": "bad"} for one in dark["boxes"]]
    for shown, said in ((dark, "听得到的范围内无未确认报警"), (snapshot(), "无未确认报警")):
        folder = tmp_path / str(len(said))
        folder.mkdir()
        with made(folder, shown) as rig:
            with rig.sources.watch() as watch, watch.db.writing():
                watch.set_mark(BEAT, int(time.time() * 1000))
            page = rig.browser().see("/wall")
            assert said in page
            assert ('<p class="ok">' in page) is (shown is not dark)


def test_plans_have_their_turn_and_their_drawing_opens_for_the_wall_alone(rig: Rig, admin: Browser) -> None:
    by = Author("admin", 1)
    kept = plans_of(rig.sources)
    mine = kept.make("一食堂", "canteen-1", drawing_of(drawn.png()), drawn.png(), by)
    other = kept.make("别处", "elsewhere", drawing_of(drawn.png()), drawn.png(), by)
    for plan in (mine, other):
        kept.put(plan, "00010000000f", (0.5, 0.5), by)
        kept.publish(plan)
    rig.app.extensions.pop("ykt_once", None)
    client = screen(rig, admin, "turns", "devices")
    page = client.get("/wall?slide=2").get_data(as_text=True)
    assert "一食堂" in page
    assert f"/wall/drawing/{mine}/1" in page
    assert 'class="spot' in page
    assert client.get(f"/wall/drawing/{mine}/1").status_code == 200
    assert client.get(f"/wall/drawing/{other}/1").status_code == 404
    assert client.get(f"/plans/{mine}/drawing/1").status_code in (302, 401)
    assert rig.app.test_client().get(f"/wall/drawing/{mine}/1").status_code == 401
    assert "线路" in client.get("/wall?slide=1").get_data(as_text=True)


def test_the_months_goals_stand_there_and_of_boxes_the_one_that_was_heard_least(rig: Rig, admin: Browser) -> None:
    month = month_of("2026-11")
    kept = [
        Outcome("taps", Text("刷卡成功", "taps served"), "", 0.999, "taps", 999.0, 1.0, 5.0),
        *(Outcome("available", Text(f"网关在线 {box}", box), box, 0.995, "s", good, 10.0, 5.0)
          for box, good in (("near", 1_000.0), ("far", 100.0))),
    ]  # fmt: skip
    client = screen(rig, admin, "goals", "devices")
    rig.app.extensions["ykt_once"] = told = Once()
    told.ask("goals", 60, lambda: Goals(Measured(month, 0, 1, kept, {})))
    for path_of in ("/wall", "/wall/live"):
        answer = client.get(path_of)
        page = str(answer.json["html"]) if answer.is_json and answer.json else answer.get_data(as_text=True)
        goals = page[page.index("本月") :]
        assert "99.90 %" in goals
        assert "最低 网关在线 far" in goals
        assert "near" not in goals
    rig.app.extensions["ykt_once"] = told = Once()
    told.ask("goals", 60, lambda: Goals(None))
    assert "本月 未知" in client.get("/wall").get_data(as_text=True)


def test_the_fragment_carries_version_and_age(rig: Rig, admin: Browser) -> None:
    said = screen(rig, admin, "e").get("/wall/live?lang=en").json
    assert said
    assert said["version"]
    assert said["age_ms"] >= 0
    assert "In balance" in said["html"]


def test_without_any_data_the_wall_says_so_by_itself(tmp_path: Path) -> None:
    with made(tmp_path) as rig:
        page = rig.browser().see("/wall")
    assert re.search(r'id="cut" class="cut" role="alert"><p>数据中断', page)


def test_who_has_signed_in_looks_at_what_he_may(rig: Rig) -> None:
    mine = rig.browser("王芳", [Grant(Role.CANTEEN, Scope(box=c.OTHER_BOX))])
    mine.see("/wall", 401)
    mine.see(f"/wall?view=box:{c.OTHER_BOX}")
    assert "¥" not in rig.browser("李明", [Grant(Role.DUTY)]).see("/wall")
    rig.browser("赵六", [Grant(Role.AID)]).see("/wall", 401)


def test_bounds_of_screens(tmp_path: Path) -> None:
    screens = Screens(tmp_path / "console.db")
    secret = screens.make("a", "campus", "admin", 1_000)
    assert screens.by_link(secret, 1_000 + LINK_S) is None
    assert screens.open(secret, 1_000 + LINK_S) is None
    with pytest.raises(ConfigFault):
        screens.make("a", "campus", "admin", 1_000)
    for bad in ("", " ", "x" * 41, "a\nb"):
        with pytest.raises(ConfigFault):
            screens.make(bad, "campus", "admin", 1_000)
    for n in range(SCREENS_MAX - 1):
        screens.make(f"s{n}", "campus", "admin", 1_000)
    with pytest.raises(ConfigFault):
        screens.make("one more", "campus", "admin", 1_000)
    for act in (screens.take_away, lambda number: screens.link_again(number, 1)):
        with pytest.raises(ConfigFault):
            act(999)
    assert screens.by_token("", 1) is None
