"""Docked devices of others, the first steps and the page about the program."""

import json
import re
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cloud.console.access.rights import Grant, Role
from cloud.console.pages.places.drawings import Drawing
from cloud.console.pages.places.kept import Author, plans_of
from cloud.process.settings import FOLDER
from cloud.watch.docking.keeping.store import DockingStore, open_docking
from cloud.watch.docking.keeping.values import Moved, Standing, State, Update
from cloud.watch.docking.rights.accounts import opens
from cloud.watch.docking.signals import BEAT
from cloud.watch.docking.sparkplug.docked import Shown
from cloud.watch.docking.sparkplug.payload import DataType
from cloud.watch.docking.sparkplug.topics import Source
from cloud.watch.pushes import TEMPLATES
from cloud.watch.subjects.marks import MARK
from tests.cloud.console.rig import Browser, Rig, made

PUMP = Source("plant", "boiler", "pump")
GOOD = """format = 1
[[map]]
account = "meter-1"
topic = "power"
[[map.metric]]
path = "kwh"
name = "Energy"
type = "number"
"""


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with made(tmp_path) as found:
        yield found


@pytest.fixture
def admin(rig: Rig) -> Browser:
    return rig.browser()


def store(rig: Rig) -> "closing[DockingStore]":
    return closing(open_docking(rig.sources.settings.data / FOLDER))


def now_ms() -> int:
    return int(time.time() * 1000)


def dock(rig: Rig) -> None:
    """The dock runs, and a node with a pump has reported."""
    speed = Shown(datatype=DataType.INT32, value=900, unit="rpm", at_ms=now_ms())
    with store(rig) as opened:
        opened.set_mark(BEAT, now_ms())
        updates = [
            Update(Standing(Source("plant", "boiler"), True, now_ms()), {}, is_whole=True),
            Update(Standing(PUMP, True, now_ms()), {"Speed": speed}, is_whole=True),
        ]
        opened.keep(updates, {"stranger": 3}, [], now_ms())


def test_a_device_is_admitted_with_a_password_that_is_shown_once(rig: Rig, admin: Browser) -> None:
    page = admin.send("/integrations/add", 200, name="boiler", speech="sparkplug", group="plant")
    secret = re.findall(r'class="once">([^<]+)<', page)[1]
    assert "dock.boiler" in page
    with store(rig) as opened:
        (account,) = opened.accounts()
    assert opens(account.seal, secret)
    for path in ("/integrations", "/integrations/device?source=plant/boiler", "/audit"):
        assert secret not in admin.see(path), path
    waits = admin.see("/integrations/device?source=plant/boiler")
    assert "等第一条消息" in waits
    assert "spBv1.0/plant/NBIRTH/boiler" in waits
    assert "做不到" in admin.send("/integrations/add", 503, name="boiler", speech="sparkplug", group="plant")
    admin.send("/integrations/add", 400, name="x", speech="telepathy")


def test_who_is_there_is_shown_with_what_was_refused(rig: Rig, admin: Browser) -> None:
    dock(rig)
    page = admin.see("/integrations")
    assert "plant/boiler/pump" in page
    assert "没有账号" in page
    assert "● </span> 在线" in page.replace("●</span>", "● </span>")
    device = admin.see("/integrations/device?source=plant/boiler/pump")
    assert "900 rpm" in device
    admin.see("/integrations/device?source=plant/nothing", 404)
    assert "plant/boiler/pump" in admin.see("/integrations.csv")


def test_a_command_says_what_the_device_has_told_and_no_more(rig: Rig, admin: Browser) -> None:
    dock(rig)
    send = {"source": "plant/boiler/pump", "metric": "Speed"}
    admin.send("/integrations/command", **send, value="950")
    page = admin.see("/integrations/device?source=plant/boiler/pump")
    assert "等待发出" in page
    with store(rig) as opened:
        opened.keep([], {}, [Moved(1, State.TOLD, "900")], now_ms())
    assert "设备回报另一个值：900" in admin.see("/integrations")
    with store(rig) as opened:
        opened.keep([], {}, [Moved(1, State.UNKNOWN)], now_ms())
    assert "未知：已发出，设备未回报" in admin.see("/integrations")
    with store(rig) as opened:
        opened.keep([], {}, [Moved(1, State.TOLD, "950")], now_ms())
    assert "设备回报：950" in admin.see("/integrations")
    assert "值不是 int32" in admin.send("/integrations/command", 503, **send, value="fast")
    assert "没有此指标" in admin.send("/integrations/command", 503, source="plant/boiler/pump", metric="X", value="1")
    assert "Speed = 950" in admin.see("/audit")


def test_while_the_dock_stands_still_nobody_is_on_line(rig: Rig, admin: Browser) -> None:
    dock(rig)
    with store(rig) as opened:
        opened.set_mark(BEAT, now_ms() - 60_000)
    page = admin.see("/integrations")
    assert "对接服务没有运行" in page
    assert "> 在线" not in page
    assert "过时" in admin.see("/integrations/device?source=plant/boiler/pump")


