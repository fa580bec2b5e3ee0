"""Hello, what a box bears witness of, and a ledger that was put back."""

from dataclasses import replace

import pytest

from edge.box.up.greeting import AGAIN_MAX_S, AGAIN_S, PATIENCE_S
from edge.box.up.uplink import (
    HELLO_AGAIN_S,
    SILENCE_S,
    WANTED_AGAIN_S,
)
from edge.box.values.effects import Settle, Unsettle
from edge.process.agent import TICK_S
from shared.errors import StoreFault
from shared.ids import LedgerId, StoreId
from shared.wire import topics
from shared.wire.messages import (
    FORM_3,
    NONCE_SIZE,
    Hello,
    HelloWanted,
    Recover,
    decode_ack,
    decode_ack_body,
    encode_ack,
    encode_now,
)
from tests.edge.rig import Ledger
from tests.edge.uplink_words import TCP1, ack_of, give, heads, hellos, owed, sell


def shown(field):
    """The ack that the box presents at its next start."""
    field.disconnect()
    field.crash()
    field.connect()
    signed = hellos(field)[-1].ack
    return signed and decode_ack_body(signed.body)


def test_the_newest_heads_are_kept_though_no_row_is_settled(field, body):
    sell(field, body)
    for number in (4, 5):
        give(field, ack_of(field, heads=heads(number)))
    assert shown(field).heads == heads(5)


def test_a_higher_number_of_the_partition_is_kept_too(field, body):
    sell(field, body)
    give(field, ack_of(field, heads=heads(4)))
    field.ledger.number += 3
    give(field, ack_of(field, heads=heads(4, b"d")))
    assert shown(field).heads == heads(4, b"d")


@pytest.mark.parametrize("asks", [False, True])
def test_the_heads_of_another_ledger_are_kept_though_its_numbers_are_lower(field, body, asks):
    sell(field, body)
    give(field, ack_of(field, number=90, heads=heads(9)))
    field.ledger = Ledger(LedgerId(b"LEDGER-2"))
    if asks:
        field.recover(1, field.ledger.ident)
    for number in (2, 3):
        give(field, ack_of(field, number=number, row_cumulative=1, heads=heads(number)))
    assert shown(field).heads == heads(3)


def test_the_same_heads_again_are_not_written_again(field, body):
    sell(field, body)
    for _ in range(2):
        effects = field.box.on_downlink(field.now(), topics.DOWN_MONEY, encode_ack(ack_of(field, heads=heads(4))))
        field.run(effects)
    assert not any(isinstance(effect, Settle) for effect in effects)


@pytest.mark.parametrize("less", [heads(3), heads(4, book=b"x"), heads(4, chain=b"x")])
def test_a_ledger_whose_chain_went_back_settles_nothing_and_hears_what_was_witnessed(field, body, less):
    sell(field, body)
    give(field, ack_of(field, heads=heads(4)))
    field.wait(HELLO_AGAIN_S)
    give(field, ack_of(field, heads=less))
    assert field.codes() == ["ledger-behind"]
    assert decode_ack_body(hellos(field)[-1].ack.body).heads == heads(4)
    assert shown(field).heads == heads(4)


def test_a_new_process_of_the_ledgers_may_ask_for_a_hello(field, body):
    sell(field, body)
    field.wait(HELLO_AGAIN_S)
    before = len(hellos(field))
    field.down(topics.DOWN_NOW, encode_now(HelloWanted(StoreId(b"other-00"))))
    assert len(hellos(field)) == before
    for _ in range(3):
        field.down(topics.DOWN_NOW, encode_now(HelloWanted(field.store.store)))
    assert len(hellos(field)) == before + 1, "no oftener than it likes"


def test_a_new_process_waits_for_no_hello_that_was_said_a_moment_ago(field, body):
    """It holds back every ack until it has heard one."""
    field.connect()
    before = len(hellos(field))
    field.down(topics.DOWN_NOW, encode_now(HelloWanted(field.store.store)))
    field.wait(WANTED_AGAIN_S + TICK_S)
    assert len(hellos(field)) == before + 1


