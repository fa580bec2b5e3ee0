"""Emergency meals 应急餐: those of a day, what waits, who owes; a paper sheet entered by hand, and what one is.

Numbers and debts are for whoever may see balances; a sheet is proposed here and decided where proposals are.
"""

from flask import jsonify, redirect, render_template, request, url_for

from cloud.console.access.rights import Right
from cloud.console.frame.clock import moment_of, wall_now
from cloud.console.frame.page import Menu, Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.told import tell
from cloud.console.pages.money.shown import now, seen
from cloud.ledger.desk.meals import MealLedger
from cloud.ledger.funds.meals.rules import MealRule, MealRuleRefused
from cloud.ledger.funds.meals.tables import Beside, SheetLine, parse_day, read_sheet
from cloud.ledger.held.two_persons import ProposalRefused
from cloud.words.balance.meals import beyond, meals_json, origin, proposal_line, rule_line, why_waits
from shared.clocks.clock import day_number, day_text
from shared.errors import ConfigFault, WireFault
from shared.input.amount import parse_yuan
from shared.words.voice import Text

REASON_MAX = 200
NUMBERS_MAX = 32_768
"""Characters of the numbers of one sheet."""
TIMES_MAX = 99
ENTRY_DIGITS = 15
_NO_REASON = Text("请写缘由", "say why")
_NO_RULE = Text("请写每餐金额与每周次数", "give the sum of a meal, and how often a week")


def _meals(sources: Sources) -> Reply:
    view = sources.reader.emergency_meals(_day(), wall_now())
    return render_template(
        "money/meals.html", view=view, day=day_text(view.day), today=day_text(day_number(wall_now().campus_s)),
        rule=rule_line(view.rule), beyond=beyond, origin=origin, why=why_waits, sheet=proposal_line,
        as_of=moment_of(wall_now().unix_ms), entry=request.args.get("entry", "")[:ENTRY_DIGITS],
        entry_digits=ENTRY_DIGITS,
    )  # fmt: skip


def _api_meals(sources: Sources) -> Reply:
    return jsonify(meals_json(sources.reader.emergency_meals(_day(), wall_now())))


def _day() -> int:
    """As asked, or today."""
    try:
        return parse_day(request.args.get("day", ""))
    except WireFault:
        return day_number(wall_now().campus_s)


def _propose(sources: Sources) -> Reply:
    form = request.form
    beside = Beside(*(form.get(name, "").strip()[:64] for name in ("stall", "day", "meal")))
    numbers = form.get("numbers", "")[:NUMBERS_MAX].split()
    try:
        if not all(beside) or not form.get("reason", "").strip():
            raise ProposalRefused(_NO_REASON)
        lines = read_sheet("\n".join(["number", *numbers]).encode(), str(Text("登记单", "sheet")), beside)
        with sources.books() as opened:
            checked = MealLedger(opened).check_sheet(lines, now())
            faulty = [one for one in checked if one.fault]
            if faulty:
                return _faulty(faulty)
            made = MealLedger(opened).propose_sheet(checked, seen().name, form["reason"][:REASON_MAX], now())
    except (ProposalRefused, ConfigFault) as refused:
        return _refused(refused)
    said = proposal_line(made)
    tell(f"proposal:{made.number}", said)
    return redirect(url_for("proposals", _anchor=f"p{made.number}"))


def _propose_back(sources: Sources) -> Reply:
    form = request.form
    try:
        text, reason = form.get("entry", "").strip(), form.get("reason", "")[:REASON_MAX]
        if not (text.isascii() and text.isdecimal() and len(text) <= ENTRY_DIGITS):
            raise ProposalRefused(Text("请填分录号", "give the number of its entry"))
        with sources.books() as opened:
            made = MealLedger(opened).propose_back(int(text), seen().name, reason, now())
    except ProposalRefused as refused:
        return _refused(refused)
    tell(f"proposal:{made.number}", proposal_line(made))
    return redirect(url_for("proposals", _anchor=f"p{made.number}"))


def _faulty(lines: list[SheetLine]) -> Reply:
    """Each row that is wrong, and why; nothing was changed."""
    return render_template("money/meal_faults.html", lines=lines, back=url_for("emergency_meals")), 409


def _rule(sources: Sources) -> Reply:
    form = request.form
    try:
        times = form.get("times", "")
        if not times.isdecimal() or int(times[:4]) > TIMES_MAX:
            raise MealRuleRefused(_NO_RULE)
        rule = MealRule(parse_yuan(form.get("yuan", "")), int(times))
        with sources.books() as opened:
            made = MealLedger(opened).rule(rule, seen().name, form.get("reason", "")[:REASON_MAX], now())
    except WireFault:
        return _refused(MealRuleRefused(_NO_RULE))
    except (MealRuleRefused, ProposalRefused) as refused:
        return _refused(refused)
    said = rule_line(made)
    tell("meal-rule", Text(f"应急餐规则：{said.zh}", f"the rule of emergency meals: {said.en}"))
    return redirect(url_for("emergency_meals"))


def _refused(refused: ConfigFault) -> Reply:
    return render_template("fault.html", fault=refused.args[0], back=url_for("emergency_meals")), 409


PAGES = (
    Page("emergency_meals", "/meals", Right.SEE_BALANCES, _meals, Menu.MONEY, whole=True),
    Page("api_emergency_meals", "/api/v1/meals", Right.SEE_BALANCES, _api_meals, whole=True),
    Page("propose_meal_sheet", "/meals/sheet", Right.DECIDE, _propose, writes=True, whole=True),
    Page("propose_meal_back", "/meals/back", Right.DECIDE, _propose_back, writes=True, whole=True),
    Page("set_meal_rule", "/meals/rule", Right.DECIDE, _rule, writes=True, whole=True),
)
