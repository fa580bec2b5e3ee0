"""Pages about money over a real ledger: what each shows, to whom, and what two persons may do at it."""

import io
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest

from cloud.console.access.audit import Question
from cloud.console.access.rights import Grant, Role, Scope
from cloud.ledger.read.reader import Reader
from cloud.ledger.records.values import Now
from shared.clocks.campus_clock import WALL
from shared.records import Kind
from shared.records.kinds import PurchaseRecord
from shared.wire.messages import DeviceStatus, EpochStatus
from tests.cloud.console.rig import Browser, Rig, made
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import Box

BOOKS = (
    "/ledger", "/ledger/accounts", "/ledger/journal", "/ledger/reconcile", "/ledger/differences", "/held",
    "/quarantine", "/suspense", "/voids", "/reversals", "/loads", "/ledger/desks", "/proposals", "/takings",
)  # fmt: skip


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with made(tmp_path) as found:
        yield found


@pytest.fixture
def box(rig: Rig) -> Box:
    return Box(rig.ledger)


def buy(box: Box, seq: int, card: int, fen: int, **changed: object) -> None:
    box.send(c.stored(c.purchase(seq, c.card(card), 1, fen, c.OPENING, **changed)))  # type: ignore[arg-type]


def fill(box: Box) -> None:
    """Two purchases, a grey one, a wrong one, a held one, a half-done load."""
    box.ledger.deposit(c.card(1), 1000, "d", c.NOW)
    buy(box, 1, 1, 100)
    buy(box, 2, 2, 250)
    buy(box, 3, 3, 40, kind=Kind.UNPROVEN)
    buy(box, 4, 4, 70, tac_of=b"nope")
    box.send(c.stored(c.purchase(1, c.card(5), 1, 30, c.OPENING, at=c.FAR), c.FAR))
    online, load = c.load_request(c.card(1), 3, 400, c.OPENING - 100, request=1)
    box.ledger.load_authorise(c.BOX, online, load, True, c.NOW)


def finance(rig: Rig, name: str = "张三") -> Browser:
    return rig.browser(name, [Grant(Role.FINANCE)])


def test_each_page_of_an_empty_ledger_and_of_a_full_one_is_there_in_both_languages(rig: Rig, box: Box) -> None:
    browser = finance(rig)
    empty = {path: browser.see(f"{path}?lang=zh") for path in BOOKS}
    fill(box)
    for path in BOOKS:
        pages = [browser.see(f"{path}?lang={language}") for language in ("zh", "en")]
        assert pages[0] != pages[1]
        assert "数据时间" in pages[0], "every panel says as of when"
        assert "As of" in pages[1]
    changed = [path for path in BOOKS if browser.see(f"{path}?lang=zh") != empty[path]]
    assert {"/ledger", "/held", "/quarantine", "/suspense", "/loads", "/ledger/journal"} <= set(changed)


def test_the_ledger_is_in_balance_and_the_sums_of_the_chart_are_there(rig: Rig, box: Box) -> None:
    fill(box)
    page = finance(rig).see("/ledger")
    assert "账是平的" in page
    assert "¥3.50" in page, "what the merchants are owed"
    assert "今天未结" in page
    assert "台终端状况未知" in page


def test_an_account_is_found_and_every_entry_leads_to_its_record_and_its_bytes(rig: Rig, box: Box) -> None:
    fill(box)
    browser = finance(rig)
    assert ">一楼大伙</a>" in browser.see("/ledger/accounts?find=merchant:")
    account = browser.see("/ledger/accounts/merchant:一楼大伙")
    assert "¥3.50" in account
    (entry, *_) = re.findall(r'href="(/ledger/entries/\d+)"', account)
    (record,) = set(re.findall(r'href="(/ledger/records/[^"]+)"', browser.see(entry)))
    page = browser.see(record)
    assert "正确" in page
    raw = re.search(r'<pre class="raw"[^>]*>([^<]+)<', page)
    assert raw
    shown = raw[1].split()
    stored = rig.sources.reader.last_records(10)
    assert any(
        len(shown) == len(one.stored)
        and all(text in ("••", f"{octet:02x}") for text, octet in zip(shown, one.stored, strict=True))
        for one in stored
    )
    browser.see("/ledger/entries/999", 404)
    browser.see("/ledger/accounts/merchant:nobody", 404)
    browser.see("/ledger/records/00/1/1", 404)
    browser.see("/ledger/records/zz/1/1", 404)
    browser.see(f"/ledger/records/{c.POS.hex()}/1/77", 404)


