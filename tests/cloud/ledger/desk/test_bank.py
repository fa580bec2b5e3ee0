"""The bank's figure beside the books: even, apart by name, or unknown; append-only, and added up again by verify."""

import random

import pytest

from cloud.ledger.checks.verify import verify
from cloud.ledger.desk.bank import BankLedger
from cloud.ledger.funds.bank_figures import (
    ITEMS_MAX,
    BankRefused,
    Item,
    newest_figure,
    parse_figure,
    parse_item,
)
from cloud.ledger.funds.bank_files.reading import read_bank_file
from cloud.ledger.held.two_persons import ProposalRefused
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.ledger import Ledger
from cloud.ledger.read.reader import Reader
from cloud.ledger.read.shown.balance import BalanceView, Mark
from cloud.ledger.records.values import Now
from cloud.words.balance.morning import balance_lines
from shared.errors import ConfigFault, RuleBroken
from shared.wire.messages import DeviceStatus, EpochStatus
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import DAY_S, NOW
from tests.cloud.ledger.read.test_story import history

DAY = NOW.campus_s // DAY_S


def view(ledger: Ledger, now: Now = NOW) -> BalanceView:
    return Reader(ledger.database).balance(now)


def heard(ledger: Ledger, last: int, now: Now = NOW) -> None:
    said = DeviceStatus(c.POS, (EpochStatus(1, c.psam(1), 0, last, 0, 0),), 1, 1, 100, True, 1, 1)
    ledger.store_status(c.BOX, said, now.unix_ms)


@pytest.fixture
def bank(opened: OpenedLedger) -> BankLedger:
    return BankLedger(opened)


def test_without_a_figure_it_is_unknown(ledger: Ledger) -> None:
    found = view(ledger)
    assert (found.mark, found.is_balanced, found.holders_fen, found.books_fen) == (Mark.UNKNOWN, True, 80_000, 80_000)


def test_even_apart_and_apart_by_name(bank: BankLedger, ledger: Ledger) -> None:
    bank.tell(80_000, [], "王芳", NOW)
    assert view(ledger).mark is Mark.EVEN
    bank.tell(79_000, [], "王芳", NOW)
    assert (view(ledger).mark, view(ledger).figure.unexplained_fen) == (Mark.APART, -1_000)
    bank.tell(79_000, [Item("提现未记账", -1_500), Item("微信在途", 500)], "王芳", NOW)
    assert view(ledger).mark is Mark.EVEN
    assert [one.name for one in view(ledger).figure.items] == ["提现未记账", "微信在途"]


def test_a_figure_of_yesterday_says_nothing_of_today(bank: BankLedger, ledger: Ledger) -> None:
    bank.tell(80_000, [], "王芳", NOW)
    later = Now(NOW.unix_ms + DAY_S * 1000, NOW.campus_s + DAY_S)
    assert view(ledger, later).mark is Mark.UNKNOWN
    assert any("最近一次" in line for line in balance_lines(view(ledger, later)))


def test_what_terminals_owe_or_nobody_heard_is_never_even(bank: BankLedger, ledger: Ledger) -> None:
    bank.tell(80_000, [], "王芳", NOW)
    heard(ledger, 1)
    assert (view(ledger).mark, view(ledger).owing) == (Mark.UNKNOWN, ("pos-01",))
    c.Box(ledger).send(c.stored(c.purchase(1, c.card(1), 1, 500, c.OPENING)))
    assert (view(ledger).mark, view(ledger).owing) == (Mark.EVEN, ())
    late = Now(NOW.unix_ms + 700_000, NOW.campus_s + 700)
    assert (view(ledger, late).mark, view(ledger, late).silent) == (Mark.UNKNOWN, ("pos-01",))


@pytest.mark.parametrize("seed", range(3))
def test_holders_and_named_accounts_are_the_bank_whatever_happened(
    bank: BankLedger, ledger: Ledger, seed: int
) -> None:
    history(ledger, random.Random(seed))
    found = view(ledger)
    assert found.is_balanced
    assert found.holders_fen + sum(found.others.values()) == found.books_fen
    bank.tell(found.books_fen, [], "王芳", NOW)
    assert view(ledger).figure.unexplained_fen == 0
    assert verify(ledger, c.check_tac).ok


