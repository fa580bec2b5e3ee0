"""The join, and the six illegal-terminal cases 非法终端: each raises exactly its own fact, and nobody else suffers."""

from dataclasses import replace

import pytest

from edge.box.box import HINT_EVERY_S, UNPROVEN_MESSAGES, UNPROVEN_S
from edge.box.terminals import terminals
from edge.box.terminals.terminals import JOIN_S, LIVE_S
from edge.link import messages as link
from edge.link.messages import Auth, AuthEpoch, Refusal, Type
from edge.link.seal import BAD_MACS_MAX
from shared.wire.messages import EpochRequest
from tests.edge.rig import Body, Field, psam, purchase, settings

TCP1, TCP2 = ("tcp", 1), ("tcp", 2)
CAN1 = ("can0", 1)


def test_first_join_has_no_epoch_until_the_cloud_answers(field):
    body = field.join(Body(1))
    assert (body.welcome.current, body.welcome.epochs) == (0, ())
    field.connect()
    asked = [message for message in field.up if isinstance(message, EpochRequest)]
    assert [replace(one, nonce=b"") for one in asked] == [EpochRequest(1, body.device, b"storage1", psam(1), 0)]
    field.join(body)
    assert body.welcome.current == 1
    assert body.welcome.epochs == (link.WelcomeEpoch(1, 0, 0),)
    assert (body.welcome.hotlist_version, body.welcome.parameter_version) == (1, 1)
    assert body.welcome.time == field.now().campus_s
    assert field.codes() == []


def test_epoch_outlives_the_box(field):
    field.joined()
    field.crash()
    assert field.join(Body(1)).current == 1


def test_body_that_proves_its_epoch_sells_on_when_box_and_uplink_are_lost(field):
    body = field.joined()
    field.answering = False
    field.hear(TCP1, body.sell())
    other = Field()
    other.join(body)
    assert body.current == 1
    other.hear(TCP1, *body.resend())
    assert body.acked == {1: 1}


def test_time_follows_the_first_proven_message_not_welcome(field):
    body = field.joined()
    assert body.times == []
    field.hear(TCP1, body.sell())
    assert body.times == [field.now().campus_s]
    field.hear(TCP1, body.status(), body.sell())
    assert len(body.times) == 1
    field.wait(31)
    field.hear(TCP1, body.status())
    assert len(body.times) == 2


def test_clock_that_is_not_set_gets_the_time(field):
    body = field.joined()
    field.hear(TCP1, body.status())
    field.wait(1)
    field.hear(TCP1, body.status(clock_set=False))
    assert len(body.times) == 2


# ---- the six cases


def test_unknown_number(field):
    body = field.joined(7)
    assert (body.refused, body.welcome) == (Refusal.UNKNOWN_DEVICE, None)
    assert field.codes() == ["terminal-unknown"]
    assert field.facts[0].device == body.device


def test_wrong_key(field):
    field.connect()
    body = field.join(Body(1, key=b"\xee" * 16))
    assert (body.refused, body.welcome) == (Refusal.WRONG_KEY, None)
    assert field.codes() == ["terminal-wrong-key"]


def test_number_live_twice(field):
    genuine = field.joined(1, TCP1)
    clone = field.join(Body(1), TCP2)
    assert clone.refused is Refusal.LIVE_TWICE
    assert field.codes() == []
    field.hear(TCP1, genuine.status())
    assert field.codes() == ["terminal-live-twice"]
    field.hear(TCP1, genuine.sell())
    assert genuine.acked == {1: 1}


def test_roaming_terminal_is_no_clone(field):
    field.joined(1, TCP1)
    assert field.join(Body(1), TCP2).refused is Refusal.LIVE_TWICE
    field.wait(LIVE_S + 0.1)
    again = field.join(Body(1), TCP2)
    assert again.current == 1
    assert field.codes() == []


def test_only_who_has_joined_keeps_its_place_at_a_full_port(field):
    field.connect()
    body = Body(1)
    field.places[TCP1] = body
    assert not field.box.is_proven(*TCP1)
    field.hear(TCP2, Body(2).hello())
    assert not field.box.is_proven(*TCP2)
    field.hear(TCP1, body.hello())
    assert field.box.is_proven(*TCP1)
    field.run(field.box.on_peer(field.now(), *TCP1, False))
    assert not field.box.is_proven(*TCP1)


def test_connection_that_ended_frees_the_number(field):
    field.joined(1, TCP1)
    field.run(field.box.on_peer(field.now(), "tcp", 1, False))
    assert field.join(Body(1), TCP2).current == 1


