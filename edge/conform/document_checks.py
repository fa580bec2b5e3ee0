"""Checks of documents of the fleet, at a terminal that has the bench's campus key. docs/protocol/documents.md. Pure."""

import hashlib
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.conform.record_checks import spoiled
from edge.conform.report import Failed, Skipped
from edge.conform.stand import ANSWER_S, Stand, Steps
from edge.link import messages as link
from edge.link.layout import Layout
from edge.link.messages import DocumentDelta, DocumentHead, DocumentPage, DocumentReport, Type
from shared.fleet.delta import delta_between
from shared.fleet.document import CAMPUS, DocumentKind, Head, SignedHead, digest_of, echo_of, pages_of, table_of
from shared.fleet.hotlist import hotlist_body
from shared.ids import CardId
from shared.keys.document_key import DocumentKey, certify_document_key, sign_head
from shared.records import PROVEN
from shared.wire.fleet_lane import Verdict
from shared.words.voice import Text

_WHOLE_S = 30.0
"""For a document of two pages over the slowest wire."""
_KIND, _KEY_VERSION = DocumentKind.HOTLIST, 255
_CARD = slice(12, 22)
"""Where the card stands in a purchase and in a load."""
_KEY_LABEL = b"openykt bench document key v1\0"


class _Centre:
    """Makes and signs hotlists under the bench's own campus key."""

    def __init__(self, stand: Stand) -> None:
        self._stand = stand
        seed, self._campus = stand.subject.campus_seed, stand.subject.campus
        self._key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(_KEY_LABEL + seed).digest())
        public = self._key.public_key().public_bytes_raw()
        campus = Ed25519PrivateKey.from_private_bytes(seed)
        self.key: DocumentKey = certify_document_key(self._campus, _KIND, _KEY_VERSION, public, campus)

    def signed(self, generation: int, body: bytes) -> SignedHead:
        """Its head."""
        head = Head(
            _KEY_VERSION, _KIND, CAMPUS, generation, self._stand.now.campus_s, len(body), digest_of(body)
        )  # fmt: skip
        return sign_head(self._campus, head, self._key)

    def head(self, generation: int, body: bytes) -> DocumentHead:
        """As it is offered."""
        signed = self.signed(generation, body)
        return DocumentHead(signed.raw, signed.signature, table_of(body))


def _list(number: int) -> bytes:
    """A hotlist of one foreign card."""
    return hotlist_body((), (CardId(b"\xfe\xfe" + number.to_bytes(8, "big")),))


def _say(stand: Stand, layout: Layout[Any], message: object) -> None:
    stand.say(stand.sealed(Type[layout.name], layout.encode(message)))


def _begun(stand: Stand) -> Steps[tuple[_Centre, int]]:
    """In a conversation with a terminal that takes documents; the generation that it has."""
    if not stand.subject.campus_seed:
        raise Skipped(Text("--terminal 里没有 campus_seed", "no campus_seed in --terminal"))
    before = stand.talk
    if stand.paper is None:
        yield from stand.parted()
    yield from stand.joined()
    if stand.talk is not before:  # what it says at each join, and answers nothing
        yield from stand.until(ANSWER_S, Type.DOCUMENT_REPORT)
    if stand.paper is None:
        raise Skipped(Text("终端没有报告任何文件：它不收文件", "it reports no document, so it takes none"))
    stand.breathe()
    centre = _Centre(stand)
    _say(stand, link.DOCUMENT_KEY, centre.key)
    return centre, stand.paper.generation


def _answered(stand: Stand, offered: int) -> Steps[DocumentReport]:
    """The report on this generation."""
    until_s = stand.now.mono_s + ANSWER_S
    while True:
        heard = yield from stand.until(until_s - stand.now.mono_s, Type.DOCUMENT_REPORT)
        if heard is None or stand.paper is None:
            raise Failed(Text(f"没有关于第 {offered} 代的报告", f"no DOCUMENT_REPORT on generation {offered}"))
        if stand.paper.offered == offered:
            return stand.paper


def _require(found: DocumentReport, verdict: Verdict, generation: int) -> None:
    if (found.verdict, found.generation) != (verdict, generation):
        said = f"{found.verdict.name}, generation {found.generation}"
        wanted = f"{verdict.name}, generation {generation}"
        raise Failed(Text(f"应报告 {wanted}，却是 {said}", f"it should report {wanted}, but said {said}"))


def taken(stand: Stand) -> Steps[None]:
    """A signed document is fetched by pages, used, and reported by its own digest."""
    centre, before = yield from _begun(stand)
    yield from _put_in_use(stand, centre, before + 1, _list(before + 1))


