"""Users, their roles and sessions, as an administrator works with them and as an attacker would."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud.console.access.audit import Question
from cloud.console.access.rights import Grant, Role, Scope
from cloud.watch.notify import persons
from tests.cloud.console.rig import PASSWORD, Browser, Rig, made
from tests.cloud.ledger import campus as c

NEW = "another long password"


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with made(tmp_path) as found:
        yield found


def invited(rig: Rig, admin: Browser, name: str = "王芳", role: Role = Role.FINANCE) -> str:
    page = admin.send("/people", 200, name=name, role=role.value, box="", merchant="", group="")
    (link,) = re.findall(r"/first-login/[\w-]+", page)
    return link


def test_who_is_invited_sets_his_password_and_is_known_to_the_watch(rig: Rig) -> None:
    link = invited(rig, rig.browser())
    his = Browser(rig.app.test_client())
    assert his.client.post(link, data={"password": PASSWORD, "again": PASSWORD}).status_code == 302
    assert "王芳" in his.see("/me")
    his.see("/people", 403)
    with rig.sources.watch() as store, store.db.reading():
        assert persons.known(store.db, "王芳")


def test_roles_hold_from_the_next_click_on_and_the_change_is_written_down(rig: Rig) -> None:
    admin = rig.browser()
    his = rig.browser("李明", [Grant(Role.AUDIT)])
    his.see("/audit")
    admin.send("/people/李明/grants", role="canteen", box=c.OTHER_BOX, merchant="", group="")
    his.see("/audit", 403)
    assert rig.sources.accounts.grants("李明") == (Grant(Role.CANTEEN, Scope(c.OTHER_BOX)),)
    (row,) = rig.sources.audit.rows(Question(act="set_grants"))
    assert (row.deed.who, row.deed.zh) == ("admin", f"角色：审计 → 食堂@{c.OTHER_BOX}")


@pytest.mark.parametrize("form", [{"role": "duty"}, {}])
def test_the_last_administrator_stays(rig: Rig, form: dict[str, str]) -> None:
    admin = rig.browser()
    assert "最后一名管理员" in admin.send("/people/admin/grants", 503, box="", merchant="", group="", **form)
    assert "最后一名管理员" in admin.send("/people/admin/gone", 503)
    admin.see("/people")


@pytest.mark.parametrize("name", ["", "a b", "x" * 41, "<b>", "王/芳", "admin"])
def test_a_name_that_cannot_be_is_refused(rig: Rig, name: str) -> None:
    before = rig.sources.accounts.operators(0)
    rig.browser().send("/people", 503, name=name, role="duty", box="", merchant="", group="")
    assert {one.name for one in rig.sources.accounts.operators(0)} == {one.name for one in before} | {"admin"}


@pytest.mark.parametrize("form", [{"role": "god", "box": ""}, {"role": "duty", "box": "nowhere"}])
def test_no_role_and_no_place_that_are_not_there_are_given(rig: Rig, form: dict[str, str]) -> None:
    rig.browser("李明", [Grant(Role.DUTY)])
    rig.browser().send("/people/李明/grants", 503, merchant="", group="", **form)
    assert rig.sources.accounts.grants("李明") == (Grant(Role.DUTY),)


def test_who_is_let_go_is_out_at_once(rig: Rig) -> None:
    his, admin = rig.browser("李明", [Grant(Role.AUDIT)]), rig.browser()
    admin.send("/people/李明/gone")
    assert his.client.get("/audit").location == "/login"
    assert not rig.sources.accounts.check("李明", PASSWORD, 0)


def test_a_session_is_ended_by_its_owner_or_who_may_and_by_nobody_else(rig: Rig) -> None:
    admin, his = rig.browser(), rig.browser("李明", [Grant(Role.DUTY)])
    others = next(one for one in rig.sources.accounts.sessions(0) if one.name == "admin")
    his.send("/me/session", 404, key=others.key.hex())
    his.send("/people/admin/session", 403, key=others.key.hex())
    mine = next(one for one in rig.sources.accounts.sessions(0) if one.name == "李明")
    admin.send("/people/admin/session", 404, key=mine.key.hex())
    admin.send("/people/李明/session", key=mine.key.hex())
    assert his.client.get("/me").location == "/login"


def test_a_new_password_takes_the_old_one_and_ends_the_other_sessions(rig: Rig) -> None:
    rig.browser("李明", [Grant(Role.DUTY)])
    two = [Browser(rig.app.test_client()) for _ in range(2)]
    for one in two:
        one.client.post("/login", data={"name": "李明", "password": PASSWORD})
    two[0].send("/me/password", 403, old="wrong", password=NEW, again=NEW)
    two[0].send("/me/password", 400, old=PASSWORD, password="short", again="short")
    two[0].send("/me/password", old=PASSWORD, password=NEW, again=NEW)
    assert "密码已改" in two[0].see("/me?done=1")
    assert two[1].client.get("/me").location == "/login"


def test_looking_as_a_role_shows_what_it_has_and_changes_nothing(rig: Rig) -> None:
    admin = rig.browser()
    admin.send("/look-as", role="canteen")
    assert "正在以此角色查看" in admin.see("/devices")
    admin.see("/people", 403)
    admin.send("/people", 403, name="x", role="admin", box="", merchant="", group="")
    admin.send("/look-as/myself")
    admin.see("/people")


def test_looking_as_somebody_shows_nobody_more_than_he_has(rig: Rig) -> None:
    auditor = rig.browser("李明", [Grant(Role.AUDIT)])
    auditor.send("/look-as", role="aid")
    auditor.see("/devices", 403)
    finance = rig.browser("王芳", [Grant(Role.FINANCE)])
    finance.client.set_cookie("ykt_as", "admin")
    finance.see("/people", 403)


def test_the_audit_list_is_found_by_who_and_what_and_says_whether_it_holds(rig: Rig) -> None:
    admin = rig.browser()
    invited(rig, admin)
    page = admin.see("/audit?find=王芳")
    assert "邀请用户 王芳" in page
    assert "审计链完整" in page
    assert "invite 王芳" in admin.see("/audit?lang=en&who=admin")
    assert "邀请用户 王芳" in admin.see("/audit.csv")
    assert "first-login" not in admin.see("/audit.csv")
