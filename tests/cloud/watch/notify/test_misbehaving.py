"""Gateways, modems and providers that misbehave: no message is lost, and none is told to have arrived that has not."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from cloud.emulators.modem import ModemEmulator
from cloud.emulators.sms_provider import ProviderEmulator
from cloud.emulators.smsc import QUEUE_FULL, THROTTLED, SmscEmulator
from cloud.store.db import Database
from cloud.watch.notify import queue
from cloud.watch.notify.channels import http_sms, modem, post, smpp
from cloud.watch.notify.channels.door import Door
from cloud.watch.notify.channels.http_sms import HttpSmsDoor
from cloud.watch.notify.channels.modem import ModemDoor
from cloud.watch.notify.channels.post import place_of
from cloud.watch.notify.channels.smpp import SmppDoor, SmppServer
from cloud.watch.notify.queue import Message, State
from cloud.watch.notify.sending import Sending
from cloud.watch.notify.terms import Channel, Why
from cloud.watch.store import open_watch
from tests.patience import PATIENCE_S

SECRET = "not-a-real-secret-0123"
TEXTS = ("网关失联 一", "网关失联 二", "三" * 100)
STEP_MS = 10_000
TURNS_MAX = 2000


@pytest.fixture(autouse=True)
def _is_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smpp, "ANSWER_S", 0.3)
    monkeypatch.setattr(smpp, "REST_S", 0.0)
    monkeypatch.setattr(modem, "ANSWER_S", 0.3)
    monkeypatch.setattr(modem, "SENT_S", 0.3)
    monkeypatch.setattr(post, "ANSWER_S", 0.3)
    monkeypatch.setattr(http_sms, "ASK_S", 0.0)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    with closing(open_watch(tmp_path)) as store:
        with store.db.writing():
            for text in TEXTS:
                queue.put(store.db, Message(0, 0, "王芳", Channel.SMS, "+8613800138000", Why.CALL, (), text, text))
        yield store.db


class Way(NamedTuple):
    """A stand-in, and the door to it. took: the whole texts that it has sent on."""

    stand_in: Any
    door: Door
    took: Callable[[], Sequence[str]]


def _smsc(opened: ExitStack) -> Way:
    smsc = opened.enter_context(SmscEmulator())
    door = opened.enter_context(closing(SmppDoor(SmppServer("127.0.0.1", smsc.port, "1", "y", "", tls=False))))
    return Way(smsc, door, lambda: [one.text for one in smsc.sent])


def _modem(opened: ExitStack) -> Way:
    stand_in = opened.enter_context(ModemEmulator())
    return Way(
        stand_in, opened.enter_context(closing(ModemDoor(stand_in.device))), lambda: [one.text for one in stand_in.sent]
    )


def _provider(opened: ExitStack) -> Way:
    stand_in = opened.enter_context(ProviderEmulator(SECRET))
    stand_in.mood.states = {f"p{n}": "delivered" for n in range(100)}
    door = HttpSmsDoor(place_of(stand_in.url, SECRET), status=place_of(stand_in.status_url, SECRET))
    return Way(stand_in, door, lambda: [one["text"] for one in stand_in.taken])


WAYS = {"smsc": _smsc, "modem": _modem, "provider": _provider}
SPOILED = [
    ("smsc", {"mute": True}),
    ("smsc", {"slow_s": 1.0}),
    ("smsc", {"bind": 0x0D}),
    ("smsc", {"submit": THROTTLED}),
    ("smsc", {"submit": QUEUE_FULL}),
    ("smsc", {"submit": 0x08}),
    ("smsc", {"hangs_up": True}),
    ("modem", {"mute": True}),
    ("modem", {"slow_s": 1.0}),
    ("modem", {"error": "+CMS ERROR: 331"}),
    ("modem", {"breaks": True}),
    ("provider", {"mute_s": 1.0}),
    ("provider", {"status": 429}),
    ("provider", {"status": 503}),
    ("provider", {"hangs_up": True}),
    ("provider", {"location": "http://127.0.0.1:1/"}),
]


def states(db: Database) -> list[State]:
    with db.reading():
        return [one.state for one in reversed(queue.messages(db, 100))]


def turns(sending: Sending, from_ms: int, until: Callable[[], bool]) -> None:
    """Looks, as time goes by; what is handed over comes at its own time."""
    last_s = time.monotonic() + PATIENCE_S
    for at_ms in range(from_ms, from_ms + TURNS_MAX * STEP_MS, STEP_MS):
        sending.turn(at_ms)
        if until():
            return
        assert time.monotonic() < last_s, "in vain"


@pytest.mark.parametrize(("name", "mood"), SPOILED)
def test_nothing_is_lost_and_nothing_told_that_was_not(db: Database, name: str, mood: dict[str, Any]) -> None:
    with ExitStack() as opened:
        way = WAYS[name](opened)
        well = way.stand_in.mood
        way.stand_in.mood = type(well)(**mood)
        sending = Sending(db, {Channel.SMS: way.door}, lambda _: None)
        sending.turn(0)
        sending.turn(STEP_MS)
        assert set(states(db)) == {State.WAITING}, "none was taken"
        way.stand_in.mood = well
        turns(sending, 2 * STEP_MS, lambda: set(states(db)) == {State.ARRIVED})
        said = "".join(way.took())
    assert all(text in said or text[:67] in said for text in TEXTS)


@pytest.mark.parametrize("name", ["smsc", "modem"])
@pytest.mark.parametrize("mood", [{"times": 2}, {"holds": 4}, {"holds": 4, "times": 3}])
def test_receipts_may_come_twice_and_the_last_first(db: Database, name: str, mood: dict[str, Any]) -> None:
    """The third text is two parts, so it makes four receipts in all."""
    with ExitStack() as opened:
        way = WAYS[name](opened)
        for key, value in mood.items():
            setattr(way.stand_in.mood, key, value)
        sending = Sending(db, {Channel.SMS: way.door}, lambda _: None)
        turns(sending, 0, lambda: set(states(db)) == {State.ARRIVED})
        assert len(way.took()) == 4


def test_the_one_that_was_lost_is_the_one_that_goes_by_another_way(db: Database) -> None:
    """Receipts the last first, in decimal where answers are hexadecimal; of one part it is said that it is lost."""
    with ExitStack() as opened:
        smsc = opened.enter_context(SmscEmulator(first=0xA5))
        door = opened.enter_context(closing(SmppDoor(SmppServer("127.0.0.1", smsc.port, "1", "y", "", tls=False))))
        smsc.mood.receipt, smsc.mood.decimal = "", True
        sending = Sending(db, {Channel.SMS: door}, lambda _: None)
        turns(sending, 0, lambda: set(states(db)) == {State.SENT})
        for number, stat in ((0xA8, "DELIVRD"), (0xA6, "UNDELIV"), (0xA5, "ACCEPTD"), (0xA7, "DELIVRD")):
            smsc.report(number, stat)
        turns(sending, STEP_MS, lambda: states(db) == [State.SENT, State.FAILED, State.ARRIVED])


def test_receipts_come_to_the_next_process(db: Database, tmp_path: Path) -> None:
    with ExitStack() as opened:
        smsc = opened.enter_context(SmscEmulator())
        server = SmppServer("127.0.0.1", smsc.port, "1", "y", "", tls=False)
        smsc.mood.holds = 100
        with closing(SmppDoor(server)) as first:
            turns(Sending(db, {Channel.SMS: first}, lambda _: None), 0, lambda: set(states(db)) == {State.SENT})
        own = opened.enter_context(closing(open_watch(tmp_path)))
        second = opened.enter_context(closing(SmppDoor(server)))
        for number in (4, 2, 1, 3):
            smsc.report(number, "DELIVRD")
        sending = Sending(own.db, {Channel.SMS: second}, lambda _: None)
        turns(sending, STEP_MS, lambda: set(states(db)) == {State.ARRIVED})
