"""Emergency meals 应急餐 in the books: posted once whatever the limits say, owed, repaid by the next deposit."""

from collections import Counter
from collections.abc import Sequence
from random import Random

import pytest

from cloud.ledger.books.chart import AccountKind
from cloud.ledger.checks.verify import verify
from cloud.ledger.desk.meals import MealLedger
from cloud.ledger.funds.floors import set_floor
from cloud.ledger.funds.meals.rules import MealRule, MealRuleRefused
from cloud.ledger.funds.meals.tables import Beside, read_roster, read_sheet
from cloud.ledger.funds.providers.posting import assign, suspend
from cloud.ledger.held.two_persons import ProposalRefused
from cloud.ledger.journal.readers import MEALS_BACK
from cloud.ledger.ledger import Ledger
from cloud.ledger.read.reader import Reader
from cloud.ledger.read.shown.meals import MealsView
from cloud.ledger.read.shown.risk import Part
from cloud.ledger.records.judge import Reason
from cloud.ledger.records.values import Verdict
from shared.clocks.clock import DAY_S, day_number, day_text
from tests.cloud.ledger import campus as c

ADA, BEN, NOBODY = "20260001", "20260002", "20269999"
CARD = c.card(1)
DAY = day_number(c.T0)
ROSTER = f"学号,卡号,班级\n{ADA},0001,三班\n{BEN},,三班\n".encode()


@pytest.fixture
def desk(ledger: Ledger) -> MealLedger:
    made = MealLedger(ledger.opened)
    assert made.roster(read_roster(ROSTER, "roster"), "roster.csv", "李", c.NOW)[1] == 2
    return made


def debts(ledger: Ledger) -> dict[str, int]:
    return {code[10:]: fen for code, fen in c.balances(ledger).items() if code.startswith("meal-debt:")}


def view(ledger: Ledger) -> MealsView:
    return Reader(ledger.database).emergency_meals(DAY, c.NOW)


def require_true(ledger: Ledger) -> None:
    report = verify(ledger, c.check_tac)
    assert report.ok, report.first_broken


def online(ledger: Ledger) -> int:
    return -c.balances(ledger).get(f"online:{CARD.hex()}", 0)


def test_a_meal_is_posted_once_and_owed(ledger: Ledger, desk: MealLedger, box: c.Box) -> None:
    box.send(c.meal(1, ADA))
    box.again()
    assert c.verdicts(ledger) == [(Verdict.POSTED, Reason.NONE)]
    assert (debts(ledger), c.merchant(ledger), c.purse(ledger, CARD)) == ({ADA: 1500}, 1500, c.OPENING)
    assert [(one.number, one.fen, one.beyond) for one in view(ledger).meals] == [(ADA, 1500, 0)]
    require_true(ledger)


def test_money_of_a_provider_that_was_unclear_repays_too(ledger: Ledger, desk: MealLedger, box: c.Box) -> None:
    box.send(c.meal(1, ADA))
    with ledger.opened.writing(c.NOW) as writing:
        suspend(writing, 2000, "alipay", "t1")
    for _ in range(2):
        with ledger.opened.writing(c.NOW) as writing:
            assign(writing, CARD, 2000, "a1")
    assert (debts(ledger), online(ledger)) == ({}, 500)


def test_debts_stand_beside_what_is_at_risk_and_in_the_morning(ledger: Ledger, desk: MealLedger, box: c.Box) -> None:
    box.send(c.meal(1, ADA))
    reader = Reader(ledger.database)
    assert (Part.MEALS, 1, 1500) in reader.exposure(c.NOW).items
    balance = reader.balance(c.NOW)
    assert (abs(balance.kinds[AccountKind.MEAL_DEBT]), balance.is_balanced) == (1500, True)


@pytest.mark.parametrize(("paid", "left", "kept"), [(1000, 500, 0), (1500, 0, 0), (5000, 0, 3500)])
def test_the_next_deposit_repays_first(
    ledger: Ledger, desk: MealLedger, box: c.Box, paid: int, left: int, kept: int
) -> None:
    box.send(c.meal(1, ADA))
    ledger.deposit(CARD, paid, "k", c.NOW)
    ledger.deposit(CARD, paid, "k", c.NOW)
    assert (debts(ledger).get(ADA, 0), online(ledger)) == (left, kept)
    assert view(ledger).owed_fen == left
    require_true(ledger)


