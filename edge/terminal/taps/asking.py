"""One online request at a time: asked, repeated under the same number, answered or given up. Pure.

The centre answers a repeated request with the same answer, so a repeat is harmless; a number is never used twice. An
answer to another number, or after the deadline, changes nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass

from shared.errors import WireFault
from shared.online import LoadAnswer, OrderAnswer, PaymentAnswer, parse_answer

ANSWER_S = 6.0
"""The card is held so long; then nothing was loaded, and the record says so."""
REPEAT_S = 1.5
PAYMENT_S = 3.0
"""An account payment is answered within this, or reversed. The box takes a second of it for its own line, so the centre
stops earlier than the terminal does."""
BEFORE_S = 2.0
"""As PAYMENT_S, where the purse stands behind it: so long a queue waits for the account."""
CHECK_S = 2.0
"""So long the centre is asked about a card that the terminal's own list is too old for."""
Answer = LoadAnswer | PaymentAnswer | OrderAnswer


@dataclass(slots=True)
class Question:
    """A request under way. repeat_s: when it may be sent again."""

    number: int
    epoch: int
    payload: bytes
    deadline_s: float
    repeat_s: float
    parse: Callable[[bytes], Answer]

    def wait_ms(self, mono_s: float) -> int:
        """How long an answer will still be of use."""
        return max(0, int((self.deadline_s - mono_s) * 1000))


class Asking:
    """`is_settled` becomes true when the question has its answer or its deadline has passed."""

    def __init__(self) -> None:
        self._question: Question | None = None
        self._answer: Answer | None = None
        self.late = 0

    def ask(
        self, number: int, epoch: int, payload: bytes, mono_s: float, wait_s: float = ANSWER_S,
        parse: Callable[[bytes], Answer] = parse_answer,
    ) -> None:  # fmt: skip
        """Ask at this moment, now or later, and wait so long from then on at most; whatever was asked before is
        forgotten. parse: WireFault for no answer."""
        self._question = Question(number, epoch, payload, mono_s + wait_s, mono_s, parse)
        self._answer = None

    @property
    def is_settled(self) -> bool:
        return self._question is None

    def take(self) -> Answer | None:
        """The answer, once; None when none came in time."""
        answer, self._answer, self._question = self._answer, None, None
        return answer

    def answered(self, number: int, payload: bytes) -> None:
        """An answer came. WireFault when it is malformed; then the question stays open."""
        if self._question is None or self._question.number != number:
            self.late += 1
            return
        try:
            self._answer = self._question.parse(payload)
        except WireFault:
            self.late += 1
            raise
        self._question = None

    def expire(self, mono_s: float) -> None:
        """Give the question up at its deadline."""
        if self._question is not None and mono_s >= self._question.deadline_s:
            self._question = None

    def drop(self) -> None:
        """Nobody waits for the answer any more."""
        self._question = None

    def to_send(self, mono_s: float) -> Question | None:
        """What to send now, if anything; call `expire` before."""
        question = self._question
        if question is None or mono_s < question.repeat_s:
            return None
        question.repeat_s = mono_s + REPEAT_S
        return question

    def due_s(self, *, can_send: bool) -> float:
        """When something is to be done: sent again, or given up."""
        question = self._question
        if question is None:
            return float("inf")
        return min(question.repeat_s, question.deadline_s) if can_send else question.deadline_s
