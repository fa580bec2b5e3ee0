"""Documents at a box: proven, whole, durable before they count, never backwards, and repaired whatever is lost."""

import random
from dataclasses import replace

import pytest

from edge.box.down import documents
from edge.box.down.documents import RETRY_S, SOON_S
from edge.box.down.fetching import ASK_AGAIN_S, ASKS_MAX
from edge.box.up.uplink import HELLO_AGAIN_S
from edge.box.values.effects import DocumentNotKept, KeepDocument, Publish
from shared.fleet.delta import delta_between
from shared.fleet.document import CAMPUS, PAGE_SIZE, DocumentKind, Head, device_scope, digest_of, model_scope
from shared.wire import topics
from shared.wire.fleet_lane import (
    HELD_MAX,
    PAGES_MAX,
    Held,
    HeldRow,
    OfferedDelta,
    Page,
    PagesWanted,
    decode_fleet_down,
    encode_fleet_down,
)
from shared.wire.messages import HelloWanted, decode_now_up, encode_now
from tests.edge.fleet_rig import AS_OF, HOTLIST, Centre, Made
from tests.edge.rig import OTHER_KEY, Field, device, settings

KIND, PARAMETERS = DocumentKind.HOTLIST, DocumentKind.PARAMETERS


def body(pages: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(pages * PAGE_SIZE)


def changed(before: bytes, at: int = 5) -> bytes:
    return before[:at] + bytes((before[at] ^ 1,)) + before[at + 1 :]


def held(field: Field, name=HOTLIST) -> tuple[int, bytes] | None:
    """Generation and bytes of what counts at the box."""
    found = field.box.documents.get(name)
    return (found.head.generation, found.kept.body) if found else None


def said(field: Field, kind: type) -> list:
    return [message for message in field.up if isinstance(message, kind)]


@pytest.fixture
def field() -> Field:
    """A box with its centre, which has made nothing yet."""
    field = Field()
    field.connect()
    return field


def shown(field: Field, made: Made) -> None:
    """The box has it."""
    field.offer(field.centre.key(made.head.kind), made.offer())
    assert held(field, (made.head.kind, made.head.scope)) == (made.head.generation, made.body)


def test_a_box_that_has_nothing_says_so_and_fetches_what_it_lacks():
    field = Field()
    made = field.centre.make(body(40))
    field.connect()
    assert held(field) == (1, made.body)
    assert said(field, Held)[0] == Held(())
    assert said(field, Held)[-1] == Held((HeldRow(KIND, CAMPUS, 1, made.head.digest, AS_OF),))
    assert [len(one.numbers) for one in said(field, PagesWanted)] == [PAGES_MAX, 8]
    assert field.codes() == []


def test_who_has_not_heard_the_hello_is_told_again_what_is_held(field):
    """A platform that has just begun knows of no box what it holds, whatever the broker has done with its word."""
    shown(field, field.centre.make(body(1)))
    field.wait(HELLO_AGAIN_S)
    field.up.clear()
    field.down(topics.DOWN_NOW, encode_now(HelloWanted(field.store.store)))
    assert [type(message).__name__ for message in field.up[:2]] == ["Hello", "Held"]
    assert said(field, Held)[0].rows[0].generation == 1


def test_what_is_held_is_said_first_of_all_but_hello_and_again_at_each_connection(field):
    shown(field, field.centre.make(body(1)))
    field.disconnect()
    field.up.clear()
    field.connect()
    assert [type(message).__name__ for message in field.up[:2]] == ["Hello", "Held"]
    assert said(field, PagesWanted) == []


def test_it_counts_when_it_is_durable_and_not_before(field):
    made = field.centre.make(body(1))
    field.offer(field.centre.key(KIND))
    field.box.on_downlink(field.now(), topics.DOWN_BULK, encode_fleet_down(made.offer()))
    wanted = field.box.on_downlink(field.now(), topics.DOWN_BULK, encode_fleet_down(made.page(0)))
    assert [type(effect) for effect in wanted if not isinstance(effect, Publish)] == [KeepDocument]
    assert held(field) is None
    field.run(wanted)
    assert held(field) == (1, made.body)


def test_a_change_comes_as_a_delta_to_who_has_the_generation_before(field):
    shown(field, field.centre.make(body(33)))
    field.up.clear()
    made = field.centre.make(changed(body(33)))
    field.offer(made.delta())
    assert held(field) == (2, made.body)
    assert [type(message) for message in field.up] == [Held]


def test_changes_in_one_breath_each_build_on_the_one_before(field):
    shown(field, field.centre.make(body(2)))
    deltas = []
    for at in range(5):
        deltas.append(field.centre.make(changed(field.centre.newest[HOTLIST].body, at)).delta())
    effects = []
    for delta in deltas:
        effects += field.box.on_downlink(field.now(), topics.DOWN_BULK, encode_fleet_down(delta))
    assert sum(isinstance(effect, KeepDocument) for effect in effects) == 5
    field.run(effects)
    assert held(field) == (6, field.centre.newest[HOTLIST].body)


def test_a_delta_for_another_generation_is_repaired_by_the_pages_that_differ(field):
    shown(field, field.centre.make(body(33)))
    field.centre.make(changed(body(33)))
    made = field.centre.make(changed(changed(body(33)), 5000))
    field.up.clear()
    field.offer(made.delta())
    assert held(field)[0] == 1
    field.wait(SOON_S)
    assert held(field) == (3, made.body)
    assert [one.numbers for one in said(field, PagesWanted)] == [(0, 4)]
    assert said(field, Held)[0] == Held(()), "what the delta did not fit is not named"
    assert [row.generation for row in said(field, Held)[-1].rows] == [3], "once"


def wrong_deltas(made: Made):
    """With the right head: of other bytes, of another length, of nothing."""
    right = made.delta()
    yield replace(right, delta=right.delta[:-1] + bytes((right.delta[-1] ^ 1,)))
    yield replace(right, delta=b"\0\0\0\1" + right.delta[4:])
    yield replace(right, delta=b"")
    yield replace(right, delta=b"\xff" * 40)


@pytest.mark.parametrize("number", range(4))
def test_a_delta_that_leads_elsewhere_changes_nothing_and_is_not_asked_for_at_the_centres_pace(field, number):
    first = field.centre.make(body(3))
    shown(field, first)
    made = field.centre.make(changed(body(3)))
    wrong = [*wrong_deltas(made)][number]
    field.up.clear()
    for _ in range(50):
        field.offer(wrong)
    assert held(field) == (1, first.body)
    assert said(field, Held) == []
    field.wait(SOON_S)
    assert held(field) == (2, made.body)
    assert len(said(field, Held)) == 2


# ---- who may be believed


def test_a_wrong_signature_is_told_counted_and_changes_nothing(field):
    first = field.centre.make(body(1))
    shown(field, first)
    made = field.centre.make(changed(first.body))
    other = Centre(OTHER_KEY).sign(made.head, made.body)
    forged = made.offer().head.signature[:-1] + bytes((made.offer().head.signature[-1] ^ 1,))
    for wrong in (forged, first.signed.signature, bytes(64)):
        field.offer(replace(made.offer(), head=replace(made.signed, signature=wrong)))
        field.offer(replace(made.delta(), head=replace(made.signed, signature=wrong)))
    assert other.signed == made.signed, "the key of its kind is what counts"
    assert held(field) == (1, first.body)
    assert field.codes() == ["document-forged"]
    assert field.box.totals()["documents_forged"] == 6


def test_a_key_that_the_campus_has_not_certified_is_told_and_not_believed(field):
    made = field.centre.make(body(1))
    field.offer(Centre(OTHER_KEY).key(KIND), made.offer())
    assert held(field) is None
    assert (field.codes(), field.facts[0].told) == (["document-forged"], (("case", "key"), ("kind", "hotlist")))


def test_a_key_of_another_kind_or_campus_signs_nothing(field):
    foreign = Centre(campus=2)
    made = field.centre.make(body(1))
    field.offer(field.centre.key(KIND), field.centre.key(PARAMETERS))
    head = replace(made.head, kind=PARAMETERS)
    raw = head.encode()
    mixed = field.centre.secret(KIND).sign(b"openykt document v1\0\0\1" + raw)
    field.offer(replace(made.offer(), head=replace(made.signed, raw=raw, signature=mixed)))
    field.offer(foreign.sign(made.head, made.body).offer())
    assert field.box.documents == {}
    assert field.box.totals()["documents_forged"] == 2


def test_an_offer_before_its_key_is_taken_when_the_key_has_come(field):
    made = field.centre.make(body(2))
    field.offer(made.offer())
    assert (held(field), field.codes()) == (None, [])
    field.wait(RETRY_S)
    assert held(field) == (1, made.body)


def test_an_older_one_is_counted_and_never_taken(field):
    first = field.centre.make(body(1))
    second = field.centre.make(changed(first.body))
    shown(field, second)
    old = replace(first.offer(), table=second.offer().table), OfferedDelta(first.signed, delta_to(second, first))
    field.offer(first.offer(), *old, first.page(0))
    assert held(field) == (2, second.body)
    assert (field.box.totals()["documents_older"], field.codes()) == (3, [])
    assert [one.head.generation for one in field.kept] == [2]


def delta_to(before: Made, after: Made) -> bytes:
    found = delta_between(before.body, after.body)
    assert found is not None
    return found.encode()


def test_a_fork_is_an_alarm_counted_and_never_taken(field):
    first = field.centre.make(body(1))
    shown(field, first)
    fork = field.centre.make(changed(first.body), generation=1, as_of=AS_OF + 9)
    field.offer(fork.offer(), OfferedDelta(fork.signed, delta_to(first, fork)), fork.page(0))
    assert (held(field), len(field.kept)) == ((1, first.body), 1)
    assert [(fact.code, fact.level) for fact in field.facts] == [("document-fork", "urgent")]
    assert field.box.totals()["documents_forked"] == 2


def test_a_fork_of_what_is_being_fetched_is_not_taken_either(field):
    field.centre.newest.clear()
    first = Centre().make(body(1))
    field.offer(field.centre.key(KIND), first.offer())
    fork = Centre().make(changed(first.body))
    field.offer(fork.offer(), fork.page(0), first.page(0))
    assert held(field) == (1, first.body)
    assert field.codes() == ["document-fork"]


def test_a_fresher_word_on_the_same_document_is_kept_and_fetches_nothing(field):
    first = field.centre.make(body(3))
    shown(field, first)
    field.up.clear()
    fresh = field.centre.sign(replace(first.head, as_of=AS_OF + 600), first.body)
    field.offer(fresh.offer(), fresh.offer())
    assert field.box.documents[HOTLIST].head.as_of == AS_OF + 600
    assert [message.rows[0].as_of for message in field.up] == [AS_OF + 600]
    field.crash()
    assert field.box.documents[HOTLIST].head.as_of == AS_OF + 600


def test_a_fresher_word_while_it_is_fetched_counts_when_it_is_here(field):
    first = Centre().make(body(1))
    field.offer(field.centre.key(KIND), first.offer())
    fresh = Centre().sign(replace(first.head, as_of=AS_OF + 600), first.body)
    field.offer(fresh.offer(), first.page(0))
    assert field.box.documents[HOTLIST].head.as_of == AS_OF + 600


def test_a_document_for_a_terminal_of_another_box_is_for_nobody(field):
    mine = field.centre.make(body(1), DocumentKind.ORDER, device_scope(device(2)))
    other = Centre().make(body(1), DocumentKind.ORDER, device_scope(device(77)))
    model = field.centre.make(body(1), DocumentKind.FIRMWARE, model_scope(3))
    for made in (mine, other, model):
        field.offer(field.centre.key(made.head.kind), made.offer())
    assert {*field.box.documents} == {(made.head.kind, made.head.scope) for made in (mine, model)}
    assert field.box.totals()["documents_for_nobody"] == 1


# ---- pages


def test_pages_that_are_not_wanted_change_nothing(field):
    made = field.centre.make(body(3))
    nobody = Page(DocumentKind.FIRMWARE, model_scope(1), 1, 0, b"page")
    field.centre.newest.clear()
    field.offer(field.centre.key(KIND), nobody, made.page(0), made.offer())
    good = made.page(1)
    spoilt = [replace(good, data=good.data[:-1]), replace(good, data=changed(good.data)), replace(good, number=0),
              replace(good, generation=2), replace(good, number=79), replace(good, scope=model_scope(1))]  # fmt: skip
    field.offer(*spoilt)
    assert field.box.totals()["pages_unwanted"] == 2 + len(spoilt)
    field.offer(*(made.page(n) for n in (2, 1, 1, 0)))
    assert held(field) == (1, made.body)


def test_pages_that_do_not_come_are_asked_for_again_and_then_given_up(field):
    made = Centre().make(body(3))
    field.offer(field.centre.key(KIND), made.offer(), made.page(1))
    for _ in range(ASKS_MAX + 2):
        field.wait(ASK_AGAIN_S)
    asked = [one.numbers for one in said(field, PagesWanted)]
    assert asked[0] == (0, 1, 2)
    assert {*asked[1:]} == {(0, 2)}
    assert len(asked) == ASKS_MAX + 1, "the page that came began the count anew"
    field.offer(made.page(0), made.page(2))
    assert held(field) is None
    field.centre.newest[HOTLIST] = made
    field.wait(RETRY_S)
    assert held(field) == (1, made.body)


def test_a_base_that_has_the_right_checksum_and_wrong_bytes_is_not_trusted_twice(field):
    """The table proves nothing: here it says that the page of before is the right one."""
    first = field.centre.make(body(2))
    shown(field, first)
    made = field.centre.make(changed(body(2, 2), 5))
    field.centre.newest.clear()
    table = (made.offer().table[0], first.offer().table[1])
    field.offer(replace(made.offer(), table=table), made.page(0))
    assert held(field) == (1, first.body)
    assert said(field, PagesWanted)[-1].numbers == (0, 1)
    assert field.codes() == []


def test_pages_that_together_are_not_the_document_are_told_and_fetched_again_later(field):
    made = field.centre.make(body(2))
    wrong = field.centre.sign(made.head, changed(made.body))
    field.centre.newest.clear()
    field.offer(field.centre.key(KIND), wrong.offer(), wrong.page(0), wrong.page(1))
    assert held(field) is None
    assert (field.codes(), field.box.totals()["documents_forged"]) == (["document-forged"], 1)
    field.centre.newest[HOTLIST] = made
    field.wait(RETRY_S)
    assert held(field) == (1, made.body)


def test_a_newer_one_takes_the_place_of_one_that_is_being_fetched(field):
    first = Centre().make(body(2))
    made = field.centre.make(body(2, 2), generation=2)
    field.centre.newest.clear()
    field.offer(field.centre.key(KIND), first.offer(), first.page(0), made.offer(), first.page(1), made.page(0))
    assert held(field) is None
    field.offer(made.page(1))
    assert held(field) == (2, made.body)


def test_an_empty_document_has_no_pages(field):
    shown(field, field.centre.make(b"", DocumentKind.OPERATORS))


def test_killed_between_two_pages_it_asks_for_them_again(field):
    made = field.centre.make(body(5))
    field.centre.newest.clear()
    field.offer(field.centre.key(KIND), made.offer(), made.page(0), made.page(3))
    field.crash()
    field.centre.newest[HOTLIST] = made
    field.connect()
    assert held(field) == (1, made.body)


def test_a_fetch_goes_on_over_a_lost_connection(field):
    made = field.centre.make(body(5))
    field.centre.newest.clear()
    field.offer(field.centre.key(KIND), made.offer(), made.page(0), made.page(3))
    field.disconnect()
    field.centre.newest[HOTLIST] = made
    field.up.clear()
    field.connect()
    assert said(field, PagesWanted)[0].numbers == (1, 2, 4)
    assert held(field) == (1, made.body)


# ---- the store


def test_a_box_that_restarts_knows_its_documents(field):
    made = field.centre.make(body(33))
    shown(field, made)
    order = field.centre.make(b"lock", DocumentKind.ORDER, device_scope(device(1)))
    shown(field, order)
    field.crash()
    field.up.clear()
    assert held(field) == (1, made.body)
    field.connect()
    assert {(row.kind, row.digest) for row in said(field, Held)[0].rows} == {
        (KIND, made.head.digest), (DocumentKind.ORDER, order.head.digest),
    }  # fmt: skip
    assert said(field, PagesWanted) == []


def test_a_document_that_was_changed_on_the_disk_is_fetched_again(field):
    made = field.centre.make(body(2))
    shown(field, made)
    field.db.execute("UPDATE document SET body = ?", (changed(made.body),))
    field.crash()
    assert held(field) is None
    field.connect()
    assert held(field) == (1, made.body)


def test_what_another_campus_signed_is_not_believed_from_the_disk_either(field):
    shown(field, field.centre.make(body(2)))
    field.settings = replace(field.settings, campus_key=OTHER_KEY.public_key().public_bytes_raw())
    field.crash()
    assert field.box.documents == {}
    assert field.box.totals()["documents_unproven"] == 1


def test_bytes_that_are_not_those_of_the_head_are_not_believed_whatever_their_checksum(field):
    made = field.centre.make(body(2))
    field.centre.newest.clear()
    field.store.begin()
    field.store.keep_document(KeepDocument(made.signed, field.centre.key(KIND), changed(made.body)))
    field.store.commit()
    field.crash()
    assert field.box.documents == {}
    assert field.box.totals()["documents_unproven"] == 1


def test_a_terminal_that_left_the_box_takes_its_documents_with_it(field):
    order = field.centre.make(b"lock", DocumentKind.ORDER, device_scope(device(2)))
    shown(field, order)
    field.settings = settings(1)
    field.crash()
    assert field.box.documents == {}


def test_a_full_disk_refuses_it_with_a_fact_and_it_is_offered_again_later(field):
    first = field.centre.make(body(1))
    shown(field, first)
    field.store.accepting = False
    made = field.centre.make(changed(first.body))
    field.offer(made.delta())
    assert held(field) == (1, first.body)
    assert (field.codes(), field.box.totals()["documents_not_kept"]) == (["document-not-kept"], 1)
    assert dict(field.facts[0].told)["reason"] == "full"
    field.store.accepting = True
    field.wait(RETRY_S)
    assert held(field) == (2, made.body)


def test_a_write_that_failed_does_not_take_a_later_one_with_it(field):
    first = field.centre.make(body(1))
    shown(field, first)
    second, third = (field.centre.make(changed(first.body, at)) for at in (1, 2))
    kept = [
        effect
        for made in (second, third)
        for effect in field.box.on_downlink(field.now(), topics.DOWN_BULK, encode_fleet_down(made.delta()))
        if isinstance(effect, KeepDocument)
    ]
    field.run(field.box.on_outcomes(field.now(), [DocumentNotKept(kept[0], "io")]))
    field.offer(third.delta())
    assert (held(field), field.kept[1:]) == ((1, first.body), []), "it is being written already"
    field.run(kept[1:])
    assert held(field) == (3, third.body)


def test_a_write_that_is_done_does_not_forget_a_later_one_that_is_not(field):
    first = field.centre.make(body(1))
    shown(field, first)
    second, third = (field.centre.make(changed(first.body, at)) for at in (1, 2))
    two, three = (
        effect
        for made in (second, third)
        for effect in field.box.on_downlink(field.now(), topics.DOWN_BULK, encode_fleet_down(made.delta()))
        if isinstance(effect, KeepDocument)
    )
    field.centre.newest.clear()
    field.run([two])
    field.offer(third.delta(), third.offer())
    assert [one.head.generation for one in field.kept] == [1, 2]
    field.run([three])
    assert held(field) == (3, third.body)


def test_what_becomes_durable_without_a_connection_is_said_at_the_next(field):
    made = field.centre.make(body(1))
    field.offer(field.centre.key(KIND))
    field.box.on_downlink(field.now(), topics.DOWN_BULK, encode_fleet_down(made.offer()))
    effects = field.box.on_downlink(field.now(), topics.DOWN_BULK, encode_fleet_down(made.page(0)))
    field.disconnect()
    field.run([effect for effect in effects if isinstance(effect, KeepDocument)])
    assert held(field) == (1, made.body)
    assert field.box.totals()["now_dropped"] == 0
    field.up.clear()
    field.connect()
    assert [row.generation for row in said(field, Held)[0].rows] == [1]


# ---- bounds


def test_more_than_there_is_room_for_is_refused_with_a_fact(field, monkeypatch):
    monkeypatch.setattr(documents, "BYTES_MAX", 3 * PAGE_SIZE)
    first = field.centre.make(body(2))
    shown(field, first)
    field.offer(field.centre.key(PARAMETERS), field.centre.make(body(2), PARAMETERS).offer())
    assert field.box.documents.keys() == {HOTLIST}
    assert (field.codes(), field.box.totals()["documents_no_room"]) == (["document-not-kept"], 1)
    shown(field, field.centre.make(body(3, 2)))


def test_there_are_no_more_than_a_message_can_tell(monkeypatch):
    monkeypatch.setattr(documents, "HELD_MAX", 3)
    field = Field(settings(6))
    field.connect()
    for number in range(1, 7):
        made = field.centre.make(b"order", DocumentKind.ORDER, device_scope(device(number)))
        field.offer(field.centre.key(DocumentKind.ORDER), made.offer())
    assert len(field.box.documents) == 3 < HELD_MAX
    assert field.box.totals()["documents_no_room"] == 3


def test_a_few_documents_are_fetched_at_a_time_and_all_in_the_end(field):
    makes = [field.centre.make(body(3, n), DocumentKind.FIRMWARE, model_scope(n)) for n in range(20)]
    held_back, field.centre.newest = field.centre.newest, {}
    field.offer(field.centre.key(DocumentKind.FIRMWARE), *(made.offer() for made in makes))
    assert len(said(field, PagesWanted)) == documents.FETCHES_MAX
    field.centre.newest = held_back
    for made in makes:
        field.offer(*(made.page(n) for n in range(3)))
        field.wait(ASK_AGAIN_S)
    assert len(field.box.documents) == 20


def test_malformed_is_told_and_changes_nothing(field):
    shown(field, field.centre.make(body(1)))
    good = encode_fleet_down(field.centre.make(body(1, 2)).offer())
    for wrong in (b"", b"\x01", good[:-1], good[:40], encode_fleet_down(field.centre.key(KIND)) + b"\0"):
        field.down(topics.DOWN_BULK, wrong)
    assert held(field)[0] == 1
    assert (field.codes(), field.box.totals()["down_malformed"]) == (["down-malformed"], 5)


def test_flipped_bytes_never_change_what_is_held(field):
    chance = random.Random(7)
    first = field.centre.make(body(2))
    shown(field, first)
    made = field.centre.make(changed(first.body))
    for _ in range(300):
        raw = bytearray(encode_fleet_down(chance.choice([made.offer(), made.delta(), made.page(0), made.page(1)])))
        raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
        field.box.on_downlink(field.now(), topics.DOWN_BULK, bytes(raw))
    assert held(field) == (1, first.body)


# ---- whatever is lost, doubled or comes late


@pytest.mark.parametrize("seed", range(30))
def test_over_a_bad_line_it_never_goes_backwards_and_ends_at_the_newest(seed):
    chance = random.Random(seed)
    field = Field()
    centre = field.centre = Lossy(field.centre, chance)
    field.connect()
    seen: dict[object, Head] = {}
    bodies = {name: body(chance.randrange(1, 6), seed) for name in (HOTLIST, (PARAMETERS, CAMPUS))}
    for _ in range(chance.randrange(20, 60)):
        name = chance.choice([*bodies])
        act = chance.random()
        if act < 0.4:
            bodies[name] = changed(bodies[name], chance.randrange(len(bodies[name])))
            made = centre.make(bodies[name], name[0])
            centre.spoken(field, chance.choice([made.delta() or made.offer(), made.offer()]))
        elif act < 0.5:
            field.disconnect()
            field.connect()
        elif act < 0.6:
            field.crash()
            field.connect()
        elif act < 0.7:
            field.store.accepting = not field.store.accepting
        else:
            field.wait(chance.choice([0.25, SOON_S, ASK_AGAIN_S, RETRY_S]))
        never_backwards(field, seen)
    centre.losing = False
    field.store.accepting = True
    field.disconnect()
    field.connect()
    for _ in range(60):
        field.wait(ASK_AGAIN_S)
        never_backwards(field, seen)
    assert {name: held(field, name) for name in centre.newest} == {
        name: (made.head.generation, made.body) for name, made in centre.newest.items()
    }
    assert {*field.codes()} <= {"document-not-kept"}


def never_backwards(field: Field, seen: dict[object, Head]) -> None:
    """At no moment, as what became durable says."""
    ages = [(one.head.kind, one.head.generation, one.head.as_of) for one in field.kept]
    assert sorted(ages, key=lambda age: age[0]) == sorted(ages)
    for name, found in field.box.documents.items():
        before = seen.get(name)
        assert before is None or (before.generation, before.as_of) <= (found.head.generation, found.head.as_of)
        assert digest_of(found.kept.body) == found.head.digest
        seen[name] = found.head
    assert seen.keys() <= field.box.documents.keys()


class Lossy:
    """A centre behind a line that loses, doubles, reorders and brings again what it said long ago."""

    def __init__(self, centre: Centre, chance: random.Random) -> None:
        self.centre, self.chance, self.losing = centre, chance, True
        self.old: list = []
        self.make = centre.make

    @property
    def newest(self):
        return self.centre.newest

    def answers(self, message):
        return self._over(self.centre.answers(message))

    def spoken(self, field, message):
        field.offer(*self._over([message]))

    def _over(self, messages):
        if not self.losing:
            return messages
        out = [one for one in messages for _ in range(self.chance.choice([0, 1, 1, 1, 2]))]
        self.old += messages
        if self.old and self.chance.random() < 0.3:
            out.append(self.chance.choice(self.old))
        if self.chance.random() < 0.3:
            self.chance.shuffle(out)
        return out


def test_what_goes_up_is_what_the_wire_knows(field):
    """The lane is the one of the contract: down/bulk is heard, up/now is spoken."""
    made = field.centre.make(body(1))
    raw = encode_fleet_down(made.offer())
    assert decode_fleet_down(raw) == made.offer()
    field.offer(field.centre.key(KIND))
    effects = field.box.on_downlink(field.now(), topics.DOWN_BULK, raw)
    published = [effect for effect in effects if isinstance(effect, Publish)]
    assert [(one.lane, type(decode_now_up(one.payload))) for one in published] == [(topics.UP_NOW, PagesWanted)]
