"""One issuing machine at work on its lease of a batch: a pure state machine over durable rows.

An attempt is one blank body for one line of the order: reserved → written → checked → done, or spoiled from anywhere
before done. The binding of card and holder is the line: a spoiled body gets a new blank and a new card number, the line
keeps its own, and no other line moves. A card number and a blank are used by one attempt, ever. Refuses any other
order of rows (RuleBroken), a line outside the lease, a second open attempt. Bounds: SPOILED_IN_ROW_MAX bodies spoiled
one behind the other stop the machine; a lease without numbers left stops, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, NamedTuple

from shared.errors import ConfigFault, RuleBroken
from shared.words.voice import Text

SPOILED_IN_ROW_MAX = 3
"""So many in a row are the reader's or the printer's fault, not the cards'."""
SEEN = "seen"
"""Name of the row that says a person has looked."""


class Step(StrEnum):
    """How far an attempt has come, each durable before the next thing happens."""

    RESERVED = "reserved"
    WRITTEN = "written"
    CHECKED = "checked"
    DONE = "done"
    SPOILED = "spoiled"


_BEFORE = {Step.WRITTEN: Step.RESERVED, Step.CHECKED: Step.WRITTEN, Step.DONE: Step.CHECKED}


class Span(NamedTuple):
    """Whole numbers from first to last, both in."""

    first: int
    last: int

    def __contains__(self, number: object) -> bool:
        return isinstance(number, int) and self.first <= number <= self.last

    @property
    def size(self) -> int:
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class Lease:
    """What one machine may use: lines of the order, card numbers, blank bodies. Nobody else has any of them."""

    lease: int
    batch: str
    machine: str
    version: int
    lines: Span
    numbers: Span
    blanks: Span

    def to_row(self) -> dict[str, Any]:
        """The first row of the machine's journal."""
        spans = {"lines": list(self.lines), "numbers": list(self.numbers), "blanks": list(self.blanks)}
        told = {"lease": self.lease, "batch": self.batch, "machine": self.machine, "version": self.version}
        return {"row": "lease"} | told | spans

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> Lease:
        """RuleBroken when the row is no lease."""
        try:
            spans = (Span(*row[name]) for name in ("lines", "numbers", "blanks"))
            return cls(row["lease"], row["batch"], row["machine"], row["version"], *spans)
        except (KeyError, TypeError) as fault:
            raise RuleBroken(Text("此行不是任务段", "the row is no lease")) from fault


@dataclass(frozen=True, slots=True)
class Attempt:
    """One body for one line. number: the card's dense number; at: campus seconds of its last step."""

    line: int
    number: int
    blank: int
    step: Step
    at: int
    reason: str = ""

    def to_row(self) -> dict[str, Any]:
        """One row of the machine's journal."""
        row = {"row": self.step.value, "line": self.line, "number": self.number, "blank": self.blank, "at": self.at}
        return row | ({"reason": self.reason} if self.reason else {})


class Stopped(ConfigFault):
    """Happens when the machine must not go on without a person: the text says why and what to do."""


