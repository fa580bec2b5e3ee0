"""A document is made once for its bytes, whole, linked, and never under a number that is out there with other bytes."""

import random

import pytest

from cloud.fleet.following import AGAIN_S, AWAITED_PACE_MS, RETRY_MS
from cloud.fleet.making import Maker
from cloud.ledger.cards.listing import Why, list_card
from cloud.ledger.checks.book_chain import check_book_chain
from cloud.ledger.checks.verify import verify
from cloud.ledger.fleet.documents.door import HOTLIST, DocumentLedger
from cloud.ledger.fleet.documents.hotlist import PRUNED_AFTER_S, listing
from cloud.ledger.fleet.documents.making import AHEAD_AGAIN_MS, AHEAD_MAX
from cloud.ledger.fleet.documents.rows import Wanted
from cloud.ledger.held.thefts import Report
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.journal.registry import touch_registry
from cloud.ledger.ledger import Ledger
from cloud.ledger.loads.awaited import PENDING_AFTER_S
from cloud.ledger.read.reader import Reader
from cloud.ledger.records.values import Now
from cloud.words.fleet.documents import documents_lines
from shared.errors import KeyFault, RuleBroken, WireFault
from shared.fleet.cards import read_awaited
from shared.fleet.delta import decode_delta
from shared.fleet.document import CAMPUS, DocumentKind, digest_of
from shared.fleet.hotlist import BY_ID_MAX, Hotlist
from shared.fleet.revocations import read_revocations
from shared.ids import CardId, hotlist_index
from shared.wire.fleet_lane import Held, HeldRow
from tests.cloud.fleet.documents import Signer
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import BOX, NOW, later

PARAMETERS = DocumentKind.PARAMETERS, CAMPUS


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


@pytest.mark.parametrize("seed", range(3))
def test_a_change_alone_makes_the_same_bytes_as_all_anew(
    ledger: Ledger, documents: DocumentLedger, maker: Maker, seed: int
) -> None:  # fmt: skip
    """Some by their number, some by their id, and two that one bit refuses."""
    chance = random.Random(seed)
    twin = CardId(c.card(3)[:2] + b"\x99" + c.card(3)[3:])
    foreign = [CardId(bytes((0x77, n)) * 5) for n in range(4)]
    cards = [*(c.card(n) for n in range(1, 7)), twin, c.card(300_000), *foreign]
    for turn in range(1, 30):
        for card in chance.sample(cards, chance.choice((1, 3))):
            if not ledger.set_hotlisted(card, True, later(turn)):
                ledger.set_hotlisted(card, False, later(turn))
        look(maker, documents, later(turn))
        with documents.database.reading():
            anew = listing(documents.database, NOW)
        assert documents.body(only(documents).document) == anew.body
        assert documents.standing().unmade == 0


def test_new_cards_are_looked_at_whole(ledger: Ledger, documents: DocumentLedger, maker: Maker) -> None:
    look(maker, documents)
    ledger.import_inventory(c.inventory(cards=9_000, number=2), NOW)
    ledger.set_hotlisted(c.card(9_000), True, NOW)
    look(maker, documents)
    with documents.database.reading():
        anew = listing(documents.database, NOW)
    assert documents.body(only(documents).document) == anew.body
    assert len(only(documents).document.hashes) == 3


