"""Which cards the ledger awaits: half-done loads that the next tap decides or tries again, and nothing else."""

import pytest

from cloud.ledger.ledger import Ledger
from cloud.ledger.loads.awaited import PENDING_AFTER_S
from cloud.ledger.read.reader import Reader
from cloud.ledger.records.values import Now
from cloud.words.fleet.documents import documents_json, documents_lines
from shared.ids import CardId
from shared.online import LoadResult, Purpose
from shared.records import Kind
from shared.wire.messages import AWAITED_MAX
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import Box

CARD = c.card(1)
LOAD, RETRY = Purpose.LOAD, Purpose.RETRY


@pytest.fixture(autouse=True)
def _funds(ledger: Ledger) -> None:
    ledger.deposit(CARD, 5000, "receipt-1", c.NOW)


def ask(ledger: Ledger, fen: int, request: int, purpose: Purpose, counter: int = 3, of: CardId = CARD) -> LoadResult:
    at = c.LOADER if purpose is LOAD else c.POS
    online, load = c.load_request(of, counter, fen, c.OPENING, request=request, at=at, purpose=purpose)
    return ledger.load_authorise(c.BOX, online, load, True, c.NOW).result


def at(seconds: int) -> Now:
    return Now(c.NOW.unix_ms + seconds * 1000, c.NOW.campus_s + seconds)


def awaited(ledger: Ledger, seconds: int = 0) -> tuple[CardId, ...]:
    return ledger.awaited(at(seconds)).cards


def test_a_granted_load_is_awaited_when_its_record_should_be_here(ledger: Ledger, box: Box) -> None:
    assert awaited(ledger) == ()
    ask(ledger, 2000, 1, LOAD)
    assert [awaited(ledger, s) for s in (0, PENDING_AFTER_S - 1, PENDING_AFTER_S)] == [(), (), (CARD,)]
    box.send(c.stored(c.load(1, CARD, 3, 2000, c.OPENING, request=1)))
    assert awaited(ledger, 3600) == ()


@pytest.mark.parametrize("kind", [Kind.LOAD_UNPROVEN, Kind.NOT_CREDITED])
def test_a_load_of_which_its_terminal_says_no_good_is_awaited_at_once(ledger: Ledger, box: Box, kind: Kind) -> None:
    ask(ledger, 2000, 1, LOAD)
    box.send(c.stored(c.load(1, CARD, 3, 2000, c.OPENING, request=1, kind=kind)))
    assert awaited(ledger) == (CARD,)


def test_a_load_that_was_given_back_is_awaited_until_it_is_tried_again_or_done_with(ledger: Ledger, box: Box) -> None:
    ask(ledger, 2000, 1, LOAD)
    assert ask(ledger, 0, 2, RETRY) is LoadResult.RETRY
    assert awaited(ledger) == (CARD,)
    assert ask(ledger, 2000, 3, RETRY) is LoadResult.GRANTED
    assert awaited(ledger) == ()
    box.send(c.stored(c.load(1, CARD, 3, 2000, c.OPENING, request=3, at=c.POS), at=c.POS))
    assert awaited(ledger, 3600) == ()


def test_who_cannot_be_helped_by_another_offer_is_awaited_no_more(ledger: Ledger) -> None:
    ask(ledger, 2000, 1, LOAD)
    for request in (2, 3):
        assert ask(ledger, 0, request, RETRY) is LoadResult.RETRY
        assert awaited(ledger) == (CARD,)
    assert ask(ledger, 0, 4, RETRY) is LoadResult.RETRY
    assert awaited(ledger, 3600) == ()


def test_a_second_try_in_doubt_is_awaited_and_then_no_third(ledger: Ledger) -> None:
    ask(ledger, 2000, 1, LOAD)
    ask(ledger, 0, 2, RETRY)
    ask(ledger, 2000, 3, RETRY)
    assert awaited(ledger, PENDING_AFTER_S) == (CARD,)
    assert ask(ledger, 0, 4, RETRY) is LoadResult.NOTHING
    assert awaited(ledger, 3600) == ()


def test_a_card_that_nobody_serves_is_not_awaited(ledger: Ledger) -> None:
    ask(ledger, 2000, 1, LOAD)
    ledger.set_hotlisted(CARD, True, c.NOW)
    assert awaited(ledger, PENDING_AFTER_S) == ()
    ledger.set_hotlisted(CARD, False, c.NOW)
    assert awaited(ledger, PENDING_AFTER_S) == (CARD,)
    assert awaited(ledger, 20 * 366 * 86_400) == ()  # past its dates


def test_a_document_names_more_of_them_and_says_how_many_are_left(
    ledger: Ledger, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setattr("cloud.ledger.loads.awaited.AWAITED_MAX", 2)
    for n in (1, 2, 3):
        record = c.load(n, c.card(n), 3, 100, c.OPENING, request=n, kind=Kind.LOAD_UNPROVEN)
        box.send(c.stored(record), now=at(n))
    found = Reader(ledger.database).fleet.awaited(at(60))
    assert found == ((c.card(3), c.card(2)), 1)
    view = Reader(ledger.database).fleet.documents()._replace(beyond=found.beyond)
    assert documents_json(view)["awaited_beyond"] == 1
    assert any("另有 1 张卡未列入" in line for line in documents_lines(view, c.NOW))
    monkeypatch.undo()
    assert Reader(ledger.database).fleet.awaited(at(60)) == ((c.card(3), c.card(2), c.card(1)), 0)


def test_the_list_of_release_0_1_is_bounded_and_names_what_changed_last(ledger: Ledger, box: Box) -> None:
    """At the bound the others wait for a machine, a desk or a claim."""
    cards = [c.card(n) for n in range(1, AWAITED_MAX + 3)]
    ledger.import_inventory(c.inventory(cards=AWAITED_MAX + 2, number=2), c.NOW)
    for n, card in enumerate(cards, 1):
        record = c.load(n, card, 3, 100, c.OPENING, request=n, kind=Kind.LOAD_UNPROVEN)
        box.send(c.stored(record), now=at(n))
    assert awaited(ledger, 3600) == tuple(sorted(cards[2:]))
