"""Aid: tried, proposed, approved by a second person, seen by whoever gives it, and by nobody else on any page."""

import io
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud.console.access.audit import Question
from cloud.console.access.rights import Grant, Right, Role
from cloud.console.frame.page import PAGES
from cloud.console.pages.cards.aid import FILE
from cloud.process.settings import FOLDER
from shared.online import Purpose
from tests.cloud.console.rig import Browser, Rig, made
from tests.cloud.ledger import campus as c

SUM, YUAN, REASON = 13_731, "137.31", "困难家庭补助"
SHEET = f"卡号,金额,缘由\n0001,{YUAN},{REASON}\n0002,50.00,{REASON}\n"


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with made(tmp_path) as found:
        yield found


@pytest.fixture
def maker(rig: Rig) -> Browser:
    return rig.browser("王芳", [Grant(Role.AID)])


@pytest.fixture
def checker(rig: Rig) -> Browser:
    return rig.browser("李明", [Grant(Role.AID)])


def proposed(maker: Browser, text: str = SHEET, name: str = "2026-秋") -> None:
    maker.send("/aid/batch", name=name, payer="fund", reason="", text=text)


def test_a_batch_is_tried_first_and_each_wrong_line_is_named(rig: Rig, maker: Browser) -> None:
    sheet = f"卡号,金额,缘由\n0001,{YUAN},{REASON}\n9999,1.00,x\n0002,abc,x\n0001,2.00,x\n0003,3.00,\n"
    file = (io.BytesIO(sheet.encode("gb18030")), "list.csv")
    page = maker.send("/aid/try", 200, name="a", payer="fund", reason="", file=file)
    assert all(text in page for text in ("4 行有误", "没有这张卡", "在本批中出现过", "个字的缘由"))
    assert "aid/batch" not in page
    good = maker.send("/aid/try", 200, name="a", payer="fund", reason="", file=(io.BytesIO(SHEET.encode()), "l.csv"))
    assert "2 行无误，合计 ¥187.31" in good
    assert rig.ledger.database.dialect
    assert "还没有批次" in maker.see("/aid")


def test_who_has_proposed_it_cannot_approve_it_and_nothing_is_granted(rig: Rig, maker: Browser) -> None:
    proposed(maker)
    assert "批准并发放" not in maker.see("/aid/batch/1")
    assert "以外的人批准" in maker.send("/aid/batch/1", 503, deed="approve")
    assert rig.sources.reader.fund().grants == 0
    file = sqlite3.connect(rig.sources.settings.data / FOLDER / FILE)
    with pytest.raises(sqlite3.IntegrityError, match="two persons"):
        file.execute("INSERT INTO aid_decision VALUES (1, 1, '王芳', 1)")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        file.execute("UPDATE aid_batch SET maker = 'x'")
    file.close()


def test_a_second_person_approves_it_and_each_line_is_granted_once(rig: Rig, maker: Browser, checker: Browser) -> None:
    proposed(maker)
    for _ in range(2):
        checker.send("/aid/batch/1", deed="approve")
    assert rig.sources.reader.fund()[:2] == (2, 18_731)
    page = maker.see("/aid/batch/1")
    assert all(text in page for text in ("已批准", "李明", "未领", "¥187.31"))
    assert "已有决定" in maker.send("/aid/batch/1", 503, deed="reject")
    assert "已有批次" in maker.send("/aid/batch", 503, name="2026-秋", payer="fund", reason="", text=SHEET)


def test_what_was_rejected_is_never_granted(rig: Rig, maker: Browser, checker: Browser) -> None:
    proposed(maker)
    checker.send("/aid/batch/1", deed="reject")
    assert "已有决定" in checker.send("/aid/batch/1", 503, deed="approve")
    assert (rig.sources.reader.fund().grants, "已否决" in maker.see("/aid")) == (0, True)


@pytest.mark.parametrize("form", [
    {"name": "a b"}, {"name": ""}, {"payer": "nobody"}, {"text": "卡号,金额\n0001,1"}, {"text": ""},
    {"text": "卡号,金额,缘由\n9999,1,x"},
])  # fmt: skip
def test_what_is_no_batch_is_refused(rig: Rig, maker: Browser, form: dict[str, str]) -> None:
    maker.send("/aid/batch", 503, **({"name": "a", "payer": "fund", "reason": "", "text": SHEET} | form))
    assert "还没有批次" in maker.see("/aid")
    assert rig.sources.reader.fund().grants == 0


def test_each_look_at_a_named_person_is_written_down(rig: Rig, maker: Browser) -> None:
    proposed(maker)
    maker.see("/aid")
    assert rig.sources.audit.rows(Question(who="王芳", act="aid_person")) == []
    assert maker.client.get("/aid?card=0001").location == f"/aid/card/{c.card(1).hex()}"
    maker.see(f"/aid/card/{c.card(1).hex()}")
    maker.see("/aid/batch/1")
    rows = rig.sources.audit.rows(Question(who="王芳"))
    assert {(row.deed.act, row.deed.object) for row in rows} >= {
        ("aid_person", "card:0001"),
        ("aid_batch", "aid-batch:2026-秋"),
    }
    assert "没有这张卡" in maker.see("/aid?card=9999")
    maker.see("/aid/card/zz", 404)
    maker.see("/aid/batch/7", 404)


def test_no_other_role_reads_the_aid_of_a_named_person_on_any_page(rig: Rig, maker: Browser, checker: Browser) -> None:
    """The purse's opening, a grant, a part of it claimed, and a refund beside it: one sum each, and no word of it."""
    proposed(maker)
    checker.send("/aid/batch/1", deed="approve")
    sale = c.purchase(1, c.card(1), 1, 500, c.OPENING)
    c.Box(rig.ledger).send(c.stored(sale), c.void(2, sale))
    online, load = c.load_request(c.card(1), 1, 1000, c.OPENING - 500, request=1, purpose=Purpose.CLAIM)
    rig.ledger.load_authorise(c.BOX, online, load, True, c.NOW)
    assert YUAN in maker.see(f"/aid/card/{c.card(1).hex()}")
    for role in set(Role) - {Role.AID}:
        browser = rig.browser(f"a-{role.value}", [Grant(role)])
        wrong = [path for path in addresses(rig) if is_told(browser, path)]
        assert wrong == [], role


def is_told(browser: Browser, path: str) -> bool:
    """Its amount, its reason, who approved it, or the word that it was a grant.

    The journal has its amount, as books must: there it is a deposit of the school like any other, and nobody's word.
    """
    answer = browser.client.get(path)
    text = answer.get_data().decode(errors="replace") if answer.status_code == 200 else ""
    sums = () if path == "/ledger/journal" else (YUAN, str(SUM))
    approved = ("王芳", "李明") if path == "/ledger/journal" else ()
    return any(word in text for word in (*sums, *approved, REASON, "发放 ", "2026-秋-"))


def addresses(rig: Rig) -> list[str]:
    """Every page that one can look at, of the card where it takes one."""
    hexed = c.card(1).hex()
    looked = [page for page in rig.app.config[PAGES] if not page.writes and page.right is not Right.OPEN]
    found = [re.sub(r"<(?:\w+:)?\w+>", hexed, page.rule) for page in looked]
    ones = [re.sub(r"<(?:\w+:)?\w+>", "1", page.rule) for page in looked if "<" in page.rule]
    return [*found, *ones, "/search?q=0001", "/audit?find=0001"]
