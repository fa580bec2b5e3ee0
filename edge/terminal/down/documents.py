"""The documents of a terminal: what is offered is proven here, never goes backwards, is durable before it counts. Pure.

Whoever stands between can withhold a document and no more: key, signature and digest are checked against the campus key
of the body's own settings. What is reported is computed from the bytes in use. A document that cannot be taken changes
nothing, and the report says why. Parameters wait, durable, for the next meal period: until then those of before count.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, NamedTuple

from edge.link import messages as link
from edge.link.layout import Layout
from edge.link.messages import DocumentDelta, DocumentHead, DocumentPage, DocumentReport, DocumentWant
from edge.terminal.down.ages import FRESH_S
from edge.terminal.down.fetch import TRIES_MAX, Fetch
from edge.terminal.down.orders import NAME as ORDERS
from edge.terminal.down.orders import Orders
from edge.terminal.down.paper import Paper, read_paper
from edge.terminal.down.trial import NAME as TRIAL
from edge.terminal.down.trial import Trials
from edge.terminal.store.papers import Papers
from edge.terminal.store.parameters import read_parameters
from edge.terminal.store.shift import NAME as SHIFT
from shared.clocks.clock import DAY_S, CampusTime
from shared.errors import StoreFault, WireFault
from shared.fleet.capped import read_capped
from shared.fleet.cards import read_awaited, read_operators
from shared.fleet.delta import decode_delta
from shared.fleet.document import (
    CAMPUS,
    DIGEST_SIZE,
    DocumentKind,
    Head,
    Offer,
    Scope,
    SignedHead,
    decode_head,
    device_scope,
    digest_of,
    is_for,
    judge,
    model_scope,
)
from shared.fleet.enrolled import read_enrolled
from shared.fleet.firmware import Image, decode_image
from shared.fleet.hotlist import Hotlist
from shared.fleet.order import decode_order
from shared.fleet.permit import Permit, decode_permit
from shared.fleet.wallets import read_wallets
from shared.ids import DeviceId
from shared.keys.document_key import DocumentKey, Keyring
from shared.keys.firmware_key import is_believed
from shared.wire.fleet_lane import Verdict

FETCHES_MAX = 4
"""Documents on their way at the same time; a further one waits until it is offered again."""
CATCH_UP_S = 60.0
"""So long a body whose hotlist is old waits for a newer one before it sells on; once, until one has come whole."""
FRESH_KEPT_S = 3600
"""The moment at which the centre last said that a document is the newest is written down no oftener than this."""
TURN_AGAIN_S = 60
"""A document whose moment has come, and that the medium would not take as the one in use, is tried again by then."""
_NEVER = float("inf")
UNKNOWN_S = 0xFFFF_FFFF
"""In the place of the moment of a document that came while the clock was not set."""
Name = tuple[DocumentKind, Scope]
READERS: Mapping[DocumentKind, Callable[[bytes], object]] = {
    DocumentKind.HOTLIST: Hotlist,
    DocumentKind.ORDER: decode_order,
    DocumentKind.PARAMETERS: read_parameters,
    DocumentKind.FIRMWARE: decode_image,
    DocumentKind.PERMIT: decode_permit,
    DocumentKind.OPERATORS: read_operators,
    DocumentKind.AWAITED: read_awaited,
    DocumentKind.CAPPED: read_capped,
    DocumentKind.ENROLLED: read_enrolled,
    DocumentKind.WALLETS: read_wallets,
}
"""Kinds that this terminal understands, and what refuses their bytes with WireFault."""
_OF_ONE = frozenset({DocumentKind.ORDER, DocumentKind.PERMIT})
TO_ALL = frozenset({DocumentKind.FIRMWARE, DocumentKind.HOTLIST})
"""Kinds that may come by a broadcast."""
AT_NEXT_PERIOD = frozenset({DocumentKind.PARAMETERS})
"""Kinds that take effect when a meal period begins; any other one does at once, between taps."""
INSIDE_OF_TAPS = AT_NEXT_PERIOD | {DocumentKind.ORDER, DocumentKind.FIRMWARE, DocumentKind.PERMIT}
"""Kinds that may become durable inside of a tap, for none of them takes effect there. Any other one waits for its end:
what was asked of the one before, at its beginning, is what it does, and the record of it is no later than the report.
"""
NOT_PASSED = b"self-test"
"""Beside the refusal of an image that has failed here."""
NO_PERMIT = b"permit"
"""Beside BUSY: it is not this terminal's turn."""
_REFUSALS = {Offer.OLDER: Verdict.OLDER, Offer.FORK: Verdict.FORK}


