"""The morning check: what is wrong and what is not known, signed as it was seen, and never changed afterwards."""

import json
import re
import sqlite3
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest

from cloud.console.access.audit import Question
from cloud.console.access.rights import Grant, Role
from cloud.console.frame.clock import today
from cloud.console.pages.reports.morning import FILE
from cloud.console.pages.reports.signatures import Mornings, Signature
from cloud.process.settings import FOLDER
from cloud.watch.subjects.marks import MARK
from shared.clocks.clock import day_text
from tests.cloud.console.rig import Browser, Rig, made
from tests.cloud.ledger import campus as c


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with made(tmp_path) as found:
        yield found


@pytest.fixture
def finance(rig: Rig) -> Browser:
    return rig.browser("王芳", [Grant(Role.FINANCE)])


def digest_of(page: str) -> str:
    found = re.search(r'name="digest" value="([0-9a-f]{32})"', page)
    assert found
    return found[1]


def line(page: str, name: str) -> str:
    return next(row for row in page.split("<tr>")[1:] if f">{name}<" in row)


def test_what_no_source_has_said_is_unknown_and_never_ok(finance: Browser) -> None:
    page = finance.see("/morning")
    for name in ("收银员日结", "终端收齐", "账本平", "银行专户差额", "备份", "各终端黑名单", "未确认报警"):
        assert "◇</span> 未知" in line(page, name), name
    for name in ("待核", "隔离", "未说明的差异", "昨日未了圈存"):
        assert "●</span> 正常" in line(page, name), name
    assert "今天还没有人签" in page


def test_what_is_signed_is_what_the_part_that_renews_itself_shows(finance: Browser) -> None:
    shown = finance.see("/morning").split('<div id="fresh"')[1].split("<section")[0]
    assert re.search(r'name="digest"[^>]*form="sign"', shown), "what it was when the page was opened would be signed"


def test_a_backup_has_an_age_and_an_old_one_is_wrong(rig: Rig, finance: Browser) -> None:
    mark = rig.sources.settings.data / FOLDER / MARK
    for hours, said in ((2, "正常"), (30, "不对")):
        mark.write_text(json.dumps({"format": 1, "finished_ms": int((time.time() - hours * 3600) * 1000)}))
        row = line(finance.see("/morning"), "备份")
        assert (said in row, f"{hours} 小时前" in row) == (True, True)


def test_quarantine_is_wrong_and_counted(rig: Rig, finance: Browser) -> None:
    c.Box(rig.ledger).send(c.stored(c.purchase(1, c.card(1), 1, 100, c.OPENING, tac_of=bytes(4))))
    row = line(finance.see("/morning"), "隔离")
    assert "不对" in row
    assert "<strong>1</strong>" in row


def test_the_banks_figure_is_typed_in_by_a_name_and_held_against_the_books(rig: Rig, finance: Browser) -> None:
    rig.ledger.deposit(c.card(1), 5000, "receipt-1", c.NOW)
    books_fen = rig.sources.reader.account_fen("bank")
    finance.send("/morning/bank", amount=f"{books_fen / 100:.2f}")
    row = line(finance.see("/morning"), "银行专户差额")
    assert all(text in row for text in ("正常", "王芳", "差 ¥0.00"))
    finance.send("/morning/bank", amount=f"{books_fen / 100 - 1:.2f}")
    row = line(finance.see("/morning"), "银行专户差额")
    assert all(text in row for text in ("不对", "差 -¥1.00" if "-¥1.00" in row else "差 ¥-1.00"))
    finance.send("/morning/bank", 503, amount="many")


def test_the_banks_own_file_is_read_and_one_that_is_no_sum_changes_nothing(rig: Rig, finance: Browser) -> None:
    rig.ledger.deposit(c.card(1), 5000, "receipt-1", c.NOW)
    books, day = rig.sources.reader.account_fen("bank") / 100, day_text(today() - 1)
    for after, status in ((books + 1, 503), (books, 302)):
        text = f"交易日期,借方,贷方,余额\n{day},,5.00,{books - 1:.2f}\n{day},,1.00,{after:.2f}\n"
        sent = (BytesIO(text.encode("gb18030")), "bank.csv")
        said = finance.send("/morning/bank", status, file=sent)
        assert status == 302 or "不是前一笔加减所得" in said
        row = line(finance.see("/morning"), "银行专户差额")
        assert ("差 ¥0.00" in row) == (status == 302), row


def test_a_signature_keeps_what_it_showed_and_nobody_changes_it(rig: Rig, finance: Browser) -> None:
    finance.send("/morning/sign", digest=digest_of(finance.see("/morning")), note="备份今日补做")
    page = finance.see("/morning")
    assert all(text in page for text in ("今天已签", "备份今日补做"))
    assert 'name="digest"' not in page
    c.Box(rig.ledger).send(c.stored(c.purchase(1, c.card(1), 1, 100, c.OPENING, tac_of=bytes(4))))
    kept = finance.see(f"/morning/{day_text(today())}")
    assert "正常" in line(kept.replace("<td>", "<td>>").replace("</td>", "<</td>"), "隔离")
    (row,) = rig.sources.audit.rows(Question(act="morning_sign"))
    assert (row.deed.who, row.deed.object) == ("王芳", f"morning:{day_text(today())}")
    file = sqlite3.connect(rig.sources.settings.data / FOLDER / FILE)
    for sql in ("UPDATE morning_sign SET note = 'x'", "DELETE FROM morning_sign"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            file.execute(sql)
    file.close()


def test_what_has_changed_since_it_was_seen_is_not_signed(rig: Rig, finance: Browser) -> None:
    seen = digest_of(finance.see("/morning"))
    c.Box(rig.ledger).send(c.stored(c.purchase(1, c.card(1), 1, 100, c.OPENING, tac_of=bytes(4))))
    assert "结果已变" in finance.send("/morning/sign", 503, digest=seen)
    now = digest_of(finance.see("/morning"))
    assert "要写明如何处理" in finance.send("/morning/sign", 503, digest=now)
    finance.send("/morning/sign", digest=now, note="已报运维")
    assert "今天已签过" in finance.send("/morning/sign", 503, digest=now, note="再签")


def test_days_that_nobody_signed_are_listed(rig: Rig, finance: Browser) -> None:
    assert "还没有签过" in finance.see("/morning")
    store = Mornings(rig.sources.settings.data / FOLDER / FILE)
    assert store.sign(Signature(today() - 3, "李明", 1, "", []))
    page = finance.see("/morning").split("没有签的日子")[1].split("签过的日子")[0]
    assert [day_text(today() - n) in page for n in (1, 2, 3)] == [True, True, False]


def test_who_only_looks_signs_nothing(rig: Rig) -> None:
    auditor = rig.browser("李明", [Grant(Role.AUDIT)])
    page = auditor.see("/morning")
    assert "digest" not in page
    auditor.send("/morning/sign", 403, digest="x")
    auditor.send("/morning/bank", 403, amount="1")
    auditor.see("/morning/2020-01-01", 404)
