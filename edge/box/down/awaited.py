"""Awaited cards 待补圈名单 for terminals that take no documents, as those of 0.1: told out of the box's own. Pure.

Any other terminal holds the document itself. Forgotten when the broker is away: without the centre a question only
keeps a customer waiting. Said again every AGAIN_S: a link may have lost it, or a terminal asked in vain. Bounds: such a
terminal is told of AWAITED_MAX cards, and a tick tells at most CARDS_PER_TICK: no long list has a bus to itself.
"""

from collections.abc import Callable, Iterable, Mapping

from edge.box.down.documents import Document, Name
from edge.box.terminals.conversation import Conversation
from edge.box.values.effects import Now, Send
from edge.link.messages import AWAITED, Type
from shared.fleet.cards import read_awaited
from shared.fleet.document import CAMPUS, DocumentKind
from shared.wire.messages import AWAITED_MAX, NOBODY_AWAITED, Awaited

NAME: Name = (DocumentKind.AWAITED, CAMPUS)
AGAIN_S = 60.0
CARDS_PER_TICK = AWAITED_MAX


class AwaitedHere:
    """documents: what is durable here. takes: does this terminal take documents itself?"""

    def __init__(self, documents: Mapping[Name, Document], takes: Callable[[Conversation], bool]) -> None:
        self._documents, self._takes = documents, takes
        self._said: tuple[bytes, Awaited] = b"", NOBODY_AWAITED
        """Digest of the document, and what these terminals are told of it."""
        self._number = 0
        self._again_s = 0.0

    def tell(self, now: Now, talks: Iterable[Conversation], *, has_centre: bool) -> list[Send]:
        """What is due to terminals that have spoken since they joined, as TIME is (`time_for` of terminals).

        Nobody is told that nobody is awaited who was never told of anybody.
        """
        self._look(now, has_centre=has_centre)
        told, left, out = self._said[1], CARDS_PER_TICK, []
        for talk in talks:
            if talk.awaited_said == self._number:
                continue  # as nearly always
            is_due = talk.time_s > float("-inf") and (told.cards or talk.awaited.cards)
            if left > 0 and is_due and not self._takes(talk):
                left -= max(1, len(told.cards))
                out.append(self._send(talk))
        return out

    def _look(self, now: Now, *, has_centre: bool) -> None:
        document = self._documents.get(NAME) if has_centre else None
        digest = document.head.digest if document is not None else b""
        if digest != self._said[0]:
            cards = sorted(read_awaited(document.kept.body))[:AWAITED_MAX] if document is not None else []
            self._said = digest, Awaited(tuple(cards))
        elif now.mono_s < self._again_s or not self._said[1].cards:
            return
        self._number += 1
        self._again_s = now.mono_s + AGAIN_S

    def _send(self, talk: Conversation) -> Send:
        talk.awaited, talk.awaited_said = self._said[1], self._number
        return Send(*talk.place, talk.seal.seal(Type.AWAITED, AWAITED.encode(talk.awaited)))
