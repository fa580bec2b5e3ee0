"""Verbs of emergency meals 应急餐: who is enrolled, sheets, what was given out. Each imports only what it needs."""

import argparse
from pathlib import Path

from cloud.verbs.arguments import LIST, Made, add_json, add_steps, add_sum, add_who, campus_day, named, need
from shared.errors import ConfigFault
from shared.input.command_line import Parser
from shared.words.voice import Text

RULE, BACK, CONFIRM, REJECT = "rule", "back", "confirm", "reject"
ROWS, ROWS_MAX = 30, 200


def meal_verbs() -> dict[str, Made]:
    """Roster, sheet, listing."""
    enrolled = Text("在册名单：学号、卡、班级", "who is enrolled: number, card, class")
    paper = Text("应急餐登记单：一人提议，另一人确认", "a sheet of emergency meals: one proposes, another confirms")
    given = Text("应急餐：当日、挂账、欠款、规则", "emergency meals: of a day, waiting, owed, the rule")
    return {
        "roster": (enrolled, _roster, (_roster_options, add_json)),
        "meal-sheet": (paper, _sheet, (_sheet_options, add_json)),
        "meals": (given, _meals, (_meals_options, add_json)),
    }


def _dry(parser: Parser) -> None:
    parser.add_argument("--dry-run", action="store_true", help=Text("只检查，不写", "look only, change nothing"))


def _roster_options(parser: Parser) -> None:
    columns = Text("CSV：学号,卡号,班级[,在册]", "CSV: number,card,class[,enrolled]")
    parser.add_argument("file", type=Path, metavar="CSV", help=columns)
    _dry(parser)
    add_who(parser)


def _sheet_options(parser: Parser) -> None:
    columns = Text("CSV：学号[,档口,日期,餐次]", "CSV: number[,stall,day,meal]")
    parser.add_argument("file", type=Path, nargs="?", metavar="CSV", help=columns)
    stall = Text("整单的档口或终端", "stall or terminal of the whole sheet")
    parser.add_argument("--stall", default="", metavar="NAME", help=stall)
    parser.add_argument("--day", default="", metavar="DAY", help=Text("整单的日期", "day of the whole sheet"))
    parser.add_argument("--meal", default="", metavar="N", help=Text("整单的餐次号", "meal of the whole sheet"))
    _dry(parser)
    parser.add_argument("--confirm", type=int, metavar="N", help=Text("确认这项提议", "confirm this proposal"))
    parser.add_argument("--reject", type=int, metavar="N", help=Text("否决这项提议", "reject this proposal"))
    told = Text(f"打印空白登记单，行数缺省 {ROWS}", f"print an empty sheet, {ROWS} rows as without")
    parser.add_argument("--blank", type=int, nargs="?", const=ROWS, metavar="ROWS", help=told)
    parser.add_argument("--reason", metavar="TEXT", help=Text("缘由（提议、否决）", "why (propose, reject)"))
    add_who(parser)


def _meals_options(parser: Parser) -> None:
    steps = Text(
        "列出，改规则，或改正记错人的：一人提议，另一人确认",
        "list, change the rule, or take back what stands in a wrong name: one proposes, another confirms",
    )
    add_steps(parser, (LIST, RULE, BACK, CONFIRM, REJECT), steps)
    entry = Text("back：哪笔分录的应急餐", "back: the meal of which entry")
    parser.add_argument("--entry", type=int, metavar="N", help=entry)
    number = Text("confirm、reject：哪项提议", "confirm, reject: which proposal")
    parser.add_argument("--number", type=int, metavar="N", help=number)
    parser.add_argument("--day", type=campus_day, metavar="DAY", help=Text("哪天，缺省今天", "which day (today)"))
    add_sum(parser)
    times = Text("rule：每人每周几次；0 不开", "rule: how often a week for each person; 0: none")
    parser.add_argument("--times", type=int, metavar="N", help=times)
    parser.add_argument("--reason", metavar="TEXT", help=Text("缘由", "why"))
    add_who(parser)


def _roster(chosen: argparse.Namespace) -> int:
    from cloud.commands.balance.meals import roster

    return roster(
        chosen.data, chosen.dsn, chosen.file, named(chosen), dry=chosen.dry_run, as_json=chosen.json
    )


def _sheet(chosen: argparse.Namespace) -> int:
    from cloud.commands.balance.meals import Sheet, blank, confirm, reject, sheet
    from cloud.ledger.funds.meals.tables import Beside

    beside = Beside(chosen.stall, chosen.day, chosen.meal)
    given = [one for one in (chosen.file, chosen.confirm, chosen.reject, chosen.blank) if one is not None]
    if len(given) != 1:
        raise ConfigFault(Text("给 CSV、--confirm、--reject、--blank 之一", "one of CSV, --confirm, --reject, --blank"))
    if chosen.blank is not None:
        if not 0 < chosen.blank <= ROWS_MAX:
            raise ConfigFault(Text(f"行数 1..{ROWS_MAX}", f"1..{ROWS_MAX} rows"))
        return blank(chosen.data, chosen.dsn, beside, chosen.blank)
    if chosen.confirm is not None:
        return confirm(chosen.data, chosen.dsn, chosen.confirm, named(chosen), as_json=chosen.json)
    if not chosen.dry_run:
        need(chosen, "reason")
    if chosen.reject is not None:
        return reject(chosen.data, chosen.dsn, chosen.reject, named(chosen), chosen.reason, as_json=chosen.json)
    wish = Sheet(chosen.file, beside, named(chosen), chosen.reason or "", chosen.dry_run)
    return sheet(chosen.data, chosen.dsn, wish, as_json=chosen.json)


def _meals(chosen: argparse.Namespace) -> int:
    from cloud.commands.balance.meals import listing, set_rule
    from cloud.ledger.funds.meals.rules import MealRule

    if chosen.step == LIST:
        return listing(chosen.data, chosen.dsn, chosen.day, as_json=chosen.json)
    if chosen.step in (BACK, CONFIRM, REJECT):
        return _back(chosen)
    if chosen.fen is None:
        raise ConfigFault(Text("缺少 --yuan", "--yuan is missing"))
    need(chosen, "times")
    rule = MealRule(chosen.fen, chosen.times)
    return set_rule(chosen.data, chosen.dsn, rule, named(chosen), chosen.reason or "", as_json=chosen.json)


def _back(chosen: argparse.Namespace) -> int:
    from cloud.commands.balance.meals import Backing, confirm_back, propose_back, reject_back

    need(chosen, "entry" if chosen.step == BACK else "number")
    if chosen.step != CONFIRM:
        need(chosen, "reason")
    number = chosen.entry if chosen.step == BACK else chosen.number
    said = Backing(chosen.data, chosen.dsn, number, named(chosen), chosen.reason or "", chosen.json)
    return {BACK: propose_back, CONFIRM: confirm_back, REJECT: reject_back}[chosen.step](said)
