"""Persist, then acknowledge: what ACK, SETTLED and the copies on `now` say, and when."""

import pytest

from edge.box import box as box_module
from edge.box.up.intake import PIECES_MAX, RETURN_MS, SETTLED_RECORDS
from edge.box.up.ledger_clock import LedgerClock
from edge.box.up.uplink import HELLO_AGAIN_S
from edge.box.values.effects import Put, Refused, Send
from edge.link import messages as link
from edge.link.messages import Type
from edge.settings import OutboxSetting
from shared.records import Kind
from shared.wire import topics
from shared.wire.messages import (
    FORM_3,
    DeviceStatus,
    EpochStatus,
    Hello,
    LedgerTime,
    OnlineAnswer,
    OnlineRequest,
    RecordCopy,
    encode_now,
)
from tests.edge.rig import Field, load, psam, purchase, reversal, settings

TCP1, TCP2 = ("tcp", 1), ("tcp", 2)


def messages(field, kind):
    return [send.message for send in field.sent if send.message[0] == kind]


def test_no_ack_before_the_outbox_says_kept(field, body):
    effects = field.box.on_message(field.now(), *TCP1, body.sell())
    puts = [effect for effect in effects if isinstance(effect, Put)]
    assert len(puts) == 1
    assert not any(isinstance(effect, Send) and effect.message[0] in link.SHORT for effect in effects)
    field.run(effects)
    assert body.acked == {1: 1}


def test_stored_bytes_are_verbatim(field, body):
    wire = purchase(1)
    field.hear(TCP1, body.sell())
    stored = field.store.rows(0, 9)[0] or field.batches[0].records
    raw = stored[0] if isinstance(stored[0], bytes) else stored[0].stored
    assert raw == body.device + b"\0\1" + psam(1) + wire


def test_ack_names_only_what_is_contiguous(field, body):
    first, second, third = body.sell(), body.sell(), body.sell()
    field.hear(TCP1, first)
    del second
    field.hear(TCP1, third)
    assert body.acked == {1: 1}
    field.hear(TCP1, body.record(2))
    assert body.acked == {1: 3}


def test_one_ack_for_a_group(field, body):
    effects = []
    for message in [body.sell() for _ in range(5)]:
        effects += field.box.on_message(field.now(), *TCP1, message)
    field.sent.clear()
    field.run(effects)
    assert len(messages(field, Type.ACK)) == 1
    assert body.acked == {1: 5}


def test_identical_bytes_again_are_a_success(field, body):
    field.hear(TCP1, body.sell())
    body.rings[1][1] = purchase(1)
    field.sent.clear()
    field.hear(TCP1, body.record(1))
    assert len(messages(field, Type.ACK)) == 1
    assert (field.box.totals()["duplicates"], field.box.totals()["accepted"]) == (1, 1)
    assert field.codes() == []


def test_identical_bytes_under_way_are_stored_once(field, body):
    first = body.sell()
    effects = field.box.on_message(field.now(), *TCP1, first)
    effects += field.box.on_message(field.now(), *TCP1, body.record(1))
    assert sum(isinstance(effect, Put) for effect in effects) == 1
    field.run(effects)
    assert body.acked == {1: 1}


def test_fork_under_way_is_stored_too(field, body):
    effects = field.box.on_message(field.now(), *TCP1, body.sell())
    body.rings[1][1] = purchase(1, 999)
    effects += field.box.on_message(field.now(), *TCP1, body.record(1))
    field.run(effects)
    assert field.box.totals()["forks"] == 1
    assert len(field.ledger.stored) == 2


def test_refused_record_gets_no_ack_and_is_taken_later(field, body):
    effects = field.box.on_message(field.now(), *TCP1, body.sell())
    put = next(effect for effect in effects if isinstance(effect, Put))
    field.run(field.box.on_outcomes(field.now(), [Refused(put, "full")]))
    assert body.acked == {1: 0}
    assert field.codes() == ["outbox-refused"]
    assert field.box.totals()["refused"] == 1
    field.hear(TCP1, body.record(1))
    assert body.acked == {1: 1}