def test_a_wrong_tac_and_a_grey_record_are_told_apart(rig: Rig, box: Box) -> None:
    fill(box)
    browser = finance(rig)
    assert "TAC 错误" in browser.see("/quarantine")
    assert "错误" in browser.see(f"/ledger/records/{c.POS.hex()}/1/4")
    assert "没有 TAC" in browser.see(f"/ledger/records/{c.POS.hex()}/1/3")


def test_aid_of_a_named_person_is_nowhere_but_for_aid(rig: Rig, box: Box) -> None:
    """Two cards spend the same, one of them from its subsidy purse: nothing tells which."""
    box.send(c.stored(c.purchase(1, c.card(6), 1, 500, 0, purse=c.SUBSIDY)))
    box.send(c.stored(c.purchase(2, c.card(7), 1, 500, c.OPENING)))
    browser = finance(rig)
    for seq in (1, 2):
        page = browser.see(f"/ledger/records/{c.POS.hex()}/1/{seq}").split("<main")[1]
        assert "卡内余额" in page
        assert "补助" not in page
        assert page.count("••") == 11, "covered in both alike, and in the note"
    for path in ("/ledger/journal", f"/ledger/accounts/purse:{c.card(6).hex()}", "/ledger/accounts?find=0006"):
        page = browser.see(path).split("<main")[1]
        assert "补助" not in page, path
        assert "subsidy" not in page, path
    for path in ("/ledger/journal.csv", "/ledger.csv"):
        assert f"subsidy:{c.card(6).hex()}" not in browser.see(path), path
    browser.see(f"/ledger/accounts/subsidy:{c.card(6).hex()}", 403)
    both = rig.browser("周", [Grant(Role.FINANCE), Grant(Role.AID)])
    assert "补助余额" in both.see("/ledger/journal").split("<main")[1]
    assert f"subsidy:{c.card(6).hex()}" in both.see("/ledger.csv")


def test_reconciliation_never_shows_a_part_as_whole(rig: Rig, box: Box) -> None:
    fill(box)
    browser = finance(rig)
    page = browser.see("/ledger/reconcile")
    assert "未知" in page
    assert "至少 ¥3.50" in page
    status = DeviceStatus(c.POS, (EpochStatus(1, c.psam(1), 1, 9, 0, 0),), 1, 1, 100, True, 9700, 1)
    rig.ledger.store_status(c.BOX, status, c.NOW.unix_ms)
    page = browser.see("/ledger/reconcile")
    assert "1 台终端有 5 笔未到" in " ".join(page.split())
    assert "5–9" in page
    assert "迟到" in page
    assert "pos-02" not in browser.see("/ledger/reconcile?merchant=一楼大伙").split("<tbody>")[2]


def test_a_stall_sees_its_own_takings_and_no_card(rig: Rig, box: Box) -> None:
    now = Now(int(time.time() * 1000), WALL.at(time.time()))
    box.send(c.stored(c.purchase(1, c.card(1), 1, 1250, c.OPENING, time=now.campus_s)), now=now)
    other = c.purchase(1, c.card(2), 1, 300, c.OPENING, at=c.POS2, time=now.campus_s)
    box.send(c.stored(other, c.POS2), now=now)
    stall = rig.browser("李师傅", [Grant(Role.STALL, Scope(merchant="一楼大伙"))])
    page = stall.see("/takings")
    assert "¥12.50" in page
    assert "¥3.00" not in page
    assert "0001" not in page
    assert "至少" in page, "its box is silent: there may be more"
    for path in BOOKS[:-1]:
        stall.see(path, 403)
    canteen = rig.browser("王经理", [Grant(Role.CANTEEN, Scope(box=c.BOX))])
    assert "¥15.50" in canteen.see("/takings")
    nobody = rig.browser("赵", [Grant(Role.STALL, Scope(merchant="别处"))])
    assert "没有终端" in nobody.see("/takings")
    assert "pos-02" not in stall.see("/takings.csv")