@pytest.mark.parametrize(("repaid", "kept"), [(0, 0), (600, 600), (1500, 1500)])
def test_a_meal_in_a_wrong_persons_name_is_the_schools_when_two_persons_say_so(
    ledger: Ledger, desk: MealLedger, box: c.Box, repaid: int, kept: int
) -> None:
    box.send(c.meal(1, ADA))
    if repaid:
        ledger.deposit(CARD, repaid, "k", c.NOW)
    (meal,) = view(ledger).meals
    for _ in range(2):
        made = desk.propose_back(meal.entry or 0, "王", "报错学号", c.NOW)
    assert c.rows(ledger, "SELECT MAX(least) FROM schema_reader") == [(MEALS_BACK,)], "by the proposal"
    with pytest.raises(ProposalRefused, match="须另一人确认"):
        desk.confirm_back(made.number, "王", c.NOW)
    assert [one.number for one in view(ledger).sheets] == [made.number]
    (first, back), (again, nothing) = (desk.confirm_back(made.number, "李", c.NOW) for _ in range(2))
    assert (first.again, again.again, nothing) == (False, True, None)
    assert {"meal-back-proposed", "meal-back-confirmed"} <= set(c.codes(ledger))
    assert back is not None
    assert (back.debt_fen, back.online_fen) == (1500 - repaid, repaid)
    assert (debts(ledger).get(ADA, 0), online(ledger), c.merchant(ledger)) == (0, kept, 1500)
    assert c.balances(ledger)["meal-loss"] == 1500
    assert (view(ledger).backs, view(ledger).owed_fen) == ({meal.id}, 0)
    with pytest.raises(ProposalRefused, match="已改正"):
        desk.propose_back(meal.entry or 0, "王", "再来", c.NOW)
    with pytest.raises(ProposalRefused, match="不是应急餐"):
        desk.propose_back(1, "王", "别的", c.NOW)
    box.send(c.meal(2, ADA, meal=3), c.meal(3, ADA, meal=4))
    assert [one.beyond for one in view(ledger).meals] == [0, 0, 0], "it counts in no week any more"
    assert Reader(ledger.database).balance(c.NOW).is_balanced
    require_true(ledger)


def test_a_meal_that_somebody_took_back_by_hand_is_named(ledger: Ledger, desk: MealLedger, box: c.Box) -> None:
    box.send(c.meal(1, ADA))
    made = desk.propose_back(view(ledger).meals[0].entry or 0, "王", "报错学号", c.NOW)
    desk.confirm_back(made.number, "李", c.NOW)
    for sql, why in (
        ("UPDATE meal_back SET debt_fen = 7", "taken back over another sum"),
        ("UPDATE meal_back SET debt_fen = 700, online_fen = 800", "taken back over another sum"),
        ("UPDATE meal_back SET debt_fen = 1500, online_fen = 0, entry = entry - 1", "taken back by another entry"),
        ("UPDATE meal_back SET entry = entry + 1, proposal = 99", "nobody has said so"),
        ("DELETE FROM meal_back", "takes a meal back that nobody knows"),
    ):
        with ledger.database.writing():
            _unguarded(ledger)
            ledger.database.run(sql)
        assert why in verify(ledger, c.check_tac).first_broken


def _unguarded(ledger: Ledger) -> None:
    if ledger.database.dialect == "sqlite":
        for verb in ("update", "delete"):
            ledger.database.run(f"DROP TRIGGER IF EXISTS meal_back_no_{verb}")
    else:
        ledger.database.run("ALTER TABLE meal_back DISABLE TRIGGER USER")


def test_what_is_beyond_is_posted_and_told(ledger: Ledger, desk: MealLedger, box: c.Box) -> None:
    box.send(c.meal(1, ADA), c.meal(1, ADA, at=c.POS2), c.meal(2, ADA, meal=3))
    assert debts(ledger) == {ADA: 4500}
    assert [one.beyond for one in reversed(view(ledger).meals)] == [0, 1, 2]
    assert {"meal-twice", "meal-beyond"} <= set(c.codes(ledger))
    require_true(ledger)