def test_full_outbox_refuses_new_records_and_still_knows_the_old_ones():
    field = Field(settings(outbox=OutboxSetting(2, 10, 0)))
    body = field.joined()
    field.disconnect()
    field.hear(TCP1, body.sell(), body.sell(), body.sell())
    assert body.acked == {1: 2}
    field.hear(TCP1, body.record(1))
    assert field.box.totals()["duplicates"] == 1
    field.connect()
    field.hear(TCP1, body.record(3))
    assert body.acked == {1: 3}


@pytest.mark.parametrize(
    "payload", [b"", b"\1\1\0\0\0\0\0", purchase(1)[:4] + bytes(4) + purchase(1)[8:], b"\1" * 251], ids=len
)
def test_record_that_has_no_head(field, body, payload):
    field.hear(TCP1, body.say(Type.RECORD, payload))
    assert field.codes() == ["terminal-malformed"]
    assert field.store.depth().last_row == 0


def test_a_body_that_goes_on_leaving_holes_is_refused_and_what_fills_them_is_taken(field, body):
    for seq in range(1, 2 * PIECES_MAX, 2):
        field.hear(TCP1, body.say(Type.RECORD, purchase(seq)))
    assert (field.codes(), field.store.depth().last_row) == ([], PIECES_MAX)
    field.hear(TCP1, body.say(Type.RECORD, purchase(2 * PIECES_MAX + 1)))
    assert (field.codes(), field.store.depth().last_row) == (["terminal-malformed"], PIECES_MAX)
    for seq in (2 * PIECES_MAX, 2, 2 * PIECES_MAX + 3):
        field.hear(TCP1, body.say(Type.RECORD, purchase(seq)))
    assert field.store.depth().last_row == PIECES_MAX + 3, "beside one that is held, and in the place of the hole"
    assert body.acked == {1: 3}


def test_a_bodys_own_word_closes_no_hole(field, body):
    """What it says is settled is in no mark of the ledger; only rows are."""
    for seq in range(1, 2 * PIECES_MAX, 2):
        field.hear(TCP1, body.say(Type.RECORD, purchase(seq)))
    rows = (EpochStatus(1, body.psam, 5001, 5001, 5000, 0),)
    status = link.Status(rows, 1, 0, 0, 1, 9000, 1, 100, clock_set=True)
    field.hear(TCP1, body.say(Type.STATUS, link.STATUS.encode(status)))
    for seq in (5001, 6000):
        field.hear(TCP1, body.say(Type.RECORD, purchase(seq)))
    assert (field.codes()[-1:], field.store.depth().last_row) == (["terminal-malformed"], PIECES_MAX)


def test_holes_are_counted_while_they_are_under_way(field, body):
    effects = []
    for seq in range(3, 4 * PIECES_MAX, 2):
        effects += field.box.on_message(field.now(), *TCP1, body.say(Type.RECORD, purchase(seq)))
    puts = [effect for effect in effects if isinstance(effect, Put)]
    assert len(puts) == PIECES_MAX
    field.run(field.box.on_outcomes(field.now(), [Refused(put, "full") for put in puts]))
    field.hear(TCP1, body.say(Type.RECORD, purchase(3)))
    assert field.store.depth().last_row == 1, "what was refused takes no place"


def test_undecodable_body_is_the_ledgers_matter(field, body):
    body.last[1] = 1
    body.rings[1][1] = b"\7\7\7\7\0\0\0\1" + b"?" * 20
    field.hear(TCP1, body.record(1))
    assert body.acked == {1: 1}
    assert len(field.ledger.stored) == 1


def test_epoch_index_outside_welcome(field, body):
    field.hear(TCP1, body.seal.seal(Type.RECORD, purchase(1), 3))
    assert field.codes() == ["terminal-malformed"]


