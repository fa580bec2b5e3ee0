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
from shared.fleet.document import (
    CAMPUS,
    DocumentKind,
    Head,
    SignedHead,
    device_scope,
    digest_of,
    echo_of,
    pages_of,
    table_of,
)
from shared.fleet.hotlist import hotlist_body
from shared.fleet.order import Deed, Lock, Order, Unlock
from shared.ids import CardId, DeviceId
from shared.keys.document_key import DocumentKey, certify_document_key, sign_head
from shared.keys.offline_code import Certificate, Phone, certify_phone
from shared.records import PROVEN
from shared.wire.fleet_lane import Verdict
from shared.words.voice import Text

_WHOLE_S = 30.0
"""For a document of two pages over the slowest wire."""
_QUIET_S = 0.5
"""Behind its first report at a join, for those of further documents."""
_KEY_VERSION = 255
_CARD = slice(12, 22)
"""Where the card stands in a purchase and in a load."""
_KEY_LABEL = b"openykt bench document key v1\0"


class Centre:
    """Makes and signs documents of a kind under the bench's own campus key, and hears what is said of them."""

    def __init__(self, stand: Stand, kind: DocumentKind) -> None:
        self._stand, self.kind = stand, kind
        self.scope = device_scope(stand.subject.device) if kind is DocumentKind.ORDER else CAMPUS
        seed, self._campus = stand.subject.campus_seed, stand.subject.campus
        self._key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(_KEY_LABEL + bytes((kind,)) + seed).digest())
        public = self._key.public_key().public_bytes_raw()
        campus = Ed25519PrivateKey.from_private_bytes(seed)
        self.key: DocumentKey = certify_document_key(self._campus, kind, _KEY_VERSION, public, campus)

    @property
    def report(self) -> DocumentReport | None:
        """The newest."""
        return self._stand.papers.get((self.kind, self.scope))

    @property
    def generation(self) -> int:
        """In use at the terminal, 0 for none."""
        return self.report.generation if self.report else 0

    def signed(self, generation: int, body: bytes) -> SignedHead:
        """Its head."""
        as_of, digest = self._stand.now.campus_s, digest_of(body)
        head = Head(_KEY_VERSION, self.kind, self.scope, generation, as_of, len(body), digest)
        return sign_head(self._campus, head, self._key)

    def certified(self, phone: Phone) -> Certificate:
        """By the key of its kind, which certifies phones where that is WALLETS."""
        return certify_phone(phone, self._key)

    def head(self, generation: int, body: bytes) -> DocumentHead:
        """As it is offered."""
        signed = self.signed(generation, body)
        return DocumentHead(signed.raw, signed.signature, table_of(body))


def _list(number: int) -> bytes:
    """A hotlist of one foreign card."""
    return hotlist_body((), (CardId(b"\xfe\xfe" + number.to_bytes(8, "big")),))


def _say(stand: Stand, layout: Layout[Any], message: object) -> None:
    stand.say(stand.sealed(Type[layout.name], layout.encode(message)))


def begun(stand: Stand, kind: DocumentKind = DocumentKind.HOTLIST) -> Steps[Centre]:
    """In a conversation with a terminal that takes documents."""
    if not stand.subject.campus_seed:
        raise Skipped(Text("--terminal 里没有 campus_seed", "no campus_seed in --terminal"))
    before = stand.talk
    if not stand.papers:
        yield from stand.parted()
    yield from stand.joined()
    if stand.talk is not before:  # what it says at each join, and answers nothing
        wait_s = ANSWER_S
        while (yield from stand.until(wait_s, Type.DOCUMENT_REPORT)) is not None:
            wait_s = _QUIET_S
    if not stand.papers:
        raise Skipped(Text("终端没有报告任何文件：它不收文件", "it reports no document, so it takes none"))
    stand.breathe()
    centre = Centre(stand, kind)
    _say(stand, link.DOCUMENT_KEY, centre.key)
    return centre


def _used(stand: Stand) -> Steps[Centre]:
    """As begun, of one that has a hotlist in use."""
    centre = yield from begun(stand)
    if not centre.generation:
        raise Skipped(Text("还没有任何文件在用", "no document is in use yet"))
    return centre


