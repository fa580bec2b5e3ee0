"""A centre that makes, signs and offers documents, and a terminal that checks, fetches, uses and reports them."""

from collections.abc import Iterable
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.link import messages as link
from edge.link.messages import WANT_MAX, DocumentReport, DocumentWant, Type
from shared.fleet.delta import decode_delta, delta_between
from shared.fleet.document import (
    CAMPUS,
    DIGEST_SIZE,
    DocumentKind,
    Head,
    Offer,
    Scope,
    SignedHead,
    digest_of,
    echo_of,
    judge,
    pages_of,
    table_of,
)
from shared.keys.document_key import DocumentKey, Keyring, certify_document_key, sign_head
from shared.wire.fleet_lane import (
    FleetDown,
    FleetUp,
    Held,
    OfferedDelta,
    OfferedHead,
    Page,
    PagesWanted,
    Verdict,
    encode_fleet_down,
)

CAMPUS_KEY = Ed25519PrivateKey.from_private_bytes(b"\x33" * 32)
AS_OF = 848_000_000
Name = tuple[DocumentKind, Scope]
HOTLIST = DocumentKind.HOTLIST, CAMPUS


class Made(NamedTuple):
    """A document of the centre; before: the bytes of the generation before it."""

    head: Head
    signed: SignedHead
    body: bytes
    before: bytes

    def offer(self) -> OfferedHead:
        return OfferedHead(self.signed, table_of(self.body))

    def delta(self) -> OfferedDelta | None:
        found = delta_between(self.before, self.body)
        return OfferedDelta(self.signed, found.encode()) if found else None

    def page(self, number: int) -> Page:
        head = self.head
        return Page(head.kind, head.scope, head.generation, number, [*pages_of(self.body)][number])


class Centre:
    """What the cloud does, without its ledger."""

    def __init__(self, campus_key: Ed25519PrivateKey = CAMPUS_KEY, campus: int = 1) -> None:
        self.campus_key, self.campus = campus_key, campus
        self.newest: dict[Name, Made] = {}
        self.heard: list[FleetUp] = []

    def secret(self, kind: DocumentKind, version: int = 1) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(bytes((kind, version)) * 16)

    def key(self, kind: DocumentKind, version: int = 1) -> DocumentKey:
        public = self.secret(kind, version).public_key().public_bytes_raw()
        return certify_document_key(self.campus, kind, version, public, self.campus_key)

    def make(
        self, body: bytes, kind: DocumentKind = DocumentKind.HOTLIST, scope: Scope = CAMPUS, as_of: int = AS_OF,
        generation: int = 0,
    ) -> Made:  # fmt: skip
        """The next generation, signed; nobody is told yet."""
        before = self.newest.get((kind, scope))
        number = generation or (before.head.generation + 1 if before else 1)
        made = self.sign(Head(1, kind, scope, number, as_of, len(body), digest_of(body)), body)
        made = made._replace(before=before.body if before else b"")
        self.newest[kind, scope] = made
        return made

    def sign(self, head: Head, body: bytes) -> Made:
        """Whatever it is, with the right key."""
        return Made(head, sign_head(self.campus, head, self.secret(head.kind, head.key_version)), body, b"")

    def answers(self, message: FleetUp) -> list[FleetDown]:
        """What it sends to a box that has said this."""
        self.heard.append(message)
        match message:
            case Held():
                return self._lacking(message)
            case PagesWanted():
                made = self.newest.get((message.kind, message.scope))
                if made is None or made.head.generation != message.generation:
                    return []
                return [made.page(number) for number in message.numbers]
        return []

    def _lacking(self, held: Held) -> list[FleetDown]:
        there = {(row.kind, row.scope): row for row in held.rows}
        out: list[FleetDown] = [self.key(kind) for kind in sorted({kind for kind, _ in self.newest})]
        for name, made in self.newest.items():
            row = there.get(name)
            delta = made.delta() if row is not None and row.generation == made.head.generation - 1 else None
            if row is None or (row.generation, row.as_of) < (made.head.generation, made.head.as_of):
                out.append(delta or made.offer())
        return out


def encoded(messages: Iterable[FleetDown]) -> list[bytes]:
    return [encode_fleet_down(one) for one in messages]