def test_what_waits_for_ever_keeps_nothing_behind_it(
    ledger: Ledger, desk: MealLedger, box: c.Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cloud.ledger.funds.meals.taking.WAITING_MAX", 2)
    nobody = [f"2026888{n}" for n in range(5)]
    box.send(*(c.meal(n, number) for n, number in enumerate((*nobody, NOBODY), 1)))
    desk.roster(read_roster(f"学号,卡号,班级\n{NOBODY},,\n".encode(), "r"), "r", "李", c.NOW)
    for _ in range(3):
        assert debts(ledger) == {}, "two are looked at in one look"
        ledger.find_differences(c.NOW)
    assert (debts(ledger), len(view(ledger).waiting)) == ({NOBODY: 1500}, 5)
    require_true(ledger)


def test_nobodys_number_waits_until_a_roster_knows_it(ledger: Ledger, desk: MealLedger, box: c.Box) -> None:
    box.send(c.meal(1, NOBODY))
    assert c.verdicts(ledger) == [(Verdict.SUSPENSE, Reason.MEAL_UNKNOWN)]
    assert (debts(ledger), len(view(ledger).waiting)) == ({}, 1)
    require_true(ledger)
    desk.roster(read_roster(f"学号,卡号,班级\n{NOBODY},,\n".encode(), "r"), "r", "李", c.NOW)
    assert (debts(ledger), view(ledger).waiting, c.merchant(ledger)) == ({NOBODY: 1500}, (), 1500)
    require_true(ledger)


def test_a_terminal_that_is_not_as_registered_posts_nothing(ledger: Ledger, desk: MealLedger, box: c.Box) -> None:
    c.Box(ledger, c.OTHER_BOX, c.OTHER_PARTITION, c.OTHER_STORE).send(c.meal(1, ADA))
    box.send(c.meal(2, ADA, signed_by=c.POS2))
    assert (debts(ledger), c.merchant(ledger)) == ({}, 0)
    assert (Verdict.QUARANTINED, Reason.MEAL_MAC) in c.verdicts(ledger)
    require_true(ledger)


def test_a_lost_card_and_a_new_one(ledger: Ledger, desk: MealLedger, box: c.Box) -> None:
    """The debt follows the person: a deposit to the card that took the lost one's place repays it, and what was repaid
    of a meal that is taken back comes to that card's account."""
    box.send(c.meal(1, ADA))
    with ledger.opened.writing(c.NOW) as writing:
        writing.db.upsert("card_life", "card, state, successor, card_class, since_ms", "card",
                          [(CARD, 2, c.card(2), None, 1)])  # fmt: skip
    ledger.deposit(c.card(2), 2000, "k", c.NOW)
    assert debts(ledger) == {}
    made = desk.propose_back(view(ledger).meals[0].entry or 0, "王", "报错学号", c.NOW)
    desk.confirm_back(made.number, "李", c.NOW)
    assert -c.balances(ledger)[f"online:{c.card(2).hex()}"] == 2000


def test_no_loss_and_no_hotlist_stops_a_meal(ledger: Ledger, desk: MealLedger, box: c.Box) -> None:
    ledger.set_hotlisted(CARD, True, c.NOW, "李", "lost")
    with ledger.opened.writing(c.NOW) as writing:
        set_floor(writing, 1, 50_00, "李", "r")
    box.send(c.meal(1, ADA))
    assert (debts(ledger), c.verdicts(ledger)) == ({ADA: 1500}, [(Verdict.POSTED, Reason.NONE)])
    ledger.deposit(CARD, 2000, "k", c.NOW)
    assert (debts(ledger), online(ledger)) == ({}, 500)
    require_true(ledger)


ROW = f"学号,档口,日期,餐次\n{ADA},一楼大伙,2026-07-23,2\n{BEN},pos-02,2026-07-23,2\n"


def sheet(ledger: Ledger) -> Sequence[object]:
    return read_sheet(ROW.replace("2026-07-23", day_text(DAY)).encode(), "sheet", Beside())


def test_a_sheet_by_two_persons_is_posted_once(ledger: Ledger, desk: MealLedger) -> None:
    made = desk.propose_sheet(sheet(ledger), "李", "停电", c.NOW)
    assert debts(ledger) == {}
    with pytest.raises(ProposalRefused):
        desk.confirm_sheet(made.number, "李", c.NOW)
    assert desk.confirm_sheet(made.number, "王", c.NOW)[1] == 2
    assert desk.confirm_sheet(made.number, "王", c.NOW)[0].again
    assert (debts(ledger), c.merchant(ledger), c.merchant(ledger, "面点")) == ({ADA: 1500, BEN: 1500}, 1500, 1500)
    require_true(ledger)
    with pytest.raises(ProposalRefused, match="已登记入账"):
        desk.propose_sheet(sheet(ledger), "李", "停电", c.NOW)
    assert len(view(ledger).meals) == 2


def test_a_sheet_of_yesterday_is_booked_at_yesterday_s_price(ledger: Ledger, desk: MealLedger) -> None:
    tomorrow = c.NOW._replace(unix_ms=c.NOW.unix_ms + DAY_S * 1000, campus_s=c.NOW.campus_s + DAY_S)
    desk.rule(MealRule(12_00, 2), "王", "", c.NOW)
    desk.rule(MealRule(18_00, 2), "王", "", tomorrow)
    rows = ROW.replace("2026-07-23", day_text(DAY)).splitlines()
    rows[2] = rows[2].replace(day_text(DAY), day_text(DAY + 1))
    made = desk.propose_sheet(read_sheet("\n".join(rows).encode(), "sheet", Beside()), "李", "停电", tomorrow)
    desk.confirm_sheet(made.number, "王", tomorrow)
    assert debts(ledger) == {ADA: 12_00, BEN: 18_00}
    require_true(ledger)


def test_two_sheets_with_one_row_in_common(ledger: Ledger, desk: MealLedger) -> None:
    first = desk.propose_sheet(sheet(ledger), "李", "停电", c.NOW)
    second = desk.propose_sheet(sheet(ledger)[:1], "赵", "停电", c.NOW)
    assert [desk.confirm_sheet(one.number, "王", c.NOW)[1] for one in (first, second)] == [2, 0]
    assert debts(ledger) == {ADA: 1500, BEN: 1500}
    require_true(ledger)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (f"{NOBODY},一楼大伙,DAY,2", "不在册"),
        (f"{ADA},九楼,DAY,2", "没有档口"),
        (f"{ADA},一楼大伙,2020-01-01,2", "日期"),
        (f"{ADA},一楼大伙,DAY,77", "餐次"),
        ("12x,一楼大伙,DAY,2", "学号"),
        (f"{ADA},一楼大伙,DAY,2\n{ADA},pos-02,DAY,2", "不止一次"),
    ],
)
def test_a_faulty_sheet_is_refused_whole(ledger: Ledger, desk: MealLedger, row: str, why: str) -> None:
    raw = f"学号,档口,日期,餐次\n{BEN},一楼大伙,DAY,2\n{row}\n".replace("DAY", day_text(DAY)).encode()
    lines = desk.check_sheet(read_sheet(raw, "sheet", Beside()), c.NOW)
    assert why in next(one.fault for one in lines if one.fault).zh
    with pytest.raises(ProposalRefused):
        desk.propose_sheet(lines, "李", "停电", c.NOW)
    assert (view(ledger).sheets, debts(ledger)) == ((), {})


