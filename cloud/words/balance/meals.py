"""Emergency meals 应急餐 in words: the day's list, debts, proposals, and the sheet that is filled in by hand. Pure."""

from collections.abc import Iterator
from typing import Any

from cloud.ledger.funds.meals.rules import MealRule
from cloud.ledger.funds.meals.tables import Beside
from cloud.ledger.funds.meals.taking import ABOVE, TWICE, Meal
from cloud.ledger.held.meal_backs import read_back
from cloud.ledger.held.meal_sheets import read_sheet_rows
from cloud.ledger.held.two_persons import Proposal, ProposalKind
from cloud.ledger.read.shown.meals import MealsView
from cloud.ledger.records.judge import Reason
from cloud.words.both import halves
from shared.clocks.clock import day_text
from shared.facts.terms import REASONS
from shared.money import yuan
from shared.words.voice import Text

_BEYOND = {
    TWICE: Text("同餐第二份", "second in this meal"),
    ABOVE: Text("超过每周次数", "above the week's number"),
    TWICE | ABOVE: Text("同餐第二份，超过每周次数", "second in this meal, above the week's number"),
}
_PAPER, _TILL = Text("登记单", "sheet"), Text("终端", "terminal")


def beyond(meal: Meal) -> Text | None:
    """What of it is beyond the rule; None for most."""
    return _BEYOND.get(meal.beyond)


def why_waits(meal: Meal) -> Text:
    """Why it is not posted."""
    return Text(*REASONS[Reason(meal.reason).word])


def origin(meal: Meal) -> Text:
    """A till's record, or a sheet's row."""
    return _PAPER if meal.record is None else _TILL


def rule_line(rule: MealRule) -> Text:
    """What one is."""
    fen = yuan(rule.fen)
    return Text(
        f"每餐 ¥{fen}，每人每周 {rule.per_week} 次", f"¥{fen} a meal, {rule.per_week} times a week for each person"
    )


BACKED = Text("已改正，学校承担", "taken back, the school bears it")


def proposal_line(one: Proposal) -> Text:
    """A sheet, or a meal in a wrong person's name, that waits for its second person."""
    if one.kind is ProposalKind.MEAL_BACK:
        entry, number, fen = read_back(one.document)
        owed = yuan(fen)
        return Text(
            f"提议 {one.number}：改正应急餐 {number} ¥{owed}（分录 {entry}），{one.maker}：{one.reason}；待另一人确认",
            f"proposal {one.number}: to take back {number}'s meal, ¥{owed} (entry {entry}), by {one.maker}: "
            f"{one.reason}; somebody else confirms it",
        )
    rows = read_sheet_rows(one.document)
    total = yuan(sum(row.fen for row in rows))
    return Text(
        f"提议 {one.number}：应急餐登记单 {len(rows)} 行 ¥{total}，{one.maker}：{one.reason}；待另一人确认",
        f"proposal {one.number}: a sheet of {len(rows)} emergency meals, ¥{total}, by {one.maker}: {one.reason}; "
        "somebody else confirms it",
    )


def meal_lines(view: MealsView) -> Iterator[Text]:
    """The whole listing."""
    day, rule = day_text(view.day), rule_line(view.rule)
    known = view.enrolled
    yield Text(f"应急餐 {day}：{rule.zh}；在册 {known} 人", f"emergency meals {day}: {rule.en}; {known} enrolled")
    for one in view.meals:
        where, (zh, en) = origin(one), halves(beyond(one))
        back = halves(BACKED if one.id in view.backs else None)
        head, entry = f"{one.number} ¥{yuan(one.fen)} {one.stall}", one.entry or "—"
        yield Text(
            " ".join(filter(None, (head, f"餐次 {one.meal}", where.zh, f"分录 {entry}", zh, back[0]))),
            " ".join(filter(None, (head, f"meal {one.meal}", where.en, f"entry {entry}", en, back[1]))),
        )
    yield Text(f"共 {view.times} 份 ¥{yuan(view.fen)}", f"{view.times} in all, ¥{yuan(view.fen)}")
    for one in view.waiting:
        why = why_waits(one)
        yield Text(f"挂账 {one.number} ¥{yuan(one.fen)}：{why.zh}", f"waits: {one.number} ¥{yuan(one.fen)}: {why.en}")
    for person in view.debts:
        fen = yuan(person.owed_fen)
        yield Text(f"欠款 {person.number} {person.group} ¥{fen}", f"owes: {person.number} {person.group} ¥{fen}")
    yield Text(f"欠款合计 ¥{yuan(view.owed_fen)}", f"owed in all ¥{yuan(view.owed_fen)}")
    yield from map(proposal_line, view.sheets)


def sheet_text(beside: Beside, rule: MealRule, rows: int) -> str:
    """To be printed: a head, and numbered lines for numbers and signatures."""
    line = "＿" * 8
    title = Text("餐费登记单（应急餐）", "meal sheet (emergency meals)")
    head = (
        (Text("档口/终端", "stall or terminal"), beside.stall), (Text("日期", "day"), beside.day),
        (Text("餐次", "meal"), beside.meal), (Text("每餐", "a meal"), f"¥{yuan(rule.fen)}"),
    )  # fmt: skip
    said = "　".join(f"{name.zh} {name.en}：{value or line}" for name, value in head)
    numbered = "\n".join(f"{n:>3}  {line}{line}  {line}" for n in range(1, rows + 1))
    signed = Text("填写人", "written by"), Text("录入人", "entered by"), Text("确认人", "confirmed by")
    foot = "　".join(f"{name.zh} {name.en}：{line}" for name in signed)
    columns = Text("序　　学号　　　　　　　　　　　　签名", "no.  number                        signature")
    return f"{title.zh} {title.en}\n{said}\n\n{columns.zh}\n{columns.en}\n{numbered}\n\n{foot}\n"


def meals_json(view: MealsView) -> dict[str, Any]:
    """For programs: the API says the same."""
    meals = [
        {
            "number": one.number, "day": one.day, "meal": one.meal, "fen": one.fen, "stall": one.stall,
            "device": one.device.hex(), "paper": one.record is None, "entry": one.entry, "beyond": one.beyond,
            "taken_back": one.id in view.backs,
        }
        for one in view.meals
    ]  # fmt: skip
    waiting = [{"number": one.number, "day": one.day, "fen": one.fen, "reason": one.reason} for one in view.waiting]
    debts = [{"number": one.number, "class": one.group, "owed_fen": one.owed_fen} for one in view.debts]
    return {
        "day": view.day, "rule": view.rule._asdict(), "enrolled": view.enrolled, "times": view.times, "fen": view.fen,
        "owed_fen": view.owed_fen, "meals": meals, "waiting": waiting, "debts": debts,
        "sheets": [one.number for one in view.sheets],
    }  # fmt: skip
