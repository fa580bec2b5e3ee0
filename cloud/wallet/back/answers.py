"""What the accounts service answers its front: bytes in, an Answer or dear work out. The HTTP around it is app.py's.

Whatever goes wrong is a Problem with a code: no answer tells of the inside. A ledger or file that is away is `away`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cloud.ledger.cards.refusals import DeskRefused
from cloud.ledger.records.values import Now
from cloud.wallet.back.context import Context, Later, Operation, Signed, Site
from cloud.wallet.back.money.waiting import Held
from cloud.wallet.back.rights import admitted
from cloud.wallet.line.calls import Answer, decode_ask
from cloud.wallet.line.problems import AWAY, SIGN_IN, UNKNOWN, CallRefused, Problem
from cloud.wallet.line.shapes import parsed
from shared.errors import KeyFault, StoreFault
from shared.words.voice import Text


@dataclass(slots=True)
class Counts:
    """Since the start; the numbers of STATUS."""

    asked: int = 0
    refused: int = 0
    away: int = 0
    held: int = 0


class Answers:
    """Not thread-safe: ledger and people are one thread's, and so is this."""

    def __init__(self, site: Site, operations: Mapping[str, Operation]) -> None:
        self._site = site
        self._operations = operations
        self.counts = Counts()

    def begin(self, raw: bytes, now: Now) -> Answer | Later:
        """The answer, or work to do beside this thread; what that returns goes to `go_on`."""
        self.counts.asked += 1
        found = self._answered(lambda: self._act(raw, now))
        return self._kept(found, raw, now) if isinstance(found, Held) else found

    def go_on(self, later: Later, made: object) -> Answer | Later:
        """As `begin`."""
        found = self._answered(lambda: later.then(made))
        return Answer(found.value) if isinstance(found, Held) else found

    def _kept(self, found: Held, raw: bytes, now: Now) -> Answer:
        """It waits under a handle; what it is told then is judged anew, and not held again."""

        def again(then: Now) -> Answer:
            told = self._answered(lambda: self._act(raw, then))
            return told if isinstance(told, Answer) else Answer(told.value if isinstance(told, Held) else None)

        handle = self._site.room.hold(found, again, now)
        self.counts.held += bool(handle)
        return Answer(found.value, held=handle)

    def _act(self, raw: bytes, now: Now) -> object:
        ask = decode_ask(raw)
        operation = self._operations.get(ask.operation)
        if operation is None:
            raise CallRefused(UNKNOWN)
        arguments = parsed(operation.shape, ask.arguments)
        return operation.act(admitted(Context(self._site, ask.caller, now), operation, arguments), arguments)

    def _answered(self, act: Callable[[], Any]) -> Answer | Later | Held:
        try:
            done = act()
        except CallRefused as refused:
            return self._no(refused.problem)
        except DeskRefused as refused:
            return self._no(Problem(409, refused.no.code, Text(refused.no.zh, refused.no.en)))
        except (StoreFault, KeyFault):
            self.counts.away += 1
            return self._no(AWAY)
        if isinstance(done, (Later, Held)):
            return done
        return Answer(done.value, session=done.session) if isinstance(done, Signed) else Answer(done)

    def _no(self, problem: Problem) -> Answer:
        """A session that is over takes its cookie along."""
        self.counts.refused += 1
        return Answer(problem=problem, session="" if problem is SIGN_IN else None)
