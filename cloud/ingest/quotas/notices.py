"""What the ingest has to tell of its senders and sessions, gathered: one fact for each of them in a span of time.

Pure. Counts everything, tells the first at once and how many there were since then no sooner than AGAIN_S later.
"""

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from cloud.ingest.quotas.allowance import SENDERS_MAX
from cloud.ingest.ticket import Notice
from shared.facts.books import MessagesRefused, MessagesSlowed, SessionTaken
from shared.facts.told import Told
from shared.ids import BoxId

AGAIN_S = 60.0
NAMES_MAX = 4 * SENDERS_MAX
"""Subjects that are kept apart; what is above is counted under nobody's name."""
_PLATFORM = BoxId("")


class _Subject(NamedTuple):
    sender: BoxId
    what: str
    tell: Callable[[str, int], Told]


class Notices:
    """Belongs to the loop."""

    def __init__(self) -> None:
        self.refused: Counter[str] = Counter()
        """By lane or kind, since the start."""
        self.slowed: Counter[str] = Counter()
        """By lane: how often somebody was read no further for a while."""
        self.taken_over = 0
        self._untold: Counter[_Subject] = Counter()
        self._told_s: dict[_Subject, float] = {}

    def refuse(self, sender: BoxId, what: str) -> None:
        """A message was beyond the quota of its sender. what: a word of shared.facts.terms.LANES."""
        self.refused[what] += 1
        self._note(_Subject(sender, what, MessagesRefused))

    def slow(self, sender: BoxId, lane: str) -> None:
        """A box has said more than its pace; what it says beyond that, the broker drops at its bound."""
        self.slowed[lane] += 1
        self._note(_Subject(sender, lane, MessagesSlowed))

    def taken(self, session: str) -> None:
        """Somebody came with the client id of this session."""
        self.taken_over += 1
        self._note(_Subject(_PLATFORM, session, SessionTaken))

    def due(self, now_s: float) -> tuple[Notice, ...]:
        """What is to be told now. It counts as told."""
        due = [one for one in self._untold if now_s - self._told_s.get(one, -AGAIN_S) >= AGAIN_S]
        told = tuple(Notice(one.sender, one.tell(one.what, self._untold.pop(one))) for one in due)
        self._told_s = {one: at_s for one, at_s in self._told_s.items() if now_s - at_s < AGAIN_S}
        self._told_s.update(dict.fromkeys(due, now_s))
        return told

    def _note(self, subject: _Subject) -> None:
        if subject not in self._untold and len(self._untold) >= NAMES_MAX:
            subject = subject._replace(sender=_PLATFORM)
        self._untold[subject] += 1
