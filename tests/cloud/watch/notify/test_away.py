"""SMTP and SMSC away for a day: nothing of it is lost, and nobody is flooded when they are back. Virtual time."""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from cloud.emulators.smsc import THROTTLED, SmscEmulator
from cloud.store.db import Database
from cloud.watch.alarms.terms import Kind, Source
from cloud.watch.alarms.watching import Key
from cloud.watch.notify import persons, queue
from cloud.watch.notify.channels.door import Awaited, ChannelFault, Door, Given, Heard
from cloud.watch.notify.channels.folder import FolderDoor
from cloud.watch.notify.channels.smpp import SmppDoor, SmppServer
from cloud.watch.notify.channels.smtp import SmtpDoor, SmtpServer
from cloud.watch.notify.digests import digest_of
from cloud.watch.notify.persons import Person
from cloud.watch.notify.queue import Message, State
from cloud.watch.notify.routes import Policy
from cloud.watch.notify.sending import LATE_MAX, Sending
from cloud.watch.notify.terms import Channel, Why
from cloud.watch.store import open_watch
from shared.words.voice import Language

MINUTE_MS = 60_000
DAY_MS = 24 * 60 * MINUTE_MS
EVERY_MS, LOOK_MS = 20 * MINUTE_MS, MINUTE_MS
WINDOW_MS = 10 * MINUTE_MS
PEOPLE = {"王芳": ("13800138000", "wang@example.com"), "李明": ("13900139000", "li@example.com")}
MEASURE = Policy().per_ten_minutes


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    with closing(open_watch(tmp_path)) as store:
        with store.db.writing():
            for name, (phone, mail) in PEOPLE.items():
                persons.add(store.db, Person(0, name, phone, mail))
        yield store.db


def call(db: Database, name: str, channel: Channel, at_ms: int, why: Why = Why.CALL) -> int:
    phone, mail = PEOPLE[name]
    to = phone if channel is Channel.SMS else mail
    key = Key("box-silent", Source(Kind.BOX, f"box-{at_ms // MINUTE_MS}"))
    told = f"网关失联 {at_ms // MINUTE_MS}"
    with db.writing():
        return queue.put(db, Message(0, at_ms, name, channel, to, why, (key,), told, told, next_ms=at_ms))


def rows(db: Database) -> dict[int, Message]:
    with db.reading():
        return {one.number: one for one in queue.messages(db, 10_000)}


def test_a_day_without_mail_and_sms_loses_nothing_and_floods_nobody(db: Database, tmp_path: Path) -> None:
    with SmscEmulator() as gone:
        port = gone.port
    sms = SmppDoor(SmppServer("127.0.0.1", port, "10690001", "ykt", "geheim", tls=False))
    away = SmtpDoor(SmtpServer("127.0.0.1", port, "a@example.com", starttls=False))
    doors: dict[Channel, Door] = {Channel.MAIL: away, Channel.SMS: sms}
    made = 0
    for now_ms in range(0, DAY_MS, LOOK_MS):
        if now_ms % EVERY_MS == 0:
            for name in PEOPLE:
                call(db, name, Channel.SMS, now_ms, Why.DIGEST if now_ms % (2 * EVERY_MS) else Why.CALL)
                made += 1
        Sending(db, doors, lambda _: None).turn(now_ms)
    assert {one.state for one in rows(db).values()} == {State.WAITING}
    assert len(rows(db)) > 3 * made / 2  # mail instead of SMS as well

    doors[Channel.MAIL] = FolderDoor(tmp_path / "mail", "a@example.com")
    with ExitStack() as opened:
        smsc = opened.enter_context(SmscEmulator(port))
        opened.enter_context(closing(sms))
        sending = Sending(db, doors, lambda _: None)
        for now_ms in range(DAY_MS, DAY_MS + WINDOW_MS, 2000):
            sending.turn(now_ms)
    found = rows(db)
    assert_nothing_is_lost(found)
    told = Counter((one.person, one.channel) for one in found.values() if one.state in (State.SENT, State.ARRIVED))
    assert set(told) == {(name, way) for name in PEOPLE for way in (Channel.MAIL, Channel.SMS)}
    assert max(told.values()) <= min(LATE_MAX + 2, MEASURE)
    assert all(len(one.text) <= 70 for one in smsc.sent)


