"""Rows that the ledger has answered without their device."""



from edge.box.up.uplink import (
    SILENCE_S,
)
from edge.box.values.ranges import Ranges
from shared.errors import StoreFault
from tests.edge.uplink_words import TCP1, give, owed, sell


def apart(field, *rows):
    """An ack that names all rows and these apart; of the terminal nothing."""
    top = field.store.depth().last_row
    field.ledger.rows[field.store.store] = Ranges([(1, top)])
    field.ledger.number += 1
    return field.ledger.sign(field.ledger.ack(field.store.store)._replace(apart=rows))


def test_a_row_apart_settles_by_itself_and_its_terminal_hears_nothing(field, body):
    field.answering = False
    sell(field, body, 2)
    give(field, apart(field, (1, 2)))
    field.wait(2.0)
    assert owed(field) == 0
    assert field.box.totals()["in_flight"] == 0
    assert body.settled.get(1, 0) == 0
    assert sorted(body.rings[1]) == [1, 2], "the slots are not free"


def test_an_ack_that_names_no_row_apart_settles_none_of_them(field, body):
    """As the ledger answers a box of release 0.1."""
    field.answering = False
    sell(field, body)
    give(field, apart(field))
    assert owed(field) == 1


def test_a_row_apart_holds_up_the_settled_of_those_after_it_until_it_is_judged_anew(field, body):
    field.answering = False
    sell(field, body)
    give(field, apart(field, (1, 1)))
    field.answering = True
    sell(field, body)
    field.wait(2.0)
    assert owed(field) == 0
    assert body.settled.get(1, 0) == 0
    field.crash()
    field.connect()
    field.join(body)
    for message in body.resend():
        field.hear(TCP1, message)
    field.wait(2.0)
    assert field.batches[-1].records[0] in field.ledger.stored, "the same bytes went up again"
    assert body.settled[1] == 2
    assert body.rings[1] == {}


def test_a_settle_of_rows_apart_that_fails_leaves_them_owed(field, body, monkeypatch):
    field.answering = False
    sell(field, body)
    real = field.store.settle

    def full(settle):
        raise StoreFault("full")

    monkeypatch.setattr(field.store, "settle", full)
    give(field, apart(field, (1, 1)))
    assert owed(field) == 1
    monkeypatch.setattr(field.store, "settle", real)
    field.answering = True
    field.wait(SILENCE_S)
    assert owed(field) == 0
    assert body.settled[1] == 1