def _answered(stand: Stand, centre: Centre, offered: int) -> Steps[DocumentReport]:
    """The report on this generation."""
    until_s = stand.now.mono_s + ANSWER_S
    while True:
        heard = yield from stand.until(until_s - stand.now.mono_s, Type.DOCUMENT_REPORT)
        if heard is None:
            raise Failed(Text(f"没有关于第 {offered} 代的报告", f"no DOCUMENT_REPORT on generation {offered}"))
        if centre.report is not None and centre.report.offered == offered:
            return centre.report


def _require(found: DocumentReport, verdict: Verdict, generation: int) -> None:
    if (found.verdict, found.generation) != (verdict, generation):
        said = f"{found.verdict.name}, generation {found.generation}"
        wanted = f"{verdict.name}, generation {generation}"
        raise Failed(Text(f"应报告 {wanted}，却是 {said}", f"it should report {wanted}, but said {said}"))


def taken(stand: Stand) -> Steps[None]:
    """A signed document is fetched by pages, used, and reported by its own digest."""
    centre = yield from begun(stand)
    generation = centre.generation + 1
    yield from put_in_use(stand, centre, generation, _list(generation))


def delta(stand: Stand) -> Steps[None]:
    """The next generation comes as what has changed."""
    centre = yield from _used(stand)
    before, body = centre.generation, _list(centre.generation + 1)
    change = delta_between(_list(before), body)
    signed = centre.signed(before + 1, body)
    if change is not None:
        _say(stand, link.DOCUMENT_DELTA, DocumentDelta(signed.raw, signed.signature, change.encode()))
    in_use((yield from _answered(stand, centre, before + 1)), before + 1, body)


def forged(stand: Stand) -> Steps[None]:
    """A head that is not signed by its kind's key changes nothing."""
    centre = yield from begun(stand)
    before = centre.generation
    offered = centre.head(before + 1, _list(before + 1))
    _say(stand, link.DOCUMENT_HEAD, offered._replace(signature=spoiled(offered.signature)))
    _require((yield from _answered(stand, centre, before + 1)), Verdict.WRONG_SIGNATURE, before)


def scoped(stand: Stand) -> Steps[None]:
    """A proven document for somebody else is not taken; one that does not prove is told as that, whoever it is for."""
    centre = yield from begun(stand)
    before = centre.generation
    device = bytearray(stand.subject.device)
    device[-1] ^= 1
    centre.scope = device_scope(DeviceId(bytes(device)))
    offered = centre.head(before + 1, _list(before + 1))
    spoilt = offered._replace(signature=spoiled(offered.signature))
    for message, verdict in ((spoilt, Verdict.WRONG_SIGNATURE), (offered, Verdict.NOT_FOR_ME)):
        _say(stand, link.DOCUMENT_HEAD, message)
        found = yield from _answered(stand, centre, before + 1)
        if found.verdict is not verdict:
            raise Failed(Text(f"应报告 {verdict.name}，却是 {found.verdict.name}",
                              f"it should report {verdict.name}, but said {found.verdict.name}"))  # fmt: skip


def older(stand: Stand) -> Steps[None]:
    """Never backwards."""
    centre = yield from begun(stand)
    before = centre.generation
    if before < 2:
        raise Skipped(Text("没有更旧的一代", "there is no older generation"))
    _say(stand, link.DOCUMENT_HEAD, centre.head(before - 1, _list(before - 1)))
    _require((yield from _answered(stand, centre, before - 1)), Verdict.OLDER, before)


def forked(stand: Stand) -> Steps[None]:
    """The same generation with other bytes is told, and not taken."""
    centre = yield from _used(stand)
    before = centre.generation
    _say(stand, link.DOCUMENT_HEAD, centre.head(before, _list(before + 1000)))
    _require((yield from _answered(stand, centre, before)), Verdict.FORK, before)


def listed(stand: Stand) -> Steps[None]:
    """A card on the hotlist in use buys nothing."""
    centre = yield from _used(stand)
    before = centre.generation
    card = (yield from stand.tap(Text("请刷一张卡：它将进黑名单", "tap a card: it will be listed"))).payload[_CARD]
    yield from put_in_use(stand, centre, before + 2, hotlist_body((), (CardId(card),)))
    again = Text("请再刷同一张卡：终端应拒绝", "tap the same card again: the terminal must refuse it")
    sold = yield from _sold(stand, again, card)
    yield from put_in_use(stand, centre, before + 3, _list(before + 3))
    if sold:
        raise Failed(Text(f"黑名单中的卡 {card.hex()} 仍可消费", f"card {card.hex()} is listed, and bought"))


