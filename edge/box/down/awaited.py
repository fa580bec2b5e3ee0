"""Awaited cards 待补圈名单 at a box: what the centre named last, told to every joined terminal. Pure, in memory only.

Forgotten when the broker is away, or when the centre has said nothing for KEPT_S: without the centre a question only
keeps a customer waiting. Whenever the centre says a list, the terminals are told: a link may have lost the one before,
or a terminal asked in vain. Bound: a tick tells at most CARDS_PER_TICK cards, so that no long list has a bus to itself.
"""

from collections.abc import Iterable

from edge.box.terminals.conversation import Conversation
from edge.box.values.effects import Now, Send
from edge.link.messages import AWAITED, Type
from shared.wire.messages import AWAITED_MAX, NOBODY_AWAITED, Awaited

KEPT_S = 200.0
"""The centre says a list that names anybody every minute."""
CARDS_PER_TICK = AWAITED_MAX


class AwaitedHere:
    """held: the newest list."""

    def __init__(self) -> None:
        self.held = NOBODY_AWAITED
        self._heard_s = 0.0
        self._said = 0

    def heard(self, now: Now, told: Awaited) -> None:
        """The centre has said it."""
        self.held, self._heard_s = told, now.mono_s
        self._said += 1

    def forget(self) -> None:
        """The centre is out of reach."""
        if self.held != NOBODY_AWAITED:
            self.held = NOBODY_AWAITED
            self._said += 1

    def tell(self, now: Now, talks: Iterable[Conversation]) -> list[Send]:
        """What is due to terminals that have spoken since they joined, as TIME is (`time_for` of terminals).

        Nobody is told that nobody is awaited who was never told of anybody.
        """
        if now.mono_s - self._heard_s >= KEPT_S:
            self.forget()
        left, out = CARDS_PER_TICK, []
        for talk in talks:
            if talk.awaited_said == self._said:
                continue  # as nearly always
            if left > 0 and talk.time_s > float("-inf") and (self.held.cards or talk.awaited.cards):
                left -= max(1, len(self.held.cards))
                out.append(self._send(talk))
        return out

    def _send(self, talk: Conversation) -> Send:
        talk.awaited, talk.awaited_said = self.held, self._said
        return Send(*talk.place, talk.seal.seal(Type.AWAITED, AWAITED.encode(self.held)))
