"""Orders from the console: chosen, frozen, counted, ordered by whoever may, and told as terminals answer."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from cloud.console.access.audit import Question
from cloud.console.access.rights import Grant, Role, Scope
from cloud.console.pages.devices.kept import PROPOSAL_MS, SELECTION_MS, Kept, Proposal
from cloud.console.shell import create_pages
from cloud.fleet.ordering import Orders
from cloud.ledger.fleet.documents.door import DocumentLedger
from cloud.ledger.fleet.jobs.door import JobLedger
from cloud.ledger.fleet.jobs.state import Job
from cloud.ledger.records.values import Now
from cloud.process.settings import FOLDER
from shared.clocks.campus_clock import WALL
from shared.errors import KeyFault, RuleBroken
from shared.fleet.document import DocumentKind, device_scope
from shared.fleet.order import Locate, Lock, Order, Unlock
from shared.ids import BoxId, DeviceId
from shared.inventory import DeviceKind, DeviceRow
from shared.wire.fleet_lane import Held, HeldRow, Reported, Verdict
from tests.cloud.console.rig import Browser, Rig, made
from tests.cloud.fleet.documents import Signer
from tests.cloud.ledger import campus as c


@pytest.fixture
def signer() -> Signer:
    return Signer()


@pytest.fixture
def rig(tmp_path: Path, signer: Signer) -> Iterator[Rig]:
    with made(tmp_path, signer=signer) as found:
        yield found


def now() -> Now:
    unix_s = time.time()
    return Now(int(unix_s * 1000), int(WALL.at(unix_s)))


def chosen(browser: Browser, verb: str, *devices: DeviceId, among: str = "ticked", **form: str) -> str:
    """The address of the confirmation."""
    ticked = [device.hex() for device in devices]
    page = browser.send("/devices/choose", verb=verb, among=among, device=ticked, shown=ticked, **form)
    found = re.search(r'href="(/devices/order/[^"]+)"', page)
    assert found
    return found[1]


def given(browser: Browser, address: str, status: int = 302, **form: str) -> str:
    asked = {"reason": "盘点", "manner": "all", "expires": "600"} | form
    return browser.send(f"{address}/give", status, **asked)


def says(rig: Rig, device: DeviceId, verdict: Verdict, box: BoxId = c.BOX, detail: bytes = b"") -> None:
    """The terminal answers its order, which its box has."""
    documents = DocumentLedger(rig.ledger.opened)
    which = DocumentKind.ORDER, device_scope(device)
    newest = documents.newest(which)
    assert newest is not None
    documents.held(box, Held((HeldRow(*which, newest.generation, newest.digest, 0),)), now())
    said = Reported(device, *which, newest.generation, newest.digest, 0, 0, 0, newest.generation, verdict, detail)
    documents.reported(box, said, now())


def test_an_order_is_done_only_when_its_terminal_has_said_so(rig: Rig) -> None:
    browser = rig.browser()
    address = chosen(browser, "locate", c.POS, c.POS2)
    assert "寻机：2 台终端" in browser.see(address)
    given(browser, address)
    page = browser.see("/jobs/1")
    assert page.count("已发出，无人答复") >= 2
    assert "完成 0 / 2" in page
    says(rig, c.POS, Verdict.IN_USE)
    says(rig, c.POS2, Verdict.UNSUPPORTED, detail=b"no")
    page = browser.see("/jobs/1")
    assert "完成 1 / 2" in page
    assert "完成（终端答）" in page
    assert "拒绝：本机不支持 no（终端答）" in page
    assert "■" in browser.see("/jobs")
    lines = browser.see("/jobs/1.csv").splitlines()
    assert lines[0] == "\ufeff终端,点位,网关,答复,时间"
    assert lines[1].startswith("pos-02,2号窗口,canteen-1,拒绝"), "what failed stands first"
    (row,) = rig.sources.audit.rows(Question(object="job:1"))
    assert (row.deed.who, row.deed.zh) == ("admin", "寻机 2 台终端：盘点")


def test_what_comes_to_fit_the_filter_later_is_not_ordered(rig: Rig) -> None:
    browser = rig.browser()
    address = chosen(browser, "locate", among="matching", merchant="面点")
    late = DeviceRow(c.device(4), DeviceKind.POS, c.OTHER_BOX, "pos-04", "4号窗口", "面点")
    rig.ledger.import_inventory(c.inventory(number=2, devices=(*c.inventory().devices, late)), c.NOW)
    assert "pos-04" in browser.see("/devices?merchant=面点")
    page = browser.see(address)
    assert "寻机：2 台终端" in page
    assert "pos-04" not in page
    given(browser, address)
    assert "pos-04" not in browser.see("/jobs/1")


def test_the_page_alone_and_the_search_by_initials_choose_as_they_say(rig: Rig) -> None:
    browser = rig.browser()
    assert "1 台终端" in browser.see(chosen(browser, "locate", c.FAR, among="page"))
    page = browser.see("/devices?find=ylddh")
    assert "pos-01" not in page
    assert "pos-01" in browser.see("/devices?find=yldh"), "一楼大伙"
    assert "1 台终端" in browser.see(chosen(browser, "locate", among="matching", find="yldh"))
    assert "符合筛选的全部 1 台" in browser.see("/devices?find=yldh")


def test_a_selection_is_used_once_and_by_its_maker(rig: Rig) -> None:
    browser, other = rig.browser(), rig.browser("李明", [Grant(Role.OPERATIONS)])
    address = chosen(browser, "locate", c.POS)
    other.see(address, 404)
    given(other, address, 404)
    given(browser, address)
    assert "已用过" in given(browser, address, 503)
    assert len(rig.sources.reader.fleet.jobs()) == 1


def test_a_selection_ends(rig: Rig) -> None:
    browser = rig.browser()
    kept = Kept(rig.sources.settings.data / FOLDER / "console.db")
    number = kept.freeze("admin", "locate", [c.POS], "ticked", now().unix_ms - SELECTION_MS - 1)
    assert "已过期" in given(browser, f"/devices/order/{number}", 503)


def test_what_is_dangerous_is_counted_by_hand_and_has_a_reason(rig: Rig) -> None:
    browser = rig.browser()
    address = chosen(browser, "lock", c.POS)
    assert "请输入台数 1" in given(browser, address, 503)
    assert "请写缘由" in given(browser, address, 503, count="1", reason=" ")
    assert "至多 20 个汉字" in given(browser, address, 503, count="1", reason="字" * 21)
    given(browser, address, count="1")
    assert "锁定 盘点" in browser.see("/jobs/1")


def test_nobody_orders_about_what_is_outside_of_his_scope(rig: Rig) -> None:
    browser = rig.browser()
    mine = rig.browser("王芳", [Grant(Role.OPERATIONS, Scope(box=c.OTHER_BOX)), Grant(Role.CANTEEN)])
    assert "没有选中" in mine.send("/devices/choose", 503, verb="locate", among="ticked", device=[c.POS.hex()])
    address = chosen(mine, "locate", c.POS, c.FAR, among="matching")
    assert "1 台终端" in mine.see(address)
    given(browser, chosen(browser, "locate", c.POS))
    for act in ("retry", "cancel"):
        mine.send(f"/jobs/1/{act}", 403, reason="x")
    kept = Kept(rig.sources.settings.data / FOLDER / "console.db")
    number = kept.freeze("王芳", "locate", [c.POS], "ticked", now().unix_ms)
    given(mine, f"/devices/order/{number}", 403)
    mine.see(f"/devices/order/{number}", 403)


def test_who_sees_one_canteen_sees_its_rows_of_a_job_alone(rig: Rig) -> None:
    browser = rig.browser()
    mine = rig.browser("王芳", [Grant(Role.CANTEEN, Scope(box=c.OTHER_BOX))])
    given(browser, chosen(browser, "locate", c.POS))
    mine.see("/jobs/1", 404)
    assert "还没有任务" in mine.see("/jobs")
    given(browser, chosen(browser, "locate", c.POS, c.FAR))
    page = mine.see("/jobs/2")
    assert ("pos-03" in page, "pos-01" in page) == (True, False)
    assert "其余终端不在您的范围" in page
    mine.see(f"/devices/{c.POS.hex()}", 404)


def test_without_its_key_process_nothing_is_ordered_and_it_can_be_tried_again(rig: Rig, signer: Signer) -> None:
    browser = rig.browser()
    address = chosen(browser, "locate", c.POS)
    signer.is_away = True
    given(browser, address, 503)
    assert rig.sources.reader.fleet.jobs() == []
    signer.is_away = False
    given(browser, address)
    assert len(rig.sources.reader.fleet.jobs()) == 1


def test_what_failed_alone_is_tried_again_and_what_is_open_is_cancelled(rig: Rig) -> None:
    browser = rig.browser()
    given(browser, chosen(browser, "locate", c.POS, c.POS2, c.FAR))
    says(rig, c.POS, Verdict.IN_USE)
    says(rig, c.POS2, Verdict.REFUSED)
    browser.send("/jobs/1/retry", reason="再试")
    page = browser.see("/jobs/2")
    assert ("pos-02" in page, "pos-01" in page) == (True, False)
    browser.send("/jobs/1/cancel", reason="不用了")
    assert "已请求撤回" in browser.see("/jobs/1")
    assert "撤回" in browser.see("/jobs/3")


# --- exactly once ---------------------------------------------------------------------------------------------------


def losing(rig: Rig, signer: Signer) -> Rig:
    """The same console, whose door to the key process falls when the ledger has taken the job."""

    @contextmanager
    def falls() -> Iterator[Signer]:
        yield signer
        raise KeyFault("lost")

    sources = replace(rig.sources, signer=falls)
    return Rig(create_pages(sources), sources, rig.ledger)


def test_a_fault_after_the_ledger_has_taken_it_makes_no_second_job(rig: Rig, signer: Signer) -> None:
    browser = losing(rig, signer).browser()
    address = chosen(browser, "locate", c.POS)
    assert "/jobs/1" in given(browser, address), "the books say what came of it"
    assert "已用过" in given(browser, address, 503)
    assert "任务 1" in browser.see(address)
    assert len(rig.sources.reader.fleet.jobs()) == 1


def test_who_does_not_know_whether_it_was_given_asks_again_and_it_is_given_once(rig: Rig, signer: Signer) -> None:
    browser = rig.browser()
    address = chosen(browser, "locate", c.POS)
    begun = kept_of(rig).begin(address.rpartition("/")[2], "admin", now().unix_ms)
    assert begun
    assert "账本里没有" in browser.see(address), "the console died before it asked"
    job = Job(0, 0, b"", "admin", "盘点", 0, 0, 0)
    made = Orders(JobLedger(rig.ledger.opened), signer, WALL).give(Locate(30), (c.POS,), job, now(), begun.at_ms)
    assert "任务 1" in browser.see(address), "or before it heard"
    assert f"/jobs/{made}" in given(browser, address)
    assert len(rig.sources.reader.fleet.jobs()) == 1


def test_two_that_failed_do_not_close_a_canteen_when_they_are_given_again(rig: Rig, signer: Signer) -> None:
    browser = rig.browser()
    first, second = chosen(browser, "lock", c.POS), chosen(browser, "lock", c.POS2)
    signer.is_away = True
    for address in (first, second):
        given(browser, address, 503, count="1")
    signer.is_away = False
    given(browser, first, count="1")
    assert "两人" in given(browser, second, 503, count="1")
    assert len(rig.sources.reader.fleet.jobs()) == 1


def test_a_confirmation_stands_and_what_came_of_it_is_looked_up(rig: Rig, signer: Signer) -> None:
    browser, other = rig.browser(), rig.browser("李明", [Grant(Role.OPERATIONS)])
    given(browser, chosen(browser, "lock", c.POS, c.POS2), count="2")
    signer.is_away = True
    other.send("/orders/1/confirm", 503)
    page = browser.see("/orders")
    assert "已确认，未见下达" in page
    assert "admin + 李明" in page
    signer.is_away = False
    browser.send("/orders/1/reject", 404)
    assert "/jobs/1" in browser.send("/orders/1/confirm"), "another person has confirmed it: the machine tries again"
    other.send("/orders/1/confirm", 404)
    (job,) = rig.sources.reader.fleet.jobs()
    assert job.job.who == "admin + 李明"
    assert "没有待确认的指令" in other.see("/orders")


def test_a_confirmation_that_the_ledger_has_taken_unheard_is_no_second_job(rig: Rig, signer: Signer) -> None:
    browser, other = rig.browser(), rig.browser("李明", [Grant(Role.OPERATIONS)])
    given(browser, chosen(browser, "lock", c.POS, c.POS2), count="2")
    assert kept_of(rig).decide(1, "李明", now().unix_ms, is_confirmed=True)
    ((_, begun),) = kept_of(rig).unsure(now().unix_ms)
    job = Job(0, 0, b"", begun.who, "盘点", 0, 0, 0)
    Orders(JobLedger(rig.ledger.opened), signer, WALL).give(Lock("盘点"), (c.POS, c.POS2), job, now(), begun.at_ms)
    assert "已下达" in other.see("/orders")
    other.send("/orders/1/confirm")
    assert len(rig.sources.reader.fleet.jobs()) == 1


def kept_of(rig: Rig) -> Kept:
    return Kept(rig.sources.settings.data / FOLDER / "console.db")


# --- two persons -----------------------------------------------------------------------------------------------------


def test_what_leaves_a_canteen_without_a_till_takes_another_name(rig: Rig) -> None:
    browser, other = rig.browser(), rig.browser("李明", [Grant(Role.OPERATIONS)])
    address = chosen(browser, "lock", c.POS, c.POS2)
    page = browser.see(address)
    assert "须另一人确认" in page
    assert c.BOX in page
    given(browser, address, count="2")
    assert rig.sources.reader.fleet.jobs() == [], "nothing is ordered yet"
    assert "另一人确认" in browser.send("/orders/1/confirm", 503)
    assert "锁定 2 台" in other.see("/orders")
    other.send("/orders/1/confirm")
    (job,) = rig.sources.reader.fleet.jobs()
    assert (job.job.who, job.total) == ("admin + 李明", 2)
    other.send("/orders/1/confirm", 404)


def test_locking_one_after_the_other_is_no_way_around_it(rig: Rig) -> None:
    browser = rig.browser()
    given(browser, chosen(browser, "lock", c.POS), count="1")
    assert len(rig.sources.reader.fleet.jobs()) == 1
    given(browser, chosen(browser, "lock", c.POS2), count="1")
    assert len(rig.sources.reader.fleet.jobs()) == 1, "it waits for a second person"
    assert "第二人" in browser.see("/jobs")
    given(browser, chosen(browser, "unlock", c.POS))
    given(browser, chosen(browser, "lock", c.POS2), count="1")
    assert len(rig.sources.reader.fleet.jobs()) == 3, "another till is open again"


def test_trying_again_is_no_way_around_it(rig: Rig) -> None:
    browser = rig.browser()
    given(browser, chosen(browser, "lock", c.POS), count="1")
    says(rig, c.POS, Verdict.REFUSED)
    given(browser, chosen(browser, "lock", c.POS2), count="1")
    assert "由两人确认" in browser.send("/jobs/1/retry", 503, reason="再试")


def test_a_proposal_is_taken_back_or_rejected_and_then_it_is_none(rig: Rig) -> None:
    browser, other = rig.browser(), rig.browser("李明", [Grant(Role.OPERATIONS)])
    for who in (browser, other):
        given(browser, chosen(browser, "lock", c.POS, c.POS2), count="2")
        number = max(int(one) for one in re.findall(r"/orders/(\d+)/reject", browser.see("/orders")))
        who.send(f"/orders/{number}/reject")
        other.send(f"/orders/{number}/confirm", 404)
    assert rig.sources.reader.fleet.jobs() == []
    assert "没有待确认的指令" in browser.see("/orders")


def test_a_second_person_of_another_canteen_cannot_confirm(rig: Rig) -> None:
    browser = rig.browser()
    mine = rig.browser("王芳", [Grant(Role.OPERATIONS, Scope(box=c.OTHER_BOX)), Grant(Role.CANTEEN)])
    given(browser, chosen(browser, "lock", c.POS, c.POS2), count="2")
    mine.send("/orders/1/confirm", 403)
    assert rig.sources.reader.fleet.jobs() == []


def test_a_confirmation_whose_key_process_is_away_can_be_given_again(rig: Rig, signer: Signer) -> None:
    browser, other = rig.browser(), rig.browser("李明", [Grant(Role.OPERATIONS)])
    given(browser, chosen(browser, "lock", c.POS, c.POS2), count="2")
    signer.is_away = True
    other.send("/orders/1/confirm", 503)
    signer.is_away = False
    other.send("/orders/1/confirm")
    assert len(rig.sources.reader.fleet.jobs()) == 1


def test_the_database_itself_holds_maker_and_checker_apart_and_the_end(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "console.db")
    one = Proposal(0, Order(Unlock()).encode(), (c.POS,), "王芳", "盘点", "all", 600, 1000, 0)
    assert (kept.propose(one), kept.propose(one)) == (1, 2)
    with pytest.raises(RuleBroken):
        kept.decide(1, "王芳", 2000, is_confirmed=True)
    with pytest.raises(RuleBroken):
        kept.decide(1, "李明", 1001 + PROPOSAL_MS, is_confirmed=True)
    assert kept.decide(1, "李明", 2000, is_confirmed=True)
    assert not kept.decide(1, "赵云", 2000, is_confirmed=False)
    assert [proposal.number for proposal in kept.waiting(2000)] == [2]
    assert kept.decide(2, "王芳", 2000, is_confirmed=False), "its maker takes it back"
    assert Order(Lock("x")).encode() != one.body
