"""The page of spare cards 备用卡: who has which, what is late, who may see it, and one that is lost for good."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cloud.console.access.rights import Grant, Role, Scope
from cloud.console.frame.clock import wall_now
from cloud.ledger.desk.lending import Loan
from cloud.ledger.desk.replacing import Wish
from cloud.ledger.desk.spare_door import SpareLedger
from cloud.ledger.records.values import Now
from shared.clocks.clock import DAY_S, day_number
from tests.cloud.console.rig import Rig, made
from tests.cloud.ledger import campus as c

KEY = "00" * 15 + "09"


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """One lent and late, one for a class of another teacher, one at hand."""
    with made(tmp_path) as found:
        rows = tuple(replace(row, opening_fen=0) for row in c.inventory(11).cards[8:])
        found.ledger.import_inventory(replace(c.inventory(8, number=2), cards=(*c.inventory().cards, *rows)), c.NOW)
        door, now = SpareLedger(found.ledger.opened), wall_now()
        before = Now(now.unix_ms - 2 * DAY_S * 1000, now.campus_s - 2 * DAY_S)
        loan = Loan("0001", "林一", 10_00, True, 30_00, day_number(before.campus_s))
        door.lend(Wish(b"1" * 16, "王芳", rows[0].label, ""), loan, before)
        door.hand_to_class(Wish(b"2" * 16, "王芳", rows[1].label, ""), "初一1班", now)
        yield found


def test_what_is_late_is_told_before_anybody_has_looked_and_sums_are_for_whom_they_are(rig: Rig) -> None:
    page = rig.browser().see("/spares")
    assert all(word in page for word in ("林一", "逾期停用", "¥10.00", "交班级", "初一1班", "逾期未还 1", "丢失注销"))
    teacher = rig.browser("t", [Grant(Role.TEACHER, Scope(group="初一1班"))])
    seen = teacher.see("/spares")
    assert ("交班级" in seen, "林一" in seen, "¥" in seen, "丢失注销" in seen) == (True, False, False, False)
    assert "林一" not in teacher.see("/spares.csv")
    assert "林一" in rig.browser("f", [Grant(Role.FINANCE)]).see("/spares.csv?late=1")


def test_one_that_is_lost_for_good_is_written_off_with_a_reason(rig: Rig) -> None:
    desk, address = rig.browser("d", [Grant(Role.CARDS)]), f"/spares/{c.card(9).hex()}/lost"
    assert "要写缘由" in desk.send(address, 503, key=KEY, reason=" ")
    rig.browser("f", [Grant(Role.FINANCE)]).send(address, 403, key=KEY, reason="x")
    desk.send(f"/spares/{c.card(1).hex()}/lost", 404, key=KEY, reason="x")
    desk.send(address, key=KEY, reason="毕业离校")
    page = desk.see("/spares")
    assert ("遗失注销" in page, "逾期未还 0" in page, "丢失注销 0009" in page) == (True, True, False)