class Say(NamedTuple):
    """A message for the edge, to be sealed."""

    layout: Layout[Any]
    message: DocumentWant | DocumentReport


class _Proven(NamedTuple):
    """A document that has come whole, with what proves it."""

    head: Head
    signed: SignedHead
    body: bytes


class Documents:
    """Of one body. Nothing counts here before `boot`.

    changed: kinds whose document in use is another one since somebody looked; whoever uses them empties it.
    """

    def __init__(
        self, device: DeviceId, model: int, ring: Keyring | None, papers: Papers,
        next_period: Callable[[], int] = lambda: 0,
    ) -> None:  # fmt: skip
        """ring: with the campus key of the body's settings; None: it has none, so it takes no document at all.

        next_period: campus second at which the next meal period begins; 0: nobody knows what time it is.
        """
        self._device, self._model = device, model
        self._next_period = next_period
        self._ring = ring
        self._papers = papers
        self.orders = Orders(papers)
        """What became of the orders that came as documents of their kind."""
        self.trials = Trials(papers)
        self.is_busy: Callable[[], bool] = lambda: False
        """Does something stand against taking new firmware now? Whoever drives this body says so."""
        self.is_in_tap: Callable[[], bool] = lambda: False
        """Is a tap under way? Said by the same."""
        self._after_tap: dict[Name, _Proven] = {}
        self._held: dict[Name, Paper] = {}
        self._waiting: dict[Name, Paper] = {}
        self._meaning: dict[Name, object] = {}
        self._fetches: dict[Name, Fetch] = {}
        self._catching_s: float | None = None
        self._is_list_coming = False
        """By a broadcast, which has no fetch."""
        self.changed: set[DocumentKind] = set()
        self.damaged = 0

    def boot(self) -> None:
        """Read what is kept. What is damaged is passed over and counted: the edge offers it again."""
        if self._ring is None:
            return
        for name in self._papers.names():
            if name in (ORDERS, TRIAL, SHIFT):
                continue
            try:
                paper = read_paper(self._papers.read(name), self._ring)
                if paper.head.kind in READERS:
                    self._kept(paper)
            except (WireFault, StoreFault):
                self.damaged += 1
        self._waiting = {name: one for name, one in self._waiting.items() if self._is_ahead(name, one)}
        self.orders.boot(self.order_held, self.meaning(DocumentKind.ORDER))
        self.trials.boot()

    def _kept(self, paper: Paper) -> None:
        if paper.from_s:
            self._waiting[paper.head.kind, paper.head.scope] = paper
        else:
            self._use(paper)

    def _is_ahead(self, name: Name, waiting: Paper) -> bool:
        """Not the paper that has become the one in use: nobody has taken it away."""
        held = self._held.get(name)
        return held is None or waiting.head.generation > held.head.generation

    # --- what is in use -------------------------------------------------------------------------------------------

    def in_use(self, kind: DocumentKind) -> Paper | None:
        """The one that counts: this body's own before its model's, that before the campus's."""
        for scope in (device_scope(self._device), model_scope(self._model), CAMPUS):
            if (kind, scope) in self._held:
                return self._held[kind, scope]
        return None

    def meaning(self, kind: DocumentKind) -> Any:  # noqa: ANN401  # what READERS makes of that kind
        """The document in use, understood; None: there is none."""
        paper = self.in_use(kind)
        return None if paper is None else self._meaning[paper.head.kind, paper.head.scope]

    @property
    def order_held(self) -> int:
        """Generation of the order that is durable here, 0: none."""
        paper = self.in_use(DocumentKind.ORDER)
        return paper.head.generation if paper else 0

    def order_said(self) -> list[Say]:
        """What became of the order that is held."""
        paper = self.in_use(DocumentKind.ORDER)
        return [] if paper is None else [self._said((paper.head.kind, paper.head.scope), Verdict.IN_USE, 0)]

    # --- firmware -------------------------------------------------------------------------------------------------

    @property
    def to_try(self) -> Paper | None:
        """Firmware that is durable here, whose turn it is, and that was neither in use nor condemned."""
        paper = self._waiting.get((DocumentKind.FIRMWARE, model_scope(self._model)))
        is_ready = paper is not None and self.is_permitted(paper.head) and not self._is_condemned(paper)
        return paper if is_ready else None

    def is_permitted(self, head: Head) -> bool:
        """Does this terminal's permit name this very release?"""
        permit: Permit | None = self.meaning(DocumentKind.PERMIT)
        return permit is not None and permit.is_for(head)

    def _is_condemned(self, paper: Paper) -> bool:
        return self.trials.is_condemned(paper.head.digest)

    def try_firmware(self, has_passed: Callable[[Image], bool], last_seq: int) -> None:
        """At power-on, before anything of an image runs: what waits is tried, and is in use, or never will be.

        Whatever the power does, one of the two images is whole: the one in use is written over by one that has passed.
        A medium that refuses leaves what ran before.
        """
        paper = self.to_try
        if paper is None:
            return
        digest, name = paper.head.digest, (paper.head.kind, paper.head.scope)
        with suppress(StoreFault):
            self.trials.begin(digest)
            if not has_passed(decode_image(paper.body)):
                self.trials.end(digest, has_passed=False)
                return
            paper = replace(paper, from_s=0, seq=last_seq)
            self._papers.keep(paper.name, paper.encode())
            del self._waiting[name]
            self._begin(paper)
            self.trials.end(digest, has_passed=True)

    def _is_believed(self, key: DocumentKey) -> bool:
        paper, campus = self.in_use(DocumentKind.FIRMWARE), self._ring.campus if self._ring is not None else 0
        return is_believed(campus, key, paper.key if paper else None, self.meaning(DocumentKind.FIRMWARE))

    # --- messages of the edge -------------------------------------------------------------------------------------

    def joined(self) -> list[Say]:
        """At each join: what is in use, and nothing is on its way."""
        self._fetches.clear()
        return self.words()

    def words(self) -> list[Say]:
        """What is in use, computed anew. A body without any document says that it takes some."""
        if self._ring is None:
            return []
        if not self._held and not self._waiting:
            return [_report(None, (DocumentKind.HOTLIST, CAMPUS), Verdict.IN_USE, 0)]
        return [self._newest_said(name) for name in dict.fromkeys((*self._held, *self._waiting))]

    def key(self, key: DocumentKey) -> None:
        """A key that the campus has not certified is not kept, nor one for firmware that the former did not name."""
        if self._ring is not None and (key.kind is not DocumentKind.FIRMWARE or self._is_believed(key)):
            self._ring.add(key)

    def head(self, offered: DocumentHead, last_seq: int, mono_s: float) -> list[Say]:
        """A document is offered. WireFault when the message is malformed."""
        head, refused = self._judged(offered.head)
        if head is None:
            return refused
        name, held = (head.kind, head.scope), self._newest((head.kind, head.scope))
        fetch = self._fetches.get(name)
        if fetch is not None and fetch.head.generation >= head.generation:
            return []
        if fetch is None and len(self._fetches) >= FETCHES_MAX:
            return [self._said(name, Verdict.BUSY, head.generation)]
        self._fetches[name] = Fetch(head, offered.head, offered.table, held.body if held else b"")
        if head.kind is DocumentKind.HOTLIST and self._catching_s is None:
            self._catching_s = mono_s
        return self._went_on(name, last_seq, mono_s)

    def delta(self, offered: DocumentDelta, last_seq: int) -> list[Say]:
        """The next generation is offered as what has changed. WireFault when the message is malformed."""
        head, refused = self._judged(offered.head)
        if head is None:
            return refused
        name = (head.kind, head.scope)
        held = self._newest(name)
        if held is None or held.head.generation + 1 != head.generation:
            return [Say(link.DOCUMENT_WANT, DocumentWant(*name, head.generation, ()))]
        body = decode_delta(offered.delta).apply(held.body)
        if digest_of(body) != head.digest:
            return [Say(link.DOCUMENT_WANT, DocumentWant(*name, head.generation, ()))]
        self._fetches.pop(name, None)
        return self._came(_Proven(head, offered.head, body), last_seq)

    def page(self, page: DocumentPage, last_seq: int, mono_s: float) -> list[Say]:
        """A page that was asked for; any other one is passed over."""
        name = (page.kind, page.scope)
        fetch = self._fetches.get(name)
        if fetch is None or not fetch.take(page):
            return []
        return self._went_on(name, last_seq, mono_s)

    def announced(self, signed: SignedHead) -> Head | Verdict:
        """A head that goes to all terminals of a wire at once: it is wanted, or what to say of it. WireFault."""
        head, said = self._judged(signed)
        if head is None:
            word = said[-1].message if said else None
            return word.verdict if isinstance(word, DocumentReport) else Verdict.UNSUPPORTED
        if head.kind not in TO_ALL:
            return Verdict.UNSUPPORTED
        self._is_list_coming |= head.kind is DocumentKind.HOTLIST
        return head

    def received(self, signed: SignedHead, body: bytes, last_seq: int) -> list[Say]:
        """A whole document, however it came: it is proven here like any other."""
        head, said = self._judged(signed)
        if head is None:
            return said
        name = (head.kind, head.scope)
        if digest_of(body) != head.digest:
            return [self._said(name, Verdict.WRONG_DIGEST, head.generation)]
        self._fetches.pop(name, None)
        if head.kind is DocumentKind.HOTLIST:
            self._is_list_coming = False
            return self._came(_Proven(head, signed, body), last_seq)
        return [self._taken(head, signed, body, last_seq)]

    def tick(self, mono_s: float) -> list[Say]:
        """Ask again for what has not come; a fetch that gets nothing ends, and waits for the next offer."""
        due = [name for name, fetch in self._fetches.items() if mono_s >= fetch.due_s]
        for name in due:
            if self._fetches[name].tries >= TRIES_MAX:
                del self._fetches[name]
        return [say for name in due if name in self._fetches for say in self._ask(name, mono_s)]

    def due_s(self) -> float:
        """Monotonic second of the next `tick` that does anything."""
        return min((fetch.due_s for fetch in self._fetches.values()), default=_NEVER)

    def is_catching_up(self, mono_s: float, campus_s: int | None) -> bool:
        """Is a hotlist that has grown old just being brought up to date? Not for longer than CATCH_UP_S, however often
        the link comes and goes. campus_s None: nobody knows how old it is."""
        paper = self.in_use(DocumentKind.HOTLIST)
        is_coming = self._is_list_coming or (DocumentKind.HOTLIST, CAMPUS) in self._fetches
        if paper is None or not is_coming:
            return False
        if self._catching_s is None:
            self._catching_s = mono_s
        is_old = campus_s is None or campus_s - paper.head.as_of >= FRESH_S
        return is_old and mono_s - self._catching_s < CATCH_UP_S

    @property
    def is_fetching(self) -> bool:
        """Is a document on its way?"""
        return bool(self._fetches)

    # --- inside ---------------------------------------------------------------------------------------------------

    def _judged(self, signed: SignedHead) -> tuple[Head | None, list[Say]]:
        """The head, when it is a newer document for this body; else what to say of it."""
        if self._ring is None:
            return None, []
        head = self._ring.opened(signed)
        if head is None:
            return None, self._unproven(signed)
        name = (head.kind, head.scope)
        if not self._is_meant(head):
            return None, [self._said(name, Verdict.NOT_FOR_ME, head.generation)]
        if head.kind not in READERS:
            return None, [self._said(name, Verdict.UNSUPPORTED, head.generation)]
        held = self._newest(name)
        offer = judge(held.head if held else None, head)
        if offer in _REFUSALS:
            return None, [self._said(name, _REFUSALS[offer], head.generation)]
        if offer is Offer.FRESHER and held is not None:
            self._freshen(replace(held, head=head, signed=signed), held)
        if offer is not Offer.NEWER:
            return None, [self._newest_said(name)]
        if head.kind is DocumentKind.FIRMWARE and not self.is_permitted(head):
            return None, [self._said(name, Verdict.BUSY, head.generation, NO_PERMIT)]
        if head.kind is DocumentKind.FIRMWARE and self.is_busy():
            return None, [self._said(name, Verdict.BUSY, head.generation)]
        return head, []

    def _is_meant(self, head: Head) -> bool:
        """Orders and permits are for one terminal alone: their generations are its own. Firmware is for a model."""
        if head.kind in _OF_ONE:
            return head.scope == device_scope(self._device)
        if head.kind is DocumentKind.FIRMWARE:
            return head.scope == model_scope(self._model)
        return is_for(head.scope, self._device, self._model)

    def _unproven(self, signed: SignedHead) -> list[Say]:
        head = decode_head(signed.raw)
        is_known = self._ring is not None and self._ring.key_for(head) is not None
        verdict = Verdict.WRONG_SIGNATURE if is_known else Verdict.UNKNOWN_KEY
        return [self._said((head.kind, head.scope), verdict, head.generation)]

    def _went_on(self, name: Name, last_seq: int, mono_s: float) -> list[Say]:
        fetch = self._fetches[name]
        if not fetch.is_whole:
            return self._ask(name, mono_s)
        del self._fetches[name]
        body = fetch.body
        if digest_of(body) != fetch.head.digest:
            return [self._said(name, Verdict.WRONG_DIGEST, fetch.head.generation)]
        return self._came(_Proven(fetch.head, fetch.signed, body), last_seq)

    def _ask(self, name: Name, mono_s: float) -> list[Say]:
        want = self._fetches[name].want(mono_s)
        return [Say(link.DOCUMENT_WANT, want)] if want else []

    def _came(self, proven: _Proven, last_seq: int) -> list[Say]:
        """Make it durable, and use it: now, or when the tap is over that is under way."""
        if proven.head.kind in INSIDE_OF_TAPS or not self.is_in_tap():
            return [self._taken(*proven, last_seq)]
        name = (proven.head.kind, proven.head.scope)
        before = self._after_tap.get(name)
        if before is None or before.head.generation < proven.head.generation:
            self._after_tap[name] = proven
        return []

    def _taken(self, head: Head, signed: SignedHead, body: bytes, last_seq: int) -> Say:
        name = (head.kind, head.scope)
        key = self._ring.key_for(head) if self._ring is not None else None
        if key is None:
            return self._said(name, Verdict.UNKNOWN_KEY, head.generation)
        paper = Paper(head, signed, key, last_seq, body)
        if head.kind in AT_NEXT_PERIOD:
            paper = replace(paper, from_s=self._next_period() or UNKNOWN_S)
        elif head.kind is DocumentKind.FIRMWARE:
            paper = replace(paper, from_s=UNKNOWN_S)
        try:
            meaning = READERS[head.kind](body)
            if isinstance(meaning, Image) and not meaning.is_of(head):
                raise WireFault("the image of another head")
            self._papers.keep(paper.name, paper.encode())
        except WireFault:
            return self._said(name, Verdict.MALFORMED, head.generation)
        except StoreFault:
            return self._said(name, Verdict.NO_ROOM, head.generation)
        if paper.from_s:
            self._waiting[name] = paper
        else:
            self._begin(paper)
        return self._newest_said(name)

    def _begin(self, paper: Paper) -> None:
        """From here on it is the one in use."""
        self._use(paper)
        self.changed.add(paper.head.kind)
        if paper.head.kind is DocumentKind.HOTLIST:
            self._catching_s = None

    # --- what waits for a meal period --------------------------------------------------------------------------------

    def turn(self, time: CampusTime, last_seq: int) -> list[Say]:
        """No tap is under way: what came in one is in use now, and what waited for a meal period that has begun."""
        said = [self._taken(*self._after_tap.pop(name), last_seq) for name in [*self._after_tap]]
        if not self._waiting or not time.is_set:
            return said
        names = [name for name in self._waiting if name[0] in AT_NEXT_PERIOD]
        return said + [say for name in names if (say := self._turned(name, time.seconds, last_seq)) is not None]

    def begins_s(self) -> int | None:
        """Campus second of the next `turn` that does anything, where one is known."""
        return min((paper.from_s for paper in self._waiting.values() if paper.from_s != UNKNOWN_S), default=None)

    def _turned(self, name: Name, campus_s: int, last_seq: int) -> Say | None:
        """A clock that was unset, or far ahead, when it came: then it waits for the next period from now."""
        paper = self._waiting[name]
        if campus_s < paper.from_s <= campus_s + DAY_S:
            return None
        is_due = paper.from_s <= campus_s
        paper = replace(paper, from_s=0, seq=last_seq) if is_due else replace(paper, from_s=self._next_period())
        try:
            self._papers.keep(paper.name, paper.encode())
        except StoreFault:  # as durable as it was, and those of before count on
            self._waiting[name] = replace(self._waiting[name], from_s=campus_s + TURN_AGAIN_S)
            return self._said(name, Verdict.NO_ROOM, paper.head.generation)
        if not is_due:
            self._waiting[name] = paper
            return None
        del self._waiting[name]
        self._begin(paper)
        return self._newest_said(name)

    def _newest(self, name: Name) -> Paper | None:
        """What is durable here, in use or not yet."""
        return self._waiting.get(name) or self._held.get(name)

    def _newest_said(self, name: Name) -> Say:
        """What is in use, and what waits."""
        waiting = self._waiting.get(name)
        if waiting is not None and name[0] is DocumentKind.FIRMWARE and self._is_condemned(waiting):
            return self._said(name, Verdict.REFUSED, waiting.head.generation)
        if waiting is not None:
            return self._said(name, Verdict.STORED, waiting.head.generation)
        return self._said(name, Verdict.IN_USE, 0)

    def _freshen(self, paper: Paper, before: Paper) -> None:
        """The same document, said later: after a power cut an hour more of age is no harm."""
        (self._waiting if paper.from_s else self._held)[paper.head.kind, paper.head.scope] = paper
        if paper.head.as_of // FRESH_KEPT_S > before.head.as_of // FRESH_KEPT_S:
            with suppress(StoreFault):
                self._papers.keep(paper.name, paper.encode())

    def _use(self, paper: Paper) -> None:
        name = (paper.head.kind, paper.head.scope)
        self._meaning[name] = READERS[paper.head.kind](paper.body)
        self._held[name] = paper

    def _said(self, name: Name, verdict: Verdict, offered: int, detail: bytes = b"") -> Say:
        paper = self._held.get(name)
        if paper is not None and name[0] is DocumentKind.ORDER and verdict is Verdict.IN_USE:
            verdict, detail = self.orders.word(paper.head.generation)
        if name[0] is DocumentKind.FIRMWARE and verdict is Verdict.REFUSED:
            detail = NOT_PASSED
        return _report(paper, name, verdict, offered, detail)


def _report(paper: Paper | None, name: Name, verdict: Verdict, offered: int, detail: bytes = b"") -> Say:
    if paper is None:
        nothing = DocumentReport(*name, 0, bytes(DIGEST_SIZE), 0, 0, 0, offered, verdict, detail)
        return Say(link.DOCUMENT_REPORT, nothing)
    head = paper.head
    report = DocumentReport(
        *name, head.generation, paper.digest, paper.echo, paper.seq, head.as_of, offered or head.generation, verdict,
        detail,
    )  # fmt: skip
    return Say(link.DOCUMENT_REPORT, report)


def documents_of(
    device: DeviceId, model: int, campus: int, campus_key: bytes, papers: Papers, next_period: Callable[[], int]
) -> Documents:  # fmt: skip
    """Of a body whose settings name the campus key; b"": it takes none."""
    return Documents(device, model, Keyring(campus, campus_key) if campus_key else None, papers, next_period)
