"""Who has left, and has nothing left, is erased when it is time; what is kept is kept as long as it was said."""

from collections.abc import Callable
from functools import partial

import pytest

from cloud.ledger.books.entry import EntryKind
from cloud.ledger.desk.lending import need_deposits
from cloud.ledger.funds.documents import enter
from cloud.ledger.funds.orders.calls import Call, PayResult
from cloud.ledger.funds.orders.paying import Wanted
from cloud.ledger.funds.providers.posting import hold_refund
from cloud.ledger.funds.providers.refunds import step_refund
from cloud.ledger.funds.providers.terms import DepositRefund
from cloud.ledger.funds.spares import Spare, SpareAct, add_spare
from cloud.ledger.ledger import Ledger
from cloud.payments import doors
from cloud.wallet.back.holder.erasure import KEPT, is_under_way, waits
from cloud.wallet.people.persons import add_person, bind_guardian
from cloud.wallet.people.records.erasures import (
    BESIDE,
    DAY_MS,
    LATER,
    OF_HOLDER,
    OF_PERSON,
    OF_PHONE,
    RECORDS_DAYS,
    WAIT_DAYS,
    erase_due,
)
from cloud.wallet.people.roster import Holder, take_roster
from shared.ids import CardId
from tests.cloud.wallet.back.test_messages import card_of
from tests.cloud.wallet.rig import CHILD, GROWN, Rig

KEY = "00" * 16
DAY_S = 86_400


@pytest.fixture
def left(rig: Rig) -> Rig:
    """The grown one has signed in, let his mother see, and is on the roster no longer; he never had a card."""
    with rig.site.people.writing():
        person = add_person(rig.site.people, "13000000007", "Lin Er", GROWN[0], 0)
        rig.site.people.run("UPDATE holder SET label = '' WHERE number = ?", (GROWN[0],))
    rig.later(DAY_S)
    rig.signed("grown", person.id)
    rig.ask("grant", "grown", person=1, given=True)
    rig.ask("lost/report", "grown", key=KEY)
    rig.signed("grown", person.id)
    rig.ask("lost/cancel", "grown", key="11" * 16)
    return rig


def gone(rig: Rig) -> None:
    with rig.site.people.writing():
        take_roster(rig.site.people, [Holder(*CHILD, "Class 1", "")], [])


def rows(rig: Rig, table: str, where: str = "1 = 1") -> int:
    with rig.site.people.reading():
        return rig.site.people.run(f"SELECT COUNT(*) FROM {table} WHERE {where}")[0][0]  # noqa: S608  # a test's own


def sweep(rig: Rig, days: int) -> int:
    rig.later(days * DAY_S)
    with rig.site.people.writing():
        return erase_due(rig.site.people, rig.now.unix_ms, partial(waits, rig.site))


def test_who_has_left_is_erased_in_two_steps_and_nobody_before(left: Rig) -> None:
    assert [one["en"] for one in left.ask("erasure", "grown")["against"]] == ["you are on the school's list"]
    assert left.ask("erasure/ask", "grown", given=True) == "not-erasable"
    gone(left)
    assert left.ask("erasure", "grown")["against"] == []
    assert left.ask("erasure/ask", "grown", given=True)["due_ms"] == left.now.unix_ms + WAIT_DAYS * DAY_MS
    assert sweep(left, WAIT_DAYS - 1) == 0
    assert sweep(left, 1) == 1
    assert left.ask("me", "grown") == "sign-in"
    where = f"holder = '{GROWN[0]}'"
    assert rows(left, "person", where) == rows(left, "holder", f"number = '{GROWN[0]}'") == 0
    assert rows(left, "session", "person = 3") == 0
    assert (rows(left, "word", where), rows(left, "block", where)) == (1, 1)
    assert sweep(left, RECORDS_DAYS - 1) == 0
    assert sweep(left, 1) == 1
    assert rows(left, "word", where) == rows(left, "block", where) == rows(left, "erasure", where) == 0
    assert sweep(left, 1) == 0


def test_it_is_called_off_and_who_comes_back_is_not_erased(left: Rig) -> None:
    gone(left)
    left.ask("erasure/ask", "grown", given=True)
    assert left.ask("erasure/ask", "grown", given=False)["asked_ms"] == 0
    left.ask("erasure/ask", "grown", given=True)
    with left.site.people.writing():
        take_roster(left.site.people, [Holder(*GROWN, "Class 1", "")], [])
    assert sweep(left, WAIT_DAYS) == 1
    assert rows(left, "holder", f"number = '{GROWN[0]}' AND name <> ''") == 1