def ordered(stand: Stand) -> Steps[None]:
    """A lock stops selling, and an unlock ends it; offered again, neither is done again."""
    centre = yield from begun(stand, DocumentKind.ORDER)
    before = centre.generation
    yield from _obeyed(stand, centre, before + 1, Lock("bench"))
    yield from stand.until(ANSWER_S / 3)  # a sale that was begun
    sold = yield from _sold(stand, Text("请刷一张卡：终端已锁，应拒绝", "tap a card: the terminal is locked"), b"")
    yield from _obeyed(stand, centre, before + 2, Unlock())
    if sold:
        raise Failed(Text("锁定之后仍可消费", "it sold while it was locked"))


def expired(stand: Stand) -> Steps[None]:
    """An order that came too late is kept and answered, and not begun: the next one of its terminal counts on."""
    centre = yield from begun(stand, DocumentKind.ORDER)
    generation = centre.generation + 1
    body = Order(Lock("bench"), stand.now.campus_s - 60).encode()
    found = yield from fetched(stand, centre, generation, body)
    if found.verdict is Verdict.UNSUPPORTED:
        raise Skipped(Text("终端不懂指令", "it knows no orders"))
    _require(found, Verdict.EXPIRED, generation)
    yield from _obeyed(stand, centre, generation + 1, Unlock())


def _obeyed(stand: Stand, centre: Centre, generation: int, deed: Deed) -> Steps[None]:
    body = Order(deed).encode()
    found = yield from fetched(stand, centre, generation, body)
    if found.verdict is Verdict.UNSUPPORTED:
        raise Skipped(Text("终端不懂指令", "it knows no orders"))
    in_use(found, generation, body)


def _sold(stand: Stand, ask: Text, card: bytes) -> Steps[bool]:
    """Does a tap become a purchase, of this card where one is named?"""
    stand.said.append(ask)
    until_s, newest = stand.now.mono_s + stand.tap_s, stand.seen.get(stand.epoch, 0)
    while True:
        heard = yield from stand.until(until_s - stand.now.mono_s, Type.RECORD)
        if heard is None:
            return False
        is_named = not card or heard.payload[_CARD] == card
        if heard.seq > newest and heard.payload[1] in PROVEN and is_named:
            return True


def put_in_use(stand: Stand, centre: Centre, generation: int, body: bytes) -> Steps[None]:
    in_use((yield from fetched(stand, centre, generation, body)), generation, body)


def fetched(stand: Stand, centre: Centre, generation: int, body: bytes) -> Steps[DocumentReport]:
    """Offer it, give the pages that are asked for; the report that says what became of it."""
    stand.breathe()
    _say(stand, link.DOCUMENT_HEAD, centre.head(generation, body))
    until_s = stand.now.mono_s + _WHOLE_S
    while True:
        heard = yield from stand.until(until_s - stand.now.mono_s, Type.DOCUMENT_WANT, Type.DOCUMENT_REPORT)
        if heard is None:
            raise Failed(Text("没有取页，也没有报告", "it asked for no page and reported nothing"))
        if heard.kind is Type.DOCUMENT_WANT:
            _pages(stand, centre, generation, body, link.DOCUMENT_WANT.decode(heard.payload).numbers)
            continue
        found = centre.report
        if found and found.offered == generation and found.verdict not in (Verdict.FETCHING, Verdict.STORED):
            return found


def _pages(stand: Stand, centre: Centre, generation: int, body: bytes, numbers: tuple[int, ...]) -> None:
    whole = tuple(pages_of(body))
    for number in numbers or range(len(whole)):
        if number < len(whole):
            page = DocumentPage(centre.kind, centre.scope, generation, number, whole[number])
            _say(stand, link.DOCUMENT_PAGE, page)


def in_use(found: DocumentReport, generation: int, body: bytes) -> None:
    _require(found, Verdict.IN_USE, generation)
    if (found.digest, found.echo) != (digest_of(body), echo_of(table_of(body))):
        raise Failed(Text("报告的摘要不是该文件的", "the digest or echo that it reports is not the document's"))
