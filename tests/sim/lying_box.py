"""A box in a thief's hands that speaks to its own terminals: it holds the keys of their links, so all of it is sealed.

It has no document key. It says old documents again, puts other bytes behind a true head, signs with a key of its own,
calls the key of one kind that of another, and sends one terminal the order that was for another one. Whoever has
rights at the broker tries the same with boxes. The laws are those of the way down (`fleet_law.py`).
"""

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

from edge.box.values.effects import Send
from edge.link import messages as link
from edge.link.messages import DocumentDelta, DocumentHead, DocumentPage, Type
from shared.fleet.document import (
    DocumentKind,
    Head,
    SignedHead,
    decode_head,
    digest_of,
    pages_of,
    table_of,
)
from shared.fleet.hotlist import NOBODY
from shared.fleet.order import Lock, Order
from shared.keys.document_key import DocumentKey, certify_document_key, sign_head
from shared.wire.fleet_lane import OfferedDelta, OfferedHead, Page, decode_fleet_down, encode_fleet_down
from shared.wire.topics import DOWN_BULK
from tests.sim.stranger import KEY

if TYPE_CHECKING:
    from tests.sim.campus import Campus
    from tests.sim.edge_part import EdgePart

HEARD_MAX = 200
PAGES_MAX = 8
Lie = DocumentKey | OfferedHead | OfferedDelta | Page


class LyingBox:
    """Hears what the centre sends, and says something of its own making."""

    def __init__(self, campus: "Campus") -> None:
        self._campus, self._world = campus, campus.world
        self._heard: deque[SignedHead] = deque(maxlen=HEARD_MAX)
        self._bodies: dict[bytes, bytes] = {}
        """By digest, as it has them from its own memory."""

    def overhear(self, _: str, lane: str, payload: bytes) -> None:
        """What goes down."""
        if lane != DOWN_BULK:
            return
        said = decode_fleet_down(payload)
        if isinstance(said, OfferedHead | OfferedDelta):
            self._heard.append(said.head)

    def to_terminal(self) -> None:
        """One of its terminals hears a lie, sealed as whatever this box says."""
        edge = self._world.random.choice(self._campus.edges)
        if edge.box is None:
            return
        self._remember(edge)
        talks = [*edge.box._terminals.conversations()]
        if talks:
            talk = self._world.random.choice(talks)
            for one in self._lies():
                self._world.note("lying box", edge.name, talk.terminal.device, type(one).__name__)
                edge._do([Send(*talk.place, talk.seal.seal(*_on_link(one)))])

    def to_box(self) -> None:
        """Somebody with rights at the broker tells a box the same."""
        edge = self._world.random.choice(self._campus.edges)
        if not self._campus.broker.up:
            return
        for one in self._lies():
            self._world.note("forged document", edge.name, type(one).__name__)
            self._campus.broker.publish(edge.topic_of(DOWN_BULK), DOWN_BULK, encode_fleet_down(one))

    def _remember(self, edge: "EdgePart") -> None:
        for one in edge.box.documents.values() if edge.box is not None else ():
            self._bodies[one.head.digest] = one.kept.body

    def _lies(self) -> list[Lie]:
        random = self._world.random
        made = [self._by_a_key_of_its_own, self._under_a_true_head, self._said_again, self._as_a_delta, self._as_a_key]
        return list(random.choice(made)())

    def _by_a_key_of_its_own(self) -> Iterator[Lie]:
        """Newer than anything, and not by the campus."""
        kind, body = self._world.random.choice(
            ((DocumentKind.HOTLIST, NOBODY), (DocumentKind.ORDER, Order(Lock("x")).encode()))
        )
        true = self._true(kind)
        if true is None:
            return
        head = Head(true.key_version, kind, true.scope, true.generation + 1, true.as_of, len(body), digest_of(body))
        public = KEY.public_key().public_bytes_raw()
        campus = self._campus.plan.boxes[0].campus
        yield certify_document_key(campus, kind, true.key_version, public, KEY)
        yield from _whole(sign_head(campus, head, KEY), body)

    def _under_a_true_head(self) -> Iterator[Lie]:
        """Other bytes, with a table that is theirs."""
        if self._heard:
            signed = self._world.random.choice(self._heard)
            length = decode_head(signed.raw).length
            yield from _whole(signed, self._world.bytes(length))

    def _said_again(self) -> Iterator[Lie]:
        """A document of before, every byte of it true; or one that was for another terminal."""
        if self._heard:
            signed = self._world.random.choice(self._heard)
            body = self._bodies.get(decode_head(signed.raw).digest)
            if body is not None:
                yield from _whole(signed, body)

    def _as_a_delta(self) -> Iterator[Lie]:
        """A change that nobody has made, under a true head."""
        if self._heard:
            signed = self._world.random.choice(self._heard)
            yield OfferedDelta(signed, self._world.bytes(self._world.random.randint(1, 60)))

    def _as_a_key(self) -> Iterator[Lie]:
        """The key of the hotlist, as that of orders."""
        keys = [one.kept.key for edge in self._campus.edges if edge.box for one in edge.box.documents.values()]
        if keys:
            key = self._world.random.choice(keys)
            kind = self._world.random.choice([kind for kind in DocumentKind if kind is not key.kind])
            yield DocumentKey(kind, key.version, key.public, key.certificate)

    def _true(self, kind: DocumentKind) -> Head | None:
        heads = [decode_head(one.raw) for one in self._heard]
        mine = [head for head in heads if head.kind is kind]
        return mine[-1] if mine else None


def _whole(signed: SignedHead, body: bytes) -> Iterator[Lie]:
    """A head with its table, and the first pages unasked."""
    head = decode_head(signed.raw)
    yield OfferedHead(signed, table_of(body))
    for number, page in enumerate(pages_of(body)):
        if number < PAGES_MAX:
            yield Page(head.kind, head.scope, head.generation, number, page)


def _on_link(lie: Lie) -> tuple[Type, bytes]:
    """The same, as a box says it to a terminal."""
    match lie:
        case DocumentKey():
            return Type.DOCUMENT_KEY, link.DOCUMENT_KEY.encode(lie)
        case OfferedHead(head, table):
            return Type.DOCUMENT_HEAD, link.DOCUMENT_HEAD.encode(DocumentHead(head.raw, head.signature, table))
        case OfferedDelta(head, delta):
            return Type.DOCUMENT_DELTA, link.DOCUMENT_DELTA.encode(DocumentDelta(head.raw, head.signature, delta))
        case Page():
            page = DocumentPage(lie.kind, lie.scope, lie.generation, lie.number, lie.data)
            return Type.DOCUMENT_PAGE, link.DOCUMENT_PAGE.encode(page)