def listed(stand: Stand) -> Steps[None]:
    """A card on the hotlist in use buys nothing."""
    centre, before = yield from _begun(stand)
    if not before:
        raise Skipped(Text("还没有任何文件在用", "no document is in use yet"))
    card = (yield from stand.tap(Text("请刷一张卡：它将进黑名单", "tap a card: it will be listed"))).payload[_CARD]
    yield from _put_in_use(stand, centre, before + 2, hotlist_body((), (CardId(card),)))
    sold = yield from _sold_to(stand, card)
    yield from _put_in_use(stand, centre, before + 3, _list(before + 3))
    if sold:
        raise Failed(Text(f"黑名单中的卡 {card.hex()} 仍可消费", f"card {card.hex()} is listed, and bought"))


def _sold_to(stand: Stand, card: bytes) -> Steps[bool]:
    stand.said.append(Text("请再刷同一张卡：终端应拒绝", "tap the same card again: the terminal must refuse it"))
    until_s = stand.now.mono_s + stand.tap_s
    newest = stand.seen.get(stand.epoch, 0)
    while True:
        heard = yield from stand.until(until_s - stand.now.mono_s, Type.RECORD)
        if heard is None:
            return False
        if heard.seq > newest and heard.payload[1] in PROVEN and heard.payload[_CARD] == card:
            return True


def _put_in_use(stand: Stand, centre: _Centre, generation: int, body: bytes) -> Steps[None]:
    """Offer it, give the pages that are asked for, and look at the report."""
    stand.breathe()
    _say(stand, link.DOCUMENT_HEAD, centre.head(generation, body))
    until_s = stand.now.mono_s + _WHOLE_S
    while True:
        heard = yield from stand.until(until_s - stand.now.mono_s, Type.DOCUMENT_WANT, Type.DOCUMENT_REPORT)
        if heard is None:
            raise Failed(Text("没有取页，也没有报告", "it asked for no page and reported nothing"))
        if heard.kind is Type.DOCUMENT_WANT:
            _pages(stand, generation, body, link.DOCUMENT_WANT.decode(heard.payload).numbers)
        elif stand.paper is not None and stand.paper.verdict is not Verdict.FETCHING:
            break  # it asks no more
    _in_use(stand.paper, generation, body)


def delta(stand: Stand) -> Steps[None]:
    """The next generation comes as what has changed."""
    centre, before = yield from _begun(stand)
    if not before:
        raise Skipped(Text("还没有任何文件在用", "no document is in use yet"))
    body = _list(before + 1)
    change = delta_between(_list(before), body)
    signed = centre.signed(before + 1, body)
    if change is not None:
        _say(stand, link.DOCUMENT_DELTA, DocumentDelta(signed.raw, signed.signature, change.encode()))
    _in_use((yield from _answered(stand, before + 1)), before + 1, body)


def forged(stand: Stand) -> Steps[None]:
    """A head that is not signed by its kind's key changes nothing."""
    centre, before = yield from _begun(stand)
    offered = centre.head(before + 1, _list(before + 1))
    _say(stand, link.DOCUMENT_HEAD, offered._replace(signature=spoiled(offered.signature)))
    _require((yield from _answered(stand, before + 1)), Verdict.WRONG_SIGNATURE, before)


def older(stand: Stand) -> Steps[None]:
    """Never backwards."""
    centre, before = yield from _begun(stand)
    if before < 2:
        raise Skipped(Text("没有更旧的一代", "there is no older generation"))
    _say(stand, link.DOCUMENT_HEAD, centre.head(before - 1, _list(before - 1)))
    _require((yield from _answered(stand, before - 1)), Verdict.OLDER, before)


def forked(stand: Stand) -> Steps[None]:
    """The same generation with other bytes is told, and not taken."""
    centre, before = yield from _begun(stand)
    if not before:
        raise Skipped(Text("还没有任何文件在用", "no document is in use yet"))
    _say(stand, link.DOCUMENT_HEAD, centre.head(before, _list(before + 1000)))
    _require((yield from _answered(stand, before)), Verdict.FORK, before)


def _pages(stand: Stand, generation: int, body: bytes, numbers: tuple[int, ...]) -> None:
    whole = tuple(pages_of(body))
    for number in numbers or range(len(whole)):
        if number < len(whole):
            _say(stand, link.DOCUMENT_PAGE, DocumentPage(_KIND, CAMPUS, generation, number, whole[number]))


def _in_use(found: DocumentReport | None, generation: int, body: bytes) -> None:
    if found is None:
        raise Failed(Text("没有报告", "no DOCUMENT_REPORT came"))
    _require(found, Verdict.IN_USE, generation)
    if (found.digest, found.echo) != (digest_of(body), echo_of(table_of(body))):
        raise Failed(Text("报告的摘要不是该文件的", "the digest or echo that it reports is not the document's"))
