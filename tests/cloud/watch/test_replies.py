"""An alarm by SMS over a modem, the code that comes back, and everybody who should not be heard."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cloud.emulators.modem import ModemEmulator
from cloud.watch.alarms import states
from cloud.watch.alarms.rules import RULES
from cloud.watch.alarms.terms import Kind, Signal, Source
from cloud.watch.alarms.watching import Change, Key
from cloud.watch.notify import persons
from cloud.watch.notify.calling import SETTLE_MS, Time
from cloud.watch.notify.channels.door import Reply
from cloud.watch.notify.channels.modem import ModemDoor
from cloud.watch.notify.persons import Person
from cloud.watch.notify.queue import State, digest, messages, put
from cloud.watch.notify.sending import Sending
from cloud.watch.notify.telling import Around
from cloud.watch.notify.terms import Channel, Why
from cloud.watch.people.replies import CODE_MS, CODES_MAX, SUM_MAX, WRONG_MAX, WRONG_MS, Answer, answered, wrong_codes
from cloud.watch.pushes import POLICIES
from cloud.watch.store import WatchStore, open_watch
from cloud.watch.turn import Turns
from shared.clocks.school_days import WEEKDAYS
from shared.facts.told import Level
from tests.patience import PATIENCE_S

PHONE, CODE = "13800138000", "482913"
POLICY = """format = 1
[[route]]
name = "all"
wakes = true
[[route.step]]
to = ["王芳"]
by = ["sms"]
"""
BOX = Source(Kind.BOX, "canteen-1")
OTHER, HALL = "13900139000", Key("box-silent", Source(Kind.BOX, "hall-2"))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[WatchStore]:
    """A box is silent, and an SMS about it waits."""
    with closing(open_watch(tmp_path)) as opened:
        with opened.db.writing():
            persons.add(opened.db, Person(0, "王芳", PHONE))
            POLICIES.push(opened.db, 1, "王芳", "", POLICY)
        turns = Turns(opened, RULES)
        turns.around = Around(str, "校园", WEEKDAYS, lambda: CODE)
        for at_ms in (1000, 1000 + SETTLE_MS):
            turns.take([], [Signal("box-silent", BOX, at_ms, 99)], Time(at_ms, 43_200), is_meal=False)
        yield opened


def answers(store: WatchStore, address: str, text: str, at_ms: int = 10_000) -> Answer:
    with store.db.writing():
        return answered(store, Reply(address, text), at_ms)


def taken_by(store: WatchStore) -> str:
    (listed,) = store.alarms()
    return listed.alarm.taken_by


def test_it_goes_out_arrives_and_is_taken(store: WatchStore, tmp_path: Path) -> None:
    with ModemEmulator() as modem, closing(ModemDoor(modem.device)) as door, closing(open_watch(tmp_path)) as own:
        heard: list[Answer] = []

        def take(reply: Reply) -> None:
            heard.append(answers(own, reply.address, reply.text))

        sending = Sending(own.db, {Channel.SMS: door}, take)
        assert sending.turn(10_000) == 1
        (sent,) = modem.sent
        assert (sent.number, len(sent.text) <= 70, CODE in sent.text) == (PHONE, True, True)
        modem.hand_over(f"+86{PHONE}", f"{CODE} 接单")
        until(lambda: bool(heard), sending)
        until(lambda: state(store) is State.ARRIVED, sending)
    assert heard == [Answer.TAKEN]
    assert taken_by(store) == "王芳"


def until(holds: Callable[[], bool], sending: Sending) -> None:
    last_s = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < last_s, "in vain"
        sending.turn(10_000)


def state(store: WatchStore) -> State:
    with store.db.reading():
        return messages(store.db, 1)[0].state


def test_a_code_is_good_once(store: WatchStore) -> None:
    assert answers(store, PHONE, f"好的，{CODE}。") is Answer.TAKEN
    assert answers(store, PHONE, CODE) is Answer.WRONG


def test_digits_may_be_written_in_full_width(store: WatchStore) -> None:
    assert answers(store, PHONE, "４８２９１３　接单") is Answer.TAKEN


NOT_HEARD = (
    ("13900139000", CODE, 10_000),
    (PHONE, "482914", 10_000),
    (PHONE, CODE, CODE_MS + 10_000),
)


@pytest.mark.parametrize(("address", "text", "at_ms"), NOT_HEARD)
def test_nobody_else_takes_it(store: WatchStore, address: str, text: str, at_ms: int) -> None:
    assert answers(store, address, text, at_ms) is Answer.WRONG
    assert taken_by(store) == ""


@pytest.mark.parametrize("text", ["", "好的", "1" + CODE, CODE + "0", " ".join(CODE), "\0" * 100])
def test_what_holds_no_code_is_no_guess(store: WatchStore, text: str) -> None:
    assert answers(store, PHONE, text) is Answer.NONE
    assert (taken_by(store), wrong(store)) == ("", 0)


def test_many_codes_in_one_text_are_many_guesses(store: WatchStore) -> None:
    """None of them is found beyond the first few, and each is counted."""
    for n in range(2):
        guesses = " ".join(f"{n}{at:05d}" for at in range(CODES_MAX + 5))
        answers(store, PHONE, f"{guesses} {CODE}")
    assert (taken_by(store), wrong(store)) == ("", WRONG_MAX)
    assert answers(store, PHONE, CODE) is Answer.THROTTLED


def test_in_sum_only_phones_that_have_a_code_count(store: WatchStore) -> None:
    for n in range(SUM_MAX):  # strangers, whose text may be anything
        assert answers(store, f"139{n:08d}", CODE) is Answer.WRONG
    assert wrong(store) == SUM_MAX
    assert answers(store, PHONE, CODE) is Answer.TAKEN


def test_in_sum_who_tries_by_many_phones_is_heard_no_more(store: WatchStore) -> None:
    """A sender's number can be made up: of each phone that has a code."""
    phones = [f"137{n:08d}" for n in range(SUM_MAX)]
    with store.db.writing():
        for phone in phones:
            to_him = messages(store.db, 1)[0]._replace(address=phone, code=digest("111111", phone))
            put(store.db, to_him)
    for phone in phones:
        assert answers(store, phone, "000000") is Answer.WRONG
    assert answers(store, PHONE, CODE) is Answer.THROTTLED
    assert answers(store, PHONE, CODE, 10_000 + WRONG_MS) is Answer.TAKEN


