"""An older ledger was put back: what a box bears witness of and the chains do not contain is named, once, and stays."""

from collections.abc import Iterator
from contextlib import closing
from typing import NamedTuple

import pytest

from cloud.ledger.checks.put_backs import check_put_backs, witness_of
from cloud.ledger.journal.facts import from_json
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.journal.witnessed import PutBack, put_backs
from cloud.ledger.ledger import Ledger, open_ledger
from shared.facts.books import PutBackAgain, PutBackFound
from shared.wire.messages import FORM_1, FORM_2, NONCE_SIZE, AckBody, Hello, Recover, SignedAck
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import Box


def hello(ledger: Ledger, ack: AckBody, box: Box) -> AckBody | Recover:
    said = Hello(box.store, ack.row_cumulative, box.row, SignedAck(b"", bytes(64)), bytes(NONCE_SIZE))
    return ledger.hello(box.box, box.partition, said, lambda _: ack, c.NOW)


def known(ledger: Ledger) -> list[PutBack]:
    with ledger.database.reading():
        return put_backs(ledger.database)


def told(ledger: Ledger, case: str) -> list[tuple[tuple[str, object], ...]]:
    with ledger.database.reading():
        rows = ledger.database.run("SELECT params FROM fact WHERE code = 'put-back' ORDER BY id")
    return [params for (text,) in rows if dict(params := from_json(text))["case"] == case]


def links(ledger: Ledger) -> list[int]:
    with ledger.database.reading():
        return [number for (number,) in ledger.database.run("SELECT number FROM book_chain ORDER BY number")]


class Lost(NamedTuple):
    """The ledger that is gone, and its boxes."""

    ledger: Ledger
    box: Box
    far: Box


@pytest.fixture
def lost(ledger: Ledger, box: Box) -> Iterator[Lost]:
    """As `ledger`, which is its older copy: an import, a deposit, a sale (link 2, batch 1); the box was heard."""
    with closing(open_ledger(":memory:", c.LEDGER_ID)) as newest:
        newest.import_inventory(c.inventory(), c.NOW)
        far = Box(newest, c.OTHER_BOX, c.OTHER_PARTITION, c.OTHER_STORE, form=FORM_2)
        for one in (newest, ledger):
            box.ledger, box.row, box.sent, box.form = one, 0, [], FORM_2
            one.deposit(c.card(1), 1000, "d", c.NOW)
            box.send(sale(1))
            hello(one, one.ack_for(c.BOX, c.STORE, FORM_2), box)
        box.ledger, ledger.opened.began = newest, 2
        yield Lost(newest, box, far)


def sale(seq: int) -> bytes:
    return c.stored(c.purchase(seq, c.card(1), seq, 10, c.OPENING - 10 * seq + 10))


def pays_in(lost: Lost, *keys: str) -> None:
    for key in keys:
        lost.ledger.deposit(c.card(2), 12345, key, c.NOW)


def test_the_same_history_is_contained(lost: Lost, ledger: Ledger) -> None:
    ack = lost.ledger.ack_for(c.BOX, c.STORE, FORM_2)
    assert hello(ledger, ack, lost.box) == ack
    assert known(ledger) == []


def test_deposits_that_no_record_can_bring_are_named_though_no_row_is_gone(lost: Lost, ledger: Ledger) -> None:
    pays_in(lost, "x", "y", "z")
    answer = hello(ledger, lost.ledger.ack_for(c.BOX, c.STORE, FORM_2), lost.box)
    assert isinstance(answer, AckBody), "no row has to come again"
    ((first, last, is_open),) = [(one.first, one.last, one.is_open) for one in known(ledger)]
    assert (first, last, is_open) == (3, 5, True)
    assert told(ledger, "found") == [PutBackFound(3, 5).params()]
    assert links(ledger) == [1, 2, 6], "numbered on from above"
    assert answer.heads is not None
    assert answer.heads.number == 6, "the box believes nothing below what it has seen"


def test_it_is_written_down_once_however_often_it_is_shown(lost: Lost, ledger: Ledger) -> None:
    pays_in(lost, "x")
    lost.box.send(sale(2))
    ack = lost.ledger.ack_for(c.BOX, c.STORE, FORM_2)
    assert [hello(ledger, ack, lost.box) for _ in range(3)] == [Recover(c.LEDGER_ID, c.STORE, 1)] * 3
    assert len(known(ledger)) == len(told(ledger, "found")) == 1


def test_what_it_books_itself_after_it_was_put_back_hides_nothing(lost: Lost, ledger: Ledger) -> None:
    """Its own numbers have gone up to those that are gone, or over them."""
    for mine, theirs, gone in ((1, 1, (3, 3)), (3, 2, (4, 5))):
        for n in range(mine):
            ledger.grant(c.card(3), 500, "fund", "help", f"own-{gone}-{n}", c.NOW)
        pays_in(lost, *(f"{gone}-{n}" for n in range(theirs)))
        hello(ledger, lost.ledger.ack_for(c.BOX, c.STORE, FORM_2), lost.box)
        lost.box.send(sale(lost.box.row + 1))
        assert (known(ledger)[-1].first, known(ledger)[-1].last) == gone


