"""The lane money: what is sent when, what a signed ack settles, and what never does."""

from dataclasses import replace

import pytest

from edge.box.up import uplink
from edge.box.up.greeting import AGAIN_MAX_S, AGAIN_S, PATIENCE_S
from edge.box.up.uplink import (
    BATCH_BYTES_MAX,
    FIRST_CREDIT,
    HELLO_AGAIN_S,
    SILENCE_MAX_S,
    SILENCE_S,
    WANTED_AGAIN_S,
    WINDOW_MAX,
)
from edge.box.values.effects import NotSettled, Publish, Settle, Settled, Unsettle
from edge.box.values.ranges import Ranges
from edge.outbox.group import commit_group
from edge.process.agent import TICK_S
from shared.errors import StoreFault
from shared.ids import LedgerId, StoreId
from shared.wire import topics
from shared.wire.messages import (
    BATCH_MAX,
    CHAIN_HASH_SIZE,
    FORM_2,
    NONCE_SIZE,
    Heads,
    Hello,
    HelloWanted,
    Recover,
    decode_ack,
    decode_ack_body,
    encode_ack,
    encode_now,
)
from tests.edge.rig import OTHER_KEY, Ledger

TCP1 = ("tcp", 1)


def sell(field, body, times=1):
    for _ in range(times):
        field.hear(TCP1, body.sell())


def hellos(field):
    return [message for message in field.up if isinstance(message, Hello)]


def owed(field):
    return field.store.depth().unsettled


def ack_of(field, **changes):
    """An ack of all that the ledger holds, with changes."""
    body = field.ledger.ack(field.store.store, field.ledger.seqs)
    return field.ledger.sign(body._replace(**changes))


def give(field, signed):
    field.down(topics.DOWN_MONEY, encode_ack(signed))


# ---- sending


def test_oldest_first_in_contiguous_batches(field, body):
    field.disconnect()
    sell(field, body, 5)
    field.connect()
    assert [(batch.first_row, len(batch.records)) for batch in field.batches] == [(1, 5)]
    assert owed(field) == 0


def test_long_backlog_is_read_in_pieces(field, body, monkeypatch):
    monkeypatch.setattr(uplink, "BUFFER_MAX", 7)
    monkeypatch.setattr(uplink, "BATCH_MAX", 5)
    field.disconnect()
    sell(field, body, 40)
    field.connect()
    assert sum(len(batch.records) for batch in field.batches) == 40
    rows = [batch.first_row + n for batch in field.batches for n in range(len(batch.records))]
    assert rows == [*range(1, 41)]
    assert owed(field) == 0


def test_batches_are_bounded_in_records_and_bytes(field, body):
    assert BATCH_MAX == 1000
    field.disconnect()
    for seq in range(1, 1201):
        body.last[1] = seq
        body.rings[1][seq] = bytes.fromhex("01010000") + seq.to_bytes(4, "big") + b"x" * 242
        field.s += 0.01
        field.hear(TCP1, body.record(seq))
    field.connect()
    sizes = [sum(map(len, batch.records)) for batch in field.batches]
    assert max(sizes) < BATCH_BYTES_MAX + 300
    assert owed(field) == 0


def test_window_of_batches(field, body):
    field.answering = False
    sell(field, body, WINDOW_MAX + 5)
    assert len(field.batches) == WINDOW_MAX
    field.answering = True
    give(field, field.ledger.sign(field.ledger.ack(field.store.store)))
    assert len(field.batches) == WINDOW_MAX
    field.wait(SILENCE_S)
    assert owed(field) == 0


def test_credit_bounds_the_records_in_flight(field, body):
    field.ledger.credit = 3
    sell(field, body)
    field.hold_acks = True
    field.disconnect()
    sell(field, body, 9)
    field.batches.clear()
    field.greeting = False
    field.connect()
    field.wait(PATIENCE_S)
    assert [len(batch.records) for batch in field.batches] == [9], f"a new connection starts with {FIRST_CREDIT}"
    sell(field, body, 9)
    field.batches.clear()
    field.release_acks()
    assert field.box.totals()["in_flight"] <= 3


def test_no_credit_is_tried_with_one_record_after_a_silence(field, body):
    field.ledger.credit = 0
    sell(field, body)
    sell(field, body, 3)
    assert len(field.batches) == 1
    field.wait(SILENCE_S)
    assert [len(batch.records) for batch in field.batches] == [1, 1]
    assert owed(field) == 2


def test_everything_unsettled_again_after_a_reconnect(field, body):
    field.answering = False
    sell(field, body, 3)
    field.disconnect()
    field.answering = True
    field.batches.clear()
    field.connect()
    assert [(batch.first_row, len(batch.records)) for batch in field.batches] == [(1, 3)]
    assert owed(field) == 0


def test_everything_again_after_a_silence_that_grows(field, body):
    field.answering = False
    sell(field, body, 2)
    sent = []
    for _ in range(60):
        field.batches.clear()
        field.wait(SILENCE_S)
        sent.append(bool(field.batches))
    assert sent[:8] == [True, False, True, False, False, False, True, False]
    assert 60 * SILENCE_S / SILENCE_MAX_S - 2 <= sum(sent) <= 60 * SILENCE_S / SILENCE_MAX_S + 2
    assert "ledger-silent" in field.codes()