@pytest.mark.parametrize("message", [b"", b"\xff", b"\x10", b"\x10\x20", b"\x10\x14\0\0", b"\x01\x10junk", b"\x02\x10"])
def test_message_that_is_none(field, body, message):
    field.hear(TCP1, message)
    assert set(field.codes()) <= {"terminal-malformed"}
    field.hear(TCP1, body.sell())
    assert body.acked == {1: 1}


def test_sealed_type_that_only_goes_down(field, body):
    field.hear(TCP1, body.say(Type.TIME, link.TIME.encode(link.Time(1))))
    assert field.codes() == ["terminal-malformed"]


# ---- SETTLED


def test_settled_after_the_settle_and_at_most_once_a_second(field, body):
    field.hear(TCP1, body.sell())
    assert body.settled[1] == 1
    field.sent.clear()
    for _ in range(10):
        field.hear(TCP1, body.sell())
    assert messages(field, Type.SETTLED) == []
    field.wait(1.0)
    assert len(messages(field, Type.SETTLED)) == 1
    assert (body.settled[1], body.rings[1]) == (11, {})


def test_settled_per_64_records_without_waiting(field, body):
    field.hear(TCP1, body.sell())
    field.sent.clear()
    for _ in range(2 * SETTLED_RECORDS):
        field.hear(TCP1, body.sell())
    assert len(messages(field, Type.SETTLED)) == 2


def test_nothing_settled_while_the_ledger_is_silent(field, body):
    field.hold_acks = True
    field.hear(TCP1, body.sell())
    field.wait(5)
    assert (body.acked, body.settled) == ({1: 1}, {1: 0})
    field.release_acks()
    assert body.settled == {1: 1}


def test_settled_is_repeated_to_a_status_that_lags(field, body):
    field.places.pop(TCP1)
    field.hear(TCP1, body.sell())
    field.places[TCP1] = body
    assert (body.acked, body.settled) == ({1: 0}, {1: 0})
    field.wait(1.5)
    field.hear(TCP1, body.status())
    assert (body.acked, body.settled) == ({1: 1}, {1: 1})


def test_settled_is_repeated_in_welcome(field, body):
    field.places.pop(TCP1)
    field.hear(TCP1, body.sell(), body.sell())
    field.join(body)
    assert body.welcome.epochs == (link.WelcomeEpoch(1, 2, 2),)
    assert body.rings[1] == {}


def test_settled_is_repeated_after_a_restart(field, body):
    field.places.pop(TCP1)
    field.hear(TCP1, body.sell(), body.sell())
    field.crash()
    field.join(body)
    assert body.welcome.epochs == (link.WelcomeEpoch(1, 2, 2),)


def test_settled_waits_for_both_rows_of_a_fork(field, body):
    field.hold_acks = True
    field.hear(TCP1, body.sell())
    body.rings[1][1] = purchase(1, 999)
    field.hear(TCP1, body.record(1))
    first, second = field.held_acks
    field.down(topics.DOWN_MONEY, first)
    field.wait(2)
    assert body.settled == {1: 0}
    field.down(topics.DOWN_MONEY, second)
    field.wait(2)
    assert body.settled == {1: 1}


def test_new_outbox_takes_all_again_that_is_not_settled(field, body):
    field.hear(TCP1, body.sell())
    field.wait(1.1)
    field.hold_acks = True
    field.hear(TCP1, body.sell(), body.sell())
    lost = Field(ledger=field.ledger)
    lost.connect()
    lost.join(body)
    assert body.welcome.store != field.store.store
    assert body.welcome.epochs == (link.WelcomeEpoch(1, 1, 1),)
    lost.hear(TCP1, *body.resend())
    assert body.acked == {1: 3}
    lost.wait(1.1)
    assert (body.settled, body.rings[1]) == ({1: 3}, {})