def restarted(ledger: Ledger) -> Ledger:
    """Another process over the same database."""
    return Ledger(OpenedLedger(ledger.database))


def books(ledger: Ledger, *keys: str) -> None:
    """Something else than the lost ledger has under the same numbers."""
    for key in keys:
        ledger.grant(c.card(3), 500, "fund", "help", key, c.NOW)


def test_what_another_process_booked_after_it_was_put_back_hides_nothing(lost: Lost, ledger: Ledger) -> None:
    """Be it a command before the ingest ran, or the ingest before it was started again: the books know how far they
    were when the box last bore witness of them. Another box that has seen nothing else moves that of its own only."""
    hello(ledger, lost.ledger.ack_for(c.BOX, c.STORE, FORM_2), lost.box)
    pays_in(lost, "x", "y", "z")
    ack = lost.ledger.ack_for(c.BOX, c.STORE, FORM_2)
    books(ledger, "1")
    again = restarted(ledger)
    hello(again, again.ack_for(c.OTHER_BOX, c.OTHER_STORE, FORM_2), lost.far)
    books(again, "2")
    again = restarted(again)
    assert again.opened.began == 4
    witness = witness_of(ack)
    with ledger.database.reading():
        assert "links 3 to 5 (" in check_put_backs(ledger.database, [witness]).broken
    hello(again, ack, lost.box)
    assert [(one.first, one.last) for one in known(again)] == [(3, 5)]
    hello(again, ack, lost.box)
    assert len(known(again)) == 1


def test_a_copy_that_has_heard_nobody_takes_none_of_its_own_links_for_known(lost: Lost, ledger: Ledger) -> None:
    """A command may have booked before the ingest ran, and the first word of every box is gone: too many are named."""
    pays_in(lost, "x", "y")
    with ledger.database.writing():
        ledger.database.run("DELETE FROM witness")
    books(ledger, "1")
    again, ack = restarted(ledger), lost.ledger.ack_for(c.BOX, c.STORE, FORM_2)
    with ledger.database.reading():
        assert "links 1 to 4 (" in check_put_backs(ledger.database, [witness_of(ack)]).broken
    hello(again, ack, lost.box)
    assert [(one.first, one.last) for one in known(again)] == [(1, 4)]


def test_what_a_box_has_shown_and_is_here_is_not_named(lost: Lost, ledger: Ledger) -> None:
    """Also when an older Hello of it comes later, that a broker has kept."""
    older = lost.ledger.ack_for(c.BOX, c.STORE, FORM_2)
    for one in (ledger, lost.ledger):
        one.deposit(c.card(2), 12345, "both", c.NOW)
    hello(ledger, lost.ledger.ack_for(c.BOX, c.STORE, FORM_2), lost.box)
    pays_in(lost, "x")
    again = restarted(ledger)
    books(again, "1", "2")
    hello(again, older, lost.box)
    hello(restarted(again), lost.ledger.ack_for(c.BOX, c.STORE, FORM_2), lost.box)
    assert [(one.first, one.last) for one in known(again)] == [(4, 4)]


def test_a_hello_from_before_it_was_put_back_says_nothing_of_what_was_booked_since(lost: Lost, ledger: Ledger) -> None:
    """A broker may have kept it."""
    older = lost.ledger.ack_for(c.BOX, c.STORE, FORM_2)
    hello(ledger, older, lost.box)
    pays_in(lost, "x", "y")
    books(ledger, "1")
    again = restarted(ledger)
    hello(again, older, lost.box)
    hello(again, lost.ledger.ack_for(c.BOX, c.STORE, FORM_2), lost.box)
    assert [(one.first, one.last) for one in known(again)] == [(3, 4)]


def test_an_ack_that_is_not_ours_bears_no_witness(lost: Lost, ledger: Ledger) -> None:
    """The true one may come after it."""
    ack = lost.ledger.ack_for(c.BOX, c.STORE, FORM_2)
    hello(ledger, ack, lost.box)
    books(ledger, "1", "2")
    again = restarted(ledger)
    said = Hello(lost.box.store, 0, 0, SignedAck(b"", bytes(64)), bytes(NONCE_SIZE))
    again.hello(lost.box.box, lost.box.partition, said, lambda _: None, c.NOW)
    pays_in(lost, "x", "y")
    hello(again, lost.ledger.ack_for(c.BOX, c.STORE, FORM_2), lost.box)
    assert [(one.first, one.last) for one in known(again)] == [(3, 4)]


