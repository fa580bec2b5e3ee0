"""Services and metrics as pages: what is known, what is not, who sees which of it, and when a store is away."""

import json
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud.console.access.rights import Grant, Role, Scope
from cloud.process.settings import FOLDER
from cloud.watch.services.parts import FILE as PARTS
from cloud.watch.subjects.marks import MARK, PROOF
from compose.parts.process import began
from tests.cloud.console.rig import TOKEN, Rig, made
from tests.cloud.ledger import campus as c

MINUTE_MS = 60_000


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with made(tmp_path) as found:
        yield found


def folder(rig: Rig) -> Path:
    return rig.sources.settings.data / FOLDER


def tell_parts(rig: Rig, **changed: object) -> None:
    """As the launcher would: it is this process."""
    me = os.getpid()
    part = {"state": "ready", "pid": me, "began": began(me), "since_ms": 1, "restarts": 0, "why": "", "after": [],
            "silent": False, "connected": None}  # fmt: skip
    raw = {"format": 1, "pid": me, "began": began(me), "ended": False, "told_ms": now_ms(), "version": "0.9",
           "parts": {"ingest": part | changed}}  # fmt: skip
    (folder(rig) / PARTS).write_text(json.dumps(raw), encoding="utf-8")


def now_ms() -> int:
    return int(time.time() * 1000)


def plain(page: str) -> str:
    """What a person reads of it."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_a_campus_that_never_ran_is_unknown_and_never_green(rig: Rig) -> None:
    page = plain(rig.browser().see("/services"))
    assert "值守从未运行过" in page
    assert "截至" in page or "从未得知" in page
    assert re.search(r"设备 ◇ 未知|设备 ■ 异常", page)
    assert "还没有备份" in page
    english = rig.browser().see("/services?lang=en")
    assert "unknown" in english


def test_a_process_that_has_ended_is_named_with_its_reason(rig: Rig) -> None:
    tell_parts(rig, pid=0, state="ended", why="signal 9")
    page = plain(rig.browser().see("/services"))
    found = re.search(r"■ 入账进程 [^●■◇▲]*", page)
    assert found
    assert "进程已退出" in found[0]


def test_many_viewers_share_one_look(rig: Rig) -> None:
    browser = rig.browser()
    first = re.search(r"数据时间 ([-: 0-9]+)", browser.see("/services"))
    tell_parts(rig, pid=0)
    again = re.search(r"数据时间 ([-: 0-9]+)", browser.see("/services"))
    assert first
    assert again
    assert first[1] == again[1]


def test_whoever_has_one_canteen_sees_its_boxes_alone(rig: Rig) -> None:
    everything = rig.browser().see("/services")
    mine = rig.browser("王芳", [Grant(Role.CANTEEN, Scope(box=c.OTHER_BOX))]).see("/services")
    assert (c.BOX in everything, c.OTHER_BOX in everything) == (True, True)
    assert (c.BOX in mine, c.OTHER_BOX in mine) == (False, True)


def test_programs_read_the_same_tree(rig: Rig) -> None:
    answer = rig.app.test_client().get("/api/v1/status", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.json
    assert answer.json["schema"] == "openykt.status"
    assert [one["what"] for one in answer.json["tree"]["children"]] == ["server", "services", "devices"]


def test_the_mark_of_a_backup_is_shown_with_its_age(rig: Rig) -> None:
    said = {"format": 1, "finished_ms": now_ms() - 3_600_000, "what": "ledger", "where": "nas"}
    (folder(rig) / MARK).write_text(json.dumps(said), encoding="utf-8")
    assert re.search(r"上次备份 1 小时[^前]*前", plain(rig.browser().see("/services")))


def test_when_it_was_verified_and_whether_the_paper_is_right_is_said_or_not_known(rig: Rig) -> None:
    page = plain(rig.browser().see("/services"))
    assert "校验" not in page
    assert "密钥封存：还没有" in page
    said = {"format": 1, "finished_ms": now_ms() - 3_600_000}
    (folder(rig) / MARK).write_text(json.dumps(said), encoding="utf-8")
    (folder(rig) / PROOF).write_text(json.dumps({"format": 1, "made_ms": 1, "proven_ms": None}), encoding="utf-8")
    page = plain(rig.browser().see("/services"))
    assert "何时校验过不知" in page
    assert "口令未经证明" in page
    (folder(rig) / MARK).write_text(json.dumps(said | {"verified_ms": 1_795_867_200_000}), encoding="utf-8")
    proven = {"format": 1, "made_ms": 1, "proven_ms": 1_795_867_200_000}
    (folder(rig) / PROOF).write_text(json.dumps(proven), encoding="utf-8")
    page = plain(rig.browser().see("/services"))
    assert "校验于 2026-11-28 20:00:00" in page
    assert "2026-11-28 20:00:00 按纸证明过" in page


def keep(rig: Rig, series: str, tag: str, *values: float, ago_ms: int = 0) -> None:
    """As the watch's rings keep minutes, the last of them now."""
    at_ms = (now_ms() - ago_ms) // MINUTE_MS * MINUTE_MS
    rows = [(60, series, at_ms - n * MINUTE_MS, tag, value, value) for n, value in enumerate(reversed(values))]
    with rig.sources.watch() as watch, watch.db.writing():
        watch.db.insert("ring", "step_s, series, at_ms, tag, low, high", rows)


