"""The goals of a month (SLO 服务目标): what share must be good, what was, and what is left of the error budget. Pure.

A goal counts what can be known, says what it does not count, and never makes unknown good: of a month that has not
ended, or of which not all was watched, it says so.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import NamedTuple

from shared.clocks.campus_clock import CHINA_OFFSET_S, UNIX_2000, WALL
from shared.clocks.clock import ClockError, day_number, parse_time, time_text
from shared.errors import ConfigFault
from shared.purse.reasons import Reason
from shared.words.spans import span
from shared.words.voice import Text

TAPS_GOAL, LEDGER_GOAL, AVAILABLE_GOAL = 0.999, 0.99, 0.995
"""Shares: of taps that the system itself did not spoil; of records posted within POSTED_S while their box was online;
of the time that a box was heard. 99.5 % of a month are three and a half hours."""
POSTED_S = 5
"""A record is in the ledger within so long: a person who looks at his phone finds it."""
AHEAD_S = 2
"""A record may be so much later than its receipt, for clocks are not one; beyond it says nothing about time."""
FAULTS = frozenset({
    Reason.PSAM_GONE, Reason.PSAM_REFUSED, Reason.LOAD_NO_ANSWER, Reason.CENTRE_SILENT, Reason.ACCOUNT_NO_ANSWER,
    Reason.UNKNOWN_STATUS, Reason.BAD_RESPONSE, Reason.MAC2_UNCHECKED, Reason.CARD_DATA, Reason.CARD_KEY,
    Reason.CARD_REFUSED, Reason.NO_FARE, Reason.RIDE_UNCLEAR, Reason.PROOF_GONE, Reason.NO_EVIDENCE,
})  # fmt: skip
"""Refusals for which the system answers. All others are a rule that did its work, or a hand that was too quick."""


_MONTH = re.compile(r"\d{4}-\d{2}", re.ASCII)


class Month(NamedTuple):
    """from_ms, until_ms: Unix ms of its ends by the campus's calendar; days: since 2000."""

    name: str
    from_ms: int
    until_ms: int

    @property
    def days(self) -> tuple[int, int]:
        """The first, and the one after the last."""
        return day_number(WALL.at(self.from_ms / 1000)), day_number(WALL.at(self.until_ms / 1000))


class Stretch(NamedTuple):
    """From then until then, Unix ms."""

    from_ms: int
    until_ms: int


class Watched(NamedTuple):
    """When a box was up and when it was down, as the watch saw it, and when somebody had planned work on it."""

    up: Iterable[Stretch] = ()
    down: Iterable[Stretch] = ()
    planned: Sequence[Stretch] = ()


class Apart(NamedTuple):
    """What was not counted, and how many of it; -1: nobody knows how many."""

    what: Text
    many: int


NOT_TALLIED = Text(
    "没有报数的终端（无名单、无参数，或 0.1 版）", "terminals that tell no counts (no list, no parameters, or 0.1)"
)
BY_RULE = Text("按规则拒绝的（余额、限额、挂失等），或卡未放稳的", "refused by a rule, or the card was pulled")
POWER_CUT = Text("断电前半分钟的，终端停着时没刷成的", "half a minute before a power cut, taps at a dead terminal")
RECORDS = Text("本月收到的全部记录", "all records of the month")
OFFLINE = Text("网关当时离线，或不知其在线", "the box was offline then, or nobody knows")
AHEAD = Text("终端时钟超前", "the terminal's clock was ahead")
BEYOND = Text("抽样之外", "beyond the sample")
PLANNED = Text("计划检修中离线的秒数", "seconds away under planned work")
UNWATCHED = Text("值守没有看着的秒数", "seconds in which the watch did not look")


@dataclass(frozen=True, slots=True)
class Outcome:
    """A goal and what became of it. about: the box; empty: the campus. budget: how much may be bad in the month, in
    the same unit as good and bad: `taps`, `records` or `s`. says: figures beside it."""

    name: str
    called: Text
    about: str
    goal: float
    unit: str
    good: float
    bad: float
    budget: float
    apart: Sequence[Apart] = ()
    says: Mapping[str, float] | None = None

    @property
    def share(self) -> float | None:
        """Of what was counted; None: nothing was."""
        total = self.good + self.bad
        return self.good / total if total else None

    @property
    def left(self) -> float | None:
        """Of the budget, 1 to below 0; None: nothing was counted."""
        return None if self.share is None else 1 - self.bad / self.budget if self.budget else float(not self.bad)

    @property
    def is_met(self) -> bool | None:
        """So far."""
        return None if self.left is None else self.left >= 0

    @property
    def still(self) -> Text:
        """How much may still go wrong, in its own unit."""
        left = self.budget - self.bad
        if self.unit != "s":
            return Text(f"{left:.0f} 笔", f"{left:.0f} {self.unit}")
        sign, (zh, en) = "-" * (left < 0), span(int(abs(left)))
        return Text(f"{sign}{zh}", f"{sign}{en}")


