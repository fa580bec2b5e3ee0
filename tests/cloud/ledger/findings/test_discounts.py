"""Who bears a discount pays its merchant, once, by the very sum that the parameters say; given back, it is undone."""

import pytest

from cloud.ledger.checks.verify import verify
from cloud.ledger.findings.discounts import Discount, State, discounts
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.ledger import Ledger
from cloud.ledger.read.reader import Reader
from cloud.ledger.records.values import Now
from cloud.parameters.campus_file import read_file
from shared.fleet.parameters import Bearer
from shared.records import Pair, PurchaseRecord
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import NOW, OPENING, POS, Box
from tests.cloud.ledger.fleet.parameters.test_pushing import TEXT, Office

CARD = c.card(1)
LATER = Now(NOW.unix_ms + 1000, NOW.campus_s + 1)
PRICES = """
[[limit]]
terminals = ["pos-01"]
discount = "20%"
bearer = "BEARER"
"""


@pytest.fixture
def office(opened: OpenedLedger) -> Office:
    return Office(opened)


def push(office: Office, bearer: str = "学校") -> None:
    text = TEXT.replace("SINGLE", "50.00").replace("MEAL", "60.00") + PRICES.replace("BEARER", bearer)
    office.push(read_file(text))


def sale(seq: int, counter: int, gross: int, balance: int, off: int | None = None, **how: object) -> PurchaseRecord:
    """At 20 % off, under the first generation."""
    taken = gross * 20 // 100 if off is None else off
    made = c.purchase(seq, CARD, counter, gross - taken, balance, **how)
    return made._replace(price_adjust_fen=-taken)


def look(ledger: Ledger) -> list[Discount]:
    while ledger.find_differences(LATER):
        pass
    with ledger.database.reading():
        return discounts(ledger.database)


def sums(ledger: Ledger) -> tuple[int, int, int]:
    """Merchant's, school's, subsidy fund's."""
    found = c.balances(ledger)
    return c.merchant(ledger), found.get("discount:school", 0), found.get("discount:subsidy", 0)


def codes(ledger: Ledger) -> list[str]:
    return [fact.code for fact in Reader(ledger.database).facts(50) if fact.code.startswith("discount")]


@pytest.mark.parametrize(("bearer", "paid"), [("学校", (10_01, 2_00, 0)), ("补助", (10_01, 0, 2_00))])
def test_who_bears_it_pays_the_merchant_once(
    ledger: Ledger, box: Box, office: Office, bearer: str, paid: tuple[int, int, int]
) -> None:
    push(office, bearer)
    box.send(c.stored(sale(1, 0, 10_01, OPENING)))
    for _ in range(2):
        (row,) = look(ledger)
        assert (row.fen, row.state, sums(ledger)) == (2_00, State.BORNE, paid)
    box.again()
    look(ledger)
    assert sums(ledger) == paid
    assert Reader(ledger.database).overview().spent_fen == 8_01, "what cards have paid, and no more"
    report = verify(ledger, c.check_tac)
    assert (report.first_broken, [one.checked for one in report.checks if one.name == "discounts"]) == ("", [1])


def test_what_the_merchant_bears_moves_nothing(ledger: Ledger, box: Box, office: Office) -> None:
    push(office, "商户")
    box.send(c.stored(sale(1, 0, 10_01, OPENING)))
    assert (look(ledger), sums(ledger)) == ([], (8_01, 0, 0))
    assert verify(ledger, c.check_tac).ok


@pytest.mark.parametrize("off", [1_99, 2_01, 9_00])
def test_a_discount_that_the_parameters_do_not_say_is_paid_by_nobody(
    ledger: Ledger, box: Box, office: Office, off: int
) -> None:
    push(office)
    box.send(c.stored(sale(1, 0, 10_01, OPENING, off)))
    (row,) = look(ledger)
    assert (row.state, sums(ledger), codes(ledger)) == (State.DOUBTED, (10_01 - off, 0, 0), ["discount-doubted"])
    assert verify(ledger, c.check_tac).ok


def test_without_parameters_there_is_no_discount(ledger: Ledger, box: Box) -> None:
    box.send(c.stored(sale(1, 0, 10_01, OPENING)))
    assert ([row.state for row in look(ledger)], sums(ledger)) == ([State.DOUBTED], (8_01, 0, 0))


@pytest.mark.parametrize("is_late", [False, True])
def test_a_sale_that_is_given_back_costs_nobody_its_discount(
    ledger: Ledger, box: Box, office: Office, is_late: bool
) -> None:
    push(office)
    made = sale(1, 0, 10_01, OPENING)
    box.send(c.stored(made))
    if is_late:
        look(ledger)
    box.send(c.void(2, made))
    (row,) = look(ledger)
    assert (row.state, sums(ledger)) == (State.UNDONE, (0, 0, 0))
    assert (row.entry is not None, row.undone is not None) == (is_late, is_late)
    assert verify(ledger, c.check_tac).first_broken == ""


def test_of_a_mixed_payment_the_second_record_says_the_discount_of_both(
    ledger: Ledger, box: Box, office: Office
) -> None:
    push(office)
    first = c.purchase(1, CARD, 0, 5_00, OPENING, pair=Pair.FIRST)
    second = c.purchase(2, CARD, 1, 3_00, OPENING - 5_00, pair=Pair.SECOND)._replace(price_adjust_fen=-2_00)
    box.send(c.stored(first), c.stored(second))
    assert ([(row.fen, row.state) for row in look(ledger)], sums(ledger)) == ([(2_00, State.BORNE)], (10_00, 2_00, 0))


def test_what_is_held_waits_until_it_is_the_merchants(ledger: Ledger, opened: OpenedLedger, office: Office) -> None:
    push(office)
    stranger = Box(ledger, c.OTHER_BOX, c.OTHER_PARTITION)
    stranger.send(c.stored(sale(1, 0, 10_01, OPENING), POS))
    rows = look(ledger)
    assert ([row.state for row in rows], sums(ledger)[1]) == ([State.WAITING], 0)
    assert verify(ledger, c.check_tac).ok


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("UPDATE discount SET fen = 3", "a discount that the parameters do not say"),
        ("UPDATE discount SET state = 4", "a discount that the parameters do not say"),
        ("UPDATE discount SET bearer = 2", "a discount that the parameters do not say"),
        ("UPDATE discount SET entry = NULL", "is borne without an entry"),
        ("UPDATE discount SET undone = 1", "was given back, and its discount was not"),
        ("DELETE FROM discount", "1 entries of discounts, 0 taken back; known are (0, 0)"),
    ],
)
def test_an_edit_is_named(ledger: Ledger, box: Box, office: Office, statement: str, named: str) -> None:
    push(office)
    box.send(c.stored(sale(1, 0, 10_01, OPENING)))
    look(ledger)
    with ledger.database.writing():
        ledger.database.run(statement)
    broken = {one.name: one.broken for one in verify(ledger, c.check_tac).checks if one.broken}
    assert named in broken["discounts"]


def test_bearers_are_frozen() -> None:
    assert {one.name: int(one) for one in Bearer} == {"MERCHANT": 0, "SCHOOL": 1, "SUBSIDY": 2}