def test_bus_that_misses_a_terminal_does_not_end_its_conversation():
    field = Field(settings(on="can0"))
    body = field.joined(1, CAN1)
    field.run(field.box.on_peer(field.now(), "can0", 1, False))
    field.hear(CAN1, body.sell())
    assert body.acked == {1: 1}


def test_replay_ends_the_session_at_the_sixteenth(field):
    body = field.joined()
    message = body.sell()
    field.hear(TCP1, *[message] * BAD_MACS_MAX)
    assert field.codes() == []
    assert body.acked == {1: 1}
    field.hear(TCP1, message)
    assert field.codes() == ["terminal-mac-failures"]
    field.hear(TCP1, body.sell())
    assert body.acked == {1: 1}
    assert body.refused is Refusal.BUSY
    field.join(body)
    field.hear(TCP1, *body.resend())
    assert body.acked == {1: 2}


def test_fork_of_a_record(field):
    body = field.joined()
    field.hear(TCP1, body.sell())
    body.rings[1] = {1: purchase(1, 999)}
    field.hear(TCP1, body.record(1))
    assert field.codes() == ["record-fork"]
    assert len(field.ledger.stored) == 2


def test_traffic_from_an_address_that_nobody_has():
    field = Field(settings(on="can0"))
    field.connect()
    field.hear(("can0", 9), link.HEARTBEAT.encode(link.Heartbeat(0, 0, 1, 1)))
    field.hear(("can0", 9), link.HEARTBEAT.encode(link.Heartbeat(0, 0, 1, 1)))
    assert field.codes() == ["terminal-unauthenticated"]


def test_registered_terminal_that_the_box_has_lost_is_no_stranger():
    field = Field(settings(on="can0"))
    body = field.joined(1, CAN1)
    field.crash()
    field.connect()
    for _ in range(UNPROVEN_MESSAGES):
        field.hear(CAN1, body.status())
    assert field.codes() == []
    assert body.refused is Refusal.BUSY
    field.wait(UNPROVEN_S)
    field.hear(CAN1, body.status())
    assert field.codes() == ["terminal-unauthenticated"]
    assert field.facts[0].device == body.device


def test_hint_to_a_lost_terminal_is_rare_and_never_disturbs_a_join():
    field = Field(settings(on="can0"))
    body = field.joined(1, CAN1)
    field.crash()
    field.sent.clear()
    field.hear(CAN1, body.status(), body.status())
    assert len(field.sent) == 1
    field.wait(HINT_EVERY_S)
    field.hear(CAN1, body.status())
    assert len(field.sent) == 2
    late = body.status()
    field.places.clear()
    field.hear(CAN1, body.hello(), late)
    assert [link.type_of(send.message) for send in field.sent[2:]] == [Type.CHALLENGE]


# ---- more of the join


def test_repeated_hello_gets_the_same_challenge(field):
    field.connect()
    body = Body(1)
    hello = body.hello()
    field.hear(TCP1, hello)
    field.s += 2
    field.hear(TCP1, hello)
    first, second = (send.message for send in field.sent)
    assert first == second
    field.s += JOIN_S
    field.hear(TCP1, hello)
    assert field.sent[-1].message != first
    field.places[TCP1] = body
    [auth] = body.hear(field.sent[-1].message)
    field.hear(TCP1, auth, auth)
    assert body.welcome is not None
    assert field.codes() == []


def test_another_hello_at_a_place_gets_another_challenge():
    field = Field(settings(on="can0"))
    field.connect()
    field.hear(CAN1, Body(1).hello())
    assert field.joined(2, CAN1).current == 1


def test_challenge_is_forgotten(field):
    body = Body(1)
    field.hear(TCP1, body.hello())
    [auth] = body.hear(field.sent[-1].message)
    field.s += JOIN_S + 0.1
    field.sent.clear()
    field.hear(TCP1, auth)
    assert field.sent == []


def test_joins_under_way_are_bounded(field, monkeypatch):
    monkeypatch.setattr(terminals, "JOINS_MAX", 1)
    field.hear(TCP1, Body(1).hello())
    field.hear(TCP2, Body(2).hello())
    assert link.REFUSE.decode(field.sent[-1].message).reason is Refusal.BUSY
    field.s += JOIN_S + 0.1
    field.hear(TCP2, Body(2).hello())
    assert link.type_of(field.sent[-1].message) is Type.CHALLENGE


def test_unproven_hello_ends_no_conversation(field):
    body = field.joined()
    field.places.pop(TCP1)
    field.hear(TCP1, Body(1).hello())
    field.places[TCP1] = body
    field.hear(TCP1, body.sell())
    assert body.acked == {1: 1}


def test_other_body_at_a_place_takes_it_over():
    field = Field(settings(on="can0"))
    field.joined(1, CAN1)
    second = field.joined(2, CAN1)
    field.hear(CAN1, second.sell())
    assert second.acked == {1: 1}
    assert field.codes() == ["terminal-moved"]
    assert [state.state for state in field.box.states()] == ["parted", "joined"]


