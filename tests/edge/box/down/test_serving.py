"""Documents from a box to its terminals: to those that know them, what they lack, at their pace, and their word up."""

import random
from dataclasses import replace

import pytest

from edge.box.down import serving
from edge.box.down.serving import (
    KEY_LOSSES_MAX,
    OFFER_AGAIN_MAX_S,
    OFFER_AGAIN_S,
    REFUSED_AGAIN_S,
    SILENT_S,
    UNANSWERED_AGAIN_S,
)
from edge.box.values.effects import Send
from edge.link import messages as link
from edge.link.messages import DocumentReport, Type
from edge.settings import LinkKind, LinkSetting
from edge.terminal.down.documents import Documents, Say
from edge.terminal.store.papers import MemoryPapers
from shared.fleet.cards import awaited_body
from shared.fleet.document import CAMPUS, PAGE_SIZE, DocumentKind, device_scope, model_scope
from shared.fleet.enrolled import enrolled_body
from shared.fleet.hotlist import hotlist_body
from shared.fleet.permit import Permit
from shared.fleet.revocations import Revocations, revocations_body
from shared.ids import CardId
from shared.keys.document_key import Keyring
from shared.wire.fleet_lane import Reported, Verdict
from tests.edge.fleet_rig import AS_OF, HOTLIST, Holder, Made
from tests.edge.rig import Body, Field, device, settings

TCP1, TCP2, CAN1 = ("tcp", 1), ("tcp", 2), ("can0", 1)
FIRMWARE = DocumentKind.FIRMWARE, model_scope(1)
KEY, HEAD, DELTA, PAGE = Type.DOCUMENT_KEY, Type.DOCUMENT_HEAD, Type.DOCUMENT_DELTA, Type.DOCUMENT_PAGE