def test_finance_of_one_place_does_not_get_the_books_of_all(rig: Rig) -> None:
    part = rig.browser("钱", [Grant(Role.FINANCE, Scope(box=c.OTHER_BOX))])
    for path in ("/ledger", "/ledger/journal", "/held", "/proposals", "/ledger.csv"):
        part.see(path, 403)
    assert "pos-01" not in part.see("/ledger/reconcile")
    part.send("/held/propose", 403, entry=1, side="merchant", reason="x")


def held_entry(rig: Rig) -> int:
    (held,) = rig.sources.reader.held(None, c.NOW.unix_ms)
    return held.entry


def test_two_persons_decide_what_is_held_and_the_maker_not_his_own(rig: Rig, box: Box) -> None:
    fill(box)
    maker, checker = finance(rig), finance(rig, "李四")
    entry = held_entry(rig)
    assert f'value="{entry}"' in maker.see("/held")
    for _ in range(2):
        maker.send("/held/propose", entry=entry, side="merchant", reason="核对无误")
    (proposal,) = rig.sources.reader.proposals()
    assert (proposal.maker, proposal.reason) == ("张三", "核对无误")
    assert "您是提议人" in maker.see("/proposals")
    assert "张三 是提议人，须另一人确认" in maker.send(f"/proposals/{proposal.number}/confirm", 409)
    assert rig.sources.reader.held(None, c.NOW.unix_ms)
    for _ in range(2):
        checker.send(f"/proposals/{proposal.number}/confirm")
    assert rig.sources.reader.held(None, c.NOW.unix_ms) == []
    assert sum(one.kind == "held_released" for one in rig.sources.reader.journal(0, 50).entries) == 1
    assert "已确认" in maker.see("/proposals")
    rows = rig.sources.audit.rows(Question())
    assert {(row.deed.who, row.deed.act) for row in rows} >= {("李四", "confirm_proposal"), ("张三", "propose_held")}


def test_a_proposal_is_rejected_with_a_reason_and_what_was_held_stays(rig: Rig, box: Box) -> None:
    fill(box)
    maker, checker = finance(rig), finance(rig, "李四")
    maker.send("/held/propose", entry=held_entry(rig), side="holder", reason="退")
    (proposal,) = rig.sources.reader.proposals()
    assert "请写缘由" in checker.send(f"/proposals/{proposal.number}/reject", 409, reason=" ")
    checker.send(f"/proposals/{proposal.number}/reject", reason="不对")
    assert "已被 李四 否决" in checker.send(f"/proposals/{proposal.number}/confirm", 409)
    assert held_entry(rig)


