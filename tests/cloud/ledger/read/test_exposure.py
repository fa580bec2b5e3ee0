"""Exposure of a real ledger: what terminals owe, what they limit, whom they refuse, what nobody knows of them."""

import time

import pytest

from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.ledger import Ledger
from cloud.ledger.read.reader import Reader
from cloud.ledger.read.shown.risk import Risk, TillRisk, Unknown
from cloud.words.balance.exposure import exposure_json, exposure_lines
from shared.ids import DeviceId
from shared.inventory import BoxRow, DeviceKind, DeviceRow
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import FAR, OPENING, POS, POS2
from tests.cloud.ledger.held.losses.test_exposure import CAP_FEN, Site, at

TERMINALS, BOXES = 5_000, 50


@pytest.fixture
def site(opened: OpenedLedger) -> Site:
    return Site(opened)


def seen(site: Site, s: float = 20) -> Risk:
    return Reader(site.ledger.database).exposure(at(s))


def of(risk: Risk, name: str) -> TillRisk:
    (found,) = [one for one in risk.terminals if one.till.name == name]
    return found


def test_a_lost_card_counts_where_it_is_not_refused_and_its_money_once(site: Site) -> None:
    """90 yuan a day for some class; this card's class has 30."""
    risk = seen(site)
    assert [(one.till.name, one.listed_fen, one.unknown) for one in risk.terminals] == [
        (name, CAP_FEN, frozenset({Unknown.HOTLIST})) for name in ("pos-01", "pos-02", "pos-03")
    ]
    assert [(one.card.label, one.terminals, one.fen) for one in risk.cards] == [("0001", 3, 3 * CAP_FEN)]
    assert risk.fen == 3 * CAP_FEN < OPENING
    for device in (POS, POS2):
        site.refuses(device, at(11))
    assert (seen(site).fen, of(seen(site), "pos-01").fen) == (CAP_FEN, 0)
    site.refuses(FAR, at(11))
    assert (seen(site).fen, seen(site).cards) == (0, ())


def test_it_is_never_more_than_the_card_has(site: Site) -> None:
    for s in (30, c.DAY_S, 9 * c.DAY_S):
        assert seen(site, s).cards[0].fen == min(OPENING, 3 * CAP_FEN * (1 + int(s) // c.DAY_S))


def test_what_a_till_owes_counts_as_much_as_it_lets_a_card_pay(site: Site) -> None:
    for device in (POS, POS2, FAR):
        site.refuses(device, at(11))
    site.heard(POS, at(12), last=4, open_slots=1)
    one = of(seen(site), "pos-01")
    assert (one.till.records, one.till.open_slots, one.single_fen, one.fen) == (4, 1, 90_00, 5 * 90_00)
    assert seen(site).boxes[0][:4] == (c.BOX, 2, 5, 5 * 90_00)


def test_who_uses_what_nobody_made_limits_nothing(site: Site) -> None:
    site.heard(POS, at(12), last=1)
    before = of(seen(site), "pos-01")
    site.uses(POS, digest=b"x" * 32)
    after = of(seen(site), "pos-01")
    assert Unknown.CAPS in after.unknown
    assert (before.arrears_fen, after.arrears_fen) == (90_00, OPENING), "one purchase may empty the fullest purse"
    assert after.fen > before.fen


def test_a_silent_till_is_told_and_counts_as_before(site: Site) -> None:
    site.heard(POS, at(12), last=4)
    early, late = of(seen(site), "pos-01"), of(seen(site, 700), "pos-01")
    assert (Unknown.HEARD in early.unknown, Unknown.HEARD in late.unknown) == (False, True)
    assert late.fen >= early.fen


def test_what_has_come_is_at_risk_no_more(site: Site) -> None:
    for device in (POS, POS2, FAR):
        site.refuses(device, at(11))
    site.heard(POS, at(12), last=1)
    assert seen(site).fen == 90_00
    c.Box(site.ledger).send(c.stored(c.purchase(1, c.card(2), 1, 500, OPENING)))
    assert seen(site).fen == 0


def test_formula_and_inputs_are_shown(site: Site) -> None:
    site.heard(POS, at(12), last=2)
    said = "\n".join(exposure_lines(seen(site)))
    assert "风险敞口 ¥270.00：欠交 ¥180.00，名单 ¥90.00" in said
    assert "欠交：(欠交流水 + 未完成) × 单笔上限" in said
    assert "欠交 2 × ¥90.00 = ¥180.00；名单龄未知，未拒 1 张 ¥30.00；所用黑名单未知" in said
    assert "3 台：所用黑名单未知" in said
    assert exposure_json(seen(site))["terminals"][0]["unknown"] == ["hotlist"]


def test_five_thousand_terminals_are_answered_within_a_second(ledger: Ledger) -> None:
    """Each owes, and knows no hotlist; 200 cards are listed. As a ratio: less than ten times as long as 500 take."""
    grown(ledger, 0, TERMINALS // 10)
    few = fastest(ledger)
    grown(ledger, TERMINALS // 10, TERMINALS)
    took = fastest(ledger)
    assert took < max(15 * few, 0.5)
    risk = Reader(ledger.database).exposure(c.NOW)
    assert (len(risk.terminals), sum(one.till.records for one in risk.terminals)) == (TERMINALS, TERMINALS)


def grown(ledger: Ledger, first: int, end: int) -> None:
    boxes = tuple(BoxRow(f"b-{n:03}", n % 10, f"第 {n} 食堂", b"") for n in range(BOXES))
    devices = tuple(
        DeviceRow(who(n), DeviceKind.POS, f"b-{n % BOXES:03}", f"t{n:05}", "窗口", "商户") for n in range(first, end)
    )
    known = c.inventory(200, number=100 + first, psams=(), devices=devices, boxes=boxes)
    ledger.import_inventory(known, c.NOW)
    with ledger.opened.writing(c.NOW) as writing:
        status = [(who(n), 1, c.psam(1), 1, 1, 0, 0, c.NOW.unix_ms) for n in range(first, end)]
        writing.db.insert("epoch_status", "device, epoch, psam, oldest, last, settled, open_slots, at_ms", status)
    for n in range(1, 201):
        ledger.set_hotlisted(c.card(n), True, c.NOW, "王芳", "x")


def who(n: int) -> DeviceId:
    return DeviceId(b"\x00\x7f" + n.to_bytes(4, "big"))


def fastest(ledger: Ledger) -> float:
    took = []
    for _ in range(3):
        began = time.perf_counter()
        Reader(ledger.database).exposure(c.NOW)
        took.append(time.perf_counter() - began)
    return min(took)