def test_heads_that_could_not_be_written_are_kept_with_the_next_ack(field, body, monkeypatch):
    sell(field, body)

    def full(_):
        raise StoreFault("full")

    with monkeypatch.context() as patch:
        patch.setattr(field.store, "settle", full)
        give(field, ack_of(field, heads=heads(4)))
    give(field, ack_of(field, heads=heads(4)))
    assert shown(field).heads == heads(4)


def test_money_waits_for_the_answer_to_hello_and_hello_is_said_again(field, body):
    """A broker that lost its memory drops what comes before the ingest has subscribed."""
    field.disconnect()
    sell(field, body, 3)
    field.batches.clear()
    field.greeting = False
    before = len(hellos(field))
    field.connect()
    said = []
    for _ in range(32):
        field.wait(TICK_S)
        said.append(len(hellos(field)) - before)
    assert [said.index(n) * TICK_S + TICK_S for n in (2, 3, 4, 5)] == [AGAIN_S, 1.5, 3.5, 7.5]
    assert said[-1] == 5
    field.greeting = True
    field.wait(AGAIN_MAX_S)
    assert [(batch.first_row, len(batch.records)) for batch in field.batches][:1] == [(1, 3)]
    assert owed(field) == 0
    field.wait(10 * AGAIN_MAX_S)
    assert len(hellos(field)) - before == 6, "an answered Hello is not repeated"


def test_answer_to_a_hello_repeated_lets_the_backlog_go_at_once(field, body):
    field.disconnect()
    sell(field, body, 3)
    field.batches.clear()
    field.greeting = False
    field.connect()
    assert field.batches == []
    field.greeting = True
    field.wait(AGAIN_S)
    assert owed(field) == 0


def test_dumb_now_lane_holds_the_money_up_for_so_long_and_no_longer(field, body):
    field.disconnect()
    sell(field, body, 3)
    field.batches.clear()
    field.greeting = False
    field.connect()
    field.wait(PATIENCE_S - 0.1)
    assert field.batches == []
    field.wait(0.1)
    assert owed(field) == 0
    before = len(hellos(field))
    field.wait(10 * AGAIN_MAX_S)
    assert len(hellos(field)) == before, "an ack of records is an answer, too"


def test_recover_is_an_answer(field, body):
    sell(field, body, 3)
    field.disconnect()
    field.greeting = False
    field.connect()
    field.batches.clear()
    field.recover(1)
    assert [(batch.first_row, len(batch.records)) for batch in field.batches] == [(2, 2)]
    before = len(hellos(field))
    field.wait(10 * AGAIN_MAX_S)
    assert len(hellos(field)) == before


def test_answer_of_an_earlier_connection_does_not_count(field, body):
    field.disconnect()
    sell(field, body)
    field.greeting = False
    field.connect()
    assert owed(field) == 1


def test_hello_presents_the_highest_ack_verbatim_and_durably(field, body):
    first = hellos(field)[0]
    assert first == Hello(field.store.store, 0, 0, None, first.nonce)
    sell(field, body, 2)
    last = field.ledger.sign(field.ledger.ack(field.store.store, field.ledger.seqs))
    field.crash()
    field.connect()
    hello = hellos(field)[-1]
    assert (hello.row_settled, hello.row_last) == (2, 2)
    assert hello.ack == decode_ack(encode_ack(last))


def test_box_speaks_form_2_and_every_hello_has_a_nonce_of_its_own(field, body):
    sell(field, body)
    field.disconnect()
    field.connect()
    nonces = [hello.nonce for hello in hellos(field)]
    assert len(set(nonces)) == len(nonces) > 1
    assert {len(nonce) for nonce in nonces} == {NONCE_SIZE}
    assert {batch.form for batch in field.batches} == {FORM_3}


def test_recovery_sends_again_what_the_ledger_has_lost(field, body):
    sell(field, body, 5)
    older = Ledger()
    older.number = field.ledger.number
    field.ledger = older
    field.batches.clear()
    field.recover(2)
    assert [(batch.first_row, len(batch.records)) for batch in field.batches] == [(3, 3)]
    assert owed(field) == 0
    assert field.codes() == ["recovery"]


