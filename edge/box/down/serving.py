"""Documents from a box to its terminals: what each should have beside what it says it has. Pure.

A terminal that has said nothing of documents (release 0.1) is sent nothing. One that has is sent, for each document
that is meant for it and that it lacks: the key, then the delta from the generation before, or the head with its table;
pages when it asks. Its word goes up as it was said, and is remembered to be said again at the next connection. Of an
order the box says itself that it is on the link, for people wait for it.

Bounds: of each document WANTED_MAX pages wait for a terminal, one after another; an offer is repeated after
OFFER_AGAIN_S without a word or a page, then after twice as long each time up to OFFER_AGAIN_MAX_S, and after
REFUSED_AGAIN_S when it was refused or is being fetched; REPORTS_MAX words are remembered. Pace: pace.py.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from edge.box.down.documents import Document, Name
from edge.box.down.pace import TERMINAL_BYTES_PER_S, Pace, link_bytes_per_s
from edge.box.down.permits import may_take, permit_of
from edge.box.terminals.conversation import Conversation
from edge.box.terminals.terminals import Tell
from edge.box.values.effects import Now, Send
from edge.link import messages as link
from edge.link.messages import DocumentReport, DocumentWant, Type
from edge.link.seal import Opened
from edge.settings import LinkSetting
from shared.errors import WireFault
from shared.facts.documents import DocumentRefused, FirmwareReturned, TerminalDocumentFork
from shared.facts.terms import word_of
from shared.fleet.document import (
    CAMPUS,
    OPTIONAL,
    PAGE_SIZE,
    DocumentKind,
    Head,
    device_scope,
    is_for,
    model_scope,
    page_count,
    page_size,
)
from shared.ids import DeviceId
from shared.keys.document_key import DocumentKey
from shared.wire.fleet_lane import OnLink, Reported, Verdict

OFFER_AGAIN_S, OFFER_AGAIN_MAX_S = 2.0, 15.0
"""A frame that is lost on a bus costs the first; a terminal that has no time for documents is not pressed."""
UNANSWERED_AGAIN_S = 600.0
"""An optional document of which a terminal has said no word after several offers: it is of before that kind."""
REFUSED_AGAIN_S = 60.0
SILENT_S = 60.0
"""A terminal that was not heard for so long is sent nothing: it joins again when it is back."""
WANTED_MAX = 16
"""Pages that wait for one terminal: above, only what it asked for last."""
JUST_SENT_S = 2.0
"""Less than the patience of a terminal, which asks again after three seconds."""
KEY_S = 1.0
"""A key that was sent is there by then: what goes to all at once waits for no message to one."""
KEY_LOSSES_MAX = 4
"""So often a key that was sent is lost before anybody is told: when many join a bus at once two losses are chance."""
REPORTS_MAX = 2048
KINDS = (
    DocumentKind.HOTLIST, DocumentKind.WALLETS, DocumentKind.CAPPED, DocumentKind.OPERATORS, DocumentKind.ORDER,
    DocumentKind.PARAMETERS, DocumentKind.AWAITED, DocumentKind.PERMIT, DocumentKind.ENROLLED, DocumentKind.FIRMWARE,
)  # fmt: skip
"""What terminals have a use for, the urgent ones first; boxes refuse stolen devices, and judge trust."""
FINAL = frozenset({
    Verdict.STORED, Verdict.OLDER, Verdict.FORK, Verdict.TOO_LONG, Verdict.NOT_FOR_ME, Verdict.EXPIRED,
    Verdict.UNSUPPORTED,
})  # fmt: skip
"""Words on an offer after which the same one is not made again in a conversation."""
SPOKEN = frozenset({Type.DOCUMENT_REPORT, Type.DOCUMENT_WANT})
"""What of documents goes up from a terminal."""


class _Offer(NamedTuple):
    """What was offered last of one document. again_s: so long until it is made again, if nothing is heard of it."""

    generation: int
    as_of: int
    at_s: float
    as_delta: bool
    again_s: float


class _Desk:
    """One conversation, as far as it is about documents.

    reports: the newest word on each. asked: heads that it wants, whatever it has said. wants: pages, of a generation.
    """

    __slots__ = ("asked", "keyless", "keys", "names", "offers", "pace", "reports", "sent", "talk", "wants")

    def __init__(self, now: Now, talk: Conversation) -> None:
        self.talk = talk
        scopes = CAMPUS, model_scope(talk.hello.model), device_scope(talk.terminal.device)
        self.names: tuple[Name, ...] = tuple((kind, scope) for kind in KINDS for scope in scopes)
        """All that may be meant for it, the urgent kinds first."""
        self.reports: dict[Name, DocumentReport] = {}
        self.keys: dict[tuple[int, int], float] = {}
        """Kind and version of those that it was sent, and when."""
        self.keyless: Counter[DocumentKind] = Counter()
        """Kinds whose key it has missed."""
        self.offers: dict[Name, _Offer] = {}
        self.asked: set[Name] = set()
        self.wants: dict[Name, tuple[int, deque[int]]] = {}
        self.sent: dict[Name, tuple[int, dict[int, float]]] = {}
        """Pages of a generation, and when each went last."""
        self.pace = Pace(TERMINAL_BYTES_PER_S, now.mono_s)

    def touch(self, now: Now, name: Name) -> None:
        """It is fetching this: the offer was heard, and is not repeated while that goes on."""
        offer = self.offers.get(name)
        if offer is not None:
            self.offers[name] = offer._replace(at_s=now.mono_s, again_s=OFFER_AGAIN_MAX_S)

    def has_key(self, key: DocumentKey) -> bool:
        """Was it sent this key?"""
        return (key.kind, key.version) in self.keys

    def is_sent(self, name: Name, generation: int) -> bool:
        """Has any page of this generation gone?"""
        return self.sent.get(name, (0, {}))[0] == generation

    def note_sent(self, name: Name, generation: int, number: int, mono_s: float) -> None:
        """A page has gone."""
        known, pages = self.sent.get(name, (0, {}))
        if known != generation:
            known, pages = self.sent[name] = generation, {}
        pages[number] = mono_s

    def forget_keys(self, kind: int) -> None:
        """It says that it has none of this kind."""
        self.keys = {key: at_s for key, at_s in self.keys.items() if key[0] != kind}

    def is_meant(self, name: Name) -> bool:
        """Is this document for it?"""
        return is_for(name[1], self.talk.terminal.device, self.talk.hello.model)


class _Line:
    """One link. last: who was served last."""

    __slots__ = ("last", "pace")

    def __init__(self, pace: Pace) -> None:
        self.pace = pace
        self.last: DeviceId | None = None


class Serving:
    """held: what counts here (documents.py). `up` collects what terminals say; its owner empties it."""

    def __init__(
        self, held: Mapping[Name, Document], links: Iterable[LinkSetting], tell: Tell,
        passes: Callable[[Document], bool] = lambda _: True,
    ) -> None:  # fmt: skip
        """passes: is this release of firmware stood for?"""
        self._passes = passes
        self.up: list[Reported | OnLink] = []
        self.counters: Counter[str] = Counter()
        self._held = held
        self._tell = tell
        self._rates = {one.name: link_bytes_per_s(one) for one in links}
        self._lines: dict[str, _Line] = {}
        self._desks: dict[DeviceId, _Desk] = {}
        self._said: dict[tuple[DeviceId, Name], Reported] = {}
        self.is_by_pages: Callable[[Now, Conversation, Name], bool] = lambda _now, _talk, _name: True
        """May it be offered as pages now? Whoever has another way for it, or knows what stands against it, says so."""

    def connected(self) -> None:
        """The newest word of every terminal is said again."""
        self.up += self._said.values()

    def takes(self, talk: Conversation) -> bool:
        """Has this terminal said in this conversation that it takes documents?"""
        desk = self._desks.get(talk.terminal.device)
        return desk is not None and desk.talk is talk

    def heard(self, now: Now, talk: Conversation, opened: Opened) -> None:
        """A DOCUMENT_REPORT or a DOCUMENT_WANT. Malformed: WireFault."""
        if opened.type is Type.DOCUMENT_REPORT:
            self._reported(now, talk, link.DOCUMENT_REPORT.decode(opened.payload))
        else:
            self._wanted(now, talk, link.DOCUMENT_WANT.decode(opened.payload))

    def serve(self, now: Now, talks: Iterable[Conversation]) -> list[Send]:
        """What may go to these terminals now: on each link a message to each in turn, while there is credit."""
        lines: dict[str, list[_Desk]] = {}
        for talk in talks if self._held else ():
            desk = self._desks.get(talk.terminal.device)
            if desk is not None and desk.talk is talk and now.mono_s - talk.heard_s < SILENT_S:
                lines.setdefault(talk.place[0], []).append(desk)
        return [send for where, desks in lines.items() for send in self._serve_line(now, where, desks)]

    def _serve_line(self, now: Now, where: str, desks: list[_Desk]) -> Iterator[Send]:
        """It goes on behind the terminal that was served last."""
        line = self._lines.get(where)
        if line is None:
            line = self._lines[where] = _Line(Pace(self._rates[where], now.mono_s))
        begin = next((n + 1 for n, desk in enumerate(desks) if desk.talk.terminal.device == line.last), 0)
        waiting = deque(desks[begin:] + desks[:begin])
        while waiting and line.pace.has_credit(now.mono_s):
            desk = waiting.popleft()
            send = self._next(now, desk)
            if send is not None:
                line.last = desk.talk.terminal.device
                line.pace.spend(len(send.message))
                waiting.append(desk)
                yield send

    # ---- what others may ask

    def report(self, talk: Conversation, name: Name) -> DocumentReport | None:
        """Its word in this conversation."""
        desk = self._desk_of(talk)
        return desk.reports.get(name) if desk else None

    def said(self, device: DeviceId, name: Name) -> Reported | None:
        """Its newest word, in whatever conversation."""
        return self._said.get((device, name))

    def is_sending(self, talk: Conversation, name: Name) -> bool:
        """Are pages of the newest one going to it?"""
        desk, held = self._desk_of(talk), self._held.get(name)
        return desk is not None and held is not None and desk.is_sent(name, held.head.generation)

    def may_have(self, talk: Conversation, held: Document) -> bool:
        """Is it its turn?"""
        desk = self._desk_of(talk)
        return desk is not None and self._may(desk, held)

    def has_key(self, now: Now, talk: Conversation, key: DocumentKey) -> bool:
        """Was it sent this key in this conversation, long enough ago that it has it?"""
        desk = self._desk_of(talk)
        sent_s = desk.keys.get((key.kind, key.version)) if desk is not None else None
        return sent_s is not None and now.mono_s - sent_s >= KEY_S

    def key_missed(self, talk: Conversation, kind: DocumentKind) -> None:
        """It says that it lacks the key."""
        desk = self._desk_of(talk)
        if desk is not None:
            desk.forget_keys(kind)

    def pages_left(self, talk: Conversation, name: Name) -> int:
        """Pages that were not sent yet, of a document that it asks pages of; 0: it asks none."""
        desk, held = self._desk_of(talk), self._held.get(name)
        generation, sent = desk.sent.get(name, (0, {})) if desk else (0, {})
        if held is None or generation != held.head.generation:
            return 0
        return max(1, page_count(held.head.length) - len(sent))

    def _desk_of(self, talk: Conversation) -> _Desk | None:
        desk = self._desks.get(talk.terminal.device)
        return desk if desk is not None and desk.talk is talk else None

    # ---- what a terminal says

    def _reported(self, now: Now, talk: Conversation, report: DocumentReport) -> None:
        device, name = talk.terminal.device, (report.kind, report.scope)
        desk = self._desks.get(device)
        if desk is None or desk.talk is not talk:
            desk = self._desks[device] = _Desk(now, talk)
        _require_meant(desk, name)
        desk.reports[name] = report
        self._remember(Reported(device, *report))
        self._heed_refusal(now, desk, report)
        self._compare(now, device, report, name)

    def _heed_refusal(self, now: Now, desk: _Desk, report: DocumentReport) -> None:
        """A key that a link has lost is sent again, with the offer, and told only when that was no help."""
        if report.verdict < Verdict.REFUSED or report.offered == report.generation:
            return
        self.counters["documents_refused"] += 1
        if report.verdict is Verdict.UNKNOWN_KEY:
            was_sent = any(kind == report.kind for kind, _ in desk.keys)
            desk.forget_keys(report.kind)
            if desk.keyless[report.kind] and not was_sent:
                return  # to an offer of before the key goes again
            desk.keyless[report.kind] += 1
            if desk.keyless[report.kind] < KEY_LOSSES_MAX:
                desk.asked.add((report.kind, report.scope))
                return
        if (report.kind, report.verdict) == (DocumentKind.FIRMWARE, Verdict.REFUSED):
            self._tell(now, FirmwareReturned(report.offered, desk.talk.hello.firmware), desk.talk.terminal.device)
            return
        if report.verdict is Verdict.UNSUPPORTED and report.kind in OPTIONAL:
            return
        told = DocumentRefused(word_of(report.kind.name), report.offered, word_of(report.verdict.name))
        self._tell(now, told, desk.talk.terminal.device)

    def _compare(self, now: Now, device: DeviceId, report: DocumentReport, name: Name) -> None:
        """The same generation must be the same bytes: what is in use was looked at, not what was sent."""
        held = self._held.get(name)
        if held is not None and report.generation == held.head.generation and report.digest != held.head.digest:
            self.counters["documents_forked"] += 1
            self._tell(now, TerminalDocumentFork(word_of(report.kind.name), report.generation), device)

    def _remember(self, said: Reported) -> None:
        key = said.device, (said.kind, said.scope)
        self._said.pop(key, None)
        if len(self._said) >= REPORTS_MAX:
            del self._said[next(iter(self._said))]
        self._said[key] = said
        self.up.append(said)

    def _wanted(self, now: Now, talk: Conversation, want: DocumentWant) -> None:
        desk, name = self._desks.get(talk.terminal.device), (want.kind, want.scope)
        held = self._held.get(name)
        if desk is None or desk.talk is not talk or held is None or not desk.is_meant(name):
            self.counters["wants_of_nothing"] += 1
            return
        if want.generation != held.head.generation or not want.numbers:
            desk.asked.add(name)
            return
        if not all(page_size(held.head.length, number) for number in want.numbers):
            raise WireFault(f"DOCUMENT_WANT: pages {want.numbers} of {held.head.length} bytes")
        desk.wants[name] = want.generation, _queued(now, desk, name, want)

    # ---- what it is sent

    def _next(self, now: Now, desk: _Desk) -> Send | None:
        if not desk.pace.has_credit(now.mono_s):
            return None
        found = self._due(now, desk) or self._page(now, desk)
        if found is None:
            return None
        sealed = desk.talk.seal.seal(*found)
        desk.pace.spend(len(sealed))
        return Send(*desk.talk.place, sealed)

    def _due(self, now: Now, desk: _Desk) -> tuple[Type, bytes] | None:
        for name in desk.names:
            held = self._held.get(name)
            if held is None or not self._may(desk, held) or not _is_due(now, desk, name, held):
                continue
            if self.is_by_pages(now, desk.talk, name):
                return self._offer(now, desk, name, held)
            if not desk.has_key(held.kept.key):  # whichever way it comes, it is nothing without
                return self._key(now, desk, held.kept.key)
        return None

    def _may(self, desk: _Desk, held: Document) -> bool:
        """Firmware that is stood for goes to whoever has its permit, everything else to whoever is meant."""
        if held.head.kind is not DocumentKind.FIRMWARE:
            return True
        if not self._passes(held):
            return False
        device = desk.talk.terminal.device
        said = desk.reports.get(permit_of(device))
        return said is not None and may_take(self._held, device, held.head, said.generation)

    def _offer(self, now: Now, desk: _Desk, name: Name, held: Document) -> tuple[Type, bytes]:
        key, signed, head = held.kept.key, held.kept.signed, held.head
        if not desk.has_key(key):
            return self._key(now, desk, key)
        as_delta = name not in desk.asked and _fits(desk, name, held)
        desk.asked.discard(name)
        if head.kind is DocumentKind.ORDER:
            self.up.append(OnLink(desk.talk.terminal.device, head.generation))
        if as_delta:
            delta = link.DocumentDelta(signed.raw, signed.signature, held.delta)
            found = Type.DOCUMENT_DELTA, link.DOCUMENT_DELTA.encode(delta)
        else:
            whole = link.DocumentHead(signed.raw, signed.signature, held.table)
            found = Type.DOCUMENT_HEAD, link.DOCUMENT_HEAD.encode(whole)
        again_s = self._again_s(desk, name, head, len(found[1]))
        desk.offers[name] = _Offer(head.generation, head.as_of, now.mono_s, as_delta, again_s)
        return found

    def _again_s(self, desk: _Desk, name: Name, head: Head, size: int) -> float:
        """Twice the last one's; the first, no less than a slow line takes to carry it and the answer."""
        offer = desk.offers.get(name)
        if offer is not None and (offer.generation, offer.as_of) == (head.generation, head.as_of):
            is_unknown = head.kind in OPTIONAL and name not in desk.reports
            is_long = is_unknown and offer.again_s >= OFFER_AGAIN_MAX_S
            return UNANSWERED_AGAIN_S if is_long else min(2 * offer.again_s, OFFER_AGAIN_MAX_S)
        carried_s = 2 * size / self._rates[desk.talk.place[0]]
        return min(max(OFFER_AGAIN_S, carried_s), OFFER_AGAIN_MAX_S)

    def _key(self, now: Now, desk: _Desk, key: DocumentKey) -> tuple[Type, bytes]:
        desk.keys[key.kind, key.version] = now.mono_s
        return Type.DOCUMENT_KEY, link.DOCUMENT_KEY.encode(key)

    def _page(self, now: Now, desk: _Desk) -> tuple[Type, bytes] | None:
        """The next one of the first request; what is wanted of a generation that has passed is not sent any more."""
        for name in sorted(desk.wants, key=lambda name: KINDS.index(name[0])):
            generation, numbers = desk.wants[name]
            held = self._held[name]
            if numbers and held.head.generation == generation:
                number = numbers.popleft()
                desk.touch(now, name)
                desk.note_sent(name, generation, number, now.mono_s)
                data = held.kept.body[number * PAGE_SIZE : (number + 1) * PAGE_SIZE]
                page = link.DocumentPage(*name, generation, number, data)
                return Type.DOCUMENT_PAGE, link.DOCUMENT_PAGE.encode(page)
            del desk.wants[name]
        return None