def test_a_row_that_a_till_has_recorded(ledger: Ledger, desk: MealLedger, box: c.Box) -> None:
    box.send(c.meal(1, ADA))
    lines = desk.check_sheet(sheet(ledger), c.NOW)
    assert [bool(one.fault) for one in lines] == [True, False]
    made = desk.propose_back(view(ledger).meals[0].entry or 0, "王", "报错学号", c.NOW)
    desk.confirm_back(made.number, "李", c.NOW)
    again = desk.check_sheet(sheet(ledger), c.NOW)
    assert [bool(one.fault) for one in again] == [False, False], "it was no meal of this person"


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        (f"{ADA},0001,\n{ADA},0002,", "不止一次"), (f"{NOBODY},0001,", "是"), ("2026x,,", "学号"),
        (f"{NOBODY},7777,", "没有这张卡"), (f"{NOBODY},0003,\n20260003,0003,", "不止一人"),
    ],
)  # fmt: skip
def test_a_faulty_roster_changes_nothing(ledger: Ledger, desk: MealLedger, rows: str, why: str) -> None:
    lines, changed = desk.roster(read_roster(f"学号,卡号,班级\n{rows}\n".encode(), "r"), "r", "李", c.NOW)
    assert changed == 0
    assert any(why in one.fault.zh for one in lines if one.fault)
    assert view(ledger).enrolled == 2
    require_true(ledger)


