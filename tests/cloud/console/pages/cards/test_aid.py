"""Aid: tried, proposed, approved by a second person, seen by whoever gives it, and by nobody else on any page."""

import io
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote_plus

import pytest

from cloud.console.access.audit import Question
from cloud.console.access.rights import Grant, Right, Role
from cloud.console.frame.page import PAGES
from cloud.console.pages.cards.aid import FILE
from cloud.process.settings import FOLDER
from shared.online import Purpose
from shared.records import Pair
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


MAIN, AID_PART = 472, 613
PARTS = re.compile(r"(?<![0-9a-f.])(6[.]13|4[.]72|0?613|0?472)(?![0-9a-f])")
OF_TOTAL = re.compile(r"10[.]85|1085")


def paid_from_both(rig: Rig) -> None:
    """A mixed payment of card 30, its void, and the same again that stands: halves 6.13 and 4.72. Card 31 has paid from
    both, too, for sums of the whole campus name nobody."""
    known = c.inventory(number=2)
    holder = replace(
        known.cards[0], card=c.card(30), label="0030", hotlist_index=30, opening_fen=5_000, subsidy_fen=2 * AID_PART
    )
    other = replace(holder, card=c.card(31), label="0031", hotlist_index=31)
    rig.ledger.import_inventory(replace(known, cards=(*known.cards, holder, other)), c.NOW)
    aid = c.purchase(1, c.card(30), 0, AID_PART, 2 * AID_PART, purse=c.SUBSIDY, pair=Pair.FIRST)
    main = c.purchase(2, c.card(30), 0, MAIN, 5_000, pair=Pair.SECOND)
    box = c.Box(rig.ledger)
    box.send(c.stored(aid), c.stored(main), c.void(3, aid), c.void(4, main))
    again = (c.purchase(5, c.card(30), 1, AID_PART, AID_PART, purse=c.SUBSIDY, pair=Pair.FIRST),
              c.purchase(6, c.card(30), 1, MAIN, 5_000 - MAIN, pair=Pair.SECOND))  # fmt: skip
    others = (c.purchase(7, c.card(31), 0, 222, 2 * AID_PART, purse=c.SUBSIDY, pair=Pair.FIRST),
              c.purchase(8, c.card(31), 0, 333, 5_000, pair=Pair.SECOND))  # fmt: skip
    box.send(*(c.stored(one) for one in (*again, *others)), *(c.void(n, of) for n, of in enumerate(others, 9)))


def test_the_parts_of_a_mixed_payment_are_told_to_nobody_but_who_gives_aid(rig: Rig) -> None:
    """On any page, list, export, search or answer for a program, for any role; the total is told where sales are."""
    paid_from_both(rig)
    hexed, till = c.card(30).hex(), c.POS.hex()
    more = [f"/ledger/records/{till}/1/{seq}" for seq in range(1, 7)]
    more += [f"/ledger/entries/{n}" for n in range(1, 30)]
    more += [f"/api/v1/entries?device={till}&epoch=1&seq={seq}" for seq in range(1, 7)]
    more += [f"/api/v1/entries?card={hexed}&counter={n}" for n in (0, 1)]
    more += [f"/cards/{hexed}", f"/cards/{hexed}/statement.csv", f"/devices/{till}", "/search?q=6.13"]
    more.append("/search?q=10.85")
    more += [f"/reports?kind={kind}&first=2026-07-23" for kind in ("day", "terminal", "cross")]
    paths = [*addresses(rig), *more]
    totals = 0
    for role in set(Role) - {Role.AID}:
        browser = rig.browser(f"b-{role.value}", [Grant(role)])
        told = [(path, found) for path in paths if (found := PARTS.findall(seen(browser, path)))]
        assert told == [], role
        totals += sum(bool(OF_TOTAL.search(seen(browser, path))) for path in more)
    assert totals > 20
    bearer = {"Authorization": "Bearer machine-token"}
    for path in (one for one in more if one.startswith("/api/")):
        text = rig.app.test_client().get(path, headers=bearer).get_data(as_text=True)
        assert (PARTS.findall(text), "subsidy" in text) == ([], False), path


def test_who_gives_aid_and_keeps_the_books_sees_one_sale_with_both_parts(rig: Rig) -> None:
    paid_from_both(rig)
    both = rig.browser("两职", [Grant(Role.AID), Grant(Role.FINANCE)])
    text = both.see(f"/ledger/records/{c.POS.hex()}/1/5").split("<h2>")[-1]
    assert [part in text for part in ("¥6.13", "¥4.72")] == [True, True]
    assert text.count("<a href=\"/ledger/entries/") == 1


def seen(browser: Browser, path: str) -> str:
    """What is to be read of it, without the address that was asked for."""
    answer = browser.client.get(path)
    text = answer.get_data().decode(errors="replace") if answer.status_code == 200 else ""
    asked = path.partition("q=")[2] or "\0"
    return text.replace(asked, "").replace(unquote_plus(asked), "")
