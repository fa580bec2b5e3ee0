"""An alarm told to a program: from the rule to a signed post on a loopback port, and nowhere else."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cloud.emulators.sms_provider import ProviderEmulator
from cloud.store.db import Database
from cloud.watch.alarms.rules import RULES
from cloud.watch.alarms.terms import Kind, Signal, Source
from cloud.watch.notify import persons
from cloud.watch.notify.calling import SETTLE_MS, Time
from cloud.watch.notify.channels.post import place_of
from cloud.watch.notify.channels.webhook import WebhookDoor
from cloud.watch.notify.persons import Person, PersonRefused
from cloud.watch.notify.queue import State, messages
from cloud.watch.notify.sending import Sending
from cloud.watch.notify.telling import Around
from cloud.watch.notify.terms import Channel
from cloud.watch.pushes import POLICIES
from cloud.watch.store import open_watch
from cloud.watch.turn import Turns
from shared.clocks.school_days import WEEKDAYS

SECRET = "not-a-real-secret-0123"
POLICY = """format = 1
[[route]]
name = "all"
wakes = true
[[route.step]]
to = ["hook:ops"]
by = ["webhook"]
"""
BOX = Source(Kind.BOX, "canteen-1")
RAISED_MS, OVER_MS = 1000, 100_000


@pytest.fixture
def provider() -> Iterator[ProviderEmulator]:
    with ProviderEmulator(SECRET) as opened:
        yield opened


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    """A box was silent, and is there again: two events wait."""
    with closing(open_watch(tmp_path)) as store:
        with store.db.writing():
            POLICIES.push(store.db, 1, "王芳", "", POLICY)
        turns = Turns(store, RULES)
        turns.around = Around(lambda _: "一食堂", "校园", WEEKDAYS)
        for at_ms, silent_s in ((RAISED_MS, 99), (RAISED_MS + SETTLE_MS, 99), (OVER_MS, 0), (2 * OVER_MS, 0)):
            turns.take([], [Signal("box-silent", BOX, at_ms, silent_s)], Time(at_ms, 43_200), is_meal=False)
        yield store.db


def send(db: Database, url: str, name: str = "ops") -> list[State]:
    sending = Sending(db, {Channel.WEBHOOK: WebhookDoor({name: place_of(url, SECRET)})}, lambda _: None)
    sending.turn(300_000)
    with db.reading():
        return [one.state for one in messages(db, 10)]


def test_a_program_is_told_what_comes_and_that_it_is_over(db: Database, provider: ProviderEmulator) -> None:
    assert send(db, provider.url) == [State.SENT, State.SENT]
    called, over = provider.taken
    assert (called["format"], called["why"], over["why"], called["campus"]) == (1, "call", "returned", "校园")
    assert called["id"] != over["id"]
    (alarm,) = called["alarms"]
    seen = {key: alarm[key] for key in ("rule", "source", "name", "grade", "state", "since_ms")}
    assert seen == {
        "rule": "box-silent", "source": "box:canteen-1", "name": "一食堂", "grade": "important",
        "state": "unacknowledged", "since_ms": RAISED_MS,
    }  # fmt: skip
    assert set(alarm["title"]) == set(alarm["action"]) == {"zh", "en"}


def test_a_hook_that_is_not_in_the_file_fails_and_is_told(db: Database, provider: ProviderEmulator) -> None:
    assert send(db, provider.url, "other") == [State.FAILED, State.FAILED]
    assert provider.posts == 0


def test_one_that_is_away_is_tried_again(db: Database, provider: ProviderEmulator) -> None:
    provider.mood.status = 503
    assert send(db, provider.url) == [State.WAITING, State.WAITING]


def test_nobody_is_called_like_a_hook(db: Database) -> None:
    with db.writing(), pytest.raises(PersonRefused):
        persons.add(db, Person(0, "hook:ops"))
