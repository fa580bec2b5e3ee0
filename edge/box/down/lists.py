"""Hotlists to those of a bus who are far behind: to all of them at once, where they are several. Pure.

After a holiday every page of the list is another one, and so many pages to each of sixty terminals take minutes; once
over the bus they take seconds. What has just changed goes as deltas or pages at once, as ever, and so does the first
list of a terminal. Bounds: GATHER_S from the first who is behind until it begins; fewer than FEW, or while something
else is broadcast there, get pages then, and so does whoever it did not reach, for this conversation and generation.
"""

from collections.abc import Mapping, Sequence

from edge.box.down.broadcast import Fate
from edge.box.down.documents import Document, Name
from edge.box.down.serving import Serving
from edge.box.terminals.conversation import Conversation
from edge.box.values.effects import Now
from shared.fleet.document import CAMPUS, DocumentKind, page_count
from shared.ids import DeviceId
from shared.wire.fleet_lane import Verdict

LIST: Name = (DocumentKind.HOTLIST, CAMPUS)
GATHER_S = 3.0
FEW = 4
AWAY_S = 3600
"""Between the words of the centre on the one list and on the other: a live change is never so old."""
PAGES_MIN = 4
"""A shorter list is as quick by pages."""


class Lists:
    """Who of a bus waits for the list to be sent to all."""

    def __init__(self, held: Mapping[Name, Document], serving: Serving) -> None:
        self._held, self._serving = held, serving
        self._since_s: dict[str, float] = {}
        """By bus: since when somebody there is behind."""
        self._by_pages: dict[DeviceId, tuple[Conversation, int]] = {}

    @property
    def held(self) -> Document | None:
        """The list of this box."""
        return self._held.get(LIST)

    def is_behind(self, talk: Conversation) -> bool:
        """Would it have to fetch much, and is it not told to yet?"""
        held, report = self.held, self._serving.report(talk, LIST)
        if held is None or report is None or page_count(held.head.length) < PAGES_MIN:
            return False
        generation = held.head.generation
        is_told = self._by_pages.get(talk.terminal.device) == (talk, generation)
        is_old = 0 < report.generation < generation - 1 and report.as_of + AWAY_S <= held.head.as_of
        return is_old and not is_told and not self._serving.is_sending(talk, LIST)

    def gathered(self, now: Now, link: str, there: Sequence[Conversation], *, is_free: bool) -> list[Conversation]:
        """To whom a broadcast may begin here now. Nobody yet, mostly; those who wait in vain get pages."""
        behind = [talk for talk in there if self.is_behind(talk)]
        held = self.held
        if held is None or not behind:
            self._since_s.pop(link, None)
            return []
        waited_s = now.mono_s - self._since_s.setdefault(link, now.mono_s)
        if waited_s < GATHER_S:
            return []
        keyed = [talk for talk in behind if self._serving.has_key(now, talk, held.kept.key)]
        if is_free and len(keyed) >= FEW:
            self._since_s.pop(link)
            return keyed
        if not is_free or len(behind) < FEW or waited_s >= 2 * GATHER_S:
            self._since_s.pop(link)
            for talk in behind:
                self.to_pages(talk, held.head.generation)
        return []

    def ended(self, talk: Conversation, fate: Fate, verdict: int, generation: int) -> None:
        """What it has not got, or not said yet that it has, it is offered as any document."""
        if fate is Fate.REFUSED and verdict == Verdict.UNKNOWN_KEY:
            self._serving.key_missed(talk, DocumentKind.HOTLIST)
        self.to_pages(talk, generation)

    def to_pages(self, talk: Conversation, generation: int) -> None:
        """This one does not wait."""
        self._by_pages[talk.terminal.device] = talk, generation