def test_a_mapping_is_checked_by_line_put_in_force_and_put_back(rig: Rig, admin: Browser) -> None:
    wrong = GOOD.replace('type = "number"', 'type = "colour"')
    for path in ("/integrations/mapping/check", "/integrations/mapping/push"):
        page = admin.send(path, 400, text=wrong)
        assert re.search(r"第 8 行|line 8", page)
        assert "colour" in page
    assert "1 段，1 个指标" in admin.send("/integrations/mapping/check", 200, text=GOOD.replace("\n", "\r\n"))
    with store(rig) as opened, opened.db.reading():
        assert TEMPLATES.in_force(opened.db) == ""
    admin.send("/integrations/mapping/push", text=GOOD, why="电表")
    admin.send("/integrations/mapping/push", text=GOOD.replace("Energy", "Work"))
    admin.send("/integrations/mapping/back", number=1)
    with store(rig) as opened, opened.db.reading():
        assert TEMPLATES.in_force(opened.db) == GOOD
        assert [(one.number, one.who) for one in TEMPLATES.history(opened.db)] == [
            (3, "admin"),
            (2, "admin"),
            (1, "admin"),
        ]
    assert "没有第 9 次推送" in admin.send("/integrations/mapping/back", 503, number=9)


def test_who_is_admitted_no_longer_is_gone_with_his_metrics(rig: Rig, admin: Browser) -> None:
    admin.send("/integrations/add", 200, name="boiler", speech="sparkplug", group="plant")
    dock(rig)
    admin.send("/integrations/remove", name="boiler")
    assert "plant/boiler" not in admin.see("/integrations").split("命令</h2>")[0]
    with store(rig) as opened:
        assert opened.accounts() == []


def test_first_steps_are_looked_up_and_stand_above_the_overview(tmp_path: Path) -> None:
    with made(tmp_path) as rig:
        admin = rig.browser()
        page = admin.see("/setup")
        assert re.search(r"有两天内的备份</strong> <span>未完成", page)
        mark = {"format": 1, "finished_ms": now_ms(), "what": "ledger", "where": "nas"}
        (rig.sources.settings.data / FOLDER / MARK).write_text(json.dumps(mark), encoding="utf-8")
        assert re.search(r"有两天内的备份</strong> <span>已完成", admin.see("/setup"))
        assert re.search(r"发布平面图</strong> <span>未完成", page)
        kept, by = plans_of(rig.sources), Author("admin", now_ms())
        plan = kept.make("一楼", "", Drawing("image/png", 100, 100), b"", by)
        kept.put(plan, "00010000000f", (0.5, 0.5), by)
        assert re.search(r"发布平面图</strong> <span>未完成", admin.see("/setup"))
        kept.publish(plan)
        assert re.search(r"发布平面图</strong> <span>已完成", admin.see("/setup"))
        assert "first-steps" in admin.see("/overview")
        assert "first-steps" not in rig.browser("李明", [Grant(Role.DUTY)]).see("/overview")
        operations = rig.browser("赵六", [Grant(Role.OPERATIONS)])
        assert "first-steps" in operations.see("/overview")
        operations.send("/setup/away", 403, away=1)
        admin.send("/setup/away", away=1)
        assert "first-steps" not in admin.see("/overview")
        admin.send("/setup/away", away=0)
        assert "first-steps" in admin.see("/overview")


def test_about_says_whether_money_is_real(rig: Rig, admin: Browser) -> None:
    page = admin.see("/about")
    assert "演示数据，不是真钱" in page
    assert "演示校园" in page
    assert all(Path(one).exists() for one in re.findall(r"<code>(docs/[^<]+)</code>", page))


def test_a_secret_is_made_anew_and_the_former_opens_nothing(rig: Rig, admin: Browser) -> None:
    admin.send("/integrations/add", 200, name="boiler", speech="sparkplug", group="plant")
    with store(rig) as opened:
        (before,) = opened.accounts()
    dock(rig)
    page = admin.send("/integrations/rotate", 200, name="boiler")
    secret = re.findall(r'class="once">([^<]+)<', page)[1]
    with store(rig) as opened:
        (after,) = opened.accounts()
    assert opens(after.seal, secret)
    assert after == before._replace(seal=after.seal)
    device = admin.see("/integrations/device?source=plant/boiler")
    assert secret not in device
    assert "spBv1.0/plant/NDATA/boiler" in device, "what it may"
    assert "900 rpm" in admin.see("/integrations/device?source=plant/boiler/pump"), "what is shown stays"
    assert "没有此账号" in admin.send("/integrations/rotate", 503, name="nobody")


def test_bounds_and_webhooks_are_told_without_their_secrets(rig: Rig, admin: Browser) -> None:
    page = admin.see("/integrations")
    assert "0 / 200" in page
    assert "没有回调" in page
    file = rig.sources.settings.data / FOLDER / "channels.toml"
    file.write_text('[webhook.ops]\nurl = "https://127.0.0.1:9/a-secret-path"\nsecret = "0123456789abcdef0123456789"\n')
    file.chmod(0o600)
    page = admin.see("/integrations")
    assert "hook:ops" in page
    assert "从未发过" in page
    assert "a-secret-path" not in page
    file.chmod(0o644)
    assert "读不到通道文件，未知" in admin.see("/integrations")
