"""Revoked PSAMs and bodies at a box: durable before it counts, never an older list, no selling, and no record lost."""

from edge.box.values.effects import KeepDocument
from edge.link.messages import Refusal
from edge.outbox.group import commit_group
from edge.outbox.tables import write_about
from shared.errors import StoreFault
from shared.fleet.document import DocumentKind
from shared.fleet.revocations import revocations_body
from shared.wire import topics
from shared.wire.fleet_lane import encode_fleet_down
from shared.wire.messages import Revocations, encode_revocations, revocations_mark
from tests.edge.fleet_rig import Made
from tests.edge.rig import OTHER_KEY, Body, Field, Ledger, device, psam

TCP1, TCP2 = ("tcp", 1), ("tcp", 2)
LISTED = Revocations(1, (psam(1),))


def fields_stolen():
    """PSAM 1 by itself, and body 1 by itself."""
    yield {"psams": [psam(1)]}
    yield {"devices": [device(1)]}


def offered(field: Field, wanted: Revocations = LISTED) -> Made:
    """The centre has made it; the box knows its key."""
    field.offer(field.centre.key(DocumentKind.REVOCATIONS))
    return field.centre.make(revocations_body(wanted), DocumentKind.REVOCATIONS)


def keeps(field: Field, made: Made) -> list[KeepDocument]:
    """What the box wants to make durable after it has got the whole of it."""
    for message in (made.offer(), made.page(0)):
        effects = field.box.on_downlink(field.now(), topics.DOWN_BULK, encode_fleet_down(message))
    return [effect for effect in effects if isinstance(effect, KeepDocument)]


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
    effects = keeps(field, offered(field))
    assert [effect.body for effect in effects] == [revocations_body(LISTED)]
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

    def keep_document(self, wanted):
        raise StoreFault("full")


def test_a_list_that_was_not_written_counts_when_it_comes_again():
    field = Field()
    body = field.joined()
    made = offered(field)
    outcomes = commit_group(FullStore(field.store), keeps(field, made), lambda: False)
    field.run(field.box.on_outcomes(field.now(), outcomes))
    assert field.join(body).current == 1
    field.offer(made.offer())
    assert field.join(body).refused is Refusal.REVOKED


def test_an_older_list_never_replaces_a_newer_one():
    field = Field()
    body = field.joined()
    old, new = offered(field, Revocations(1)), offered(field, Revocations(2, (psam(1),)))
    for made in (new, old):
        field.offer(made.offer())
    field.crash()
    field.connect()
    field.offer(old.offer())
    assert field.box.revocations == Revocations(2, (psam(1),))
    assert field.join(body).refused is Refusal.REVOKED


def test_found_again_it_sells_again():
    field = Field()
    body = field.joined()
    field.revoke(1, psams=[psam(1)])
    assert field.join(body).refused is Refusal.REVOKED
    field.revoke(2)
    assert field.join(body).current == 1
    assert not body.barred


def test_a_box_that_was_away_learns_it_when_it_says_what_it_holds():
    field = Field()
    body = field.joined()
    field.disconnect()
    field.revoke(3, psams=[psam(1)])
    field.hear(TCP1, body.sell())
    assert field.box.revocations.version == 0
    field.connect()
    assert field.box.revocations.version == 3
    assert body.refused is Refusal.REVOKED


def test_bytes_that_are_no_list_are_not_kept_and_are_told_even_if_they_are_signed():
    for as_delta in (False, True):
        field = Field()
        field.connect()
        field.revoke(1, psams=[psam(1)])
        wrong = field.centre.make(revocations_body(LISTED)[:-1], DocumentKind.REVOCATIONS)
        field.offer(wrong.delta() if as_delta else wrong.offer())
        assert field.codes() == ["down-malformed"]
        assert field.box.revocations == LISTED
        field.revoke(2)
        assert field.box.revocations == Revocations(2)


def test_the_list_of_release_0_1_counts_no_more_whoever_has_signed_it():
    """Two rules would stand beside each other: what comes by the former way is counted, and nothing else."""
    for key in (None, OTHER_KEY):
        field = Field()
        body = field.joined()
        ledger = field.ledger if key is None else Ledger(key=key)
        field.down(topics.DOWN_NOW, ledger.sign_revocations(LISTED))
        assert field.codes() == []
        assert field.box.totals()["former_lists"] == 1
        assert field.join(body).current == 1


def former(field: Field, wanted: Revocations) -> None:
    """An outbox as a box of 0.1 left it."""
    with field.db:
        write_about(field.db, revocations=encode_revocations(wanted))
    field.crash()


def test_the_list_that_an_outbox_of_before_holds_counts_until_a_document_is_here():
    field = Field()
    body = field.joined()
    former(field, Revocations(4, (psam(1),)))
    assert revocations_mark(field.box.revocations)[0] == 4
    assert field.join(body).refused is Refusal.REVOKED
    field.connect()
    field.revoke(5)
    assert field.box.revocations == Revocations(5)
    field.crash()
    assert field.join(body).current == 1, "and what the outbox held before is over"


def test_a_document_that_knows_less_than_the_outbox_of_before_does_not_count():
    """A ledger was put back while the box was renewed."""
    field = Field()
    field.connect()
    former(field, Revocations(4, (psam(1),)))
    field.connect()
    field.revoke(3)
    assert field.box.revocations == Revocations(4, (psam(1),))


def test_a_damaged_list_of_before_is_as_good_as_none():
    field = Field()
    former(field, Revocations(4, (psam(1),)))
    field.db.execute("UPDATE about SET value = x'ff' WHERE name = 'revocations'")
    field.crash()
    assert field.box.revocations.version == 0


def test_the_cloud_refuses_an_epoch_of_what_it_has_revoked():
    field = Field()
    field.ledger.refuse = "revoked"
    assert field.joined().refused is Refusal.REVOKED
    assert field.codes() == ["terminal-revoked"]