def test_terminal_that_falls_back_sends_what_is_dropped_here_and_it_is_stored_again():
    field = Field(settings(outbox=OutboxSetting(100, 0, 0)))
    body = field.joined()
    field.hear(TCP1, body.sell(), body.sell())
    field.store.begin()
    assert field.store.drop_settled(0).rows == 2
    field.store.commit()
    body.rings[1] = {1: purchase(1)}
    field.hear(TCP1, body.record(1))
    assert field.ledger.stored[body.device + b"\0\1" + psam(1) + purchase(1)] == 2
    field.wait(1.1)
    assert body.settled == {1: 2}
    assert field.codes() == []


def test_two_terminals_do_not_share_a_second(field, body):
    other = field.joined(2, TCP2)
    field.hear(TCP1, body.sell())
    field.hear(TCP2, other.sell())
    assert (body.settled, other.settled) == ({1: 1}, {1: 1})


# ---- what goes up on `now`


def test_status_goes_up(field, body):
    field.hear(TCP1, body.sell(), body.status())
    [status] = [message for message in field.up if isinstance(message, DeviceStatus)]
    assert (status.device, status.slots_left, status.clock_set, status.day) == (body.device, 100, True, 9000)
    assert [(e.epoch, e.last) for e in status.epochs] == [(1, 1)]


def test_a_newer_terminal_may_say_what_this_box_does_not_know(field, body):
    field.hear(TCP1, *(body.say(0x7E, b"later") for _ in range(100)), body.status())
    assert [message.device for message in field.up if isinstance(message, DeviceStatus)] == [body.device]
    assert field.box.totals()["bad_macs"] == 0


def test_status_says_from_where_on_the_terminal_counts_what_is_held(field, body):
    """It was told SETTLED by the box before this outbox; the next seq is held without a hole below it."""
    body.last[1] = 10
    field.hear(TCP1, body.sell())
    assert body.acked[1] == 0
    body.rings[1].clear()
    body.last[1], body.settled[1] = 20, 20
    field.hear(TCP1, body.status())
    field.hold_acks = True
    field.hear(TCP1, body.sell())
    assert body.acked[1] == 21


def test_heartbeat_is_only_a_hint(field, body):
    field.hear(TCP1, link.HEARTBEAT.encode(link.Heartbeat(0, 12, 1, 1)))
    assert field.box.states()[0].unsent == 12
    field.hear(TCP1, b"\x14\0")
    assert field.codes() == ["terminal-malformed"]


def test_load_records_run_ahead_and_purchases_do_not(field, body):
    field.hold_acks = True
    field.hear(TCP1, body.sell(), body.sell(make=load))
    copies = [message for message in field.up if isinstance(message, RecordCopy)]
    assert [copy.stored[15] for copy in copies] == [Kind.LOAD]
    field.hear(TCP1, body.record(2))
    assert len([message for message in field.up if isinstance(message, RecordCopy)]) == 1


def test_the_reversal_of_an_account_payment_runs_ahead_for_somebodys_money_waits_for_it(field, body):
    field.hear(TCP1, body.sell(make=reversal))
    copies = [message for message in field.up if isinstance(message, RecordCopy)]
    assert [copy.stored[15] for copy in copies] == [Kind.REVERSAL]


def online(body, number=5, payload=b"INIT", wait_ms=6000):
    return body.say(Type.ONLINE_REQUEST, link.ONLINE_REQUEST.encode(link.Ask(number, wait_ms, payload)))


def test_online_request_and_its_answer(field, body):
    field.hear(TCP1, online(body))
    [request] = [message for message in field.up if isinstance(message, OnlineRequest)]
    assert request == OnlineRequest(body.device, 1, psam(1), 5, b"INIT", field.ledger_ms() + 6000 - RETURN_MS, FORM_3)
    field.hear(TCP1, online(body))
    assert len([message for message in field.up if isinstance(message, OnlineRequest)]) == 1
    field.down(topics.DOWN_NOW, encode_now(OnlineAnswer(body.device, 1, 5, b"MAC2")))
    assert body.answers == [link.Online(5, b"MAC2")]


def requests(field):
    return [message for message in field.up if isinstance(message, OnlineRequest)]