def wrong(store: WatchStore) -> int:
    with store.db.reading():
        return wrong_codes(store.db, 10_000)


def test_a_digest_is_answered_with_one_code_for_all_that_it_lists(store: WatchStore) -> None:
    """Beyond a person's measure alarms come together."""
    with store.db.writing():
        (first,) = messages(store.db, 1)
        digested = first._replace(why=Why.DIGEST, keys=(*first.keys, HALL), code=digest("654321", PHONE))
        put(store.db, digested)
        raised = states.raised(None, 1000, Level.IMPORTANT)
        store.write([Change(HALL, 1000, raised[1], raised[0])])
    assert answers(store, OTHER, "654321") is Answer.WRONG
    assert answers(store, PHONE, "654321") is Answer.TAKEN
    assert [one.alarm.taken_by for one in store.alarms()] == ["王芳", "王芳"]
    assert answers(store, PHONE, "654321") is Answer.WRONG


def test_who_tries_codes_is_heard_no_more(store: WatchStore) -> None:
    for n in range(WRONG_MAX):
        assert answers(store, PHONE, f"{n:06d}") is Answer.WRONG
    assert answers(store, PHONE, CODE) is Answer.THROTTLED
    assert taken_by(store) == ""
    assert answers(store, PHONE, CODE, 10_000 + WRONG_MS) is Answer.TAKEN


def test_an_answer_acknowledges_nothing(store: WatchStore) -> None:
    answers(store, PHONE, CODE)
    (listed,) = store.alarms()
    assert not listed.alarm.is_acked
    assert listed.alarm.calls