def assert_nothing_is_lost(found: dict[int, Message]) -> None:
    """Each was told, or its alarms are told in a digest that was."""
    for one in found.values():
        digest = found[int(one.receipt)] if one.state is State.JOINED else one
        assert digest.state in (State.SENT, State.ARRIVED), one
        assert set(one.keys) <= set(digest.keys)


def test_three_days_away_are_one_digest_and_what_is_young(db: Database) -> None:
    """What is a day old is a line of a digest that waits; one for each address, told with the rest."""
    with SmscEmulator() as gone:
        port = gone.port
    codes = iter(f"{n:06d}" for n in range(10**6))
    with closing(SmppDoor(SmppServer("127.0.0.1", port, "1", "y", "", tls=False))) as sms:
        sending = Sending(db, {Channel.SMS: sms}, lambda _: None, lambda: next(codes))
        for now_ms in range(0, 3 * DAY_MS, 5 * LOOK_MS):
            if now_ms % EVERY_MS == 0:
                call(db, "王芳", Channel.SMS, now_ms)
            sending.turn(now_ms)
        waits = [one for one in rows(db).values() if one.state is State.WAITING]
        assert len(waits) == DAY_MS // EVERY_MS + 1
        digest = max(waits, key=lambda one: len(one.keys))
        with db.reading():
            assert len(queue.lines_of(db, digest.number)) == len(digest.keys) == 2 * DAY_MS // EVERY_MS
        with SmscEmulator(port) as smsc:
            for now_ms in range(3 * DAY_MS, 3 * DAY_MS + WINDOW_MS, 2000):
                sending.turn(now_ms)
    found = rows(db)
    assert_nothing_is_lost(found)
    assert len(found) == 5 * DAY_MS // EVERY_MS + 1  # each digest that was taken up by the next stays on the list
    assert len(smsc.sent) == 2
    lines = [one.text for one in smsc.sent if one.text.startswith("迟到的报警")]
    assert all(len(text) <= 70 and "接单" in text for text in lines)
    told = sum(int(text.split(" ")[1]) for text in lines) + len(smsc.sent) - len(lines)
    assert told == 3 * DAY_MS // EVERY_MS


def test_a_way_that_nobody_has_named_is_no_hole(db: Database, tmp_path: Path) -> None:
    number = call(db, "王芳", Channel.SMS, 0)
    sending = Sending(db, {Channel.MAIL: FolderDoor(tmp_path / "mail", "a@example.com")}, lambda _: None)
    for now_ms in (0, 6 * MINUTE_MS, 7 * MINUTE_MS):
        sending.turn(now_ms)
    waits, other = rows(db)[number], rows(db)[number + 1]
    assert (waits.state, waits.receipt) == (State.WAITING, "no [sms] in channels.toml")
    assert (other.channel, other.state) == (Channel.MAIL, State.SENT)


def test_few_late_ones_go_each_by_itself(db: Database, tmp_path: Path) -> None:
    numbers = [call(db, "王芳", Channel.MAIL, at_ms) for at_ms in range(LATE_MAX)]
    tried = [one for one in rows(db).values() if one.number == numbers[0]]
    with db.writing():
        queue.refused(db, tried[0], 0, "away", 1000)
    sending = Sending(db, {Channel.MAIL: FolderDoor(tmp_path / "mail", "a@example.com")}, lambda _: None)
    for now_ms in range(2 * MINUTE_MS, 3 * MINUTE_MS, 5000):
        sending.turn(now_ms)
    assert [rows(db)[number].state for number in numbers] == [State.SENT] * LATE_MAX


