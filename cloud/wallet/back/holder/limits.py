"""Limits 限额: what counts for a card and its online account, and the bound of a day that its holder sets himself.

A lower bound counts at once, and ends offline codes that may pay more; raising it takes a fresh proof of who it is.
What a guardian has set for a minor only a guardian raises. Above the school's own there is none.
"""

from collections.abc import Mapping
from typing import Any

from cloud.ledger.fleet.parameters.allowed import Allowed, MealLimits, allowed
from cloud.ledger.funds.bounds import BoundRefused, bound_of, day_max_of, set_bound
from cloud.ledger.funds.floors import floor_of
from cloud.ledger.funds.offline.certificates import end_above
from cloud.ledger.funds.payments.cases import paid_on
from cloud.ledger.funds.payments.school import DAY_MOST_FEN, pay_bounds
from cloud.ledger.read.shown.split import split
from cloud.wallet.back.context import WALLET, Context, Operation, Right
from cloud.wallet.line.problems import AGAIN, NO_CARD, CallRefused, Problem
from cloud.wallet.line.shapes import HOLDER, KEY, Arguments, whole
from cloud.wallet.people.sight import OF_AGE, age
from shared.clocks.clock import day_number
from shared.words.voice import Text, told_by

PLACES_MAX = 12
"""Different sets of caps that are told; a school has a few."""
NAMED_MAX = 20
DAYS_TOLD = 7
"""Business days whose sums stand on the page, today's first."""
GUARDIANS = Problem(403, "guardians-bound", Text("监护人设的限额由监护人调高", "a guardian's bound is raised by one"))


def limits(context: Context, _: Arguments) -> dict[str, Any]:
    """What counts now. bound_fen None: nobody has set one. days: what the account has paid, today's first.
    cards: by place and meal, from the school's parameters."""
    db, card, whose = context.site.ledger.database, context.card, context.whose
    with db.reading():
        shown = split(db, whose.label, context.now)
        if shown is None:
            raise CallRefused(NO_CARD)
        cards, unsaid = allowed(db, shown.card_class)
        bound, floor_fen = bound_of(db, card), floor_of(db, card)
        school = pay_bounds(db)
        today, most_fen = day_number(context.now.campus_s), day_max_of(db, card)
        paid = [(day, paid_on(db, card, day)) for day in range(today, max(today - DAYS_TOLD, -1), -1)]
    return {
        "may_set": whose.is_own or _is_minor(context), "single_max_fen": school.one_fen, "day_max_fen": school.day_fen,
        "day_fen": most_fen, "paid_today_fen": paid[0][1], "floor_fen": floor_fen,
        "bound_fen": bound.day_fen if bound else None, "bound_ms": bound.at_ms if bound else 0,
        "by_guardian": bound is not None and not _is_own_word(context, bound.who),
        "cards": [_allowed(one) for one in cards[:PLACES_MAX]], "more": max(0, len(cards) - PLACES_MAX),
        "unsaid": list(unsaid[:NAMED_MAX]), "days": [{"day": day, "fen": fen} for day, fen in paid],
    }  # fmt: skip


def set_day(context: Context, given: Arguments) -> dict[str, Any]:
    """So much a day at most; the same key again is the same word."""
    ledger, card, day_fen = context.site.ledger, context.card, given["day_fen"]
    with ledger.database.reading():
        before, most_fen = bound_of(ledger.database, card), day_max_of(ledger.database, card)
    if day_fen > most_fen:
        if context.whose.is_own and _is_minor(context) and before and not _is_own_word(context, before.who):
            raise CallRefused(GUARDIANS)
        if not context.session.is_fresh(context.now.unix_ms):
            raise CallRefused(AGAIN)
    who = f"{WALLET}:{context.person.id}"
    try:
        with ledger.writing(context.now) as writing:
            set_bound(writing, f"{WALLET}:{given['key']}", card, day_fen, who)
            end_above(writing, card, day_max_of(writing.db, card), who)  # a till without a network asks nobody
    except BoundRefused as refused:
        text = told_by(refused, Text("限额有误", "no bound"))
        raise CallRefused(Problem(422, "no-bound", text)) from refused
    return limits(context, given)


def _is_minor(context: Context) -> bool:
    return age(context.whose.holder.born, context.now.campus_s) < OF_AGE


def _is_own_word(context: Context, who: str) -> bool:
    """Did the holder say it himself?"""
    people = context.site.people
    with people.reading():
        rows = people.run("SELECT id FROM person WHERE holder = ?", (context.whose.holder.number,))
    return any(who == f"{WALLET}:{number}" for (number,) in rows)


def _allowed(one: Allowed) -> dict[str, Any]:
    return {
        "places": [name for name in one.merchants if name][:NAMED_MAX], "ceiling_fen": one.ceiling_fen,
        "meals": [_meal(meal) for meal in one.meals],
    }  # fmt: skip


def _meal(one: MealLimits) -> dict[str, Any]:
    return {"name": one.name, "pin_above_fen": one.pin_above_fen, **one.limits._asdict()}


OPERATIONS: Mapping[str, Operation] = {
    "limits": Operation(Right.SEES, {"holder": HOLDER}, limits),
    "limits/set": Operation(Right.SETS, {"holder": HOLDER, "key": KEY, "day_fen": whole(0, DAY_MOST_FEN)}, set_day),
}