def test_puback_frees_nothing(field, body):
    field.answering = False
    sell(field, body, 1)
    assert owed(field) == 1
    assert field.box.totals()["in_flight"] == 1


def test_silence_of_the_broker_is_not_the_ledgers(field, body):
    effects = []
    for message in (body.sell(), body.sell()):
        effects += field.box.on_message(field.now(), *TCP1, message)
    field._publish = lambda effect: []  # no PUBACK, no ledger
    field.run(effects)
    field.s += 10 * SILENCE_S
    assert not any(isinstance(effect, Publish) for effect in field.box.tick(field.now()))


def test_broker_refuses_a_batch(field, body):
    field.answering = False
    effects = field.box.on_published(field.now(), 9999, 0x87)
    field.run(effects)
    assert field.codes() == ["publish-refused"]


# ---- acks


def test_ack_settles_exactly_the_rows_that_both_halves_name(field, body):
    field.hold_acks = True
    sell(field, body, 4)
    give(field, ack_of(field, row_cumulative=2, devices=()))
    assert owed(field) == 4
    mark = field.ledger.ack(field.store.store, field.ledger.seqs).devices[0]
    give(field, ack_of(field, row_cumulative=3, devices=(mark._replace(cumulative=2),)))
    assert owed(field) == 2
    give(field, ack_of(field, row_cumulative=3))
    assert owed(field) == 1
    ranges = (mark._replace(cumulative=0, ranges=((4, 9),)),)
    give(field, ack_of(field, row_cumulative=3, row_ranges=((4, 4),), devices=ranges))
    assert owed(field) == 0


def test_forked_row_is_not_settled_by_its_device_mark(field, body):
    field.hold_acks = True
    sell(field, body)
    body.rings[1][1] = body.rings[1][1][:-1] + b"\1"
    field.hear(TCP1, body.record(1))
    give(field, ack_of(field, row_cumulative=1))
    assert owed(field) == 1


def test_ack_with_a_wrong_signature(field, body):
    field.hold_acks = True
    sell(field, body)
    forged = field.ledger.ack(field.store.store, field.ledger.seqs)
    field.ledger.key = OTHER_KEY
    give(field, field.ledger.sign(forged))
    assert owed(field) == 1
    assert field.codes() == ["ack-forged"]


@pytest.mark.parametrize(
    ("change", "facts"),
    [({"box": "canteen-2"}, ["ack-foreign"]), ({"partition": 8}, ["ack-foreign"]), ({"store": b"other-00"}, [])],
)
def test_ack_for_somebody_else(field, body, change, facts):
    field.hold_acks = True
    sell(field, body)
    give(field, ack_of(field, **change))
    assert owed(field) == 1
    assert field.codes() == facts


def test_ack_that_only_repeats_an_older_one_is_fine(field, body):
    field.hold_acks = True
    sell(field, body)
    sell(field, body)
    first, second = field.held_acks
    for ack in (first, second, first, second):
        field.down(topics.DOWN_MONEY, ack)
    assert owed(field) == 0
    assert field.codes() == []


def test_ledger_that_has_gone_back_settles_nothing_and_is_reminded(field, body):
    sell(field, body, 3)
    known = field.ledger.number
    field.wait(HELLO_AGAIN_S)
    field.ledger.number = 0
    before = len(hellos(field))
    sell(field, body)
    assert owed(field) == 1
    assert field.codes() == ["ledger-behind"]
    assert len(hellos(field)) == before + 1
    assert uplink.decode_ack_body(hellos(field)[-1].ack.body).number == known


def test_a_hello_that_was_asked_for_too_early_is_said_when_its_time_has_come(field, body):
    """Not at the next ack: that comes after a silence, and silences double."""
    sell(field, body, 3)
    for wait_s in (HELLO_AGAIN_S, SILENCE_S, 1.0):  # gone back three times, the last one just after a Hello
        field.ledger.number = 0
        field.wait(wait_s)
        field.ledger.number = 0
        sell(field, body)
    said = len(hellos(field))
    field.ledger.number = 0
    field.wait(HELLO_AGAIN_S - 1.0 - TICK_S)
    assert len(hellos(field)) == said
    field.wait(TICK_S)
    assert len(hellos(field)) == said + 1


def test_ledger_put_back_that_counts_on_to_the_same_numbers_is_noticed(field, body):
    sell(field, body, 3)
    field.ledger.rows[field.store.store].remove(1, 3)
    known = field.ledger.number
    field.wait(HELLO_AGAIN_S)
    field.ledger.number -= 1
    sell(field, body)
    assert field.ledger.number == known
    assert owed(field) == 1, "an ack of the same number that has forgotten rows settles nothing"
    assert field.codes() == ["ledger-behind"]
    assert uplink.decode_ack_body(hellos(field)[-1].ack.body).number == known


