"""What an issuing machine does with the card in its reader: take up what was broken off, write, check, go on.

Every step is in the journal before the next one begins, so a machine that is killed anywhere goes on where it was. What
an unfinished body is worth is read from the body itself: still blank → the same number is written to the same body;
whole → it is checked; half, or dead → spoiled: named, counted, and the next body is taken. Refuses to go on with
another body in the reader while one is unfinished.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from typing import NamedTuple, Protocol

from provisioning.custody.lines import Row
from provisioning.custody.notes import reason_of, stored
from provisioning.issue.production import Attempt, Run, Step, Stopped, advanced
from shared.purse.apdu import CardChannel
from shared.purse.errors import CardLost, PurseError
from shared.words.voice import Text

REASON_MAX = 80


class Condition(Enum):
    """What a body is worth. WHOLE: it answers as the card that the attempt was to make. DEAD: it answers nothing."""

    BLANK = "blank"
    WHOLE = "whole"
    HALF = "half"
    DEAD = "dead"


_DEAD = Text("卡体无应答", "the body does not answer")
_ANOTHER = Text("中断后认不出是否同一张", "after a break nothing tells whether it is the same body")


class Body(NamedTuple):
    """A body in the reader: the number on its back, and the card itself. is_certain: by its chip it is this body."""

    blank: int
    channel: CardChannel
    is_certain: bool = True


class CardSpoiled(Exception):
    """Happens when a body refuses a step or answers wrongly: it is waste, its line gets another one."""


class Personaliser(Protocol):
    """Knows how cards of this profile are written and read. The attempt says which line and which number."""

    def condition(self, card: CardChannel, attempt: Attempt) -> Condition: ...

    def write(self, card: CardChannel, attempt: Attempt) -> None:
        """CardSpoiled, CardLost, PurseError."""

    def check(self, card: CardChannel, attempt: Attempt) -> None:
        """Read it back with its keys. CardSpoiled, CardLost, PurseError."""


class Feeder(Protocol):
    """Puts bodies into the reader."""

    def present(self, blank: int | None) -> Body | None:
        """The next body, or the one with this number; None when there is none."""


class Log(Protocol):
    """Where rows become durable."""

    def append(self, *rows: Row) -> None: ...


class Machine:
    """One machine. now: campus seconds; at_step is called after each durable step (tests end the process there)."""

    def __init__(
        self, run: Run, log: Log, personaliser: Personaliser, feeder: Feeder, now: Callable[[], int],
        at_step: Callable[[Attempt], None] = lambda _: None,
    ) -> None:  # fmt: skip
        self._run = run
        self._log = log
        self._personaliser = personaliser
        self._feeder = feeder
        self._now = now
        self._at_step = at_step

    def work(self, most: int) -> Iterator[Attempt]:
        """Give each finished or spoiled attempt, at most `most` of them. Stopped when a person is needed."""
        for _ in range(most):
            if self._run.is_finished and self._run.open is None:
                return
            yield self._resume(self._run.open) if self._run.open is not None else self._begin()

    def give_up(self, reason: str) -> Attempt:
        """The unfinished body is gone or unreadable, says a person: it is waste. Stopped when there is none."""
        if self._run.open is None:
            raise Stopped(Text("没有未完成的卡", "no card is unfinished"))
        return self._step(self._run.open, Step.SPOILED, reason)

    def _begin(self) -> Attempt:
        body = self._feeder.present(None)
        if body is None:
            raise Stopped(
                Text("本段空白卡用完：交回，另领一段", "no blank body is left: return this lease, take another")
            )
        attempt = self._run.reserve(body.blank, self._now())
        self._record(attempt)
        condition = self._condition(body, attempt)
        if condition is not Condition.BLANK:
            other = Text("不是空白卡，或传输密钥不符", "not blank, or another transport key")
            return self._step(attempt, Step.SPOILED, stored(_DEAD if condition is Condition.DEAD else other))
        return self._finish(body, attempt, write=True)

    def _resume(self, attempt: Attempt) -> Attempt:
        body = self._feeder.present(attempt.blank)
        if body is None or body.blank != attempt.blank:
            raise Stopped(
                Text(f"先放回空白卡 {attempt.blank}，或报废它", f"put body {attempt.blank} back first, or give it up")
            )
        condition = self._condition(body, attempt)
        unwritten = condition is Condition.BLANK and attempt.step is not Step.RESERVED
        if condition is Condition.BLANK and not body.is_certain:
            return self._step(attempt, Step.SPOILED, stored(_ANOTHER))
        if condition in (Condition.HALF, Condition.DEAD) or unwritten:
            torn = Text("中断后不完整", "incomplete after a break")
            return self._step(attempt, Step.SPOILED, stored(_DEAD if condition is Condition.DEAD else torn))
        return self._finish(body, attempt, write=condition is Condition.BLANK)

    def _condition(self, body: Body, attempt: Attempt) -> Condition:
        try:
            return self._personaliser.condition(body.channel, attempt)
        except CardLost:
            return Condition.DEAD
        except PurseError:
            return Condition.HALF

    def _finish(self, body: Body, attempt: Attempt, *, write: bool) -> Attempt:
        try:
            if write:
                self._personaliser.write(body.channel, attempt)
            if attempt.step is Step.RESERVED:
                attempt = self._step(attempt, Step.WRITTEN)
            self._personaliser.check(body.channel, attempt)
        except (CardSpoiled, PurseError) as fault:
            return self._step(attempt, Step.SPOILED, reason_of(fault)[:REASON_MAX])
        if attempt.step is Step.WRITTEN:
            attempt = self._step(attempt, Step.CHECKED)
        return self._step(attempt, Step.DONE)

    def _step(self, attempt: Attempt, step: Step, reason: str = "") -> Attempt:
        return self._record(advanced(attempt, step, self._now(), reason))

    def _record(self, attempt: Attempt) -> Attempt:
        self._log.append(attempt.to_row())
        self._run.apply(attempt)
        self._at_step(attempt)
        return attempt