@pytest.mark.parametrize(
    "form", [{"side": "merchant", "reason": "x"}, {"entry": 1, "side": "nobody", "reason": "x"},
             {"entry": 1, "side": "merchant", "reason": "x" * 201}, {"entry": 99, "side": "merchant", "reason": "x"},
             {"entry": "x", "side": "merchant", "reason": "x"}],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_in_words(rig: Rig, box: Box, form: dict[str, object]) -> None:
    fill(box)
    assert "做不到" in finance(rig).send("/held/propose", 409, **form)
    assert rig.sources.reader.proposals() == []


def test_there_is_no_such_proposal(rig: Rig) -> None:
    assert "没有提议 7" in finance(rig).send("/proposals/7/confirm", 409)


def test_who_decides_is_who_has_signed_in_and_no_field_of_a_form(rig: Rig, box: Box) -> None:
    fill(box)
    finance(rig).send("/held/propose", entry=held_entry(rig), side="merchant", reason="x", who="李四", maker="李四")
    assert [one.maker for one in rig.sources.reader.proposals()] == ["张三"]
    audit = rig.browser("审计", [Grant(Role.AUDIT)])
    assert "确认</button>" not in audit.see("/proposals")
    audit.send("/proposals/1/confirm", 403)


def test_a_held_void_is_proposed_and_confirmed(rig: Rig, box: Box) -> None:
    sale: PurchaseRecord = c.purchase(1, c.card(1), 1, 100, c.OPENING)
    box.send(c.stored(sale), c.void_by_pin(2, sale))
    maker, checker = finance(rig), finance(rig, "李四")
    (number,) = re.findall(r'name="record" value="(\d+)"', maker.see("/voids"))
    for _ in range(2):
        maker.send("/voids/propose", record=number, reason="顾客在场")
    (proposal,) = rig.sources.reader.proposals()
    checker.send(f"/proposals/{proposal.number}/confirm")
    assert rig.sources.reader.voids() == []


def test_a_difference_says_both_sides_and_is_explained_once(rig: Rig, box: Box) -> None:
    box.send(c.stored(c.purchase(1, c.card(1), 1, 9_100, c.OPENING)))
    box.send(c.stored(c.purchase(2, c.card(1), 2, 950, 10_900)))
    while rig.ledger.find_differences(c.NOW):
        pass
    browser = finance(rig)
    page = browser.see("/ledger/differences")
    assert "2 件未说明" in page
    assert "¥109.00" in page
    assert "¥9.00" in page
    (record,) = set(re.findall(r'href="(/ledger/records/[^"]+)"', page))
    assert "正确" in browser.see(record)
    browser.send("/ledger/differences/1/explain", reason="机器测试")
    assert "张三: 机器测试" in browser.see("/ledger/differences?state=explained")
    assert "已由 张三 说明" in finance(rig, "李四").send("/ledger/differences/1/explain", 409, reason="另有")
    assert "没有差异 9" in browser.send("/ledger/differences/9/explain", 409, reason="x")


def test_exports_are_what_the_screen_shows(rig: Rig, box: Box) -> None:
    fill(box)
    browser = finance(rig)
    for path in ("/ledger", "/ledger/journal", "/ledger/reconcile", "/ledger/differences", "/takings", "/loads",
                 "/queues/suspense", "/queues/quarantine", "/queues/voids"):  # fmt: skip
        text = browser.see(f"{path}.csv")
        answer = browser.client.get(f"{path}.xlsx")
        sheet = openpyxl.load_workbook(io.BytesIO(answer.get_data())).active
        assert sheet is not None
        assert sheet.max_row == len(text.strip().splitlines()), path
    browser.see("/ledger.exe", 404)
    browser.see("/queues/nothing.csv", 404)


def test_a_page_asks_the_ledger_no_more_than_a_dozen_times(rig: Rig, box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(box)
    browser = finance(rig)
    asked: list[str] = []
    reader: Reader = rig.sources.reader
    for name in ("run", "find"):
        plain = getattr(type(reader.database), name)

        def counted(db: object, sql: str, *rest: object, plain=plain) -> object:
            if db is reader.database:
                asked.append(sql)
            return plain(db, sql, *rest)

        monkeypatch.setattr(type(reader.database), name, counted)
    card = f"/ledger/accounts/purse:{c.card(1).hex()}"
    for path in (*BOOKS, "/ledger/entries/1", card, f"/ledger/records/{c.POS.hex()}/1/1"):
        asked.clear()
        browser.see(path)
        asked[:] = [sql for sql in asked if sql not in ("BEGIN", "COMMIT")]
        most = 15 if "/records/" in path else 12
        assert len(asked) <= most, (path, len(asked), asked)


def test_a_finding_is_undone_by_whoever_decides_and_says_why(rig: Rig, box: Box) -> None:
    said = c.purchase(1, c.card(1), 0, 1_000, c.OPENING)
    box.send(c.stored(said), c.stored(said._replace(seq=9)))
    box.send(c.stored(c.purchase(3, c.card(1), 2, 9, c.OPENING - 1_500)))
    while rig.ledger.find_differences(c.NOW):
        pass
    browser = finance(rig)
    page = browser.see("/findings")
    assert "每餐限 ¥15.00" in page
    assert "重放" in page
    assert "-5.00" in browser.see("/ledger/closing").replace("−", "-").replace("¥", "")
    assert json.loads(browser.see("/api/v1/findings"))["findings"][0]["kind"] == "replay"
    assert json.loads(browser.see("/api/v1/closing"))["cards"] == 1
    browser.send("/findings/1/confirm", reason="两条相同")
    browser.send("/findings/1/undo", reason="误报")
    assert "张三: 误报" in browser.see("/findings")
    assert "已解除" in finance(rig, "李四").send("/findings/1/confirm", 409, reason="另有")
    assert "没有发现 9" in browser.send("/findings/9/undo", 409, reason="x")
    assert "1..200" in browser.send("/findings/1/undo", 409, reason=" ")