def _queued(now: Now, desk: _Desk, name: Name, want: DocumentWant) -> deque[int]:
    """Behind what it has asked for and was not sent yet. What went just now is on its way, and goes once."""
    generation, waiting = desk.wants.get(name, (0, deque[int]()))
    _, sent = desk.sent.get(name, (0, {})) if desk.is_sent(name, want.generation) else (0, {})
    known = waiting if generation == want.generation else deque[int]()
    if len(known) + len(want.numbers) > WANTED_MAX:
        known = deque()
    is_new = (one not in known and now.mono_s - sent.get(one, float("-inf")) >= JUST_SENT_S for one in want.numbers)
    return known + deque(one for one, new in zip(want.numbers, is_new, strict=True) if new)


def _require_meant(desk: _Desk, name: Name) -> None:
    if not desk.is_meant(name):
        raise WireFault(f"DOCUMENT_REPORT of {word_of(name[0].name)} for somebody else")


def _is_due(now: Now, desk: _Desk, name: Name, held: Document) -> bool:
    report, offer, head = desk.reports.get(name), desk.offers.get(name), held.head
    if name in desk.asked:
        return True
    if report is not None and report.generation >= head.generation:
        return _is_staler(report, head) and (offer is None or offer.as_of < head.as_of)
    if report is not None and report.verdict is Verdict.STORED and report.offered == head.generation:
        return False
    if offer is None or offer.generation < head.generation:
        return True
    return name not in desk.wants and now.mono_s - offer.at_s >= _patience(report, offer)


def _is_staler(report: DocumentReport, head: Head) -> bool:
    """It has the very document, and has not heard that the centre still calls it the newest."""
    return (report.generation, report.digest) == head.mark and report.as_of < head.as_of


def _patience(report: DocumentReport | None, offer: _Offer) -> float:
    """Seconds from an offer to the next one of the same document."""
    if report is None or report.offered != offer.generation or report.verdict is Verdict.UNKNOWN_KEY:
        return offer.again_s
    if report.verdict in FINAL:
        return float("inf")
    if offer.as_delta and report.verdict in (Verdict.WRONG_DIGEST, Verdict.MALFORMED):
        return 0.0  # what it has is not what it says: pages will tell
    return REFUSED_AGAIN_S


def _fits(desk: _Desk, name: Name, held: Document) -> bool:
    """Is the delta from the generation before what it needs? It is tried once."""
    report, offer, before = desk.reports.get(name), desk.offers.get(name), (held.head.generation - 1, held.base)
    is_first = offer is None or offer.generation < held.head.generation
    return bool(held.delta) and is_first and report is not None and (report.generation, report.digest) == before
