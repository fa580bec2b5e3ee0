"""Revoked PSAMs and bodies at a box: durable before it counts, never an older list, no selling, and no record lost."""

from edge.box.values.effects import KeepRevocations, RevocationsKept
from edge.link.messages import Refusal
from edge.outbox.group import commit_group
from shared.errors import StoreFault
from shared.wire import topics
from shared.wire.messages import Revocations, SignedRevocations, encode_now, revocations_mark
from tests.edge.rig import OTHER_KEY, Body, Field, Ledger, device, psam

TCP1, TCP2 = ("tcp", 1), ("tcp", 2)


def fields_stolen():
    """PSAM 1 by itself, and body 1 by itself."""
    yield {"psams": [psam(1)]}
    yield {"devices": [device(1)]}


def test_a_running_session_ends_at_once_and_others_go_on():
    for stolen in fields_stolen():
        field = Field()
        thief, honest = field.joined(1, TCP1), field.joined(2, TCP2)
        field.revoke(1, **stolen)
        assert (thief.refused, thief.barred, honest.barred) == (Refusal.REVOKED, True, False)
        assert [state.state for state in field.box.states()] == ["revoked", "joined"]
        field.hear(TCP2, honest.sell())
        assert honest.acked == {1: 1}


def test_a_revoked_body_that_owes_nothing_may_not_join():
    for stolen in fields_stolen():
        field = Field()
        body = field.joined()
        field.revoke(1, **stolen)
        field.join(body)
        assert (body.refused, body.welcome, body.barred) == (Refusal.REVOKED, None, True)
        assert field.codes() == ["terminal-revoked"]
        (fact,) = field.facts
        assert (fact.device, fact.level) == (device(1), "urgent")


def test_the_body_with_another_psam_may_sell_when_only_its_psam_is_stolen():
    field = Field()
    body = field.joined()
    field.revoke(1, psams=[psam(1)])
    body.change_psam(psam(40))
    field.join(body)
    assert field.join(body).current == 2


def test_what_it_owes_is_taken_and_relayed_and_it_gets_no_epoch():
    field = Field()
    body = field.joined()
    field.disconnect()
    wires = [body.sell() for _ in range(3)]
    field.connect()
    field.revoke(1, psams=[psam(1)])
    assert wires
    field.join(body)
    assert (body.current, body.barred) == (0, True)
    assert field.box.states()[0].state == "revoked"
    assert [row.epoch for row in body.welcome.epochs] == [1]
    field.hear(TCP1, *body.resend())
    assert body.acked == {1: 3}
    field.wait(2)
    assert body.settled == {1: 3}
    assert len(field.ledger.stored) == 3
    assert field.join(body).refused is Refusal.REVOKED


def test_records_that_are_under_way_when_it_ends_come_again():
    field = Field()
    body = field.joined()
    first, late = body.sell(), body.sell()
    field.hear(TCP1, first)
    field.revoke(1, psams=[psam(1)])
    field.hear(TCP1, late)
    assert len(field.ledger.stored) == 1
    field.join(body)
    field.hear(TCP1, *body.resend())
    assert len(field.ledger.stored) == 2


def test_an_unknown_body_with_a_revoked_psam_is_not_asked_for_in_the_cloud():
    field = Field()
    field.connect()
    field.revoke(1, psams=[psam(1)])
    asked = len(field.up)
    assert field.join(Body(1)).refused is Refusal.REVOKED
    assert [type(message).__name__ for message in field.up[asked:]] == ["Fact"]


def test_the_list_outlives_the_box_and_counts_without_the_cloud():
    field = Field()
    body = field.joined()
    field.revoke(5, psams=[psam(1)])
    field.crash()
    assert field.box.revocations == Revocations(5, (psam(1),))
    assert field.join(body).refused is Refusal.REVOKED


def test_it_does_not_count_before_it_is_durable():
    field = Field()
    body = field.joined()
    signed = field.ledger.sign_revocations(Revocations(1, (psam(1),)))
    effects = field.box.on_downlink(field.now(), topics.DOWN_NOW, signed)
    assert effects == [KeepRevocations(Revocations(1, (psam(1),)))]
    assert field.box.revocations.version == 0
    assert field.join(body).current == 1
    field.run(field.box.on_outcomes(field.now(), commit_group(field.store, effects, lambda: False)))
    assert revocations_mark(field.box.revocations)[0] == 1
    assert field.join(body).refused is Refusal.REVOKED