def test_a_digest_of_late_ones_is_joined_into_no_other(db: Database) -> None:
    for at_ms in range(LATE_MAX + 1):
        call(db, "王芳", Channel.MAIL, at_ms)
    with db.writing():
        (several,) = queue.late(db, Channel.MAIL, MINUTE_MS)
        queue.join(db, several, digest_of(several, Language.ZH, MINUTE_MS))
    later = call(db, "王芳", Channel.MAIL, 2 * MINUTE_MS)
    with db.reading():
        assert [[one.number for one in found] for found in queue.late(db, Channel.MAIL, DAY_MS)] == [[later]]


class _Refusing:
    """Refuses all, and counts."""

    tries = 0

    def send(self, message: Message) -> Given:
        self.tries += 1
        raise ChannelFault("away", for_all=True)

    def heard(self, awaited: Awaited = tuple) -> Heard:
        return ()


def test_a_way_that_is_away_costs_one_time_out_a_look(db: Database) -> None:
    for at_ms in range(5):
        call(db, "王芳", Channel.MAIL, at_ms)
    door = _Refusing()
    assert Sending(db, {Channel.MAIL: door}, lambda _: None).turn(1000) == door.tries == 1
    assert [one.tries for one in rows(db).values()] == [1] * 5


class _Breaking:
    """A way that breaks at one message, each time."""

    def __init__(self, poison: int) -> None:
        self.poison, self.took = poison, []

    def send(self, message: Message) -> Given:
        if message.number == self.poison:
            raise ChannelFault("hung up", for_all=True)
        self.took.append(message.number)
        return Given("ok")

    def heard(self, awaited: Awaited = tuple) -> Heard:
        return ()


def test_a_message_at_which_the_way_breaks_holds_no_other(db: Database) -> None:
    numbers = [call(db, "王芳", Channel.MAIL, 0) for _ in range(5)]
    door = _Breaking(numbers[0])
    sending = Sending(db, {Channel.MAIL: door}, lambda _: None)
    for now_ms in range(0, 60_000, 2000):
        sending.turn(now_ms)
    assert door.took == numbers[1:]
    assert rows(db)[numbers[0]].state is State.WAITING


def test_a_receipt_that_says_no_sends_it_by_another_way(db: Database, tmp_path: Path) -> None:
    number = call(db, "王芳", Channel.SMS, 0)
    with SmscEmulator() as smsc, ExitStack() as opened:
        smsc.mood.receipt = "UNDELIV"
        sms = opened.enter_context(closing(SmppDoor(SmppServer("127.0.0.1", smsc.port, "1", "y", "", tls=False))))
        mail = FolderDoor(tmp_path / "mail", "a@example.com")
        sending = Sending(db, {Channel.MAIL: mail, Channel.SMS: sms}, lambda _: None)
        for _ in range(1000):
            sending.turn(1000)
            if len(rows(db)) == 2:
                break
        sending.turn(1000)
    failed, other = rows(db)[number], rows(db)[number + 1]
    assert (failed.state, other.channel, other.state, other.instead_of) == (
        State.FAILED, Channel.MAIL, State.SENT, number,
    )  # fmt: skip


def test_a_long_mail_goes_by_sms_as_its_subject(db: Database) -> None:
    at = call(db, "王芳", Channel.MAIL, 0)
    with db.writing():
        db.run("UPDATE message SET text = ? WHERE id = ?", ("警" * 2000, at))
    with SmscEmulator() as smsc:
        sms = SmppDoor(SmppServer("127.0.0.1", smsc.port, "1", "y", "", tls=False))
        smsc.mood.submit = THROTTLED
        with closing(sms):
            sending = Sending(db, {Channel.MAIL: _Refusing(), Channel.SMS: sms}, lambda _: None)
            sending.turn(6 * MINUTE_MS)
            smsc.mood.submit = 0
            sending.turn(7 * MINUTE_MS)
    assert [one.text for one in smsc.sent] == ["网关失联 0"]
