"""Firmware from a box to its terminals: on a bus to all at once, elsewhere by pages, nowhere while something stands
against it; and how far each is, for the centre. A hotlist goes the same way to those who are far behind. Pure.

On a bus a broadcast begins when every terminal there that lacks the release has the key, or GATHER_S after the first. A
terminal that comes (again) while it runs joins it; one that it did not reach gets pages, until it joins anew. Bounds:
one broadcast a bus, BUSY_S before one that refused is asked again (KEYLESS_S where it lacked the key), PROGRESS_S
between two words about a release.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum

from edge.box.down.broadcast import Broadcast, Fate
from edge.box.down.carrier import Carrier
from edge.box.down.documents import Document, Name
from edge.box.down.gate import Meals, why_not
from edge.box.down.lists import LIST, Lists
from edge.box.down.serving import Serving
from edge.box.terminals.conversation import Conversation
from edge.box.terminals.terminals import Tell
from edge.box.values.effects import Now
from edge.link.messages import DocumentReport
from edge.settings import BoxSettings, LinkKind, TerminalSetting
from shared.facts.documents import FirmwareUnheard
from shared.fleet.document import DocumentKind, Scope, model_scope, page_count
from shared.fleet.firmware import MODELS
from shared.ids import DeviceId
from shared.wire.fleet_lane import PROGRESS_MAX, FirmwareProgress, Progress, Stage, Verdict, Why

GATHER_S = 5.0
BUSY_S, KEYLESS_S = 60.0, 5.0
PROGRESS_S = 1.0
SILENT_S = 60.0
_TO_ASK_AGAIN = frozenset({Verdict.BUSY, Verdict.NO_ROOM, Verdict.UNKNOWN_KEY})
_WHYS = {Verdict.BUSY: Why.TAPPING, Verdict.NO_ROOM: Why.NO_ROOM}


class Way(Enum):
    """How a document goes to a terminal now."""

    PAGES = 1
    TOGETHER = 2
    NOT_NOW = 3


class Carrying:
    """up: progress for the centre; its owner empties it."""

    def __init__(
        self, settings: BoxSettings, held: Mapping[Name, Document], serving: Serving, random: Callable[[int], bytes],
        tell: Tell,
    ) -> None:  # fmt: skip
        self.up: list[FirmwareProgress] = []
        self._bitrates = {one.name: one.bitrate for one in settings.links if one.kind is LinkKind.CAN}
        self._terminals = settings.terminals
        self._held, self._serving, self._random, self._tell = held, serving, random, tell
        self._meals = Meals(held)
        self._lists = Lists(held, serving)
        self._carriers: dict[str, Carrier] = {}
        self._talks: dict[DeviceId, Conversation] = {}
        self._joined: dict[tuple[str, int], Conversation] = {}
        """By place: with whom the broadcast there counts."""
        self._by_pages: dict[DeviceId, tuple[Conversation, int]] = {}
        self._again: dict[DeviceId, tuple[int, float, Why]] = {}
        """Who is not asked again about a generation before a moment, and why."""
        self._gates: dict[str, Why] = {}
        """By bus: what stood against a broadcast there when one was looked for last."""
        self._since_s: dict[str, float] = {}
        """By bus: since when somebody there could have a broadcast."""
        self._progress = _Said()
        serving.is_by_pages = lambda now, talk, name: self.way(now, talk, name) is Way.PAGES

    def carrier(self, link: str, mono_s: float) -> Carrier | None:
        """For the link of this name, if it is a bus: from now on broadcasts go there."""
        if link not in self._bitrates:
            return None
        stream = self._random(1)[0]
        return self._carriers.setdefault(link, Carrier(self._bitrates[link], stream, mono_s))

    def connected(self) -> None:
        """All is said again."""
        self._progress.forget()

    def way(self, now: Now, talk: Conversation, name: Name) -> Way:
        """Every other kind goes by pages; a hotlist, too, unless its terminal waits for one that goes to several."""
        if name == LIST and talk.place[0] in self._carriers:
            return Way.TOGETHER if self._lists.is_behind(talk) else Way.PAGES
        if name[0] is not DocumentKind.FIRMWARE:
            return Way.PAGES
        if why_not(now, talk, self._meals) is not Why.NOTHING:
            return Way.NOT_NOW
        by_pages = self._by_pages.get(talk.terminal.device)
        is_missed = by_pages is not None and by_pages == (talk, self._held[name].head.generation)
        return Way.TOGETHER if talk.place[0] in self._carriers and not is_missed else Way.PAGES

    def tick(self, now: Now, talks: Iterable[Conversation]) -> None:
        """Begin, go on, end; say how far each is."""
        self._talks = {talk.terminal.device: talk for talk in talks if now.mono_s - talk.heard_s < SILENT_S}
        for link, carrier in self._carriers.items():
            carrier.measure(now.mono_s)
            there = [talk for talk in self._talks.values() if talk.place[0] == link]
            if carrier.running is not None:
                self._go_on(now, link, carrier, carrier.running, there)
            if carrier.name != LIST:
                self._begin_list(now, link, carrier, there)
            if carrier.running is None:
                self._begin(now, link, carrier, there)
        if self._progress.is_due(now.mono_s):
            rows = {name: [*self._rows(now, name, held)] for name, held in self._releases()}
            self.up += self._progress.changed(rows, self._held)

    # --- a broadcast ----------------------------------------------------------------------------------------------

    def _begin(self, now: Now, link: str, carrier: Carrier, there: list[Conversation]) -> None:
        self._gates[link] = self._gate(now, carrier, there)
        for name, held in self._releases():
            lacking = [talk for talk in there if self._is_lacking(now, talk, name, held)]
            keyed = [talk for talk in lacking if self._serving.has_key(now, talk, held.kept.key)]
            if not lacking or self._gates[link] is not Why.NOTHING:
                continue
            since_s = self._since_s.setdefault(link, now.mono_s)
            if keyed and (len(keyed) == len(lacking) or now.mono_s - since_s >= GATHER_S):
                self._start(now, link, carrier, name, held, keyed)
                self._since_s.pop(link)
                return

    def _begin_list(self, now: Now, link: str, carrier: Carrier, there: list[Conversation]) -> None:
        """Nothing stands against it: a list is short, and yields to all that is sold meanwhile."""
        keyed = self._lists.gathered(now, link, there, is_free=carrier.running is None)
        if keyed and self._lists.held is not None:
            self._start(now, link, carrier, LIST, self._lists.held, keyed)

    def _start(
        self, now: Now, link: str, carrier: Carrier, name: Name, held: Document, keyed: list[Conversation]
    ) -> None:  # fmt: skip
        carrier.begin(name, held, [talk.place[1] for talk in keyed], now.mono_s)
        self._joined = {at: talk for at, talk in self._joined.items() if at[0] != link}
        self._joined |= {talk.place: talk for talk in keyed}

    def _gate(self, now: Now, carrier: Carrier, there: list[Conversation]) -> Why:
        """What goes to all is heard by all: one who owes records, or is served, keeps it from all of them."""
        whys = {why_not(now, talk, self._meals) for talk in there} - {Why.NOTHING}
        if whys:
            return min(whys)
        return Why.BUS_LOAD if carrier.is_full else Why.NOTHING

    def _go_on(
        self, now: Now, link: str, carrier: Carrier, running: Broadcast, there: list[Conversation]
    ) -> None:
        name, held = carrier.name, self._held.get(carrier.name) if carrier.name else None
        is_newest = held is not None and held.head.generation == carrier.generation
        is_meal = carrier.name != LIST and any(self._meals.is_on(now, talk) for talk in there)
        if not running.is_over and (is_meal or not is_newest):
            running.end()
        carrier.tick(now.mono_s)
        if running.is_over:
            self._over(now, link, carrier, running, is_stopped=is_meal or not is_newest)
            return
        for talk in there:
            if name is not None and held is not None and self._is_new(now, talk, name, held):
                self._joined[talk.place] = talk
                running.joined(talk.place[1], now.mono_s)

    def _is_new(self, now: Now, talk: Conversation, name: Name, held: Document) -> bool:
        """One that the broadcast does not know, or that has begun another conversation in the middle of it."""
        if self._joined.get(talk.place) is talk:
            return False
        is_lacking = self._lists.is_behind(talk) if name == LIST else self._is_lacking(now, talk, name, held)
        return is_lacking and self._serving.has_key(now, talk, held.kept.key)

    def _over(self, now: Now, link: str, carrier: Carrier, running: Broadcast, *, is_stopped: bool) -> None:
        for address, fate in running.fates.items():
            talk = self._joined.get((link, address))
            if talk is None or is_stopped:
                continue
            verdict = running.refused.get(address, 0)
            if carrier.name == LIST:
                self._lists.ended(talk, fate, verdict, carrier.generation)
            else:
                self._ended(now, talk, fate, verdict, carrier.generation)
        carrier.retire()

    def _ended(self, now: Now, talk: Conversation, fate: Fate, verdict: int, generation: int) -> None:
        """Whoever it did not reach, and is there, gets pages; who is not, is asked when it is back."""
        device = talk.terminal.device
        if fate is Fate.WHOLE:
            self._again[device] = generation, now.mono_s + BUSY_S, Why.NOTHING  # its word on it is under way
        elif fate is Fate.REFUSED and verdict in _TO_ASK_AGAIN:
            if verdict == Verdict.UNKNOWN_KEY:
                self._serving.key_missed(talk, DocumentKind.FIRMWARE)
            wait_s = KEYLESS_S if verdict == Verdict.UNKNOWN_KEY else BUSY_S
            self._again[device] = generation, now.mono_s + wait_s, _WHYS.get(Verdict(verdict), Why.NOTHING)
        else:
            self._by_pages[device] = talk, generation
            if fate is Fate.SILENT:
                self._tell(now, FirmwareUnheard(generation, talk.terminal.name), device)

    def _is_lacking(self, now: Now, talk: Conversation, name: Name, held: Document) -> bool:
        """Would a broadcast of this release be of use to it now?"""
        report, device = self._serving.report(talk, name), talk.terminal.device
        if model_scope(talk.hello.model) != name[1] or not self._serving.may_have(talk, held):
            return False
        if report is not None and _is_settled(report, held.head.generation):
            return False
        is_later = self._asked_later(now, device, held.head.generation) is not None
        if is_later and self._joined.get(talk.place) is talk:
            return False
        return self.way(now, talk, name) is Way.TOGETHER

    def _asked_later(self, now: Now, device: DeviceId, generation: int) -> Why | None:
        """None: it may be asked now."""
        about, until_s, why = self._again.get(device, (0, 0.0, Why.NOTHING))
        return why if about == generation and now.mono_s < until_s else None

    def _releases(self) -> list[tuple[Name, Document]]:
        return [(name, held) for name, held in self._held.items() if name[0] is DocumentKind.FIRMWARE]

    # --- how far it is --------------------------------------------------------------------------------------------

    def _rows(self, now: Now, name: Name, held: Document) -> Iterator[Progress]:
        mine = (one for one in self._terminals if model_scope(MODELS.get(one.kind.value, 0)) == name[1])
        return (self._row(now, terminal, name, held) for terminal in mine)

    def _row(self, now: Now, terminal: TerminalSetting, name: Name, held: Document) -> Progress:
        device, generation = terminal.device, held.head.generation
        talk, said = self._talks.get(device), self._serving.said(device, name)
        running = talk.hello.firmware if talk is not None else 0
        if said is not None and said.generation >= generation:
            return Progress(device, Stage.IN_USE, Why.NOTHING, 0, 0, running)
        if said is not None and (said.offered, said.verdict) == (generation, Verdict.REFUSED):
            return Progress(device, Stage.RETURNED, Why.NOTHING, 0, 0, running)
        if said is not None and (said.offered, said.verdict) == (generation, Verdict.STORED):
            has_begun_anew = talk is not None and self._serving.report(talk, name) is None
            return Progress(device, Stage.TRIED if has_begun_anew else Stage.WHOLE, Why.NOTHING, 0, 0, running)
        if talk is None:
            return Progress(device, Stage.WAITING, Why.AWAY, 0, 0, 0)
        stage, why, lacking, total = self._on_its_way(now, talk, name, held)
        return Progress(device, stage, why, lacking, total, running)

    def _on_its_way(self, now: Now, talk: Conversation, name: Name, held: Document) -> tuple[Stage, Why, int, int]:
        link, address = talk.place
        carrier = self._carriers.get(link)
        broadcast = carrier.running if carrier is not None else None
        if carrier is not None and broadcast is not None and carrier.name == name:
            fate = broadcast.fates.get(address)
            if fate is Fate.AWAITED:
                return Stage.ERASING, Why.NOTHING, 0, 0
            if fate is Fate.READY:
                return Stage.COMING, Why.NOTHING, broadcast.lacking(address), broadcast.total
            if fate is Fate.WHOLE:
                return Stage.WHOLE, Why.NOTHING, 0, 0
        left = self._serving.pages_left(talk, name)
        if left:
            return Stage.COMING, Why.NOTHING, left, page_count(held.head.length)
        return Stage.WAITING, self._why(now, talk, name, carrier), 0, 0

    def _why(self, now: Now, talk: Conversation, name: Name, carrier: Carrier | None) -> Why:
        why = why_not(now, talk, self._meals)
        if why is not Why.NOTHING:
            return why
        report = self._serving.report(talk, name)
        is_of_this = report is not None and report.offered == self._held[name].head.generation
        if report is not None and is_of_this and report.verdict >= Verdict.REFUSED:
            return _WHYS.get(report.verdict, Why.REFUSED)
        is_others = carrier is not None and carrier.running is not None and carrier.name != name
        if is_others or not self._serving.may_have(talk, self._held[name]):
            return Why.TURN
        gate = self._gates.get(talk.place[0], Why.NOTHING)
        if gate is not Why.NOTHING:
            return gate
        generation = self._held[name].head.generation
        return self._asked_later(now, talk.terminal.device, generation) or Why.NOTHING


class _Said:
    """What was said of each terminal, so that only what has changed is said."""

    def __init__(self) -> None:
        self._rows: dict[tuple[Scope, int, DeviceId], Progress] = {}
        self._due_s = float("-inf")

    def forget(self) -> None:
        self._rows.clear()
        self._due_s = float("-inf")

    def is_due(self, mono_s: float) -> bool:
        if mono_s < self._due_s:
            return False
        self._due_s = mono_s + PROGRESS_S
        return True

    def changed(
        self, rows: Mapping[Name, list[Progress]], held: Mapping[Name, Document]
    ) -> Iterator[FirmwareProgress]:
        kept: dict[tuple[Scope, int, DeviceId], Progress] = {}
        for name, all_rows in rows.items():
            generation = held[name].head.generation
            keyed = {(name[1], generation, row.device): row for row in all_rows}
            fresh = [row for key, row in keyed.items() if self._rows.get(key) != row]
            kept |= keyed
            for at in range(0, len(fresh), PROGRESS_MAX):
                yield FirmwareProgress(name[1], generation, tuple(fresh[at : at + PROGRESS_MAX]))
        self._rows = kept


def _is_settled(report: DocumentReport, generation: int) -> bool:
    """It has it, or has said what is final."""
    if report.generation >= generation:
        return True
    return report.offered == generation and report.verdict in (Verdict.STORED, Verdict.REFUSED)
