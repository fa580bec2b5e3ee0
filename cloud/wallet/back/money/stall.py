"""档口经营户: what his own stall takes, what its terminals owe, and its statement by day. No card and no customer.

What a terminal has not brought yet is in no sum. How many records that are is told where it is known; of a terminal
that was not heard within FRESH_MS it is not, and that is said, never nought.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from cloud.ledger.fleet.owing import fleet
from cloud.ledger.fleet.parameters.door import meals
from cloud.ledger.fleet.views import Completeness
from cloud.ledger.read.shown.takings import NO_SLOT, Sums, by_kind, takings
from cloud.wallet.back.context import Context, Operation, Right
from cloud.wallet.line.shapes import Arguments, text, whole
from cloud.words.balance.story import KINDS
from shared.clocks.clock import day_number
from shared.fleet.parameters import MealRow
from shared.words.voice import Text

FRESH_MS = 600_000
DAYS = 7
"""Of one page of the statement."""
DAY_MAX = 2**24
_NONE = Text("非餐次", "between meals")
_ON_LINE = Text("付款码、付款单", "codes and orders")


def today(context: Context, _: Arguments) -> dict[str, Any]:
    """Takings of this business day by till and shift, and what is unsent."""
    db, merchant, day = context.site.ledger.database, context.stall, day_number(context.now.campus_s)
    with db.reading():
        shifts = meals(db)
        found = takings(db, day, day, [row.from_s for row in shifts], merchant=merchant)
        tills = [one for one in fleet(db).tills.values() if one.merchant == merchant]
    whole_day, by_till, by_shift = Sums(), defaultdict[str, Sums](Sums), defaultdict[int, Sums](Sums)
    for place, sums in found.items():
        whole_day.add(sums)
        by_till[place.terminal].add(sums)
        by_shift[place.slot].add(sums)
    return {
        "merchant": merchant, "day": day, "at_ms": context.now.unix_ms, "sums": _sums(whole_day),
        "shifts": [{**_shift(shifts, slot), **_sums(sums)} for slot, sums in sorted(by_shift.items())],
        "tills": [{**_till(name), **_sums(sums)} for name, sums in sorted(by_till.items())],
        "unsent": [
            {
                "till": one.name, "place": one.place, "records": one.owes, "open": one.open_slots,
                "heard_ms": one.heard_ms, "known": _is_known(one.completeness, one.heard_ms, context.now.unix_ms),
            }
            for one in sorted(tills, key=lambda one: one.name)
        ],
    }  # fmt: skip


def statement(context: Context, given: Arguments) -> dict[str, Any]:
    """DAYS days, the newest first, each with its sums by kind. before: the last day of the page before."""
    db, last = context.site.ledger.database, day_number(context.now.campus_s)
    last = last if given["before"] is None else min(last, given["before"] - 1)
    with db.reading():
        found = by_kind(db, last - DAYS + 1, last, context.stall)
        more = db.run("SELECT 1 FROM posting WHERE line = 0 AND effective_day <= ? LIMIT 1", (last - DAYS,))
    days: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
    for (day, kind), sums in sorted(found.items()):
        days[day].append({"kind": kind.name.lower(), **_both(KINDS.get(kind.name.lower())), **_sums(sums)})
    return {
        "merchant": context.stall, "next": last - DAYS + 1 if more else 0,
        "days": [{"day": day, "kinds": days[day], **_net(days[day])} for day in sorted(days, reverse=True)],
    }  # fmt: skip


def _net(kinds: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    return {name: sum(one[name] for one in kinds) for name in ("gross_fen", "back_fen", "net_fen", "held_fen")}


def _is_known(completeness: Completeness, heard_ms: int, now_ms: int) -> bool:
    return completeness is not Completeness.UNKNOWN and heard_ms >= now_ms - FRESH_MS


def _sums(one: Sums) -> dict[str, int]:
    return {
        "count": one.count, "gross_fen": one.gross_fen, "backs": one.backs, "back_fen": one.back_fen,
        "net_fen": one.net_fen, "held_fen": one.held_fen,
    }  # fmt: skip


def _shift(shifts: Sequence[MealRow], slot: int) -> dict[str, str]:
    """By the meals of the school's file; without any, the day is one."""
    return {"zh": shifts[slot - 1].name, "en": shifts[slot - 1].name} if slot not in (0, NO_SLOT) else _both(_NONE)


def _till(name: str) -> dict[str, str]:
    return {"zh": name, "en": name} if name else _both(_ON_LINE)


def _both(said: Text | None) -> dict[str, str]:
    return {"zh": said.zh, "en": said.en} if said else {}


_MERCHANT = text(64, optional=True)
OPERATIONS: Mapping[str, Operation] = {
    "stall": Operation(Right.STALL, {"merchant": _MERCHANT}, today),
    "stall/statement": Operation(
        Right.STALL, {"merchant": _MERCHANT, "before": whole(1, DAY_MAX, optional=True)}, statement
    ),
}