def test_numbers_stand_before_the_line_and_what_is_not_known_is_no_0(rig: Rig) -> None:
    keep(rig, "box-cpu", c.BOX, 40.0, 70.0)
    page = rig.browser().see("/metrics-view?of=ykt_box")
    row = re.search(rf"网关处理器占用</a></td><td>{c.BOX}</td>.*?</tr>", page, re.DOTALL)
    assert row
    assert "70 %" in row[0]
    assert "<polyline" in row[0]
    assert f"{c.BOX}: 最新 70 %" in row[0]
    assert re.search(r"网关温度</td><td></td><td class=\"n\">.*未知", page)


def test_one_series_has_a_chart_a_table_and_goes_home(rig: Rig) -> None:
    keep(rig, "box-cpu", c.BOX, 40.0)
    browser = rig.browser()
    page = browser.see("/metrics-view?one=box-cpu&when=today")
    assert "以表格显示" in page
    assert 'class="chart large"' in page
    lines = browser.see("/metrics-view.csv?one=box-cpu").splitlines()
    assert lines[0] == f"\ufefftime,{c.BOX}"
    assert lines[1].endswith(",40.0")
    browser.see("/metrics-view.csv?one=nothing", 404)


def test_yesterday_this_week_and_own_days_are_addresses(rig: Rig) -> None:
    keep(rig, "box-cpu", c.BOX, 55.0, ago_ms=86_400_000)
    browser = rig.browser()
    assert "55 %" in browser.see("/metrics-view?one=box-cpu&when=yesterday")
    for when in ("week", "own&first=2026-01-01&last=2026-01-05", "own&first=x", "own&first=9999-01-01", "nonsense"):
        assert "指标" in browser.see(f"/metrics-view?one=box-cpu&when={when}")


def test_a_store_that_is_away_is_said_with_what_was_known_before(rig: Rig) -> None:
    file = folder(rig) / "metrics.toml"
    file.write_text('url = "http://127.0.0.1:9"\n', encoding="utf-8")
    file.chmod(0o600)
    page = plain(rig.browser().see("/metrics-view"))
    assert "存储不可达，此前也没有数据" in page
    assert " 0 %" not in page


def test_what_a_store_said_before_it_went_away_stands_with_its_time(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cloud.console.pages.system.metrics.KEPT_S", 0.0)
    keep(rig, "box-cpu", c.BOX, 70.0)
    browser = rig.browser()
    assert "70 %" in browser.see("/metrics-view?one=box-cpu")
    file = folder(rig) / "metrics.toml"
    file.write_text('url = "http://127.0.0.1:9"\n', encoding="utf-8")
    file.chmod(0o600)
    page = plain(browser.see("/metrics-view?one=box-cpu"))
    assert re.search(r"存储不可达，截至 20\d\d-", page)
    assert "70 %" in page


def test_series_of_the_whole_campus_are_for_who_sees_all_of_it(rig: Rig) -> None:
    keep(rig, "machine-cpu", "", 66.0)
    keep(rig, "trial-balance", "", 12345.0)
    keep(rig, "box-cpu", c.BOX, 11.0)
    keep(rig, "box-cpu", c.OTHER_BOX, 22.0)
    mine = rig.browser("王芳", [Grant(Role.CANTEEN, Scope(box=c.OTHER_BOX))])
    boxes = mine.see("/metrics-view?one=box-cpu")
    assert ("11 %" in boxes, "22 %" in boxes) == (False, True)
    assert "66 %" not in mine.see("/metrics-view?one=machine-cpu")
    duty = rig.browser("李明", [Grant(Role.DUTY)])
    assert "66 %" in duty.see("/metrics-view?one=machine-cpu")
    assert "123.45" not in duty.see("/metrics-view?one=trial-balance")
    assert "¥123.45" in rig.browser().see("/metrics-view?one=trial-balance")