def test_one_change_does_not_read_all_that_are_listed(
    ledger: Ledger, documents: DocumentLedger, maker: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    """Nor does one behind something else that is in the registry."""
    ledger.set_hotlisted(c.card(1), True, NOW)
    look(maker, documents)
    read: list[str] = []
    run = type(documents.database).run
    monkeypatch.setattr(
        type(documents.database), "run", lambda db, sql, arguments=(): read.append(sql) or run(db, sql, arguments)
    )
    with ledger.opened.writing(NOW) as writing:
        touch_registry(writing.db)
    ledger.set_hotlisted(c.card(2), True, NOW)
    look(maker, documents)
    assert only(documents).document.generation == 2
    assert [sql for sql in read if "FROM hotlisted" in sql and "WHERE" not in sql] == []
    assert [sql for sql in read if "hotlist_named" in sql and "card" not in sql.partition("WHERE")[2]] == []


def test_an_expired_card_leaves_the_list_later_and_is_as_refused(
    opened: OpenedLedger, ledger: Ledger, documents: DocumentLedger, signer: Signer
) -> None:  # fmt: skip
    ledger.set_hotlisted(c.card(1), True, NOW)
    look(Maker(documents, signer), documents)
    with opened.database.writing():
        opened.database.run("UPDATE card SET expires = ? WHERE card = ?", (NOW.campus_s, c.card(1)))
    for at_s, entries in ((PRUNED_AFTER_S - 1, 1), (PRUNED_AFTER_S, 0)):
        look(Maker(documents, signer), documents, later(at_s * 1000))
        assert len(Hotlist(documents.body(only(documents).document))) == entries
        assert documents.standing().unmade == 0
        assert {check.broken for check in verify(ledger, c.check_tac).checks if check.name == "documents"} == {""}


def test_the_number_of_an_expired_card_is_free_for_a_new_one(
    opened: OpenedLedger, ledger: Ledger, documents: DocumentLedger, signer: Signer
) -> None:  # fmt: skip
    """The former card is refused by its date; the new one must not be refused by the bit of the former."""
    twin = CardId(c.card(1)[:2] + b"\x99" + c.card(1)[3:])
    ledger.set_hotlisted(c.card(1), True, NOW)
    with opened.database.writing():
        opened.database.run("UPDATE card SET expires = ? WHERE card = ?", (NOW.campus_s, c.card(1)))
        opened.database.run(
            "INSERT INTO card SELECT ?, 'twin', profile, key_version, algorithm, card_class, hotlist_index, issued, "
            "expires + 1, opening_fen, purse_account, online_account, transit_account, hotlisted, subsidy_fen, "
            "subsidy_account, pending_account, pending_subsidy_account FROM card WHERE card = ?",
            (twin, c.card(1)),
        )
    look(Maker(documents, signer), documents)
    assert not Hotlist(documents.body(only(documents).document)).contains(twin, 1)


def test_stolen_devices_and_awaited_cards_are_documents_of_the_books(
    ledger: Ledger, documents: DocumentLedger, maker: Maker
) -> None:  # fmt: skip
    """And none is made for nobody."""
    ledger.deposit(c.card(1), 5000, "receipt", NOW)
    look(maker, documents)
    assert [one.document.kind for one in documents.wanted()] == [DocumentKind.HOTLIST]
    ledger.psam_stolen(Report(c.psam(1), body=True, since_s=c.T0, who="王五", reason="窗口被撬"), NOW)
    online, load = c.load_request(c.card(1), 3, 2000, c.OPENING, request=1)
    ledger.load_authorise(c.BOX, online, load, True, NOW)
    look(maker, documents, later(PENDING_AFTER_S * 1000))
    bodies = {one.document.kind: documents.body(one.document) for one in documents.wanted()}
    assert read_revocations(bodies[DocumentKind.REVOCATIONS]) == ledger.revocations
    assert read_awaited(bodies[DocumentKind.AWAITED]) == {c.card(1)}
    done = c.stored(c.load(1, c.card(1), 3, 2000, c.OPENING, request=1))
    ledger.receive_copy(c.BOX, c.PARTITION, done, c.check_tac, NOW)
    look(maker, documents, later(PENDING_AFTER_S * 1000 + AWAITED_PACE_MS - 1))
    assert documents.wanted()[-1].document.generation == 1, "written at every terminal: no oftener than that"
    look(maker, documents, later(PENDING_AFTER_S * 1000 + AWAITED_PACE_MS))
    newest = documents.wanted()[-1].document
    assert (newest.kind, read_awaited(documents.body(newest))) == (DocumentKind.AWAITED, frozenset())
    assert {check.broken for check in verify(ledger, c.check_tac).checks if check.name == "documents"} == {""}


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


def test_a_card_that_was_listed_while_no_key_was_at_hand_is_on_the_next_one(
    ledger: Ledger, documents: DocumentLedger, maker: Maker, signer: Signer
) -> None:
    """A new process that has asked in vain has no keys yet, as a campus without any: what it could not make is still
    to be made, beside what changes later."""
    look(maker, documents)
    fresh, signer.is_away = Maker(documents, signer), True
    with pytest.raises(KeyFault):
        fresh.keys(later(1))
    ledger.set_hotlisted(c.card(3), True, NOW)
    look(fresh, documents, later(2))
    signer.is_away = False
    ledger.set_hotlisted(c.card(4), True, NOW)
    look(fresh, documents, later(2 * RETRY_MS))
    listed = Hotlist(documents.body(only(documents).document))
    assert [n for n in range(9) if listed.contains(c.card(n), hotlist_index(c.card(n)))] == [3, 4]


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
