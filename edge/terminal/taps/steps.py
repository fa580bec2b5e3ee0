"""What a tap asks of the world beyond card and PSAM, and what it ends in. Values only.

A tap is a generator: it yields a step and is sent the answer. ToCard and ToPsam are those of the card flows; their
drivers throw CardLost and PsamLost. Other errors of a driver pass through.
"""

from collections.abc import Generator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar

from edge.terminal.store.book import Row
from edge.terminal.taps.display import Display
from shared.online import LoadResult, PaymentResult
from shared.purse.effects import ToCard, ToPsam
from shared.purse.reasons import Reason


@dataclass(frozen=True, slots=True)
class Shown:
    """Answer: nothing, and only when this line of the shown log is durable. 成功 is displayed after it."""

    row: Row


@dataclass(frozen=True, slots=True)
class Show:
    """Answer: nothing. Put this on the display and say it."""

    display: Display


@dataclass(frozen=True, slots=True)
class AwaitAnswer:
    """Answer: nothing, once the firmware's online request is settled (`Firmware.is_answered`)."""


Step = ToCard | ToPsam | Shown | Show | AwaitAnswer
Answer = TypeVar("Answer")
Tap = Generator[Step, Any, Answer]
"""The answer's type follows from the step, which the type system cannot say of a generator."""


class End(StrEnum):
    """How a tap ended."""

    DONE = "done"
    DECLINED = "declined"
    UNKNOWN = "unknown"
    CLOSED = "closed"
    NOT_SELLING = "not-selling"


class Result(NamedTuple):
    """row: what was shown as 成功 (DONE only); reason: why not; denied: what the centre said to a load or an
    account payment."""

    end: End
    amount_fen: int
    row: Row | None = None
    reason: Reason | None = None
    denied: LoadResult | PaymentResult | None = None
