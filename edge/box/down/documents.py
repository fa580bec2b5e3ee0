"""Documents of the fleet 下发文件 at a box: proven, whole and durable before they count, and never backwards. Pure.

The centre offers what `Held` does not name; a box fetches pages, or applies a delta to the generation before. It trusts
the campus key of its settings and nothing that lies between: what has a wrong signature is forged, what has a right one
under a generation with other bytes is a fork; both are told and counted, and change nothing. An older one is counted.

What this box uses itself must be what its kind says (READERS): a document that is not is never kept.

Bounds: HELD_MAX documents and BYTES_MAX bytes, held and under way; above, one is refused with a fact. What could not be
written, or did not come, is offered again after the `Held` that follows RETRY_S later.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from itertools import islice
from typing import NamedTuple

from edge.box.down.fetching import ASKS_MAX, Fetch
from edge.box.down.trust import Trust
from edge.box.terminals.terminals import Tell
from edge.box.values.effects import DocumentNotKept, KeepDocument, Now
from edge.settings import BoxSettings
from shared.errors import RuleBroken, WireFault
from shared.facts.documents import (
    DocumentForged,
    DocumentFork,
    DocumentKeyForged,
    DocumentNoRoom,
    DocumentNotWritten,
    DocumentPagesForged,
    TrustRefused,
)
from shared.facts.terms import word_of
from shared.fleet.cards import read_awaited
from shared.fleet.delta import decode_delta, delta_between
from shared.fleet.document import (
    DocumentKind,
    Head,
    Offer,
    Scope,
    SignedHead,
    decode_head,
    device_scope,
    digest_of,
    judge,
    table_of,
)
from shared.fleet.revocations import read_revocations
from shared.ids import DeviceId
from shared.keys.document_key import DocumentKey, Keyring
from shared.wire.fleet_lane import (
    HELD_MAX,
    Held,
    HeldRow,
    OfferedDelta,
    OfferedHead,
    Page,
    PagesWanted,
    decode_fleet_down,
)

BYTES_MAX = 8 << 20
"""Of all documents together, in memory and on the disk: half of what an outbox leaves free for others at its start."""
FETCHES_MAX = 4
"""Documents whose pages are asked for at a time; further ones wait in the order in which they were offered."""
RETRY_S = 60.0
SOON_S = 0.5
"""After a delta that does not fit, so that a platform that is wrong is not answered at its own pace."""

Name = tuple[DocumentKind, Scope]
"""There is one document of each kind and scope."""
READERS: Mapping[DocumentKind, Callable[[bytes], object]] = {
    DocumentKind.REVOCATIONS: read_revocations,
    DocumentKind.AWAITED: read_awaited,
}
"""Kinds that a box uses itself, and what refuses their bytes with WireFault."""


class Document(NamedTuple):
    """One that counts here. delta: from the one with the digest `base`; empty where there is none."""

    kept: KeepDocument
    head: Head
    table: tuple[int, ...]
    base: bytes = b""
    delta: bytes = b""


class DocumentsHere:
    """held: what is durable here. `up` collects what the centre is to hear; its owner empties it."""

    def __init__(self, settings: BoxSettings, tell: Tell) -> None:
        self.up: list[Held | PagesWanted] = []
        self.counters: Counter[str] = Counter()
        self._ring = Keyring(settings.campus, settings.campus_key)
        self._scopes = frozenset(map(device_scope, settings.devices))
        self._tell = tell
        self._held: dict[Name, Document] = {}
        self._keeping: dict[Name, KeepDocument] = {}
        """Given to the outbox, which has not answered yet."""
        self._fetches: dict[Name, Fetch] = {}
        self._unfit: set[Name] = set()
        """Left out of the next `Held`: a delta did not fit what is here."""
        self.trust = Trust(settings.campus, settings.campus_key)
        self._connected = False
        self._say_again_s = float("inf")

    @property
    def held(self) -> Mapping[Name, Document]:
        """What is durable, and so counts."""
        return self._held

    def passes(self, firmware: Document) -> bool:
        """May this release go on to terminals?"""
        return self.trust.passes(firmware.head, firmware.kept.body)

    def restore(self, documents: tuple[KeepDocument, ...]) -> None:
        """What an outbox held: only what is proven and whole is believed."""
        for one in documents:
            self._ring.add(one.key)
            head = self._ring.opened(one.signed)
            is_proven = head is not None and digest_of(one.body) == head.digest and _is_readable(head, one.body)
            if head is not None and is_proven and self._is_for_here(head.scope):
                self._held[head.kind, head.scope] = Document(one, head, table_of(one.body))
                self._counts(one, head)
            else:
                self.counters["documents_unproven"] += 1

    # ---- the centre

    def connected(self, now: Now) -> None:
        """What is here is said first."""
        self._connected = True
        self.say_held()
        self._go_on(now)

    def disconnected(self) -> None:
        """What was asked will not come."""
        self._connected = False
        for fetch in self._fetches.values():
            fetch.forget_asked()

    def heard(self, now: Now, message: bytes) -> list[KeepDocument]:
        """A message of down/bulk; what to make durable. Malformed: WireFault."""
        out: list[KeepDocument] = []
        match decode_fleet_down(message):
            case DocumentKey() as key:
                self._key(now, key)
            case OfferedHead() as offered:
                out = self._offered(now, offered)
            case OfferedDelta() as offered:
                out = self._patched(now, offered)
            case Page() as page:
                out = self._paged(now, page)
        self._go_on(now)
        return out

    def tick(self, now: Now) -> None:
        """Ask again for what does not come; say again what is held when something was missed."""
        if self._connected and now.mono_s >= self._say_again_s:
            self.say_held()
        self._go_on(now)

    # ---- the outbox

    def kept(self, kept: KeepDocument) -> None:
        """It is durable: from now on it counts."""
        head = kept.head
        name = head.kind, head.scope
        if self._keeping.get(name) == kept:
            del self._keeping[name]
        self._held[name] = _after(self._held.get(name), kept, head)
        self._counts(kept, head)
        if self._connected:
            self.say_held()

    def not_kept(self, now: Now, outcome: DocumentNotKept) -> None:
        """The one before it counts on."""
        head = outcome.wanted.head
        name = head.kind, head.scope
        if self._keeping.get(name) == outcome.wanted:
            del self._keeping[name]
        self.counters["documents_not_kept"] += 1
        self._tell(now, DocumentNotWritten(word_of(head.kind.name), head.generation, outcome.reason))
        self._say_again(now.mono_s + RETRY_S)

    # ---- inside

    def _key(self, now: Now, key: DocumentKey) -> None:
        if not self._ring.add(key):
            self.counters["documents_forged"] += 1
            self._tell(now, DocumentKeyForged(word_of(key.kind.name)), about=word_of(key.kind.name))

    def _offered(self, now: Now, offered: OfferedHead) -> list[KeepDocument]:
        head = self._proven(now, offered.head)
        if head is None:
            return []
        name = head.kind, head.scope
        match self._judged(now, head):
            case Offer.NEWER:
                return self._fetch(now, head, offered)
            case Offer.FRESHER if name in self._fetches:
                self._fetches[name].head, self._fetches[name].signed = head, offered.head
            case Offer.FRESHER:
                return self._keep(now, head, offered.head, self._body(name))
        return []

    def _patched(self, now: Now, offered: OfferedDelta) -> list[KeepDocument]:
        head = self._proven(now, offered.head)
        if head is None or self._judged(now, head) is not Offer.NEWER:
            return []
        body = self._applied(head, offered.delta)
        if body is None:
            self.counters["deltas_unfit"] += 1
            self._unfit.add((head.kind, head.scope))
            self._say_again(now.mono_s + SOON_S)  # the answer is a head with its table
            return []
        _require_readable(head, body)
        return self._keep(now, head, offered.head, body) if self._has_room(now, head) else []

    def _applied(self, head: Head, delta: bytes) -> bytes | None:
        """The bytes after the delta, if they are those that are signed; a wrong delta is as good as none."""
        try:
            change = decode_delta(delta)
        except WireFault:
            return None
        if change.length != head.length:
            return None
        body = change.apply(self._body((head.kind, head.scope)))
        return body if digest_of(body) == head.digest else None

    def _paged(self, now: Now, page: Page) -> list[KeepDocument]:
        name = page.kind, page.scope
        fetch = self._fetches.get(name)
        if fetch is None or fetch.head.generation != page.generation or not fetch.take(page):
            self.counters["pages_unwanted"] += 1
            return []
        return self._whole(now, name, fetch) if fetch.is_whole else []

    def _fetch(self, now: Now, head: Head, offered: OfferedHead) -> list[KeepDocument]:
        if not self._has_room(now, head):
            return []
        name = head.kind, head.scope
        self._fetches.pop(name, None)
        fetch = self._fetches[name] = Fetch(head, offered, self._body(name))
        return self._whole(now, name, fetch) if fetch.is_whole else []

    def _whole(self, now: Now, name: Name, fetch: Fetch) -> list[KeepDocument]:
        body = fetch.body()
        if body is not None:
            if not _is_readable(fetch.head, body):
                del self._fetches[name]
            _require_readable(fetch.head, body)
            return self._keep(now, fetch.head, fetch.signed, body)
        if not fetch.begin_anew():
            del self._fetches[name]
            self.counters["documents_forged"] += 1
            self._tell(now, DocumentPagesForged(word_of(name[0].name), fetch.head.generation))
            self._say_again(now.mono_s + RETRY_S)
        return []

    def _keep(self, now: Now, head: Head, signed: SignedHead, body: bytes) -> list[KeepDocument]:
        """Give it to the outbox, unless it is a chain that is not to be believed; what was fetched is this or older."""
        name, key = (head.kind, head.scope), self._ring.key_for(head)
        if key is None:
            raise RuleBroken("a document that is kept was proven with its key")
        self._fetches.pop(name, None)
        fault = self.trust.judge(head, body) if head.kind is DocumentKind.TRUST else ""
        if fault:
            self.counters["chains_refused"] += 1
            self._tell(now, TrustRefused(head.generation, fault), about=fault)
            return []
        wanted = self._keeping[name] = KeepDocument(signed, key, body)
        return [wanted]

    def _counts(self, kept: KeepDocument, head: Head) -> None:
        """It is durable: a chain is believed from now on, and the time that it was signed at has come."""
        self.trust.time_s = max(self.trust.time_s, head.as_of)
        if head.kind is DocumentKind.TRUST:
            try:
                self.trust.adopt(head, kept.body)
            except WireFault:  # of an older program, or of a medium that forgets: the centre sends the next one
                self.counters["chains_refused"] += 1

    def _proven(self, now: Now, signed: SignedHead) -> Head | None:
        """None: unproven or for nobody here, and counted."""
        head = decode_head(signed.raw)
        if self._ring.key_for(head) is None:
            self.counters["documents_unproven"] += 1
            self._say_again(now.mono_s + RETRY_S)
        elif self._ring.opened(signed) is None:
            self.counters["documents_forged"] += 1
            self._tell(now, DocumentForged(word_of(head.kind.name)), about=word_of(head.kind.name))
        elif not self._is_for_here(head.scope):
            self.counters["documents_for_nobody"] += 1
        else:
            return head
        return None

    def _judged(self, now: Now, head: Head) -> Offer:
        offer = judge(self._newest((head.kind, head.scope)), head)
        if offer is Offer.OLDER:
            self.counters["documents_older"] += 1
        elif offer is Offer.FORK:
            self.counters["documents_forked"] += 1
            self._tell(now, DocumentFork(word_of(head.kind.name), head.generation), about=word_of(head.kind.name))
        return offer

    def _newest(self, name: Name) -> Head | None:
        """Of what is here, being written or fetched: what is offered is measured by that."""
        fetch, complete = self._fetches.get(name), self._complete(name)
        if fetch is not None:
            return fetch.head
        return complete.head if complete else None

    def _complete(self, name: Name) -> KeepDocument | None:
        """The newest whole one, written or not."""
        held = self._held.get(name)
        return self._keeping.get(name) or (held.kept if held else None)

    def _body(self, name: Name) -> bytes:
        complete = self._complete(name)
        return complete.body if complete else b""

    def _is_for_here(self, whom: Scope) -> bool:
        return whom[0] != _OF_A_DEVICE or whom in self._scopes

    def _has_room(self, now: Now, head: Head) -> bool:
        mine = head.kind, head.scope
        names = {*self._held, *self._keeping, *self._fetches} - {mine}
        length = head.length + sum(found.length for name in names if (found := self._newest(name)))
        if len(names) < HELD_MAX and length <= BYTES_MAX:
            return True
        self.counters["documents_no_room"] += 1
        self._tell(now, DocumentNoRoom(word_of(head.kind.name), head.generation, head.length))
        return False

    def _go_on(self, now: Now) -> None:
        """Ask for the pages of the first FETCHES_MAX documents; give up one that does not come."""
        if not self._connected:
            return
        for name, fetch in [*islice(self._fetches.items(), FETCHES_MAX)]:
            wanted = fetch.ask(now.mono_s)
            if wanted is not None and fetch.asks > ASKS_MAX:
                del self._fetches[name]
                self.counters["documents_given_up"] += 1
                self._say_again(now.mono_s + RETRY_S)
            elif wanted is not None:
                self.up.append(wanted)

    def say_held(self) -> None:
        """All that is here: at a connect, after a change, and with every further Hello."""
        self._say_again_s = float("inf")
        rows = (one.head for name, one in self._held.items() if name not in self._unfit)
        self.up.append(Held(tuple(HeldRow(h.kind, h.scope, h.generation, h.digest, h.as_of) for h in rows)))
        self._unfit.clear()

    def _say_again(self, at_s: float) -> None:
        self._say_again_s = min(self._say_again_s, at_s)


_OF_A_DEVICE = device_scope(DeviceId(bytes(6)))[0]


def _require_readable(head: Head, body: bytes) -> None:
    if head.kind in READERS:
        READERS[head.kind](body)


def _is_readable(head: Head, body: bytes) -> bool:
    try:
        _require_readable(head, body)
    except WireFault:
        return False
    return True


def _after(before: Document | None, kept: KeepDocument, head: Head) -> Document:
    if before is not None and before.head.mark == head.mark:
        return before._replace(kept=kept, head=head)
    table = table_of(kept.body)
    if before is None:
        return Document(kept, head, table)
    delta = delta_between(before.kept.body, kept.body)
    return Document(kept, head, table, before.head.digest, delta.encode() if delta else b"")