@pytest.mark.parametrize(
    ("reason", "refusal"),
    [("psam-moved", Refusal.PSAM_MOVED), ("unknown-psam", Refusal.UNKNOWN_PSAM), ("other-box", Refusal.OTHER_BOX)],
)
def test_cloud_refuses_an_epoch(field, reason, refusal):
    field.ledger.refuse = reason
    body = field.joined()
    assert body.refused is refusal
    assert field.codes() == ["terminal-no-epoch"]


def test_refused_body_may_still_drain_what_it_owes(field):
    body = field.joined()
    field.hold_acks = True
    field.hear(TCP1, body.sell())
    field.ledger.refuse = "psam-moved"
    body.change_psam(psam(50))
    field.join(body)
    field.join(body)
    assert (body.current, body.refused) == (0, None)
    assert [row.epoch for row in body.welcome.epochs] == [1]


def test_fifth_undrained_epoch_is_refused_until_one_drains(field):
    body = field.joined()
    field.hold_acks = True
    for n in range(4):
        field.hear(TCP1, body.sell())
        assert body.current == n + 1
        field.s += 5
        body.change_psam(psam(60 + n))
        field.join(body)
        field.join(body)
    assert (body.current, len(body.welcome.epochs)) == (0, 4)
    field.s += 5
    body.change_psam(psam(70))
    field.join(body)
    field.join(body)
    assert (body.current, len(body.welcome.epochs)) == (0, 4)
    assert "terminal-too-many-epochs" in field.codes()
    asked = sum(isinstance(message, EpochRequest) for message in field.up)
    field.hold_acks = False
    field.release_acks()
    for _ in range(4):  # one SETTLED a second and terminal
        field.wait(1.1)
    field.join(body)
    field.join(body)
    assert body.current == 5
    assert sum(isinstance(message, EpochRequest) for message in field.up) == asked + 1


def test_epoch_index_follows_the_list_of_welcome(field):
    body = field.joined()
    field.answering = False
    field.hear(TCP1, body.sell())
    body.change_psam(psam(60))
    field.answering = True
    field.join(body)
    field.join(body)
    assert [row.epoch for row in body.welcome.epochs] == [1, 2]
    field.hear(TCP1, body.sell(), *body.resend())
    assert body.acked == {1: 1, 2: 1}


def test_flash_put_back_to_an_older_copy(field):
    body = field.joined()
    field.hear(TCP1, body.sell(), body.sell(), body.sell())
    field.wait(1.1)
    older = Body(1, rings={1: {}}, psams={1: psam(1)}, last={1: 1}, settled={1: 1}, current=1)
    field.join(older)
    assert field.codes() == ["terminal-rolled-back"]
    assert older.welcome.epochs == (link.WelcomeEpoch(1, 1, 1),)
    field.hold_acks = True
    field.hear(TCP1, older.sell(77))
    assert (older.acked[1], older.settled[1]) == (2, 1)
    assert field.codes() == ["terminal-rolled-back", "record-fork"]
    field.release_acks()
    field.wait(1.1)
    assert older.settled[1] == 2


@pytest.mark.parametrize(
    "epochs",
    [
        (AuthEpoch(0, psam(1), 1, 0),),
        (AuthEpoch(1, psam(1), 1, 0), AuthEpoch(1, psam(1), 1, 0)),
        (AuthEpoch(1, psam(1), 5, 3),),
        (AuthEpoch(1, psam(1), 0, 3),),
    ],
)
def test_auth_that_makes_no_sense(field, epochs):
    field.connect()
    body = Body(1)
    body.auth_epochs = lambda: epochs
    field.join(body)
    assert body.welcome is None
    assert field.codes() == ["terminal-malformed"]


def test_auth_is_malformed(field):
    field.connect()
    body = Body(1)
    field.hear(TCP1, body.hello())
    body.hear(field.sent[-1].message)
    field.hear(TCP1, body.seal.seal(Type.AUTH, link.AUTH.encode(Auth(())) + b"tail"))
    assert field.codes() == ["terminal-malformed"]
    assert field.box.states()[0].state == "never"


def test_states_of_all_registered_terminals(field):
    assert [state.state for state in field.box.states()] == ["never", "never"]
    body = field.joined()
    field.hear(TCP1, body.sell(), body.status())
    state = field.box.states()[0]
    assert (state.state, state.link, state.last_seq, state.settled) == ("joined", "tcp", 1, 1)
    field.run(field.box.on_peer(field.now(), "tcp", 1, False))
    assert field.box.states()[0].state == "parted"
