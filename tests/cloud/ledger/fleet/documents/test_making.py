"""A document is made once for its bytes, whole, linked, and never under a number that is out there with other bytes."""

import pytest

from cloud.fleet.making import AGAIN_S, RETRY_MS, Maker
from cloud.ledger.cards.listing import Why, list_card
from cloud.ledger.checks.book_chain import check_book_chain
from cloud.ledger.fleet.documents.door import HOTLIST, DocumentLedger
from cloud.ledger.fleet.documents.making import AHEAD_AGAIN_MS, AHEAD_MAX
from cloud.ledger.fleet.documents.rows import Wanted
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.ledger import Ledger
from cloud.ledger.read.reader import Reader
from cloud.ledger.records.values import Now
from cloud.words.fleet.documents import documents_lines
from shared.errors import RuleBroken, WireFault
from shared.fleet.delta import decode_delta
from shared.fleet.document import CAMPUS, DocumentKind, digest_of
from shared.fleet.hotlist import BY_ID_MAX, Hotlist
from shared.ids import CardId, hotlist_index
from shared.wire.fleet_lane import Held, HeldRow
from tests.cloud.fleet.documents import Signer
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import BOX, NOW

PARAMETERS = DocumentKind.PARAMETERS, CAMPUS


def later(ms: int) -> Now:
    return Now(NOW.unix_ms + ms, NOW.campus_s + ms // 1000)


@pytest.fixture
def signer() -> Signer:
    return Signer()


@pytest.fixture
def documents(opened: OpenedLedger) -> DocumentLedger:
    return DocumentLedger(opened)


@pytest.fixture
def maker(documents: DocumentLedger, signer: Signer) -> Maker:
    return Maker(documents, signer)


def look(maker: Maker, documents: DocumentLedger, now: Now = NOW) -> None:
    maker.look(documents.versions()[0], now)


def only(documents: DocumentLedger) -> Wanted:
    (one,) = documents.wanted()
    return one


def test_equal_bytes_make_no_generation(documents: DocumentLedger, maker: Maker, signer: Signer) -> None:
    first = maker.make(PARAMETERS, b"one" * 900, "王芳", NOW)
    assert first is not None
    assert maker.make(PARAMETERS, b"one" * 900, "王芳", NOW) is None
    assert signer.signed == 1
    second = maker.make(PARAMETERS, b"one" * 900 + b"!", "王芳", NOW)
    assert second is not None
    assert (first.generation, second.generation, second.who) == (1, 2, "王芳")
    assert documents.body(second) == b"one" * 900 + b"!"
    assert documents.body(first) == b"one" * 900


def test_what_is_made_is_signed_and_has_its_delta(documents: DocumentLedger, maker: Maker, signer: Signer) -> None:
    before, after = bytes(3000), bytes(2999) + b"!"
    maker.make(PARAMETERS, before, "王芳", NOW)
    assert only(documents).delta == b""
    maker.make(PARAMETERS, after, "王芳", later(1000))
    made = only(documents)
    head = signer.opened(made.signed)
    assert (head.generation, head.length, head.digest) == (2, 3000, digest_of(after))
    assert head.as_of == later(1000).campus_s
    assert decode_delta(made.delta).apply(before) == after
    assert documents.pages(PARAMETERS, 2, [2, 7]) == [(2, after[2048:])]
    assert documents.pages(PARAMETERS, 9, [0]) == []


def test_each_making_has_its_link_in_the_book_only_chain(opened: OpenedLedger, maker: Maker) -> None:
    maker.make(PARAMETERS, b"one", "王芳", NOW)
    with opened.database.reading():
        assert check_book_chain(opened.database).broken == ""
    with pytest.raises(RuleBroken), opened.database.writing():
        opened.database.run("UPDATE document SET who = '李四'")


def test_too_long_is_refused_and_nothing_is_kept(documents: DocumentLedger, maker: Maker) -> None:
    with pytest.raises(WireFault):
        maker.make(PARAMETERS, bytes(17 * 1024), "王芳", NOW)
    assert documents.wanted() == []


def test_two_makers_at_once_make_one_generation(documents: DocumentLedger, maker: Maker, signer: Signer) -> None:
    """The second one's draft is of before: it is not kept, and not sent under a number that is taken."""
    draft = documents.draft(PARAMETERS, b"mine", 1, NOW)
    assert draft is not None
    maker.make(PARAMETERS, b"theirs", "王芳", NOW)
    assert documents.keep(draft, signer.sign_document(draft.head), "李四", NOW) is None
    assert documents.body(only(documents).document) == b"theirs"


def test_numbers_go_on_above_what_is_out_there(documents: DocumentLedger, maker: Maker) -> None:
    """A ledger that was put back: boxes hold generation 57, of which it knows nothing."""
    maker.make(PARAMETERS, b"one", "王芳", NOW)
    documents.held(BOX, Held((HeldRow(*PARAMETERS, 57, b"x" * 32, 0),)), NOW)
    made = maker.make(PARAMETERS, b"two", "王芳", NOW)
    assert made is not None
    assert made.generation == 58
    assert only(documents).delta == b"", "not from the number before it"
    documents.held(BOX, Held((HeldRow(*PARAMETERS, 58 + AHEAD_MAX + 1, b"x" * 32, 0),)), NOW)
    made = maker.make(PARAMETERS, b"three", "王芳", NOW)
    assert made is not None
    assert made.generation == 59, "nobody burns all numbers at once"


def test_a_word_of_a_newer_one_makes_the_same_bytes_anew(documents: DocumentLedger, maker: Maker) -> None:
    maker.make(PARAMETERS, b"one", "王芳", NOW)
    documents.held(BOX, Held((HeldRow(*PARAMETERS, 5, b"x" * 32, 0),)), NOW)
    assert maker.make(PARAMETERS, b"one", "王芳", NOW) is None
    made = maker.make(PARAMETERS, b"one", "王芳", later(AHEAD_AGAIN_MS))
    assert made is not None
    assert made.generation == 6


def test_the_hotlist_follows_the_books(
    ledger: Ledger, documents: DocumentLedger, maker: Maker, signer: Signer
) -> None:  # fmt: skip
    look(maker, documents)
    assert len(Hotlist(documents.body(only(documents).document))) == 0
    ledger.set_hotlisted(c.card(3), True, NOW)
    look(maker, documents)
    made = only(documents)
    listed = Hotlist(documents.body(made.document))
    assert [n for n in range(9) if listed.contains(c.card(n), hotlist_index(c.card(n)))] == [3]
    assert (made.document.generation, len(made.document.hashes), made.document.who) == (2, 2, "centre")
    assert made.delta, "a live change goes as a delta"
    ledger.set_hotlisted(c.card(3), False, NOW)
    look(maker, documents)
    assert len(Hotlist(documents.body(only(documents).document))) == 0
    assert only(documents).document.generation == 3
    look(maker, documents)
    assert signer.signed == 3, "nothing has changed"


def test_a_foreign_card_is_listed_by_its_id(ledger: Ledger, documents: DocumentLedger, maker: Maker) -> None:
    foreign, beyond = CardId(b"\x77" + c.card(3)[1:]), c.card(300_000)
    for card in (foreign, beyond, c.card(3)):
        ledger.set_hotlisted(card, True, NOW)
    look(maker, documents)
    listed = Hotlist(documents.body(only(documents).document))
    assert all(listed.contains(card, hotlist_index(card)) for card in (foreign, beyond, c.card(3)))
    assert (len(listed), len(only(documents).document.hashes)) == (3, 3)


def test_what_does_not_fit_is_told_and_the_list_of_before_stays(
    ledger: Ledger, documents: DocumentLedger, maker: Maker
) -> None:  # fmt: skip
    look(maker, documents)
    with ledger.opened.writing(NOW) as writing:
        for n in range(BY_ID_MAX + 1):
            list_card(writing, c.card(300_000 + n), Why.COMMAND)
    for ms in (0, RETRY_MS):
        look(maker, documents, later(ms))
    assert only(documents).document.generation == 1
    assert [one.code for one in Reader(ledger.database).facts()] == ["document-unmade"]


def test_the_newest_hotlist_is_signed_again_while_nothing_changes(
    documents: DocumentLedger, maker: Maker, signer: Signer
) -> None:  # fmt: skip
    look(maker, documents)
    look(maker, documents, later(AGAIN_S * 1000 - 1000))
    assert only(documents).head.as_of == NOW.campus_s
    look(maker, documents, later(AGAIN_S * 1000))
    made = only(documents)
    assert (made.head.as_of, made.document.generation) == (NOW.campus_s + AGAIN_S, 1)
    assert signer.opened(made.signed) == made.head


def test_a_key_process_that_is_away_is_asked_again_later(
    documents: DocumentLedger, maker: Maker, signer: Signer
) -> None:  # fmt: skip
    signer.is_away = True
    look(maker, documents)
    signer.is_away = False
    look(maker, documents, later(RETRY_MS - 1))
    assert documents.wanted() == []
    look(maker, documents, later(RETRY_MS))
    assert only(documents).document.generation == 1


def test_what_nobody_signs_is_not_shown_as_if_every_terminal_knew(
    ledger: Ledger, documents: DocumentLedger, maker: Maker, signer: Signer
) -> None:  # fmt: skip
    look(maker, documents)
    assert documents.standing().unmade == 0
    signer.is_away = True
    ledger.set_hotlisted(c.card(1), True, NOW)
    look(maker, documents, later(RETRY_MS))
    assert documents.standing().unmade == 1
    assert any("1 " in line and line.startswith("◐") for line in documents_lines(documents.standing(), NOW))
    signer.is_away = False
    look(maker, documents, later(2 * RETRY_MS))
    assert documents.standing().unmade == 0
    ledger.set_hotlisted(c.card(1), False, NOW)
    assert documents.standing().unmade == 1, "and so for one that is taken off"


def test_a_campus_without_document_keys_makes_none(opened: OpenedLedger) -> None:
    documents = DocumentLedger(opened)
    maker = Maker(documents, Signer(kinds=()))
    look(maker, documents)
    assert documents.wanted() == []
    assert HOTLIST[0] is DocumentKind.HOTLIST