def test_money_a_guardians_duty_and_a_stale_proof_stand_against_it(rig: Rig) -> None:
    with rig.site.people.writing():
        child = add_person(rig.site.people, "", "Lin Yi", CHILD[0], 0)
        take_roster(rig.site.people, [], [])
    rig.signed("child", child.id)
    Ledger(rig.site.ledger).deposit(card_of(rig), 1, "k", rig.now)
    assert "money" in rig.ask("erasure", "child")["against"][-1]["en"]
    assert rig.ask("erasure", "mother")["against"] == []
    with rig.site.people.writing():
        bind_guardian(rig.site.people, 1, CHILD[0], 0)
    assert rig.ask("erasure/ask", "mother", given=True) == "not-erasable"
    rig.later(3600)
    assert rig.ask("erasure/ask", "mother", given=False) == "prove-again"


def test_who_came_into_money_meanwhile_is_asked_about_again_each_day(left: Rig) -> None:
    gone(left)
    left.ask("erasure/ask", "grown", given=True)
    where = f"number = '{GROWN[0]}'"
    with left.site.people.writing():
        left.site.people.run("UPDATE holder SET label = ? WHERE number = ?", (label_of(left), GROWN[0]))
    assert sweep(left, WAIT_DAYS) == 1
    assert rows(left, "holder", where) == 1
    with left.site.people.writing():
        left.site.people.run("UPDATE holder SET label = '' WHERE number = ?", (GROWN[0],))
    assert (sweep(left, 0), rows(left, "holder", where)) == (0, 1)
    assert (sweep(left, 1), rows(left, "holder", where)) == (1, 0)


def by_order(rig: Rig, card: CardId) -> None:
    """All of it reserved."""
    orders = doors.orders(rig.site.ledger)
    row = orders.make(Call("app:1", "o"), Wanted(merchant(rig), 1, True, False, 60_000), rig.now)
    assert orders.pay(Call("wallet", "p"), row.token, card, 1, rig.now).result is PayResult.DONE


def by_refund(rig: Rig, card: CardId) -> None:
    """All of it on its way back to a payer."""
    with rig.site.ledger.writing(rig.now) as writing:
        made = DepositRefund("R", "O", "wechat", "T", card, 0, 1, "", 1, rig.now.unix_ms)
        hold_refund(writing, card, 1, "wechat", "R")
        step_refund(writing, made, b"")


def by_spare(rig: Rig, card: CardId) -> None:
    """All of it the deposit of a spare card that is out."""
    acts = {SpareAct.STOCKED: Spare(0, b"s", bytes(10), 0), SpareAct.LENT: Spare(0, b"l", bytes(10), 0, card)}
    with rig.site.ledger.writing(rig.now) as writing:
        need_deposits(writing)
        enter(writing, EntryKind.SPARE_LENT, ("", card, 1), b"k")
        for act, row in acts.items():
            add_spare(writing, row._replace(act=int(act), deposit_fen=int(act is SpareAct.LENT)))


def label_of(rig: Rig) -> str:
    """Of a card with money on it."""
    with rig.site.ledger.database.reading():
        return str(rig.site.ledger.database.run("SELECT label FROM card ORDER BY label LIMIT 1")[0][0])


def merchant(rig: Rig) -> str:
    with rig.site.ledger.database.reading():
        return str(rig.site.ledger.database.run("SELECT merchant FROM device LIMIT 1")[0][0])


@pytest.mark.parametrize("under_way", [by_order, by_refund, by_spare])
def test_money_that_is_in_no_account_of_his_stands_against_it_too(
    rig: Rig, under_way: Callable[[Rig, CardId], None]
) -> None:  # fmt: skip
    card, db = card_of(rig), rig.site.ledger.database
    Ledger(rig.site.ledger).deposit(card, 1, "k", rig.now)
    with db.reading():
        assert not is_under_way(db, card)
    under_way(rig, card)
    with db.reading():
        assert is_under_way(db, card)


def test_what_is_kept_is_said_with_its_days() -> None:
    assert [days for _, _, days in KEPT] == [f"{WAIT_DAYS}", f"{WAIT_DAYS + RECORDS_DAYS}", ""]


def test_every_column_that_names_somebody_is_erased_or_known_to_stay(rig: Rig) -> None:
    """A new table of people stands in one of the lists, or here with why it stays."""
    stays = {
        ("erasure", "holder"), ("erasure", "person"),  # emptied when all is done; a number alone
        ("roster_guardian", "phone"), ("roster_teacher", "phone"),  # the school's newest list
        ("person", "phone"), ("person", "holder"), ("stall", "person"),  # with their row
        ("dispute", "person"), ("block", "person"), ("lifted", "person"), ("night", "person"),  # a number, no name
    }  # fmt: skip
    with rig.site.people.reading():
        tables = rig.site.people.run("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
        named = {
            (table, column)
            for (table,) in tables
            for _, column, *_ in rig.site.people.run(f"PRAGMA table_info({table})")
            if column in ("person", "holder", "number", "phone")
        }
    assert named - {*OF_PERSON, *OF_HOLDER, *OF_PHONE, *LATER, *BESIDE} == stays & named