def test_every_box_adds_what_it_alone_has_seen(lost: Lost, ledger: Ledger) -> None:
    pays_in(lost, "x", "y")
    near = lost.ledger.ack_for(c.BOX, c.STORE, FORM_2)
    lost.far.send(c.stored(c.purchase(1, c.card(3), 1, 10, c.OPENING, at=c.FAR), c.FAR))
    older = lost.ledger.ack_for(c.OTHER_BOX, c.OTHER_STORE, FORM_2)
    pays_in(lost, "z")
    newer = lost.ledger.ack_for(c.OTHER_BOX, c.OTHER_STORE, FORM_2)
    hello(ledger, near, lost.box)
    hello(ledger, older, lost.far)
    assert [(one.first, one.last, one.is_open) for one in known(ledger)] == [(3, 4, True), (0, 0, False)]
    hello(ledger, newer._replace(number=newer.number + 1), lost.far)
    assert [(one.first, one.last) for one in known(ledger)][-1] == (5, 5)


def test_a_later_link_under_the_same_number_of_the_boxs_own_chain_is_named_too(lost: Lost, ledger: Ledger) -> None:
    """Acks come for new heads alone, too: the number of its chain stays, the book-only one does not."""
    pays_in(lost, "one")
    first = lost.ledger.ack_for(c.BOX, c.STORE, FORM_2)
    pays_in(lost, "two")
    second = lost.ledger.ack_for(c.BOX, c.STORE, FORM_2)
    assert first.number == second.number
    for ack in (first, second, first, second):
        hello(ledger, ack, lost.box)
    assert [(one.first, one.last) for one in known(ledger)] == [(3, 3), (4, 4)]


def test_the_same_number_with_another_hash_is_no_containment(lost: Lost, ledger: Ledger) -> None:
    ack = lost.ledger.ack_for(c.BOX, c.STORE, FORM_2)
    assert ack.heads is not None
    other = ack._replace(heads=ack.heads._replace(chain=b"x" * 32))
    assert isinstance(hello(ledger, other, lost.box), Recover)
    assert [(one.shown, one.last) for one in known(ledger)] == [(1, 0)]
    assert isinstance(hello(ledger, other, lost.box), AckBody), "known by now, and every row is here"
    book = ack._replace(heads=ack.heads._replace(book=b"x" * 32))
    hello(ledger, book._replace(row_cumulative=0, store=c.OTHER_STORE), lost.box)
    assert known(ledger)[-1].last == 2


def test_what_comes_again_is_counted_by_terminal_and_its_end_is_told(lost: Lost, ledger: Ledger) -> None:
    lost.box.send(sale(2), sale(3))
    lost.box.send(c.stored(c.purchase(1, c.card(4), 1, 700, c.OPENING, at=c.POS2), c.POS2))
    assert isinstance(hello(ledger, lost.ledger.ack_for(c.BOX, c.STORE, FORM_2), lost.box), Recover)
    lost.box.ledger = ledger
    lost.box.send(sale(4))
    lost.box.again()
    lost.box.again()
    with ledger.database.reading():
        rows = ledger.database.run("SELECT device, records, spent_fen FROM put_back_again ORDER BY device")
    assert [tuple(row) for row in rows] == [(c.POS, 2, 20), (c.POS2, 1, 700)]
    assert told(ledger, "again") == [PutBackAgain(3, 720, 2).params()], "what is new, and what came twice, is not in it"


def test_only_what_is_posted_or_held_is_money_that_came_again(lost: Lost, ledger: Ledger) -> None:
    sold = c.purchase(2, c.card(1), 2, 10, c.OPENING - 10)
    wrong = c.purchase(4, c.card(1), 4, 500, c.OPENING, tac_of=b"1234")
    held = c.purchase(5, c.card(3), 1, 30, c.OPENING, chip=c.psam(3))
    lost.box.send(c.stored(sold), c.void(3, sold), c.stored(wrong), c.stored(held, chip=c.psam(3)))
    lost.box.send(c.stored(c.load(1, c.card(5), 1, 900, c.OPENING, request=1)))
    assert isinstance(hello(ledger, lost.ledger.ack_for(c.BOX, c.STORE, FORM_2), lost.box), Recover)
    lost.box.ledger = ledger
    twice = [lost.box.batch(*records)._replace(first_row=first) for first, records in list(lost.box.sent) * 2]
    ledger.receive(twice, c.check_tac, c.NOW)
    with ledger.database.reading():
        rows = ledger.database.run(
            "SELECT device, records, spent_fen, loaded_fen FROM put_back_again ORDER BY device"
        )
    assert [tuple(row) for row in rows] == [(c.POS, 4, 40, 0), (c.LOADER, 1, 0, 900)]
    assert told(ledger, "again") == [PutBackAgain(5, 40, 2).params()]


def test_a_box_of_release_0_1_says_that_something_is_gone_and_not_what(lost: Lost, ledger: Ledger) -> None:
    pays_in(lost, "x")
    lost.box.form = FORM_1
    hello(ledger, lost.box.send(sale(2)), lost.box)
    assert [(one.first, one.last, one.is_unknown, one.is_open) for one in known(ledger)] == [(0, 0, True, True)]


