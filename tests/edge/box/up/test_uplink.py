"""The lane money: what is sent when, what a signed ack settles, and what never does."""


import pytest

from edge.box.up import uplink
from edge.box.up.greeting import PATIENCE_S
from edge.box.up.uplink import (
    BATCH_BYTES_MAX,
    FIRST_CREDIT,
    HELLO_AGAIN_S,
    SILENCE_MAX_S,
    SILENCE_S,
    WINDOW_MAX,
)
from edge.box.values.effects import NotSettled, Publish, Settle, Settled
from edge.outbox.group import commit_group
from edge.process.agent import TICK_S
from shared.ids import LedgerId
from shared.wire import topics
from shared.wire.messages import (
    BATCH_MAX,
)
from tests.edge.rig import OTHER_KEY, Ledger
from tests.edge.uplink_words import TCP1, ack_of, give, hellos, owed, sell

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
