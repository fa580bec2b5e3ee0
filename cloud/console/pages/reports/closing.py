"""日结 of the campus: how each day stands, what it lacks, and what persons say of it; never closed because it looks so.

The doors are those of `cloud day`: a day that lacks nothing is closed by one person, one with gaps is proposed here and
confirmed by somebody else where all proposals are decided.
"""

from flask import abort, redirect, render_template, request, url_for

from cloud.console.access.rights import Right
from cloud.console.frame.clock import moment_of, today, wall_now
from cloud.console.frame.page import Menu, Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.told import tell
from cloud.console.pages.money.shown import seen
from cloud.ledger.desk.campus_day import DayLedger
from cloud.ledger.held.days import DayRefused, Statement
from cloud.ledger.held.two_persons import REASON_MAX, ProposalRefused
from cloud.ledger.read.shown.campus_days import DayState, net_of
from cloud.words.days import OPEN, OWING, PROPOSED, RUNNING, STATES, WHOLE, WITH_GAPS, chain_text, gap_text, state_of
from shared.clocks.clock import ClockError, day_number, day_text, parse_time
from shared.errors import ConfigFault
from shared.money import yuan
from shared.words.voice import Text

SHOWN_DAYS = 31
GAPS_SHOWN = 200
MARKS = {RUNNING: "off", OPEN: "warn", OWING: "bad", PROPOSED: "warn", WHOLE: "ok", WITH_GAPS: "warn"}


def _closing(sources: Sources) -> Reply:
    days = sources.reader.campus_days(today() - SHOWN_DAYS + 1, today(), wall_now())
    return render_template(
        "reports/closing.html", days=days, marks=MARKS, states=STATES, state_of=state_of, day_text=day_text,
        net_of=net_of, moment=moment_of, as_of=moment_of(wall_now().unix_ms),
    )  # fmt: skip


def _closing_day(sources: Sources, day: str) -> Reply:
    one = _state(sources, day)
    state = state_of(one)
    shown = _shown(one)
    return render_template(
        "reports/closing_day.html", one=one, said=shown, state=state, marks=MARKS, states=STATES, day=day_text(one.day),
        net_of=net_of, gap_text=gap_text, chain_text=chain_text, gaps_shown=GAPS_SHOWN, moment=moment_of,
        day_text=day_text, may_close=seen().everywhere(Right.CLOSE_DAY), reason_max=REASON_MAX,
        as_of=moment_of(wall_now().unix_ms),
    )  # fmt: skip


def _close(sources: Sources, day: str) -> Reply:
    number = _number(day)
    try:
        with sources.books() as opened:
            made = DayLedger(opened).close(number, seen().name, wall_now())
    except (DayRefused, ProposalRefused) as refused:
        return _refused(refused, day)
    fen = yuan(net_of(made.statement.sums))
    tell(f"day:{day}", Text(f"日结 {day}，净额 ¥{fen}", f"closed {day}, net ¥{fen}"))
    return redirect(url_for("closing_day", day=day))


def _propose(sources: Sources, day: str) -> Reply:
    number, reason = _number(day), " ".join(request.form.get("reason", "").split())[:REASON_MAX]
    if not reason:
        return _refused(DayRefused(Text("请写明为什么注明缺口日结", "say why it is closed with gaps")), day)
    try:
        with sources.books() as opened:
            made = DayLedger(opened).propose(number, seen().name, reason, wall_now())
    except (DayRefused, ProposalRefused) as refused:
        return _refused(refused, day)
    said = Text(f"提议 {made.number}：{day} 注明缺口日结", f"proposes {made.number}: close {day} with its gaps")
    tell(f"proposal:{made.number}", said)
    return redirect(url_for("closing_day", day=day))


def _shown(one: DayState) -> Statement | None:
    """What persons have said, which stays as it was; None: nobody has closed it."""
    return one.closed.statement if one.closed else None


def _state(sources: Sources, day: str) -> DayState:
    """404 for a day of before the books."""
    number = _number(day)
    found = sources.reader.campus_days(number, number, wall_now())
    if not found:
        abort(404)
    return found[0]


def _number(day: str) -> int:
    """404 for what is no day that there was."""
    try:
        number = day_number(parse_time(day)) if len(day) == len("2026-11-27") else 0
    except ClockError:
        abort(404)
    if not 0 < number <= today():
        abort(404)
    return number


def _refused(refused: ConfigFault, day: str) -> Reply:
    """What the ledger says, as it says it."""
    return render_template("fault.html", fault=refused.args[0], back=url_for("closing_day", day=day)), 409


PAGES = (
    Page("closing", "/days", Right.SEE_BOOKS, _closing, Menu.MONEY, whole=True),
    Page("closing_day", "/days/<day>", Right.SEE_BOOKS, _closing_day, whole=True),
    Page("close_day", "/days/<day>/close", Right.CLOSE_DAY, _close, writes=True, whole=True),
    Page("propose_day", "/days/<day>/propose", Right.CLOSE_DAY, _propose, writes=True, whole=True),
)