def body(pages: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(pages * PAGE_SIZE)


def changed(before: bytes, at: int = 5) -> bytes:
    return before[:at] + bytes((before[at] ^ 1,)) + before[at + 1 :]


def made(field: Field, content: bytes, kind: DocumentKind = DocumentKind.HOTLIST, scope=CAMPUS, **more) -> Made:
    """The box has it."""
    one = field.centre.make(content, kind, scope, **more)
    field.offer(field.centre.key(kind), one.offer())
    assert field.box.documents[kind, scope].kept.body == content
    return one


def permit(field: Field, number: int, what: Permit) -> None:
    """For this terminal."""
    made(field, what.encode(), DocumentKind.PERMIT, device_scope(device(number)))


def used(terminal: Body, name=HOTLIST) -> tuple[int, bytes] | None:
    found = terminal.holder.in_use.get(name)
    return (found[0].generation, found[1]) if found else None


def ticks(field: Field, seconds: float) -> None:
    for _ in range(int(seconds * 4)):
        field.wait(0.25)


def heard(terminal: Body) -> list[Type]:
    """What it was sent of documents since the last time."""
    types = terminal.holder.types()
    terminal.holder.heard.clear()
    return types


def fields():
    """On a wire and on a bus."""
    yield Field(), TCP1
    yield Field(settings(1, "can0")), CAN1


@pytest.fixture
def field() -> Field:
    field = Field()
    field.connect()
    return field


def test_a_terminal_of_release_0_1_is_sent_nothing(field):
    made(field, body(3))
    field.joined()
    field.sent.clear()
    field.hear(TCP1, field.places[TCP1].status())
    ticks(field, 120)
    assert {send.message[0] for send in field.sent} == {Type.TIME}


def test_a_terminal_fetches_what_it_lacks_and_uses_it():
    for field, place in fields():
        field.connect()
        first = made(field, body(20))
        terminal = field.holding(1, place)
        ticks(field, 20)
        assert used(terminal) == (1, first.body)
        assert heard(terminal) == [KEY, HEAD] + [PAGE] * 20
        ticks(field, 60)
        assert heard(terminal) == []


def test_a_change_goes_as_a_delta_at_once_to_who_has_the_generation_before(field):
    made(field, body(33))
    terminal = field.holding()
    ticks(field, 5)
    heard(terminal)
    second = field.centre.make(changed(body(33)))
    field.offer(second.delta())
    assert used(terminal) == (2, second.body), "not even a tick later"
    assert heard(terminal) == [DELTA]


def test_who_was_away_longer_fetches_the_pages_that_differ(field):
    made(field, body(33))
    terminal = field.holding()
    ticks(field, 5)
    field.places.clear()
    for at in (1, 2, 5000):
        made(field, changed(field.centre.newest[HOTLIST].body, at))
    holder = terminal.holder
    terminal = field.joined(1)
    terminal.holder = holder
    heard(terminal)
    field.hear(TCP1, terminal.status(), *terminal.reports())
    ticks(field, 5)
    assert used(terminal) == (4, field.centre.newest[HOTLIST].body)
    assert heard(terminal) == [KEY, HEAD, PAGE, PAGE]


def test_a_delta_that_does_not_fit_what_is_in_use_is_followed_by_the_head(field):
    made(field, body(3))
    terminal = field.holding()
    ticks(field, 5)
    heard(terminal)
    head, content = terminal.holder.in_use[HOTLIST]
    right = terminal.holder.report(HOTLIST)
    terminal.holder.in_use[HOTLIST] = head, changed(content, 9)  # its flash has aged since it said so
    assert right
    second = field.centre.make(changed(body(3)))
    field.offer(second.delta())
    ticks(field, 5)
    assert used(terminal) == (2, second.body)
    assert heard(terminal)[:2] == [DELTA, HEAD]


def test_after_a_restart_of_the_box_the_head_goes_instead_of_the_delta(field):
    made(field, body(3))
    terminal = field.holding()
    ticks(field, 5)
    second = made(field, changed(body(3)))
    terminal.holder.in_use[HOTLIST] = (terminal.holder.in_use[HOTLIST][0], second.body)
    terminal.holder.in_use.clear()
    field.crash()
    field.connect()
    again = field.joined()
    again.holder = terminal.holder
    field.hear(TCP1, again.status(), *again.reports())
    ticks(field, 5)
    assert used(again) == (2, second.body)


def test_documents_for_all_for_a_model_and_for_one(field):
    firmware = made(field, body(2), DocumentKind.FIRMWARE, model_scope(1))
    mine = DocumentKind.PERMIT, device_scope(device(1))
    expected = {
        HOTLIST: made(field, body(1)),
        FIRMWARE: firmware,
        mine: made(field, Permit(1, 1, firmware.head.digest).encode(), *mine),
        (DocumentKind.ORDER, device_scope(device(1))): made(field, b"1", DocumentKind.ORDER, device_scope(device(1))),
    }
    made(field, body(1), DocumentKind.FIRMWARE, model_scope(2))
    made(field, b"2", DocumentKind.ORDER, device_scope(device(2)))
    terminal = field.holding()
    ticks(field, 5)
    assert {name: used(terminal, name) for name in terminal.holder.in_use} == {
        name: (1, one.body) for name, one in expected.items()
    }


def test_firmware_goes_only_to_a_terminal_that_uses_a_permit_for_it(field):
    one, two = field.holding(1, TCP1), field.holding(2, TCP2)
    first = made(field, body(2), DocumentKind.FIRMWARE, model_scope(1))
    ticks(field, 5)
    assert (used(one, FIRMWARE), heard(one)) == (None, []), "nobody's turn"
    permit(field, 1, Permit(1, 9, first.head.digest))
    ticks(field, 5)
    assert used(one, FIRMWARE) is None, "another release's"
    permit(field, 2, Permit(1, 1, first.head.digest))
    ticks(field, 5)
    assert (used(one, FIRMWARE), used(two, FIRMWARE)) == (None, (1, first.body))
    permit(field, 1, Permit(1, 1, first.head.digest))
    ticks(field, 5)
    assert used(one, FIRMWARE) == (1, first.body)


def test_a_terminal_that_has_not_said_that_it_uses_its_permit_is_offered_no_firmware(field):
    terminal = field.holding()
    first = made(field, body(2), DocumentKind.FIRMWARE, model_scope(1))
    terminal.holder.deaf = True
    permit(field, 1, Permit(1, 1, first.head.digest))
    ticks(field, 5)
    types = heard(terminal)
    assert (types[:2], types.count(KEY), set(types)) == ([KEY, HEAD], 1, {KEY, HEAD}), "of the permit, again and again"


def test_a_fresher_word_on_what_is_in_use_is_said_once(field):
    first = made(field, body(3))
    terminal = field.holding()
    ticks(field, 5)
    heard(terminal)
    field.offer(field.centre.sign(replace(first.head, as_of=AS_OF + 600), first.body).offer())
    ticks(field, 60)
    assert terminal.holder.in_use[HOTLIST][0].as_of == AS_OF + 600
    assert heard(terminal) == [HEAD]
    terminal.holder.deaf = True
    field.hear(TCP1, terminal.status())
    field.offer(field.centre.sign(replace(first.head, as_of=AS_OF + 1200), first.body).offer())
    ticks(field, SILENT_S - 1)
    assert heard(terminal) == [HEAD]


def test_a_terminal_that_is_ahead_of_its_box_is_sent_nothing(field):
    newer = field.centre.make(body(3), generation=9, as_of=AS_OF - 9)
    field.centre.newest.clear()
    made(field, body(3, 2))
    terminal = field.joined()
    terminal.holder = Holder()
    terminal.holder.in_use[HOTLIST] = newer.head, newer.body
    field.hear(TCP1, terminal.status(), *terminal.reports())
    ticks(field, 30)
    assert heard(terminal) == []
    assert field.codes() == []


def test_a_terminal_that_has_joined_anew_is_sent_nothing_before_it_says_what_it_has_and_then_what_it_lacks(field):
    first = made(field, body(3))
    terminal = field.holding()
    ticks(field, 5)
    heard(terminal)
    field.join(terminal)
    field.hear(TCP1, terminal.status(), terminal.say(*terminal.holder.want(HOTLIST, 1, 0)))
    made(field, changed(body(3)))
    ticks(field, 5)
    assert heard(terminal) == []
    assert field.box.totals()["wants_of_nothing"] == 1
    field.hear(TCP1, *terminal.reports())
    ticks(field, 5)
    assert heard(terminal) == [KEY, DELTA]
    field.join(terminal)
    field.hear(TCP1, terminal.status(), *terminal.reports())
    ticks(field, 5)
    assert heard(terminal) == [], "it has all, and has heard all that is said of it"
    assert first.head.generation == 1


def deaf_at_generation_1(field: Field) -> Body:
    """It has the first one, and answers nothing to what follows."""
    made(field, body(3))
    terminal = field.holding()
    ticks(field, 5)
    terminal.holder.deaf = True
    heard(terminal)
    return terminal


def test_a_delta_is_tried_once_and_then_the_head(field):
    terminal = deaf_at_generation_1(field)
    made(field, changed(body(3)))
    ticks(field, OFFER_AGAIN_S + 1)
    assert heard(terminal) == [DELTA, HEAD]


def test_after_a_fresher_word_the_delta_still_goes(field):
    terminal = deaf_at_generation_1(field)
    ticks(field, SILENT_S)
    second = made(field, changed(body(3)))
    field.offer(field.centre.sign(replace(second.head, as_of=AS_OF + 60), second.body).offer())
    field.hear(TCP1, terminal.status())
    ticks(field, 1)
    assert heard(terminal) == [DELTA]


def test_who_asks_for_the_head_gets_no_delta(field):
    terminal = deaf_at_generation_1(field)
    ticks(field, SILENT_S)
    made(field, changed(body(3)))
    assert heard(terminal) == []
    field.hear(TCP1, terminal.say(*terminal.holder.want(HOTLIST, 0)))
    ticks(field, 1)
    assert heard(terminal) == [HEAD]


def test_a_delta_goes_to_who_has_the_very_bytes_of_the_generation_before(field):
    terminal = deaf_at_generation_1(field)
    head, content = terminal.holder.in_use[HOTLIST]
    terminal.holder.in_use[HOTLIST] = head, changed(content)
    field.hear(TCP1, *terminal.reports())
    made(field, changed(body(3), 9))
    ticks(field, 1)
    assert heard(terminal) == [HEAD]
    assert field.codes() == ["document-fork"]


def test_a_change_of_a_list_does_not_wait_behind_the_pages_of_something_long(field, monkeypatch):
    monkeypatch.setattr(serving, "TERMINAL_BYTES_PER_S", 2000)
    firmware = made(field, body(20), DocumentKind.FIRMWARE, model_scope(1))
    terminal = deaf_at_generation_1(field)
    field.hear(TCP1, terminal.say(*terminal.holder.want((DocumentKind.FIRMWARE, model_scope(1)), 1, *range(8))))
    assert heard(terminal) == [PAGE], "as much as it may have at a time"
    made(field, changed(body(3)))
    ticks(field, 1)
    assert heard(terminal)[:2] == [DELTA, PAGE]
    assert firmware.head.length == 20 * PAGE_SIZE


# ---- what is lost, refused or not answered


def test_an_offer_that_is_not_answered_is_repeated_more_and_more_rarely_and_not_to_who_is_silent(field):
    made(field, body(3))
    terminal = field.holding()
    terminal.holder.deaf = True
    gaps_s, waited_s = [], 0.0
    while len(gaps_s) < 7:
        field.hear(TCP1, terminal.status())
        field.wait(0.25)
        waited_s += 0.25
        if HEAD in heard(terminal):
            gaps_s.append(waited_s)
            waited_s = 0.0
    assert gaps_s[0] < 1
    assert gaps_s[1:] == [OFFER_AGAIN_S, 4, 8, OFFER_AGAIN_MAX_S, OFFER_AGAIN_MAX_S, OFFER_AGAIN_MAX_S]
    made(field, changed(body(3)))
    heard(terminal)
    ticks(field, OFFER_AGAIN_S)
    assert HEAD in heard(terminal), "the next one is not made to wait for that"
    ticks(field, SILENT_S)
    heard(terminal)
    ticks(field, 10 * SILENT_S)
    assert heard(terminal) == []


def test_a_lost_page_is_asked_for_again_by_its_terminal(field):
    first = made(field, body(3))
    terminal = field.holding()
    terminal.holder.deaf = True
    ticks(field, 1)
    field.hear(TCP1, terminal.say(*terminal.holder.want(HOTLIST, 1, 0, 2)))
    ticks(field, OFFER_AGAIN_MAX_S - 0.5)
    assert heard(terminal)[-2:] == [PAGE, PAGE], "and the head is not said again meanwhile"
    field.hear(TCP1, terminal.say(*terminal.holder.want(HOTLIST, 1, 2)))
    ticks(field, 1)
    [(kind, payload)] = terminal.holder.heard
    page = link.DOCUMENT_PAGE.decode(payload)
    assert (kind, page.number, page.data) == (PAGE, 2, first.body[2 * PAGE_SIZE :])


def wanted(field, terminal, *numbers: int) -> None:
    field.hear(TCP1, terminal.say(*terminal.holder.want(HOTLIST, 1, *numbers)))


def sent(terminal) -> list[int]:
    """Numbers of the pages that it was sent since the last time."""
    found = [link.DOCUMENT_PAGE.decode(payload).number for kind, payload in terminal.holder.heard if kind is PAGE]
    terminal.holder.heard.clear()
    return found


@pytest.fixture
def slow(field, monkeypatch) -> Body:
    """A terminal that may have a page in half a second, and fetches nothing by itself."""
    monkeypatch.setattr(serving, "TERMINAL_BYTES_PER_S", 2000)
    made(field, body(64))
    terminal = field.holding()
    terminal.holder.deaf = True
    ticks(field, 5)
    heard(terminal)
    return terminal


def test_what_is_asked_for_goes_behind_what_was_asked_for_before_and_once(field, slow):
    wanted(field, slow, *range(8))
    wanted(field, slow, 4, 5, 8, 9)
    ticks(field, 14)
    assert sent(slow) == [*range(10)]


def test_what_went_just_now_is_on_its_way_and_what_went_long_ago_is_lost(field, slow):
    wanted(field, slow, 0)
    wanted(field, slow, 0)
    assert sent(slow) == [0]
    ticks(field, 3)
    wanted(field, slow, 0)
    assert sent(slow) == [0]


def test_of_more_than_may_wait_only_what_was_asked_for_last_counts(field, slow):
    for at in range(0, 40, 8):
        wanted(field, slow, *range(at, at + 8))
    ticks(field, 25)
    assert sent(slow) == [0, *range(32, 40)]


def test_a_terminal_that_asks_for_the_head_gets_it(field):
    made(field, body(3))
    terminal = field.holding()
    ticks(field, 5)
    heard(terminal)
    terminal.holder.deaf = True
    for generation in (0, 1, 7):
        field.hear(TCP1, terminal.say(*terminal.holder.want(HOTLIST, generation)))
        ticks(field, 1)
        assert heard(terminal) == [HEAD]


def test_what_it_wants_of_a_generation_that_has_passed_is_answered_with_the_newest_head(field):
    made(field, body(3))
    terminal = field.holding()
    terminal.holder.deaf = True
    ticks(field, 1)
    field.hear(TCP1, terminal.say(*terminal.holder.want(HOTLIST, 1, 0, 1, 2)))
    heard(terminal)
    made(field, changed(body(3)))
    field.hear(TCP1, terminal.say(*terminal.holder.want(HOTLIST, 1, 0)))
    ticks(field, 3)
    assert heard(terminal) == [HEAD, HEAD]


def test_wants_of_what_is_not_here_or_for_another_or_before_any_word_are_counted(field):
    made(field, b"2", DocumentKind.ORDER, device_scope(device(2)))
    terminal = field.joined()
    terminal.holder = Holder()
    holder = terminal.holder
    field.hear(TCP1, terminal.say(*holder.want(HOTLIST, 1, 0)))
    field.hear(TCP1, *terminal.reports())
    field.hear(TCP1, terminal.say(*holder.want(HOTLIST, 1, 0)))
    field.hear(TCP1, terminal.say(*holder.want((DocumentKind.ORDER, device_scope(device(2))), 1, 0)))
    ticks(field, 1)
    assert heard(terminal) == []
    assert field.box.totals()["wants_of_nothing"] == 3


def test_a_page_that_no_document_has_is_malformed(field):
    made(field, body(3))
    terminal = field.holding()
    terminal.holder.deaf = True
    field.hear(TCP1, terminal.say(*terminal.holder.want(HOTLIST, 1, 1, 3)))
    ticks(field, 1)
    assert PAGE not in heard(terminal)
    assert field.codes() == ["terminal-malformed"]


@pytest.mark.parametrize("verdict", [Verdict.REFUSED, Verdict.BUSY, Verdict.NO_ROOM, Verdict.WRONG_SIGNATURE])
def test_a_refusal_is_told_with_its_reason_and_the_offer_repeated_later(field, verdict):
    made(field, body(3))
    terminal = field.joined()
    terminal.holder = Holder()
    terminal.holder.refuse = verdict
    field.hear(TCP1, terminal.status(), *terminal.reports())
    ticks(field, 1)
    assert heard(terminal) == [KEY, HEAD]
    fact = field.facts[0]
    word = verdict.name.lower().replace("_", "-")
    assert (fact.code, fact.device, dict(fact.told)) == (
        "document-refused", device(1), {"kind": "hotlist", "generation": 1, "verdict": word},
    )  # fmt: skip
    ticks(field, REFUSED_AGAIN_S - 5)
    assert heard(terminal) == []
    field.hear(TCP1, terminal.status())
    ticks(field, 5)
    assert heard(terminal) == [HEAD]


def test_a_key_that_was_lost_is_sent_again_when_the_terminal_says_so(field):
    made(field, body(3))
    terminal = field.holding()
    terminal.holder.deaf = True
    ticks(field, 1)
    heard(terminal)
    lacks = terminal.holder.report(HOTLIST, Verdict.UNKNOWN_KEY, 1)
    for _ in range(KEY_LOSSES_MAX - 1):
        field.hear(TCP1, terminal.say(*lacks))
        ticks(field, OFFER_AGAIN_S)
        assert heard(terminal) == [KEY, HEAD]
        assert field.codes() == []
    field.hear(TCP1, terminal.say(*lacks))
    ticks(field, REFUSED_AGAIN_S)
    assert heard(terminal)[:2] == [KEY, HEAD], "told, and tried further"
    assert field.codes() == ["document-refused"]


def test_a_lost_key_costs_no_wait_and_two_offers_without_it_are_one_loss(field):
    """On a bus where all join at once keys are lost: the list is repeated at once, and an answer to an offer of before
    the key went again is no refusal."""
    made(field, body(3))
    terminal = field.holding()
    terminal.holder.deaf = True
    ticks(field, 4 * OFFER_AGAIN_S)
    assert heard(terminal).count(HEAD) == 3
    lacks = terminal.holder.report(HOTLIST, Verdict.UNKNOWN_KEY, 1)
    field.hear(TCP1, terminal.say(*lacks))
    field.hear(TCP1, terminal.say(*lacks))
    ticks(field, 0.5)
    assert heard(terminal) == [KEY, HEAD]
    assert field.codes() == []


def test_what_is_stored_for_later_is_not_offered_again(field):
    made(field, body(3))
    terminal = field.holding()
    terminal.holder.deaf = True
    ticks(field, 1)
    field.hear(TCP1, terminal.say(*terminal.holder.report(HOTLIST, Verdict.STORED, 1)))
    heard(terminal)
    for _ in range(10):
        field.hear(TCP1, terminal.status())
        ticks(field, 50)
    assert heard(terminal) == []
    field.join(terminal)
    field.hear(TCP1, terminal.status(), terminal.say(*terminal.holder.report(HOTLIST, Verdict.STORED, 1)))
    ticks(field, 5)
    assert heard(terminal) == []
    made(field, changed(body(3)))
    ticks(field, 1)
    assert heard(terminal) == [KEY, HEAD]


@pytest.mark.parametrize("verdict", [Verdict.UNSUPPORTED, Verdict.TOO_LONG, Verdict.NOT_FOR_ME, Verdict.EXPIRED])
def test_what_a_terminal_will_never_take_is_offered_once_in_a_conversation(field, verdict):
    made(field, body(3))
    terminal = field.joined()
    terminal.holder = Holder()
    terminal.holder.refuse = verdict
    field.hear(TCP1, terminal.status(), *terminal.reports())
    for _ in range(10):
        ticks(field, 50)
        field.hear(TCP1, terminal.status())
    assert heard(terminal) == [KEY, HEAD]
    made(field, changed(body(3)))
    ticks(field, 1)
    assert heard(terminal) == [HEAD]


def test_what_became_of_an_order_that_was_taken_is_no_refusal_of_a_document(field):
    name = DocumentKind.ORDER, device_scope(device(1))
    order = made(field, b"lock", *name)
    terminal = field.holding()
    ticks(field, 1)
    assert used(terminal, name) == (1, order.body)
    field.hear(TCP1, terminal.say(*terminal.holder.report(name, Verdict.BUSY, 1)))
    assert (field.codes(), reported(field)[-1].verdict) == ([], Verdict.BUSY)


def test_a_terminal_that_has_no_use_for_a_list_of_cards_is_no_alarm(field):
    made(field, awaited_body([]), DocumentKind.AWAITED)
    terminal = field.joined()
    terminal.holder = Holder()
    terminal.holder.refuse = Verdict.UNSUPPORTED
    field.hear(TCP1, terminal.status(), *terminal.reports())
    ticks(field, 1)
    assert (field.codes(), reported(field)[-1].verdict) == ([], Verdict.UNSUPPORTED)


def test_a_list_that_an_older_terminal_cannot_even_read_the_head_of_is_offered_a_few_times_and_then_seldom(field):
    made(field, enrolled_body(1500, 2, b"saltsalt", ["20260001"]), DocumentKind.ENROLLED)
    terminal = field.holding()
    terminal.holder.deaf = True
    offers = []
    for _ in range(int(2 * UNANSWERED_AGAIN_S)):
        field.hear(TCP1, terminal.status())
        field.wait(1.0)
        offers.append(heard(terminal).count(HEAD))
    assert sum(offers[:60]) == 5, "2, 4, 8 and 15 s apart"
    assert sum(offers[60:]) <= 2
    terminal = field.holding()
    ticks(field, 5)
    assert used(terminal, (DocumentKind.ENROLLED, CAMPUS))[0] == 1, "joined anew, with a newer program"
    assert field.codes() == []


def test_every_kind_but_what_is_for_boxes_goes_to_terminals():
    assert {*serving.KINDS} == {*DocumentKind} - {DocumentKind.REVOCATIONS, DocumentKind.TRUST}


def test_what_is_for_boxes_stays_there(field):
    made(field, revocations_body(Revocations(1)), DocumentKind.REVOCATIONS)
    terminal = field.holding()
    ticks(field, 5)
    assert heard(terminal) == []


def test_other_bytes_in_use_under_the_same_generation_are_a_fork_and_an_alarm(field):
    made(field, body(3))
    terminal = field.joined()
    terminal.holder = Holder()
    terminal.holder.in_use[HOTLIST] = field.centre.newest[HOTLIST].head, changed(body(3))
    field.hear(TCP1, terminal.status(), *terminal.reports())
    ticks(field, 30)
    assert [(fact.code, fact.level, fact.device) for fact in field.facts] == [("document-fork", "urgent", device(1))]
    assert field.box.totals()["documents_forked"] == 1
    assert heard(terminal) == []


def test_a_report_about_a_document_of_somebody_else_is_malformed(field):
    terminal = field.holding()
    field.up.clear()
    for scope in (device_scope(device(2)), model_scope(2)):
        field.hear(TCP1, terminal.say(*terminal.holder.report((DocumentKind.ORDER, scope))))
    assert field.codes() == ["terminal-malformed"]
    assert not any(isinstance(message, Reported) for message in field.up)


# ---- its word goes up


def reported(field: Field) -> list[Reported]:
    return [message for message in field.up if isinstance(message, Reported)]


def test_every_word_goes_up_as_it_was_said_and_the_newest_again_at_each_connection(field):
    first = made(field, body(3))
    terminal = field.holding()
    ticks(field, 5)
    said = reported(field)
    assert [(one.device, one.generation, one.digest) for one in said] == [
        (device(1), 0, bytes(32)), (device(1), 1, first.head.digest),
    ]  # fmt: skip
    detail = link.DocumentReport(*HOTLIST, 1, first.head.digest, 7, 12, AS_OF, 2, Verdict.BUSY, b"why")
    field.hear(TCP1, terminal.say(Type.DOCUMENT_REPORT, link.DOCUMENT_REPORT.encode(detail)))
    newest = Reported(device(1), *detail)
    assert reported(field)[-1] == newest
    field.disconnect()
    field.up.clear()
    field.hear(TCP1, terminal.say(Type.DOCUMENT_REPORT, link.DOCUMENT_REPORT.encode(detail)))
    field.connect()
    assert reported(field) == [newest]


def test_words_are_remembered_up_to_a_bound(monkeypatch):
    monkeypatch.setattr(serving, "REPORTS_MAX", 2)
    field = Field(settings(4))
    for number in (1, 2, 3, 4, 4):
        field.holding(number, ("tcp", number))
    field.disconnect()
    field.up.clear()
    field.connect()
    assert [one.device for one in reported(field)] == [device(3), device(4)]


# ---- pace


def document_bytes(sends: list[Send]) -> int:
    return sum(len(send.message) for send in sends if send.message[0] in (KEY, HEAD, DELTA, PAGE))


def test_a_bus_full_of_terminals_that_all_fetch_keeps_to_its_share_and_all_get_it():
    field = Field(settings(20, "can0"))
    field.connect()
    first = made(field, body(8))
    terminals = [field.holding(number, ("can0", number)) for number in range(1, 21)]
    field.sent.clear()
    ticks(field, 20)
    shares = [len(one.holder.heard) for one in terminals]
    assert max(shares) - min(shares) <= 2, "in turn"
    seconds = 0
    while not all(used(one) for one in terminals):
        before = document_bytes(field.sent)
        ticks(field, 1)
        seconds += 1
        assert document_bytes(field.sent) - before <= 125_000 * 7 / 136 + PAGE_SIZE
        assert seconds < 60
        for number, one in enumerate(terminals, 1):
            field.hear(("can0", number), one.status())
    assert seconds > 10
    assert {used(one) for one in terminals} == {(1, first.body)}


def test_on_a_slow_line_an_offer_is_not_repeated_while_pages_are_due(field):
    line = LinkSetting("line0", LinkKind.RS485, 0, 1200)
    given = settings(4)
    terminals = tuple(replace(one, link="line0", address=n) for n, one in enumerate(given.terminals, 1))
    field = Field(replace(given, links=(line,), terminals=terminals))
    field.connect()
    first = made(field, body(3))
    bodies = [field.holding(number, ("line0", number)) for number in range(1, 5)]
    for _ in range(90):
        ticks(field, 5)
        for number, one in enumerate(bodies, 1):
            field.hear(("line0", number), one.status())
    assert [used(one) for one in bodies] == [(1, first.body)] * 4
    assert [heard(one) for one in bodies] == [[KEY, HEAD, PAGE, PAGE, PAGE]] * 4


def test_an_offer_is_not_repeated_before_a_slow_line_has_carried_it():
    line = LinkSetting("line0", LinkKind.RS485, 0, 1200)
    given = settings(1)
    field = Field(replace(given, links=(line,), terminals=(replace(given.terminals[0], link="line0", address=1),)))
    field.connect()
    made(field, body(33))
    terminal = field.holding(1, ("line0", 1))
    terminal.holder.deaf = True
    ticks(field, 5)
    heard(terminal)
    made(field, body(66, 2))
    ticks(field, OFFER_AGAIN_MAX_S - 1)
    assert heard(terminal) == [HEAD]


def test_a_terminal_gets_no_more_than_it_can_take_and_others_are_served_beside_it(field):
    firmware = made(field, body(200), DocumentKind.FIRMWARE, model_scope(1))
    for number in (1, 2):
        permit(field, number, Permit(1, 1, firmware.head.digest))
    one, two = field.holding(1, TCP1), field.holding(2, TCP2)
    for _ in range(20):
        field.sent.clear()
        ticks(field, 1)
        for place in (TCP1, TCP2):
            sent = [send for send in field.sent if (send.link, send.peer) == place]
            assert document_bytes(sent) <= serving.TERMINAL_BYTES_PER_S + 2 * PAGE_SIZE
    name = DocumentKind.FIRMWARE, model_scope(1)
    assert used(one, name) == used(two, name) == (1, firmware.body)


def test_a_record_is_answered_while_pages_are_due_and_goes_before_them(field, monkeypatch):
    monkeypatch.setattr(serving, "TERMINAL_BYTES_PER_S", 2000)
    made(field, body(64))
    terminal = field.holding()
    terminal.holder.deaf = True
    ticks(field, 1)
    field.hear(TCP1, terminal.say(*terminal.holder.want(HOTLIST, 1, *range(8))))
    field.sent.clear()
    field.hear(TCP1, terminal.sell())
    assert [send.message[0] for send in field.sent] == [Type.ACK, Type.SETTLED]
    field.hear(TCP1, terminal.sell())
    field.s += 2
    effects = field.box.tick(field.now())
    kinds = [effect.message[0] for effect in effects if isinstance(effect, Send)]
    assert kinds[0] == Type.SETTLED
    assert {*kinds[1:]} == {PAGE}


# ---- our own terminal at the other end


class OurTerminal(Holder):
    """The documents of edge/terminal, on a link that loses, and in a body whose power goes."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self.chance, self.lossy, self.papers, self.mono_s = chance, True, MemoryPapers(), 0.0
        self.power()

    def power(self) -> None:
        """It goes, and comes back."""
        self.documents = Documents(device(1), 1, Keyring(1, self.campus_key), self.papers)
        self.documents.boot()

    def joined(self) -> list[tuple[Type, bytes]]:
        return self._said(self.documents.joined())

    def tick(self, mono_s: float) -> list[tuple[Type, bytes]]:
        self.mono_s = mono_s
        return self._said(self.documents.tick(mono_s))

    def hear(self, kind: Type, payload: bytes) -> list[tuple[Type, bytes]]:
        self.heard.append((kind, payload))
        if self.lossy and self.chance.random() < 0.15:
            return []
        match kind:
            case Type.DOCUMENT_KEY:
                self.documents.key(link.DOCUMENT_KEY.decode(payload))
                return []
            case Type.DOCUMENT_HEAD:
                return self._said(self.documents.head(link.DOCUMENT_HEAD.decode(payload), 1, self.mono_s))
            case Type.DOCUMENT_DELTA:
                return self._said(self.documents.delta(link.DOCUMENT_DELTA.decode(payload), 1))
        return self._said(self.documents.page(link.DOCUMENT_PAGE.decode(payload), 1, self.mono_s))

    def generation(self) -> int:
        paper = self.documents.in_use(DocumentKind.HOTLIST)
        return paper.head.generation if paper else 0

    def _said(self, said: list[Say]) -> list[tuple[Type, bytes]]:
        kept = [one for one in said if not self.lossy or self.chance.random() > 0.15]
        return [(Type(one.layout.number), one.layout.encode(one.message)) for one in kept]


@pytest.mark.parametrize("seed", range(20))
def test_our_own_terminal_is_brought_up_to_date_over_a_bad_link_and_never_goes_back(seed):
    chance = random.Random(seed)
    field = Field()
    field.connect()
    cards = [*range(40)]
    terminal, holder = field.joined(), OurTerminal(chance)
    terminal.holder = holder
    field.hear(TCP1, terminal.status(), *(terminal.say(*one) for one in holder.joined()))
    seen = [0]

    def pass_s(seconds: float) -> None:
        for _ in range(int(seconds * 4)):
            field.wait(0.25)
            field.hear(TCP1, *(terminal.say(*one) for one in holder.tick(field.s)))
            seen.append(holder.generation())

    def join() -> None:
        field.join(terminal)
        field.hear(TCP1, terminal.status(), *(terminal.say(*one) for one in holder.joined()))

    for _ in range(25):
        act = chance.random()
        if act < 0.5:
            cards.append(chance.randrange(60_000))
            listed = [CardId(b"\x53\3\0\0\0\1" + one.to_bytes(4, "big")) for one in cards]
            one = field.centre.make(hotlist_body(listed, room={b"\x53\3": 60_000}))
            field.offer(field.centre.key(DocumentKind.HOTLIST), one.delta() or one.offer())
            field.wait(1)
        elif act < 0.6:
            holder.power()
            join()
        elif act < 0.7:
            field.crash()
            field.connect()
            join()
        pass_s(chance.choice([0.5, 1, 5, 20]))
        field.hear(TCP1, terminal.status())
    holder.lossy = False
    join()
    pass_s(30)
    newest = field.centre.newest[HOTLIST]
    assert holder.generation() == newest.head.generation > 0
    assert holder.documents.in_use(DocumentKind.HOTLIST).body == newest.body
    assert seen == sorted(seen)
    assert {*field.codes()} <= {"document-refused"}, "a key that was lost twice"
    field.disconnect()
    field.up.clear()
    field.connect()
    assert [(one.generation, one.digest) for one in reported(field)] == [newest.head.mark]


def test_what_becomes_of_an_order_is_its_answer_and_no_fault_of_the_box(field):
    """It is said again at every join; the job of the centre has it, and no alarm."""
    order = field.centre.make(b"order", DocumentKind.ORDER, device_scope(device(1)))
    terminal = field.joined()
    field.up.clear()
    used = DocumentKind.ORDER, order.head.scope, 1, order.head.digest, 0, 0, AS_OF
    answer = DocumentReport(*used, 1, Verdict.UNSUPPORTED, b"no shift slip")
    field.hear(TCP1, terminal.say(Type.DOCUMENT_REPORT, link.DOCUMENT_REPORT.encode(answer)))
    (said,) = [one for one in field.up if isinstance(one, Reported)]
    assert (said.verdict, said.detail, field.facts) == (Verdict.UNSUPPORTED, b"no shift slip", [])