class Holder:
    """A terminal's side of documents: it believes the campus key alone, and keeps what it has until it has the next.

    refuse: what it says to every offer. deaf: it takes what comes and answers nothing.
    """

    def __init__(self, campus_key: Ed25519PrivateKey = CAMPUS_KEY) -> None:
        self.campus_key = campus_key.public_key().public_bytes_raw()
        self.ring = Keyring(1, self.campus_key)
        self.in_use: dict[Name, tuple[Head, bytes]] = {}
        self.refuse: Verdict | None = None
        self.deaf = False
        self.heard: list[tuple[Type, bytes]] = []
        self._fetched: dict[Name, tuple[Head, tuple[int, ...], dict[int, bytes]]] = {}
        self._awaited: dict[Name, set[int]] = {}

    def report(
        self, name: Name, verdict: Verdict = Verdict.IN_USE, offered: int = 0
    ) -> tuple[Type, bytes]:
        """What is in use."""
        head, body = self.in_use.get(name, (None, b""))
        generation, digest = (head.generation, digest_of(body)) if head else (0, bytes(DIGEST_SIZE))
        as_of, echo = (head.as_of, echo_of(table_of(body))) if head else (0, 0)
        said = DocumentReport(*name, generation, digest, echo, 1, as_of, offered or generation, verdict)
        return Type.DOCUMENT_REPORT, link.DOCUMENT_REPORT.encode(said)

    def want(self, name: Name, generation: int, *numbers: int) -> tuple[Type, bytes]:
        return Type.DOCUMENT_WANT, link.DOCUMENT_WANT.encode(DocumentWant(*name, generation, numbers))

    def hear(self, kind: Type, payload: bytes) -> list[tuple[Type, bytes]]:
        """Take a message of the box; what to say."""
        self.heard.append((kind, payload))
        if self.deaf:
            return []
        match kind:
            case Type.DOCUMENT_KEY:
                assert self.ring.add(link.DOCUMENT_KEY.decode(payload))
            case Type.DOCUMENT_HEAD:
                return self._head(link.DOCUMENT_HEAD.decode(payload))
            case Type.DOCUMENT_DELTA:
                return self._delta(link.DOCUMENT_DELTA.decode(payload))
            case Type.DOCUMENT_PAGE:
                return self._page(link.DOCUMENT_PAGE.decode(payload))
        return []

    def types(self) -> list[Type]:
        return [kind for kind, _ in self.heard]

    def _judged(self, signed: SignedHead) -> tuple[Head | None, list[tuple[Type, bytes]]]:
        head = self.ring.opened(signed)
        if head is None:
            raise AssertionError("a box passed on what nobody signed")
        name = head.kind, head.scope
        if self.refuse is not None:
            return None, [self.report(name, self.refuse, head.generation)]
        held, _ = self.in_use.get(name, (None, b""))
        offer = judge(held, head)
        assert offer in (Offer.NEWER, Offer.FRESHER), f"a box sent what is {offer.value}"
        return head, []

    def _head(self, offered: link.DocumentHead) -> list[tuple[Type, bytes]]:
        head, said = self._judged(offered.head)
        if head is None:
            return said
        name = head.kind, head.scope
        held, body = self.in_use.get(name, (None, b""))
        if held is not None and held.mark == head.mark:
            return self._use(head, body)
        pages = dict(enumerate(pages_of(body)))
        table = table_of(body)
        same = {n: data for n, data in pages.items() if n < len(offered.table) and table[n] == offered.table[n]}
        self._fetched[name] = head, offered.table, same
        return self._go_on(name)

    def _delta(self, offered: link.DocumentDelta) -> list[tuple[Type, bytes]]:
        head, said = self._judged(offered.head)
        if head is None:
            return said
        _, body = self.in_use.get((head.kind, head.scope), (None, b""))
        return self._use(head, decode_delta(offered.delta).apply(body))

    def _page(self, page: link.DocumentPage) -> list[tuple[Type, bytes]]:
        name = page.kind, page.scope
        head, _, pages = self._fetched.get(name, (None, (), {}))
        if head is None or head.generation != page.generation:
            return []
        pages[page.number] = page.data
        self._awaited[name].discard(page.number)
        return [] if self._awaited[name] else self._go_on(name)

    def _go_on(self, name: Name) -> list[tuple[Type, bytes]]:
        head, table, pages = self._fetched[name]
        lacking = [n for n in range(len(table)) if n not in pages]
        if not lacking:
            return self._use(head, b"".join(pages[n] for n in range(len(table))))
        self._awaited[name] = set(lacking[:WANT_MAX])
        return [self.want(name, head.generation, *lacking[:WANT_MAX])]

    def _use(self, head: Head, body: bytes) -> list[tuple[Type, bytes]]:
        name = head.kind, head.scope
        if digest_of(body) != head.digest:
            return [self.report(name, Verdict.WRONG_DIGEST, head.generation)]
        self.in_use[name] = head, body
        return [self.report(name)]