class FullStore:
    """A store that has no room."""

    def __init__(self, store):
        self._store = store

    def __getattr__(self, name):
        return getattr(self._store, name)

    def keep_revocations(self, wanted):
        raise StoreFault("full")


def test_a_list_that_was_not_written_counts_when_it_comes_again():
    field = Field()
    body = field.joined()
    signed = field.ledger.sign_revocations(Revocations(1, (psam(1),)))
    effects = field.box.on_downlink(field.now(), topics.DOWN_NOW, signed)
    outcomes = commit_group(FullStore(field.store), effects, lambda: False)
    field.run(field.box.on_outcomes(field.now(), outcomes))
    assert field.join(body).current == 1
    field.down(topics.DOWN_NOW, signed)
    assert field.join(body).refused is Refusal.REVOKED


def test_an_older_list_never_replaces_a_newer_in_whatever_order_they_come():
    field = Field()
    body = field.joined()
    old, new = (field.ledger.sign_revocations(Revocations(*one)) for one in ((1,), (2, (psam(1),))))
    effects = [e for raw in (new, old) for e in field.box.on_downlink(field.now(), topics.DOWN_NOW, raw)]
    assert [effect.wanted.version for effect in effects] == [2, 1], "neither is durable yet"
    outcomes = commit_group(field.store, effects, lambda: False)
    newest = Revocations(2, (psam(1),))
    assert outcomes == [RevocationsKept(newest)] * 2
    field.run(field.box.on_outcomes(field.now(), outcomes))
    field.down(topics.DOWN_NOW, old)
    field.crash()
    assert field.box.revocations == newest
    assert field.join(body).refused is Refusal.REVOKED


def test_the_same_list_again_is_success_and_costs_nothing():
    field = Field()
    field.connect()
    field.revoke(1, psams=[psam(1)])
    signed = field.ledger.sign_revocations(field.ledger.revocations)
    assert field.box.on_downlink(field.now(), topics.DOWN_NOW, signed) == []
    assert field.codes() == []


def test_found_again_it_sells_again():
    field = Field()
    body = field.joined()
    field.revoke(1, psams=[psam(1)])
    assert field.join(body).refused is Refusal.REVOKED
    field.revoke(2)
    assert field.join(body).current == 1
    assert not body.barred


def test_a_box_that_was_away_learns_it_when_it_says_hello():
    field = Field()
    body = field.joined()
    field.disconnect()
    field.ledger.revocations = Revocations(3, (psam(1),))
    field.hear(TCP1, body.sell())
    field.connect()
    assert field.box.revocations.version == 3
    assert body.refused is Refusal.REVOKED


def test_a_forged_list_counts_for_nothing_and_is_told():
    field = Field()
    body = field.joined()
    field.down(topics.DOWN_NOW, Ledger(key=OTHER_KEY).sign_revocations(Revocations(1, (psam(1),))))
    assert field.codes() == ["revocations-forged"]
    assert field.join(body).current == 1


def test_an_ack_is_no_list_even_if_it_is_signed():
    field = Field()
    field.connect()
    signed = field.ledger.sign(field.ledger.ack(field.store.store))
    field.down(topics.DOWN_NOW, encode_now(SignedRevocations(signed.body, signed.signature)))
    assert field.codes() == ["revocations-forged"]


def test_the_cloud_refuses_an_epoch_of_what_it_has_revoked():
    field = Field()
    field.ledger.refuse = "revoked"
    assert field.joined().refused is Refusal.REVOKED
    assert field.codes() == ["terminal-revoked"]


def test_a_damaged_list_is_as_good_as_none_and_comes_again():
    field = Field()
    field.connect()
    field.revoke(4, psams=[psam(1)])
    field.db.execute("UPDATE about SET value = x'ff' WHERE name = 'revocations'")
    field.crash()
    assert field.box.revocations.version == 0
    field.connect()
    assert field.box.revocations.version == 4
