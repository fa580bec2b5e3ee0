"""日结 of the campus on its pages: never green by looks, by one or with gaps by two, and what came later beside it."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud.console.access.audit import Question
from cloud.console.access.rights import Grant, Role, Scope
from cloud.console.frame.clock import today, wall_now
from shared.clocks.clock import day_text
from shared.wire.messages import DeviceStatus, EpochStatus
from tests.cloud.console.rig import Browser, Rig, made
from tests.cloud.ledger import campus as c

DAY = today() - 1
PAGE = f"/days/{day_text(DAY)}"


def sale(seq: int) -> bytes:
    return c.stored(c.purchase(seq, c.card(seq), 1, 500, c.OPENING, time=DAY * c.DAY_S + 40_000 + seq))


def heard(rig: Rig, last: int) -> None:
    said = DeviceStatus(c.POS, (EpochStatus(1, c.psam(1), 0, last, 0, 0),), 1, 1, 100, True, 1, 1)
    rig.ledger.store_status(c.BOX, said, int(time.time() * 1000))


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with made(tmp_path) as found:
        c.Box(found.ledger).send(sale(1), now=wall_now())
        yield found


@pytest.fixture
def finance(rig: Rig) -> Browser:
    return rig.browser("王芳", [Grant(Role.FINANCE)])


def row(page: str, day: int = DAY) -> str:
    return next(part for part in page.split("<tr>") if f">{day_text(day)}</a>" in part)


def test_a_day_is_not_closed_because_it_looks_so(rig: Rig, finance: Browser) -> None:
    heard(rig, 1)
    listed = row(finance.see("/days"))
    assert ("已收齐，待日结" in listed, "mark ok" in listed, "¥5.00" in listed) == (True, False, True)
    assert "没有缺口" in finance.see(PAGE)
    finance.send(f"{PAGE}/close")
    listed = row(finance.see("/days"))
    assert ("已日结" in listed, "mark ok" in listed, "王芳" in listed) == (True, True, True)
    (told,) = rig.sources.audit.rows(Question(act="close_day"))
    assert (told.deed.object, told.deed.zh) == (f"day:{day_text(DAY)}", f"日结 {day_text(DAY)}，净额 ¥5.00")
    assert "正常" in next(line for line in finance.see("/morning").split("<tr>") if "昨日日结" in line)


def test_while_a_till_owes_it_is_closed_by_two_and_by_name(rig: Rig, finance: Browser) -> None:
    heard(rig, 3)
    page = finance.see(PAGE)
    assert all(text in page for text in ("未收齐，不能日结", "欠 2 条（2–3）", "提议注明缺口日结"))
    assert f'action="{PAGE}/close"' not in page
    assert "还不能日结" in finance.send(f"{PAGE}/close", 409)
    assert "请写明" in finance.send(f"{PAGE}/propose", 409)
    finance.send(f"{PAGE}/propose", reason="1号机送修")
    number = re.search(r"/proposals#p(\d+)", finance.see(PAGE))
    assert number
    assert f"{day_text(DAY)} 注明缺口日结：pos-01" in finance.see("/proposals")
    assert "须另一人确认" in finance.send(f"/proposals/{number[1]}/confirm", 409)
    rig.browser("李明", [Grant(Role.FINANCE)]).send(f"/proposals/{number[1]}/confirm")
    page = finance.see(PAGE)
    assert all(text in page for text in ("已注明缺口日结", "王芳 → 李明", "日结时写明的缺口", "欠 2 条（2–3）"))
    assert "未知" in next(line for line in finance.see("/morning").split("<tr>") if "昨日日结" in line)


def test_what_comes_later_stands_beside_it(rig: Rig, finance: Browser) -> None:
    heard(rig, 1)
    finance.send(f"{PAGE}/close")
    assert "日结后没有新的入账" in finance.see(PAGE)
    c.Box(rig.ledger, row=1).send(sale(2), now=wall_now())
    page = finance.see(PAGE)
    said, late = page.split("<h2>日结后又来</h2>")
    assert (said.count("¥5.00"), late.count("¥5.00")) == (4, 4)
    assert "¥5.00" in row(finance.see("/days")).split('data-label="日结后又来"')[1]


def test_today_and_what_is_no_day(finance: Browser) -> None:
    assert "未结束" in row(finance.see("/days"), today())
    assert "还没有结束" in finance.send(f"/days/{day_text(today())}/close", 409)
    for day in ("2999-01-01", "1999-12-31", "2026-02-30", "x", "2026-11-27T11:00"):
        finance.see(f"/days/{day}", 404)


def test_who_sees_the_books_closes_nothing_and_a_canteen_sees_none_of_it(rig: Rig, finance: Browser) -> None:
    heard(rig, 1)
    auditor = rig.browser("审计", [Grant(Role.AUDIT)])
    assert "/close" not in auditor.see(PAGE)
    auditor.send(f"{PAGE}/close", 403)
    auditor.send(f"{PAGE}/propose", 403, reason="x")
    rig.browser("食堂", [Grant(Role.CANTEEN, Scope(box=c.BOX))]).see("/days", 403)
    part = rig.browser("分财务", [Grant(Role.FINANCE, Scope(box=c.BOX))])
    part.see("/days", 403)
    part.send(f"{PAGE}/close", 403)