def checked(ledger: Ledger, name: str) -> tuple[int, str]:
    (found,) = [one for one in verify(ledger, c.check_tac).checks if one.name == name]
    return found.checked, found.broken


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("UPDATE bank_figure SET books_fen = 85107 WHERE id = 2", "figure 2: the books had 85100 fen, not 85107"),
        ("UPDATE bank_figure SET last_entry = 1 WHERE id = 2", "figure 2: out of order"),
    ],
)
def test_verify_adds_it_up_again_and_names_an_edit(bank: BankLedger, ledger: Ledger, sql: str, told: str) -> None:
    ledger.deposit(c.card(1), 5_000, "d-1", NOW, "王芳")
    bank.tell(85_000, [], "王芳", NOW)
    ledger.deposit(c.card(1), 100, "d-2", NOW, "王芳")
    bank.tell(85_100, [], "李明", NOW)
    assert checked(ledger, "bank") == (2, "")
    unguarded(ledger, sql)
    assert checked(ledger, "bank") == (2, told)
    assert checked(ledger, "book-chain")[1] == "bank 2: has no link, or was edited"


def unguarded(ledger: Ledger, sql: str) -> None:
    """As somebody with the database's own password does it."""
    with ledger.database.writing():
        if ledger.database.dialect == "sqlite":
            ledger.database.run("DROP TRIGGER bank_figure_no_update")
        else:
            ledger.database.run("ALTER TABLE bank_figure DISABLE TRIGGER USER")
        ledger.database.run(sql)


@pytest.mark.parametrize("sql", ["UPDATE bank_figure SET fen = 1", "DELETE FROM bank_figure"])
def test_nobody_changes_a_figure(bank: BankLedger, ledger: Ledger, sql: str) -> None:
    bank.tell(80_000, [], "王芳", NOW)
    with pytest.raises(RuleBroken, match="append-only"), ledger.opened.writing(NOW) as writing:
        writing.db.run(sql)
    with ledger.database.reading():
        assert newest_figure(ledger.database).fen == 80_000


@pytest.mark.parametrize(
    ("fen", "items", "who"),
    [
        (-1, [], "王芳"), (1, [], " "), (1, [Item("", 5)], "王芳"), (1, [Item("x", 0)], "王芳"),
        (1, [Item("x", 1), Item("x", 2)], "王芳"), (1, [Item(f"n{n}", 1) for n in range(ITEMS_MAX + 1)], "王芳"),
    ],
)  # fmt: skip
def test_what_is_no_figure_is_refused(bank: BankLedger, ledger: Ledger, fen, items, who) -> None:
    with pytest.raises((BankRefused, ProposalRefused)):
        bank.tell(fen, items, who, NOW)
    assert view(ledger).figure is None


@pytest.mark.parametrize("typed", ["many", "", "12.345", "-5", "1.2.3", "12,34"])
def test_what_is_no_sum_is_refused_with_the_reason(typed: str) -> None:
    with pytest.raises(BankRefused, match="银行数不是金额"):
        parse_figure(typed)


def test_sums_and_items_as_people_type_them() -> None:
    assert [parse_figure(text) for text in ("1,234,567.80", "0.00", "¥12")] == [123_456_780, 0, 1_200]
    assert [parse_item(text) for text in ("微信在途=12.50", "提现 -3", "a b = ¥1")] == [
        Item("微信在途", 1250), Item("提现", -300), Item("a b", 100)
    ]  # fmt: skip
    for text in ("", "x", "x=many", "x=0", "=5"):
        with pytest.raises(BankRefused):
            parse_item(text)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_the_banks_file(encoding: str) -> None:
    raw = '日期,余额（元）\n2026-07-21,1.00\n2026-07-22,"85,000.00"\n'.encode(encoding)
    assert read_bank_file(raw, DAY - 1, "bank.csv").fen == 8_500_000


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("日期,余额\n2026-07-20,1.00\n", "恰有一个余额，有 0"),
        ("日期,余额\n2026-07-22,1.00\n2026-07-22,2.00\n", "恰有一个余额，有 2"),
        ("日期,余额\n2026-07-22,many\n", "不是金额"),
        ("日期,余额\ngestern,1.00\n", "日期应如"),
        ("日期\n2026-07-22\n", "balance"),
    ],
)
def test_a_file_that_says_no_sum_of_that_day(text: str, told: str) -> None:
    with pytest.raises(ConfigFault, match=told):
        read_bank_file(text.encode(), DAY - 1, "bank.csv")
