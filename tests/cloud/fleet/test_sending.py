"""What a box is sent: the key once, then heads and deltas of what it lacks, pages as it asks; lost ones again."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud.fleet.centre import RETRY_MS, Centre
from cloud.fleet.making import Maker
from cloud.fleet.sending import AGAIN_MS
from cloud.ledger.fleet.documents.door import DocumentLedger
from cloud.ledger.fleet.documents.making import AHEAD_AGAIN_MS
from cloud.ledger.ledger import Ledger
from cloud.ledger.records.values import Now
from shared.fleet.delta import decode_delta
from shared.fleet.document import CAMPUS, DocumentKind, Head, decode_head, device_scope, digest_of, table_of
from shared.ids import BoxId
from shared.keys.document_key import DocumentKey
from shared.wire.fleet_lane import FleetDown, Held, HeldRow, OfferedDelta, OfferedHead, Page, PagesWanted
from tests.cloud.fleet.documents import Signer
from tests.cloud.ledger import campus as c
from tests.cloud.ledger import fresh
from tests.cloud.ledger.campus import BOX, NOW, OTHER_BOX

HOTLIST = DocumentKind.HOTLIST, CAMPUS


def at(ms: int) -> Now:
    return Now(NOW.unix_ms + ms, NOW.campus_s + ms // 1000)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = fresh.in_file(tmp_path / "ledger.db")
    yield opened
    opened.close()


@pytest.fixture
def signer() -> Signer:
    return Signer()


@pytest.fixture
def centre(ledger: Ledger, signer: Signer) -> Centre:
    made = Centre(ledger.opened, signer)
    assert made.looked(NOW) == [], "no box has said what it holds"
    return made


def holds(head: Head) -> Held:
    return Held((HeldRow(head.kind, head.scope, head.generation, head.digest, head.as_of),))


def head_of(message: FleetDown) -> Head:
    assert isinstance(message, OfferedHead | OfferedDelta)
    return decode_head(message.head.raw)


def test_a_box_that_holds_nothing_gets_key_head_and_pages(centre: Centre, ledger: Ledger, signer: Signer) -> None:
    key, offered = centre.held(BOX, Held(()), NOW)
    assert isinstance(key, DocumentKey)
    assert isinstance(offered, OfferedHead)
    head = signer.opened(offered.head)
    pages = centre.pages(PagesWanted(*HOTLIST, head.generation, (0, 1, 7)))
    assert all(isinstance(page, Page) for page in pages)
    body = b"".join(page.data for page in pages if isinstance(page, Page))
    assert (digest_of(body), table_of(body)) == (head.digest, offered.table)
    assert centre.held(BOX, holds(head), NOW) == []
    assert centre.looked(at(RETRY_MS)) == []
    assert ledger.database.dialect == "sqlite"


def test_a_live_change_goes_as_a_delta_to_who_has_the_one_before(
    centre: Centre, ledger: Ledger, signer: Signer
) -> None:  # fmt: skip
    first = head_of(centre.held(BOX, Held(()), NOW)[1])
    centre.held(BOX, holds(first), NOW)
    centre.held(OTHER_BOX, Held(()), NOW)
    body = DocumentLedger(ledger.opened).body(DocumentLedger(ledger.opened).wanted()[0].document)
    ledger.set_hotlisted(c.card(3), True, at(100))
    sent = dict(centre.looked(at(200)))
    delta = sent[BOX]
    assert isinstance(delta, OfferedDelta)
    head = signer.opened(delta.head)
    assert digest_of(decode_delta(delta.delta).apply(body)) == head.digest
    assert isinstance(sent[OTHER_BOX], OfferedHead), "it holds nothing: it takes pages"


def test_what_was_lost_is_offered_again_as_a_head_and_ever_more_rarely(centre: Centre, ledger: Ledger) -> None:
    first = head_of(centre.held(BOX, Held(()), NOW)[1])
    centre.held(BOX, holds(first), NOW)
    ledger.set_hotlisted(c.card(3), True, NOW)
    assert isinstance(dict(centre.looked(NOW))[BOX], OfferedDelta)
    assert centre.looked(at(AGAIN_MS - RETRY_MS)) == []
    assert isinstance(dict(centre.looked(at(AGAIN_MS)))[BOX], OfferedHead)
    assert centre.looked(at(2 * AGAIN_MS)) == []
    assert len(centre.looked(at(3 * AGAIN_MS))) == 1


def test_a_box_that_connects_anew_gets_the_key_anew(centre: Centre) -> None:
    assert len(centre.held(BOX, Held(()), NOW)) == 2
    assert centre.held(BOX, Held(()), NOW) == [], "on its way"
    centre.connected(BOX)
    assert len(centre.held(BOX, Held(()), NOW)) == 2


def test_a_document_of_one_terminal_goes_to_its_own_box(centre: Centre, ledger: Ledger, signer: Signer) -> None:
    which = DocumentKind.ORDER, device_scope(c.FAR)
    Maker(DocumentLedger(ledger.opened), signer).make(which, b"order", "王芳", NOW)
    for box in (BOX, OTHER_BOX):
        centre.held(box, Held(()), NOW)
    offered = {box: kinds(centre, box) for box in (BOX, OTHER_BOX)}
    assert offered == {BOX: {DocumentKind.HOTLIST}, OTHER_BOX: {DocumentKind.HOTLIST, DocumentKind.ORDER}}


def kinds(centre: Centre, box: BoxId) -> set[DocumentKind]:
    centre.connected(box)
    return {head_of(one).kind for one in centre.held(box, Held(()), NOW) if not isinstance(one, DocumentKey)}


def test_the_same_document_said_later_is_told_to_who_holds_it(centre: Centre) -> None:
    first = head_of(centre.held(BOX, Held(()), NOW)[1])
    centre.held(BOX, holds(first), NOW)
    later = at(300_000)
    (offered,) = dict(centre.looked(later)).values()
    assert (head_of(offered).generation, head_of(offered).as_of) == (1, later.campus_s)


def test_without_a_key_process_what_was_made_is_sent_on(centre: Centre, signer: Signer) -> None:
    signer.is_away = True
    assert len(centre.held(BOX, Held(()), at(120_000))) == 2


def test_an_older_generation_is_still_given_page_by_page(centre: Centre, ledger: Ledger) -> None:
    """A box that has begun to fetch it may end it, and goes on to the next."""
    ledger.set_hotlisted(c.card(3), True, NOW)
    centre.looked(NOW)
    (page,) = centre.pages(PagesWanted(*HOTLIST, 1, (1,)))
    assert isinstance(page, Page)
    assert (page.generation, page.data) == (1, bytes(1024))
    assert centre.pages(PagesWanted(*HOTLIST, 9, (1,))) == []


@pytest.mark.parametrize("ahead", [0, 6], ids=["fork", "ahead"])
def test_after_a_ledger_was_put_back_the_next_look_goes_on_above_what_boxes_hold(
    centre: Centre, signer: Signer, ahead: int
) -> None:  # fmt: skip
    """They hold a number of ours with bytes of the ledger that is gone."""
    other = HeldRow(*HOTLIST, 1 + ahead, b"x" * 32, 0)
    centre.held(BOX, Held((other,)), at(AHEAD_AGAIN_MS))
    (offered,) = (one for box, one in centre.looked(at(AHEAD_AGAIN_MS + 200)) if isinstance(one, OfferedHead))
    assert signer.opened(offered.head).generation == 2 + ahead


def test_a_new_process_goes_on_with_what_boxes_said_to_the_one_before(
    centre: Centre, ledger: Ledger, signer: Signer
) -> None:
    """A box that stays connected notices nothing, and says nothing again."""
    first = head_of(centre.held(BOX, Held(()), NOW)[1])
    centre.held(BOX, holds(first), NOW)
    ledger.set_hotlisted(c.card(3), True, at(100))
    anew = Centre(ledger.opened, signer)
    sent = [message for box, message in anew.looked(at(200)) if box == BOX]
    assert [type(message) for message in sent] == [DocumentKey, OfferedDelta]