class Run:
    """The state of a lease. Feed it the journal's rows; then ask what is next, make the row, write it, apply it."""

    def __init__(self, lease: Lease) -> None:
        self.lease = lease
        self.attempts: list[Attempt] = []
        self._done: dict[int, Attempt] = {}
        self._blanks: set[int] = set()
        self._next_line = lease.lines.first
        self._spoiled_in_row = 0

    @classmethod
    def of_rows(cls, rows: Iterable[Mapping[str, Any]]) -> Run:
        """From a journal; RuleBroken when it does not begin with a lease, or breaks an order."""
        numbered = iter(rows)
        run = cls(Lease.of_row(next(numbered, {})))
        for row in numbered:
            if row.get("row") == SEEN:
                run.see()
            else:
                run.apply(attempt_of(row))
        return run

    @property
    def open(self) -> Attempt | None:
        """The attempt that is neither done nor spoiled."""
        last = self.attempts[-1] if self.attempts else None
        return None if last is None or last.step in (Step.DONE, Step.SPOILED) else last

    @property
    def done(self) -> list[Attempt]:
        """Good cards, in the order of their lines."""
        return [self._done[line] for line in sorted(self._done)]

    @property
    def spoiled(self) -> list[Attempt]:
        """Bodies that are waste."""
        return [attempt for attempt in self.attempts if attempt.step is Step.SPOILED]

    @property
    def is_finished(self) -> bool:
        """Every line has its card."""
        return len(self._done) == self.lease.lines.size

    @property
    def next_number(self) -> int:
        """The card number of the next attempt; all below are used for ever."""
        return self.attempts[-1].number + 1 if self.attempts else self.lease.numbers.first

    def reserve(self, blank: int, at: int) -> Attempt:
        """The next attempt, with this body. Stopped when the machine must not go on; RuleBroken when nothing is due."""
        if self.open is not None or self.is_finished:
            raise RuleBroken(Text("没有可留的行", "nothing to reserve"))
        self._require_going()
        if blank not in self.lease.blanks:
            raise Stopped(Text(f"空白卡 {blank} 不属于本机", f"the blank body {blank} is not of this machine's lease"))
        if blank in self._blanks:
            raise Stopped(Text(f"空白卡 {blank} 已用过", f"the body {blank} has been used"))
        return Attempt(self._next_line, self.next_number, blank, Step.RESERVED, at)

    def apply(self, attempt: Attempt) -> None:
        """Take a row that is durable. RuleBroken when it cannot follow."""
        if attempt.step is Step.RESERVED:
            self._take_new(attempt)
            return
        now = self.open
        known = now is not None and (now.line, now.number, now.blank) == (attempt.line, attempt.number, attempt.blank)
        if now is None or not known or _BEFORE.get(attempt.step, now.step) is not now.step:
            raise RuleBroken(
                Text(
                    f"第 {attempt.line} 行：此处不能是 {attempt.step}",
                    f"line {attempt.line}: {attempt.step} cannot come here",
                )
            )
        self.attempts[-1] = attempt
        self._spoiled_in_row += attempt.step is Step.SPOILED
        if attempt.step is Step.DONE:
            self._done[attempt.line] = attempt
            self._next_line += 1
            self._spoiled_in_row = 0

    def see(self) -> None:
        """A person has looked at the machine (a durable row says who): it may go on after spoiled bodies."""
        self._spoiled_in_row = 0

    def _take_new(self, attempt: Attempt) -> None:
        due = (self._next_line, self.next_number)
        lease = self.lease
        fits = attempt.line in lease.lines and attempt.number in lease.numbers and attempt.blank in lease.blanks
        if self.open is not None or (attempt.line, attempt.number) != due or not fits or attempt.blank in self._blanks:
            raise RuleBroken(
                Text(f"第 {attempt.line} 行：不能这样开始", f"line {attempt.line}: this attempt cannot begin")
            )
        self._blanks.add(attempt.blank)
        self.attempts.append(attempt)

    def _require_going(self) -> None:
        if self.next_number not in self.lease.numbers:
            raise Stopped(
                Text("卡号已用完：交回本段，另领一段", "no card numbers left: return this lease and take another")
            )
        if self._spoiled_in_row >= SPOILED_IN_ROW_MAX:
            bodies = ", ".join(str(attempt.blank) for attempt in self.attempts[-SPOILED_IN_ROW_MAX:])
            raise Stopped(
                Text(
                    f"连续报废 {SPOILED_IN_ROW_MAX} 张（空白卡 {bodies}）：检查设备",
                    f"{SPOILED_IN_ROW_MAX} spoiled in a row (bodies {bodies}): look at the machine",
                )
            )


def advanced(attempt: Attempt, step: Step, at: int, reason: str = "") -> Attempt:
    """The same attempt at its next step."""
    return replace(attempt, step=step, at=at, reason=reason)


def attempt_of(row: Mapping[str, Any]) -> Attempt:
    """A row of the journal; RuleBroken when it is none."""
    try:
        step = Step(row["row"])
        return Attempt(row["line"], row["number"], row["blank"], step, row["at"], row.get("reason", ""))
    except (KeyError, ValueError) as fault:
        raise RuleBroken(Text("此行不是制卡步骤", "the row is no step of an attempt")) from fault


def seen_row(who: str, at: int) -> dict[str, Any]:
    """The row that lets a stopped machine go on."""
    return {"row": SEEN, "who": who, "at": at}