def test_ledger_put_back_is_noticed_by_a_box_that_was_started_anew(field, body):
    """The ack that it must not fall short of stands in the outbox."""
    sell(field, body, 3)
    field.disconnect()
    field.crash()
    field.ledger.rows[field.store.store].remove(2, 3)
    field.ledger.number += 1
    field.greeting = False
    field.connect()
    give(field, field.ledger.sign(field.ledger.ack(field.store.store)))
    assert field.codes() == ["ledger-behind"]
    assert uplink.decode_ack_body(hellos(field)[-1].ack.body).row_cumulative == 3


def test_another_ledger_is_told_and_asked_to_recover(field, body):
    sell(field, body, 3)
    field.wait(HELLO_AGAIN_S)
    field.ledger = Ledger(LedgerId(b"LEDGER-2"))
    sell(field, body)
    assert field.codes() == ["ledger-changed"]
    assert owed(field) == 0, "what it signs it has"
    assert hellos(field)[-1].ack is not None


# ---- witness of the ledger's chains


def heads(number, chain=b"c", book=b"b"):
    return Heads(chain * CHAIN_HASH_SIZE, number, book * CHAIN_HASH_SIZE)


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


@pytest.mark.parametrize("message", [b"", b"\1", b"\1\xff", b"\2" * 10, b"\1\x83\2\x41\0\x41\0"])
@pytest.mark.parametrize("lane", topics.DOWNWARD)
def test_downlink_that_is_malformed(field, body, lane, message):
    field.down(lane, message)
    assert field.codes() == ["down-malformed"]


def test_signed_nonsense(field, body):
    raw = b"\x81\1"
    signed = uplink.SignedAck(raw, field.ledger.key.sign(b"openykt ledger ack v1\0" + raw))
    give(field, signed)
    assert field.codes() == ["down-malformed"]


# ---- Hello and recovery


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
    assert {batch.form for batch in field.batches} == {FORM_2}


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


def test_settle_that_fails_is_tried_again_later(field, body):
    effects = field.box.on_message(field.now(), *TCP1, body.sell())
    real = field.store.settle

    def full(settle):
        raise AssertionError

    field.store.settle = full
    settles = []
    original = field.box.on_outcomes

    def watch(now, outcomes):
        out = original(now, outcomes)
        settles.extend(effect for effect in out if isinstance(effect, Settle))
        return [effect for effect in out if not isinstance(effect, Settle)]

    field.box.on_outcomes = watch
    downlink = field.box.on_downlink

    def keep(now, lane, message):
        out = downlink(now, lane, message)
        settles.extend(effect for effect in out if isinstance(effect, Settle))
        return [effect for effect in out if not isinstance(effect, Settle)]

    field.box.on_downlink = keep
    field.run(effects)
    field.box.on_outcomes, field.box.on_downlink, field.store.settle = original, downlink, real
    field.run(field.box.on_outcomes(field.now(), [NotSettled(settles[0], "full")]))
    assert owed(field) == 1
    assert field.codes() == ["outbox-settle-failed"]
    field.wait(SILENCE_S)
    assert owed(field) == 0
    assert field.batches[-1].first_row == 1


def withheld(field):
    """From here on settles are asked of nobody, and collected."""
    settles, commit = [], field._commit

    def collecting(commands):
        settles.extend(one for one in commands if isinstance(one, Settle))
        return commit([one for one in commands if not isinstance(one, Settle)])

    field._commit = collecting
    return settles


def told(field, outcome):
    field.run(field.box.on_outcomes(field.now(), [outcome]))


def test_a_settle_that_is_refused_before_an_older_one_is_answered_takes_no_others_place(field, body):
    other = field.joined(2, ("tcp", 2))
    settles = withheld(field)
    field.hear(TCP1, body.sell())
    field.hear(("tcp", 2), other.sell())
    first, second = settles
    told(field, NotSettled(second, "queue"))
    commit_group(field.store, [first], lambda: False)
    told(field, Settled(first, field.store.first_unsettled))
    field.wait(1.1)
    assert (body.settled[1], other.settled[1]) == (1, 0)
    field.wait(SILENCE_S)
    assert [settle.refs for settle in settles[2:]] == [second.refs]


def test_a_settle_that_is_tried_again_does_not_count_for_the_other_row_of_its_seq(field, body):
    field.hold_acks = True
    settles = withheld(field)
    sell(field, body)
    body.rings[1][1] = body.rings[1][1][:-1] + b"\1"
    field.hear(TCP1, body.record(1))
    give(field, ack_of(field, row_cumulative=1))
    told(field, NotSettled(settles[0], "full"))
    field.wait(SILENCE_S)
    give(field, ack_of(field, row_cumulative=1))
    commit_group(field.store, [settles[1]], lambda: False)
    told(field, Settled(settles[1], field.store.first_unsettled))
    field.wait(1.1)
    assert (owed(field), body.settled[1]) == (1, 0)


def test_latency_is_measured_from_arrival(field, body):
    field.hold_acks = True
    sell(field, body)
    field.s += 0.25
    field.release_acks()
    assert field.box.latencies_ms() == [250]


# ---- rows that the ledger has answered without their device


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