def month_of(text: str) -> Month:
    """Of 2026-11. ConfigFault."""
    try:
        first_s = parse_time(f"{text}-01" if _MONTH.fullmatch(text) else "")
    except ClockError as fault:
        raise ConfigFault(Text(f"--month: 应为 2026-11：{text[:20]}", f"--month: as 2026-11: {text[:20]}")) from fault
    name = time_text(first_s)[:7]
    year, month = int(name[:4]), int(name[5:])
    return Month(name, _ms(year, month), _ms(year + month // 12, month % 12 + 1))


def _ms(year: int, month: int) -> int:
    return (parse_time(f"{year:04d}-{month:02d}-01") + UNIX_2000 - CHINA_OFFSET_S) * 1000


class TapSums(NamedTuple):
    """What terminals told: served, refused by reason; how many have told, of how many."""

    served: int
    reasons: Mapping[int, int]
    told: int
    terminals: int


def taps(sums: TapSums, records: int) -> Outcome:
    """Taps served, of those that were served or that the system spoiled. records: all that came in the month."""
    bad = sum(times for reason, times in sums.reasons.items() if reason in FAULTS)
    rightly = sum(sums.reasons.values()) - bad
    silent = sums.terminals - sums.told
    apart = [Apart(BY_RULE, rightly), Apart(NOT_TALLIED, silent), Apart(POWER_CUT, -1), Apart(RECORDS, records)]
    budget = (1 - TAPS_GOAL) * (sums.served + bad)
    return Outcome("taps", Text("刷卡成功", "taps served"), "", TAPS_GOAL, "taps", sums.served, bad, budget, apart)


class Arrival(NamedTuple):
    """A record in the ledger: its box, when it came, and how long after its own time."""

    box: str
    received_ms: int
    delay_s: int


def to_ledger(arrivals: Sequence[Arrival], total: int, online: Mapping[str, Sequence[Stretch]]) -> Outcome:
    """Records posted in time, of those whose box was online from their time to their receipt."""
    delays = [one.delay_s for one in arrivals if _was_online(one, online.get(one.box, ()))]
    ahead = sum(delay < -AHEAD_S for delay in delays)
    counted = sorted(max(0, delay) for delay in delays if delay >= -AHEAD_S)
    bad = sum(delay > POSTED_S for delay in counted)
    left, missed = len(arrivals) - len(delays), total - len(arrivals)
    apart = [Apart(OFFLINE, left), Apart(AHEAD, ahead), Apart(BEYOND, missed)]
    says = {"p50_s": _percentile(counted, 0.5), "p99_s": _percentile(counted, 0.99)} if counted else None
    called = Text(f"{POSTED_S} 秒内入账", f"posted within {POSTED_S} s")
    budget = (1 - LEDGER_GOAL) * len(counted)
    return Outcome("ledger", called, "", LEDGER_GOAL, "records", len(counted) - bad, bad, budget, apart, says)


def available(box: str, called: str, watched: Watched, month: Month, now_ms: int) -> Outcome:
    """Time that a box was heard, of the time in which the watch looked."""
    ends = Stretch(month.from_ms, min(month.until_ms, now_ms))
    good, away = (sum(_overlap(one, ends) for one in each) / 1000 for each in (watched.up, watched.down))
    within = [Stretch(max(one.from_ms, ends.from_ms), min(one.until_ms, ends.until_ms)) for one in watched.down]
    excused = sum(_overlap(one, plan) for one in within for plan in _apart(watched.planned)) / 1000
    bad = away - excused
    unknown = max(0.0, (ends.until_ms - ends.from_ms) / 1000 - good - away)
    budget = (1 - AVAILABLE_GOAL) * (month.until_ms - month.from_ms) / 1000
    name = Text(f"网关在线 {called}", f"box heard {called}")
    apart = [Apart(UNWATCHED, int(unknown)), Apart(PLANNED, int(excused))]
    return Outcome("available", name, box, AVAILABLE_GOAL, "s", good, bad, budget, apart)


def _apart(stretches: Iterable[Stretch]) -> Iterator[Stretch]:
    """The same time, and none of it twice."""
    until_ms = 0
    for one in sorted(stretches):
        if one.until_ms > until_ms:
            yield Stretch(max(one.from_ms, until_ms), one.until_ms)
            until_ms = one.until_ms


def _overlap(span: Stretch, ends: Stretch) -> int:
    return max(0, min(span.until_ms, ends.until_ms) - max(span.from_ms, ends.from_ms))


def _was_online(one: Arrival, spans: Sequence[Stretch]) -> bool:
    from_ms = one.received_ms - max(0, one.delay_s) * 1000
    return any(span.from_ms <= from_ms and one.received_ms <= span.until_ms for span in spans)


def _percentile(ordered: Sequence[int], share: float) -> float:
    """The smallest that so many are not above; of sorted ones."""
    return float(ordered[ceil(len(ordered) * share) - 1])
