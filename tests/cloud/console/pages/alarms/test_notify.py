"""Who is told, on a page: duty, swaps, persons, ways, messages; and who may see and change what of it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud.console.access.rights import Grant, Role, Scope
from cloud.watch.notify import persons, queue
from cloud.watch.notify.persons import Person
from cloud.watch.notify.queue import Message, State
from cloud.watch.notify.terms import Channel, Why
from cloud.watch.pushes import POLICIES
from tests.cloud.console.pages.alarms import scene as s
from tests.cloud.console.rig import Rig, made
from tests.cloud.ledger import campus as c

POLICY = """format = 1
[[shift]]
name = "全天"
from = "00:00"
until = "24:00"
persons = ["王芳"]
[[route]]
name = "钱"
wakes = true
[[route.step]]
to = ["duty"]
by = ["mail"]
"""


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with made(tmp_path) as found:
        with found.sources.watch() as store, store.db.writing():
            for name in ("王芳", "李明"):
                persons.add(store.db, Person(0, name, mail="w@school.edu.cn"))
        yield found


def plain(page: str) -> str:
    return re.sub(r"<[^>]+>", "", page)


def told(rig: Rig, key: s.Key, state: State = State.SENT, receipt: str = "r-1") -> None:
    message = Message(0, s.now_ms(), "王芳", Channel.MAIL, "w@school.edu.cn", Why.CALL, (key,), "主题一", "…")
    with rig.sources.watch() as store, store.db.writing():
        queue.put(store.db, message._replace(state=state, receipt=receipt, done_ms=s.now_ms()))


def test_nobody_on_duty_is_said_and_so_is_who_is(rig: Rig) -> None:
    admin = rig.browser()
    assert "此刻无人值班" in admin.see("/notify")
    admin.send("/notify/push", text=POLICY, why="试")
    page = plain(admin.see("/notify"))
    assert "此刻无人值班" not in page
    assert page.count("全天") == 7
    assert "往后有人值班的时长： 1 天" in page


def test_a_swap_is_a_push_of_the_file_with_the_swap_at_its_end(rig: Rig) -> None:
    admin = rig.browser()
    admin.send("/notify/push", text=POLICY)
    day = re.findall(r'type="date" name="day" value="([^"]+)"', admin.see("/notify"))[0]
    admin.send("/notify/swap", day=day, instead_of="王芳", by="李明")
    assert "李明" in re.sub(r"\s+", " ", plain(admin.see("/notify"))).split("方式")[0]
    with rig.sources.watch() as store, store.db.reading():
        text, (newest, *_) = POLICIES.in_force(store.db), POLICIES.history(store.db)
    assert text.endswith(f'[[swap]]\nday = "{day}"\ninstead_of = "王芳"\nby = "李明"\n')
    assert (newest.who, newest.why) == ("admin", f"换班 {day}：王芳 → 李明")
    assert "没有登记此人" in admin.send("/notify/swap", 503, day=day, instead_of="王芳", by='x"\n[[route]]')
    assert "2026-12-01" in admin.send("/notify/swap", 503, day="tomorrow", instead_of="王芳", by="李明")


def test_a_wrong_policy_is_named_by_its_line(rig: Rig) -> None:
    assert "第 6 行" in rig.browser().send("/notify/edit", 400, text=POLICY.replace("王芳", "没有"))


def test_messages_are_seen_by_whoever_may_see_what_they_are_about(rig: Rig) -> None:
    told(rig, s.BOX)
    told(rig, s.BOOKS, State.FAILED, "查无此号")
    admin, his = rig.browser(), rig.browser("陈经理", [Grant(Role.CANTEEN, Scope(c.OTHER_BOX))])
    page = admin.see("/notify/messages")
    assert s.path(s.BOX) in page
    assert "查无此号" in page
    assert "已发出" in page
    assert "查无此号" in admin.see("/notify")
    assert "主题一" not in his.see("/notify/messages")
    assert "查无此号" not in rig.browser("值班", [Grant(Role.DUTY)]).see("/notify/messages")


def test_addresses_are_for_who_sets_duty(rig: Rig) -> None:
    assert "w@school.edu.cn" in rig.browser().see("/notify")
    his = rig.browser("值班", [Grant(Role.DUTY)])
    assert "w@school.edu.cn" not in his.see("/notify")
    for path in ("swap", "test", "person", "person/gone", "edit", "push", "back"):
        his.send(f"/notify/{path}", 403)


def test_who_hears_of_money_is_said_by_who_gives_rights(rig: Rig) -> None:
    his = rig.browser("运维", [Grant(Role.OPERATIONS)])
    his.send("/notify/person", name="王芳", phone="13800000000", role="finance")
    with rig.sources.watch() as store, store.db.reading():
        known = persons.known(store.db, "王芳")
    assert (known.phone, known.mail, known.role) == ("13800000000", "w@school.edu.cn", persons.Role.NONE)
    rig.browser().send("/notify/person", name="王芳", role="finance")
    with rig.sources.watch() as store, store.db.reading():
        assert persons.known(store.db, "王芳").role is persons.Role.FINANCE
    assert "邮箱" in his.send("/notify/person", 503, name="王芳", mail="nowhere")
    his.send("/notify/person/gone", name="王芳")
    assert "王芳" not in his.see("/notify")


def test_a_trial_is_queued(rig: Rig) -> None:
    admin = rig.browser()
    admin.send("/notify/test", name="王芳", channel="mail")
    assert "没有短信地址" in admin.send("/notify/test", 503, name="王芳", channel="sms")
    admin.send("/notify/test", 400, name="王芳", channel="pigeon")
    with rig.sources.watch() as store, store.db.reading():
        (message,) = queue.messages(store.db, 9)
    assert (message.person, message.why, message.state) == ("王芳", Why.TEST, State.WAITING)


def test_a_way_says_what_waits_and_what_has_failed(rig: Rig) -> None:
    told(rig, s.BOX)
    page = plain(rig.browser().see("/notify"))
    assert "邮件 ● 正常" in re.sub(r"\s+", " ", page.replace("邮件", "邮件 "))
    told(rig, s.BOX, State.FAILED, "拒收")
    assert "有失败" in rig.browser().see("/notify")
