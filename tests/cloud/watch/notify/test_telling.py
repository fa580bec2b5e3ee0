"""Alarms become messages in the file: what is beyond a measure stays, over a restart too, and no card is named."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cloud.watch.alarms import states
from cloud.watch.alarms.flood import Flood
from cloud.watch.alarms.rules import RULES
from cloud.watch.alarms.states import Alarm, Deed
from cloud.watch.alarms.terms import Kind, Source
from cloud.watch.alarms.watching import Change, Key
from cloud.watch.kept import past
from cloud.watch.notify import persons, queue
from cloud.watch.notify.calling import SETTLE_MS, WINDOW_MS, Time
from cloud.watch.notify.persons import Person
from cloud.watch.notify.queue import Message
from cloud.watch.notify.telling import Around, Telling
from cloud.watch.notify.templates import SMS_MAX
from cloud.watch.notify.terms import Why
from cloud.watch.pushes import POLICIES
from cloud.watch.store import WatchStore, open_watch
from shared.clocks.school_days import WEEKDAYS
from shared.facts.told import Level, Params

MEASURE = 2
POLICY = f"""format = 1
per_ten_minutes = {MEASURE}
[[route]]
name = "all"
wakes = true
[[route.step]]
to = ["王芳"]
by = ["mail", "sms"]
[[route.step]]
after = "1m"
to = ["hook:ops"]
by = ["webhook"]
"""
CARD, RAW = "1001200300457788", bytes.fromhex("53039912345678aabbcc")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[WatchStore]:
    with closing(open_watch(tmp_path)) as opened:
        with opened.db.writing():
            persons.add(opened.db, Person(0, "王芳", "13800138000", "wang@example.com"))
            POLICIES.push(opened.db, 1, "王芳", "", POLICY)
        yield opened


class Desk:
    """A process that tells; every alarm calls from its second on."""

    def __init__(self, store: WatchStore, told: Params = (), console: str = "") -> None:
        self.store, self.told = store, told
        self.around = Around(str, "校园", WEEKDAYS, console=console)
        self.telling = Telling(store.db, {rule.name: rule for rule in RULES}, Flood(), str)
        self.alarms: dict[Key, Alarm] = {}

    def comes(self, number: int, rule: str = "lost-card", source: Source | None = None) -> None:
        key = Key(rule, source or Source(Kind.BOX, f"b{number}"))
        self.alarms[key] = states.raised(None, number * 1000, Level.URGENT)[0]

    def turn(self, at_ms: int) -> None:
        facts = dict.fromkeys(self.alarms, ("difference", self.told))
        with self.store.db.writing():
            self.telling.look_again(WEEKDAYS)
            self.telling.turn(self.alarms, facts, Time(at_ms, 43_200 + at_ms // 1000), self.around)

    def mails(self) -> list[Message]:
        with self.store.db.reading():
            return [one for one in reversed(queue.messages(self.store.db, 1000)) if one.channel == "mail"]


def one_a_turn(desk: Desk, numbers: range) -> None:
    for number in numbers:
        desk.comes(number)
        desk.turn(number * 1000)


def test_what_is_beyond_his_measure_comes_as_a_digest_with_all_of_it(store: WatchStore) -> None:
    desk = Desk(store)
    one_a_turn(desk, range(1, 30))
    one_a_turn(desk, range(30, 31))
    desk.turn(40_000)
    assert [one.why for one in desk.mails()] == [Why.CALL] * MEASURE
    desk.turn(40_000 + WINDOW_MS)
    assert {key for one in desk.mails() for key in one.keys} == desk.alarms.keys()
    assert desk.mails()[-1].why is Why.DIGEST


def test_a_measure_is_no_fuller_for_a_restart(store: WatchStore) -> None:
    for life in range(5):
        desk = Desk(store)
        desk.comes(life, source=Source(Kind.BOX, f"life-{life}"))
        for at_ms in (life * 20_000, life * 20_000 + SETTLE_MS):
            desk.turn(at_ms)
    assert len(desk.mails()) == MEASURE


@pytest.mark.parametrize("card", [CARD, RAW])
def test_no_message_says_a_cards_number(store: WatchStore, card: str | bytes) -> None:
    desk = Desk(store, (("case", "lost"), ("card", card), ("purse", "main"), ("fen", 500)))
    desk.comes(1)
    desk.comes(2, "balance-chain", Source(Kind.CARD, CARD))
    for at_ms in (0, SETTLE_MS, 70_000):
        desk.turn(at_ms)
    with store.db.reading():
        found = queue.messages(store.db, 10)
    assert {one.channel.value for one in found} == {"mail", "sms", "webhook"}
    said = "".join(one.subject + one.text for one in found)
    assert CARD not in said
    assert RAW.hex() not in said
    assert (CARD if isinstance(card, str) else RAW.hex())[-4:] in said, "its end is told"


def test_every_way_links_to_the_alarms_page_by_a_number_that_says_nothing_of_it(store: WatchStore) -> None:
    desk = Desk(store, console="https://ykt.example.edu")
    desk.comes(2, "balance-chain", Source(Kind.CARD, CARD))
    (key,) = desk.alarms
    with store.db.writing():
        store.write([Change(key, 1, Deed.RAISED, desk.alarms[key])])
    for at_ms in (0, SETTLE_MS, 70_000):
        desk.turn(at_ms)
    with store.db.reading():
        found = {one.channel.value: one.text for one in queue.messages(store.db, 10)}
        assert past.key_of_event(store.db, 1) == key
    assert found["mail"].endswith("打开并确认：https://ykt.example.edu/a/1")
    assert found["sms"].endswith(" https://ykt.example.edu/a/1")
    assert len(found["sms"]) <= SMS_MAX
    assert json.loads(found["webhook"])["alarms"][0]["link"] == "https://ykt.example.edu/a/1"
    assert not any(CARD in text for text in found.values())


def test_without_an_address_nothing_links_and_the_command_is_named(store: WatchStore) -> None:
    desk = Desk(store)
    desk.comes(1)
    for at_ms in (0, SETTLE_MS):
        desk.turn(at_ms)
    assert "https:" not in desk.mails()[0].text
    assert "./ykt cloud alarms ack" in desk.mails()[0].text