def test_a_roster_said_again_changes_nothing(ledger: Ledger, desk: MealLedger) -> None:
    assert desk.roster(read_roster(ROSTER, "r"), "r", "李", c.NOW)[1] == 0
    assert desk.roster(read_roster(ROSTER.replace("三班".encode(), "四班".encode(), 1), "r"), "r", "李", c.NOW)[1] == 1
    require_true(ledger)


@pytest.mark.parametrize("rule", [MealRule(99), MealRule(5001), MealRule(1500, -1), MealRule(1500, 22)])
def test_a_rule_has_bounds(ledger: Ledger, desk: MealLedger, rule: MealRule) -> None:
    with pytest.raises(MealRuleRefused):
        desk.rule(rule, "李", "改", c.NOW)
    assert view(ledger).rule == MealRule(1500, 2)
    desk.rule(MealRule(1200, 3), "李", "改", c.NOW)
    assert view(ledger).rule == MealRule(1200, 3)
    require_true(ledger)


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE meal SET fen = 1", "UPDATE meal SET number = '20260002'", "UPDATE person SET owed_fen = 1",
        "UPDATE person SET card = X'00'", "DELETE FROM meal", "UPDATE meal SET entry = NULL",
    ],
)  # fmt: skip
def test_verify_names_what_was_edited(ledger: Ledger, desk: MealLedger, box: c.Box, edit: str) -> None:
    box.send(c.meal(1, ADA))
    edit = edit.replace("X'00'", "X'00'" if "sqlite" in type(ledger.database).__name__.lower() else "'\\x00'")
    with ledger.database.writing():
        ledger.database.run(edit)
    assert not verify(ledger, c.check_tac).ok



@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_a_debt_is_meals_less_repayments(ledger: Ledger, seed: int) -> None:
    """Random histories of three persons, who have cards 1 to 3: meals at two tills, sheets, deposits, in any order."""
    rng, desk, box = Random(seed), MealLedger(ledger.opened), c.Box(ledger)
    numbers = {n: f"2026000{n}" for n in (1, 2, 3)}
    rows = "".join(f"{number},000{n},\n" for n, number in numbers.items())
    desk.roster(read_roster(f"number,card,class\n{rows}".encode(), "r"), "r", "school", c.NOW)
    eaten, paid, kept = Counter[int](), Counter[int](), Counter[int]()
    for step in range(1, 25):
        n, fen = rng.randint(1, 3), rng.choice((400, 1500, 3200))
        owed = eaten[n] - paid[n]
        match rng.choice(("till", "till", "deposit", "sheet")):
            case "till":
                box.send(c.meal(step, numbers[n], meal=rng.randint(1, 3), at=rng.choice((c.POS, c.POS2))))
                eaten[n] += 1500
            case "deposit":
                ledger.deposit(c.card(n), fen, f"k{step}", c.NOW)
                paid[n] += min(owed, fen)
                kept[n] += fen - min(owed, fen)
            case _:
                beside = Beside("一楼大伙", day_text(DAY - step), "2")
                made = desk.propose_sheet(read_sheet(f"number\n{numbers[n]}\n".encode(), "s", beside), "A", "r", c.NOW)
                eaten[n] += 1500 * desk.confirm_sheet(made.number, "B", c.NOW)[1]
    owe = {numbers[n]: eaten[n] - paid[n] for n in numbers}
    assert debts(ledger) == {number: fen for number, fen in owe.items() if fen}
    found = c.balances(ledger)
    assert {n: -found.get(f"online:{c.card(n).hex()}", 0) for n in numbers} == {n: kept[n] for n in numbers}
    require_true(ledger)