def test_request_is_late_in_the_ledgers_time_whatever_the_clock_here_says(field, body):
    field.wait(100.0)
    field.hear(TCP1, online(body, wait_ms=4000))
    assert [request.until_ms - field.ledger_ms() for request in requests(field)] == [4000 - RETURN_MS]


def test_ledgers_time_that_was_lost_on_its_way_is_asked_for_by_the_request_that_needs_it(field):
    field.connect()
    field.box._ledger_clock = field.box._intake._ledger_clock = LedgerClock()  # an ack came, its time did not
    body = field.joined()
    field.wait(HELLO_AGAIN_S)
    hellos = greetings(field)
    field.hear(TCP1, online(body))
    assert greetings(field) == hellos + 1
    field.hear(TCP1, online(body))
    assert len(requests(field)) == 1
    assert greetings(field) == hellos + 1


def test_lost_ledgers_time_is_not_asked_for_with_every_request(field):
    field.connect()
    field.greeting = False
    field.box._ledger_clock = field.box._intake._ledger_clock = LedgerClock()
    body = field.joined()
    field.box._uplink._greeting.answered()
    field.wait(HELLO_AGAIN_S)
    hellos = greetings(field)
    for number in range(1, 4):
        field.hear(TCP1, online(body, number))
    assert greetings(field) == hellos + 1


def greetings(field):
    return len([message for message in field.up if isinstance(message, Hello)])


def test_request_waits_for_the_ledgers_time(field):
    field.connect()
    field.box._ledger_clock = field.box._intake._ledger_clock = LedgerClock()
    body = field.joined()
    field.hear(TCP1, online(body))
    assert requests(field) == []
    assert field.box.totals()["requests_held"] == 1
    field.connect()
    field.hear(TCP1, online(body))
    assert len(requests(field)) == 1


def test_ledgers_new_time_counts_from_then_on(field, body):
    told_ms = field.ledger_ms() + 5_000
    field.greeting = False
    field.connect()
    field.answer(LedgerTime(told_ms))
    field.s += 2
    field.hear(TCP1, online(body))
    assert requests(field)[0].until_ms == told_ms + 2_000 + 6_000 - RETURN_MS


def test_request_of_a_terminal_that_gives_up_is_not_sent(field, body):
    field.hear(TCP1, online(body, wait_ms=RETURN_MS))
    assert requests(field) == []


def test_answer_for_a_terminal_that_is_gone(field, body):
    field.hear(TCP1, online(body))
    field.run(field.box.on_peer(field.now(), "tcp", 1, False))
    field.down(topics.DOWN_NOW, encode_now(OnlineAnswer(body.device, 1, 5, b"MAC2")))
    assert body.answers == []
    assert field.box.totals()["answers_undelivered"] == 1


def test_online_payload_is_bounded(field, body):
    field.hear(TCP1, online(body, payload=b"x" * 1025))
    assert field.codes() == ["terminal-malformed"]


# ---- floods


def test_flooding_terminal_is_throttled_and_told_once(field, body, monkeypatch):
    other = field.joined(2, TCP2)
    message = link.HEARTBEAT.encode(link.Heartbeat(0, 1, 1, 1))
    for _ in range(int(box_module.MESSAGES_BURST) + 50):
        field.hear(TCP1, message)
    assert field.codes() == ["terminal-flooding"]
    assert field.box.totals()["flooded"] >= 40
    field.hear(TCP2, other.sell())
    assert other.acked == {1: 1}
    field.wait(1)
    field.hear(TCP1, body.sell())
    assert body.acked == {1: 1}


def test_joins_of_one_place_are_throttled(field):
    field.connect()
    for _ in range(30):
        field.hear(TCP1, b"\x01\x10" + bytes(38))
    assert field.box.totals()["flooded"] == 20
    assert set(field.codes()) == {"terminal-unknown", "terminal-flooding"}


def test_places_are_bounded(field, monkeypatch):
    monkeypatch.setattr(box_module, "PLACES_MAX", 4)
    for peer in range(20):
        field.hear(("tcp", peer), b"\xff")
    assert len(field.box._rates) == 4