def test_ack_of_before_the_loss_settles_nothing_after_it(field, body):
    sell(field, body, 5)
    late = encode_ack(ack_of(field))
    field.answering = False
    field.connect()
    field.recover(2)
    field.down(topics.DOWN_MONEY, late)
    assert owed(field) == 3
    field.crash()
    field.connect()
    field.down(topics.DOWN_MONEY, late)
    assert owed(field) == 3
    give(field, ack_of(field, number=field.ledger.number + 1))
    assert owed(field) == 0


def test_unsettle_that_cannot_be_written_is_tried_again_and_no_ack_is_believed_before(field, body, monkeypatch):
    sell(field, body, 3)
    with monkeypatch.context() as full:
        full.setattr(field.store, "unsettle", _disk_full)
        field.recover(0)
        sell(field, body)
        assert owed(field) == 1, "its ack must not become the one that we present"
    assert "outbox-settle-failed" in field.codes()
    field.ledger.number += 1
    field.wait(SILENCE_S)
    field.wait(SILENCE_S)
    assert owed(field) == 0
    assert list(field.ledger.stored.values()) == [2, 2, 2, 2]


def _disk_full(unsettle):
    raise StoreFault("full")


def test_recovery_twice_asks_no_higher_number(field, body):
    sell(field, body, 3)
    field.connect()
    field.recover(0)
    field.recover(0)
    assert owed(field) == 0
    sell(field, body)
    assert owed(field) == 0


def test_no_ack_settles_while_the_unsettle_is_under_way(field, body):
    sell(field, body, 3)
    field.hold_acks = True
    sell(field, body)
    field.greeting = False
    field.connect()
    message = field.ledger.sign_answer(field.asked, Recover(field.ledger.ident, field.store.store, 0))
    effects = field.box.on_downlink(field.now(), topics.DOWN_NOW, message)
    assert isinstance(effects[0], Unsettle)
    late = field.box.on_downlink(field.now(), topics.DOWN_MONEY, encode_ack(ack_of(field, number=99)))
    assert not any(isinstance(effect, Settle) for effect in late)


def test_a_recovery_that_answers_a_hello_of_before_is_asked_for_again(field, body):
    """An ack came while it was under way: what it bears witness of must be shown before it is forgotten."""
    sell(field, body)
    field.greeting = False
    field.connect()
    give(field, ack_of(field, heads=heads(4)))
    before, batches = len(hellos(field)), len(field.batches)
    field.answer(Recover(field.ledger.ident, field.store.store, 0))
    assert (len(field.batches), owed(field)) == (batches, 0)
    assert len(hellos(field)) == before + 1
    assert decode_ack_body(hellos(field)[-1].ack.body).heads == heads(4)
    field.answer(Recover(field.ledger.ident, field.store.store, 0))
    assert len(field.batches) == batches + 1


def test_recovery_for_another_store_is_not_ours(field, body):
    sell(field, body, 3)
    field.recover(0, store=b"other-00")
    assert owed(field) == 0
    assert field.codes() == []


def test_recovery_asks_for_rows_that_are_dropped(field, body):
    sell(field, body, 4)
    field.store._limits = replace(field.store._limits, settled_max=0)
    field.store.begin()
    field.store.drop_settled(0)
    field.store.commit()
    field.recover(0)
    assert field.codes() == ["recovery", "recovery-gone"]


def test_terminal_is_asked_anew_after_a_recovery_that_reads_the_outbox_again(field, body):
    """A row that was settled before an older seq came is not read again; only the terminal can name it."""
    first, _, third = (body.sell() for _ in range(3))
    field.hear(TCP1, first, third, body.record(2))
    field.recover(2)
    assert field.box.totals()["joined"] == 0
    field.join(body, TCP1)
    field.hear(TCP1, *body.resend())
    field.wait(1.1)
    assert (owed(field), body.settled) == (0, {1: 3})


def test_terminal_hears_no_settled_for_rows_that_a_recovery_took_back(field, body):
    sell(field, body, 2)
    field.wait(1.1)
    field.answering = False
    field.recover(0)
    field.join(body, TCP1)
    sell(field, body)
    field.wait(1.1)
    assert (body.acked, body.settled) == ({1: 3}, {1: 2})
    field.answering = True
    field.wait(SILENCE_S)
    field.wait(1.1)
    assert body.settled == {1: 3}
