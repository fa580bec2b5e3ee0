"""As an attacker: by names, by addresses, by what a server answers, by what is sent a second time."""

import http.client
import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from cloud.emulators.sms_provider import OLD_S, ProviderEmulator
from cloud.emulators.smsc import SmscEmulator
from cloud.watch.alarms.rules import RULES
from cloud.watch.alarms.terms import Kind, Signal, Source
from cloud.watch.notify import persons, queue
from cloud.watch.notify.calling import SETTLE_MS, Time
from cloud.watch.notify.channels.folder import FolderDoor
from cloud.watch.notify.channels.post import place_of
from cloud.watch.notify.channels.signed import HEADER, signature
from cloud.watch.notify.channels.smpp import SmppDoor, SmppServer
from cloud.watch.notify.channels.webhook import WebhookDoor
from cloud.watch.notify.persons import Person, PersonRefused
from cloud.watch.notify.queue import State
from cloud.watch.notify.sending import Sending
from cloud.watch.notify.telling import Around
from cloud.watch.notify.terms import Channel
from cloud.watch.pushes import POLICIES
from cloud.watch.store import WatchStore, open_watch
from cloud.watch.turn import Turns
from shared.clocks.school_days import WEEKDAYS
from tests.patience import PATIENCE_S

SECRET = "not-a-real-secret-0123"
POLICY = """format = 1
[[route]]
name = "people"
wakes = true
[[route.step]]
to = ["王芳"]
by = ["sms", "mail"]
[[route]]
name = "programs"
wakes = true
[[route.step]]
to = ["hook:ops"]
by = ["webhook"]
"""
EVIL = (
    "食堂\r\nBcc: all@evil.example\r\n\r\n<html>", "a\nb\x0bc\x0cd\x85e\u2028f\u2029g", '"},{"rule":"x', "{code}{0}%s",
    "\x1b[2J\x00\x1a", "\u202e\u200b\ufeff", "校" * 500,
)  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Iterator[WatchStore]:
    with closing(open_watch(tmp_path)) as opened:
        with opened.db.writing():
            persons.add(opened.db, Person(0, "王芳", "13800138000", "wang@example.com"))
            POLICIES.push(opened.db, 1, "王芳", "", POLICY)
        yield opened


def raise_alarm(store: WatchStore, name: str) -> None:
    """Of a box that the ledger calls so."""
    turns = Turns(store, RULES)
    turns.around = Around(lambda _: name, name, WEEKDAYS, lambda: "482913")
    for at_ms in (1000, 1000 + SETTLE_MS):
        signal = Signal("box-silent", Source(Kind.BOX, "canteen-1"), at_ms, 99)
        turns.take([], [signal], Time(at_ms, 43_200), is_meal=False)


@pytest.mark.parametrize("name", EVIL)
def test_a_name_of_the_ledger_is_never_more_than_a_name(store: WatchStore, tmp_path: Path, name: str) -> None:
    raise_alarm(store, name)
    with ExitStack() as opened:
        smsc, provider = opened.enter_context(SmscEmulator()), opened.enter_context(ProviderEmulator(SECRET))
        sms = opened.enter_context(closing(SmppDoor(SmppServer("127.0.0.1", smsc.port, "1", "y", "", tls=False))))
        doors = {
            Channel.SMS: sms, Channel.MAIL: FolderDoor(tmp_path / "mail", "ykt@example.com"),
            Channel.WEBHOOK: WebhookDoor({"ops": place_of(provider.url, SECRET)}),
        }  # fmt: skip
        Sending(store.db, doors, lambda _: None).turn(10_000)
    (file,) = (tmp_path / "mail").iterdir()
    mail = message_from_bytes(file.read_bytes(), policy=default)
    assert not {"bcc", "cc"} & {key.lower() for key in mail}
    assert mail["To"] == "wang@example.com"
    (sent,) = smsc.sent
    assert (len(sent.text) <= 70, sent.text.count("482913"), sent.text.isprintable()) == (True, 1, True)
    (event,) = provider.taken
    assert [alarm["name"] for alarm in event["alarms"]] == [name]


@pytest.mark.parametrize(
    "mail",
    [
        "a@b.example\r\nBcc: c@d.example", "a@b.example,c@d.example", "a@b.example ", "<a@b.example>",
        "a\x00@b.example", "王@b.example", "a@b.example;c@d", 'a"@b.example', "a@b\u2028.example",
    ],
)  # fmt: skip
def test_an_address_is_one_address(store: WatchStore, mail: str) -> None:
    with store.db.writing(), pytest.raises(PersonRefused):
        persons.add(store.db, Person(0, "李明", "", mail))


@pytest.mark.parametrize(
    "phone", ["1380013\r8000", '13800"', "13800138000;12345", "١٢٣٤٥٦", "13800\x1a", "+", "+86 138"]
)
def test_a_phone_is_digits(store: WatchStore, phone: str) -> None:
    with store.db.writing(), pytest.raises(PersonRefused):
        persons.add(store.db, Person(0, "李明", phone))


def again(url: str, header: str, body: bytes, method: str = "POST") -> int:
    """What somebody sends who has read what went by."""
    parts = urlsplit(url)
    with closing(http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=PATIENCE_S)) as line:
        line.request(method, f"{parts.path}?{parts.query}", body, {HEADER: header})
        with line.getresponse() as answer:
            return answer.status


def test_what_is_sent_a_second_time_is_old_or_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """The receiver's side, as docs/alarms.md tells it: the age is part of what is signed, the id of what is said."""
    body = json.dumps({"id": "7.1000"}).encode()
    with ProviderEmulator(SECRET) as provider:
        path, now_s = provider.url.partition("/sms")[1] + "?v=1", int(time.time())
        old, fresh = (signature(SECRET.encode(), "POST", path, at, body) for at in (now_s - OLD_S - 5, now_s))
        assert again(provider.url, old, body) == 401
        assert again(provider.url, old.replace(str(now_s - OLD_S - 5), str(now_s)), body) == 401
        assert again(provider.url, fresh, body + b" ") == 401
        assert again(provider.url, fresh, body, "GET") == 405
        assert [again(provider.url, fresh, body), again(provider.url, fresh, body)] == [202, 202]
        assert {one["id"] for one in provider.taken} == {"7.1000"}


def test_a_server_that_answers_without_an_end_holds_its_own_way_only_and_for_a_while(store: WatchStore) -> None:
    raise_alarm(store, "一食堂")
    with ProviderEmulator(SECRET) as provider:
        provider.mood.says = b"x" * 10_000_000
        doors = {Channel.WEBHOOK: WebhookDoor({"ops": place_of(provider.url, SECRET)})}
        Sending(store.db, doors, lambda _: None, ways=(Channel.WEBHOOK,)).turn(10_000)
    with store.db.reading():
        assert State.SENT in {one.state for one in queue.messages(store.db, 10)}
