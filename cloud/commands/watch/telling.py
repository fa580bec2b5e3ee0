"""`cloud notify`: the policy of who is told, what was told, who is on duty, and a message to try a way with.

A file that is wrong is refused with line and reason, and the one in force stays so. Nothing pushed is edited: taking
one back pushes the former text again.
"""

import json
import time
from contextlib import closing
from pathlib import Path

from cloud.commands.watch.around import moment, now_ms, open_store, push_line, pushed, say, text_of
from cloud.ledger.read.reader import open_reader
from cloud.process.settings import FOLDER, load_settings
from cloud.store.db import Database
from cloud.watch.notify import persons, queue
from cloud.watch.notify.channels.chat import ChatDoor
from cloud.watch.notify.doors_file import read_doors, read_places
from cloud.watch.notify.event import event
from cloud.watch.notify.persons import address
from cloud.watch.notify.policy_file import read_policy
from cloud.watch.notify.queue import Message
from cloud.watch.notify.routes import DUTY, Policy
from cloud.watch.notify.terms import CHANNELS, CHAT, Channel, Why, way_to
from cloud.watch.notify.words import said
from cloud.watch.pushes import POLICIES
from cloud.watch.replies import wrong_codes
from cloud.watch.turn import BEAT, STALE_MS
from shared.clocks.campus_clock import WALL
from shared.clocks.school_days import WEEKDAYS, Calendar
from shared.errors import ConfigFault, YktError
from shared.words.voice import Language, Text

MESSAGES_SHOWN = 50
WAIT_S, LOOK_S = 20.0, 0.2
"""So long a trial is followed, and how often it is looked at."""
LAST = frozenset({queue.State.ARRIVED, queue.State.FAILED, queue.State.JOINED})
TOLD = frozenset({Channel.SMS})
"""Ways that may say later whether it has arrived."""
NONE_YET = Text(
    "还没有推送过：已登记的人员收到紧急与重要报警的邮件",
    "none yet: known persons get mail of what is urgent or important",
)
STATES = {
    queue.State.WAITING: Text("◐ 等待", "◐ waiting"),
    queue.State.SENT: Text("● 已发出", "● sent"),
    queue.State.ARRIVED: Text("● 已送达", "● arrived"),
    queue.State.JOINED: Text("○ 并入汇总", "○ joined"),
    queue.State.FAILED: Text("✗ 失败", "✗ failed"),
}


def check(data: Path, file: Path) -> int:
    """Read a file; change nothing. ConfigFault, with line, key and reason."""
    text = text_of(file)
    with closing(open_store(data)) as store, store.db.reading():
        policy = _checked(store.db, data, text)
    shifts = len(policy.rota.shifts)
    say(
        Text(
            f"● 有效：{len(policy.routes)} 条路由，{shifts} 个班次",
            f"● valid: {len(policy.routes)} routes, {shifts} shifts",
        )
    )
    return 0


def push(data: Path, file: Path, who: str, why: str) -> int:
    """Put it in force. ConfigFault, PersonRefused: nothing has changed."""
    text = text_of(file)
    with closing(open_store(data)) as store, store.db.writing():
        name = persons.known(store.db, who).name
        _checked(store.db, data, text)
        number = POLICIES.push(store.db, now_ms(), name, why, text)
    say(pushed(number))
    return 0


def rollback(data: Path, number: int, who: str, why: str) -> int:
    """Put an earlier one in force again, under a new number."""
    with closing(open_store(data)) as store, store.db.writing():
        name = persons.known(store.db, who).name
        text = POLICIES.text_of(store.db, number)
        _checked(store.db, data, text)
        fresh = POLICIES.push(
            store.db, now_ms(), name, why or str(Text(f"退回第 {number} 次", f"back to {number}")), text
        )
    say(pushed(fresh))
    return 0


def history(data: Path) -> int:
    """Every push, the newest first. Always 0."""
    with closing(open_store(data)) as store, store.db.reading():
        found = POLICIES.history(store.db)
    say(*(map(push_line, found) if found else (NONE_YET,)))
    return 0


def duty(data: Path, dsn: str | None) -> int:
    """Who is on duty now; 1 when nobody is."""
    with closing(open_store(data)) as store, store.db.reading():
        text = POLICIES.in_force(store.db)
        policy = read_policy(text, persons.names(store.db), _calendar(data, dsn)) if text else None
    found = policy.persons((DUTY,), WALL.at(time.time())) if policy else ()
    say("、".join(found) or Text("✗ 此刻无人值班", "✗ nobody is on duty now"))
    return int(not found)


def messages(data: Path, *, as_json: bool) -> int:
    """What was told, the newest first. 1 when one has failed."""
    with closing(open_store(data)) as store, store.db.reading():
        found, wrong = queue.messages(store.db, MESSAGES_SHOWN), wrong_codes(store.db, now_ms())
    if as_json:
        rows = [
            {
                "number": m.number, "made_ms": m.made_ms, "person": m.person, "channel": m.channel.value,
                "why": m.why.value, "subject": m.subject, "state": m.state.value, "tries": m.tries,
                "done_ms": m.done_ms, "receipt": m.receipt, "instead_of": m.instead_of,
            }
            for m in found
        ]  # fmt: skip
        say(json.dumps({"messages": rows, "wrong_codes": wrong}, ensure_ascii=False))
    elif not found:
        say(Text("还没有发过消息", "nothing was told yet"))
    else:
        say(*map(_line, found))
    if wrong and not as_json:
        say(Text(f"○ 近一小时短信回错码 {wrong} 次", f"○ wrong codes by SMS in the last hour: {wrong}"))
    return int(any(one.state is queue.State.FAILED for one in found))


def test(data: Path, name: str, channel: Channel, who: str) -> int:
    """Queue a message to try a way with, and show what becomes of it: its states and what its way gave for it. 1: it
    was not taken in WAIT_S. PersonRefused; ConfigFault: he has no address for it."""
    campus = load_settings(data).name
    with closing(open_store(data)) as store:
        with store.db.writing():
            persons.known(store.db, who)
            to, subject, text = _tried(store.db, name, channel, campus)
            at_ms = now_ms()
            message = Message(0, at_ms, name, channel, to, Why.TEST, (), subject, text, next_ms=at_ms)
            number = queue.put(store.db, message)
            looked_ms = store.mark(BEAT)
        say(Text(f"已排队：第 {number} 条", f"queued: message {number}"))
        if at_ms - looked_ms > STALE_MS:
            say(Text("○ 值守没有运行：等它发", "○ the watch does not run: it waits for it"))
            return 0
        return _followed(store.db, number)


def _followed(db: Database, number: int) -> int:
    """Each state that it comes to, up to its last, or up to WAIT_S."""
    shown, last_s = "", time.monotonic() + WAIT_S
    while True:
        with db.reading():
            one = queue.message(db, number)
        if one is not None and (line := _line(one)) != shown:
            shown = line
            say(line)
        is_last = one is None or one.state in LAST or (one.state is queue.State.SENT and one.channel not in TOLD)
        if is_last or time.monotonic() >= last_s:
            return int(one is None or one.state in (queue.State.WAITING, queue.State.FAILED))
        time.sleep(LOOK_S)


def _tried(db: Database, name: str, channel: Channel, campus: str) -> tuple[str, str, str]:
    """Address, subject and text of a test."""
    if way_to(name) is channel:
        words = said(Why.TEST, (), str, campus, Language.ZH)
        is_hook = channel is Channel.WEBHOOK
        return name, "" if is_hook else words.subject, event(Why.TEST, (), str, campus) if is_hook else words.text
    person = persons.known(db, name)
    to = address(person, channel)
    if not to:
        raise ConfigFault(
            Text(f"{name} 没有{CHANNELS[channel].zh}地址", f"{name} has no address for {CHANNELS[channel].en}")
        )
    words = said(Why.TEST, (), str, campus, person.language)
    return to, words.subject, words.sms if channel is Channel.SMS else words.text


def _line(one: Message) -> str:
    again = f"×{one.tries}" if one.tries > 1 else ""
    parts = (
        str(one.number), moment(one.made_ms), str(STATES[one.state]) + again, str(CHANNELS[one.channel]), one.person,
        one.subject, _receipt(one),
    )  # fmt: skip
    return "  ".join(part for part in parts if part)


def _receipt(one: Message) -> str:
    """What its way gave for it, or why it did not take it."""
    if one.state is queue.State.JOINED:
        return str(Text(f"见第 {one.receipt} 条", f"see message {one.receipt}"))
    return f"[{one.receipt}]" if one.receipt else ""


def _checked(db: Database, data: Path, text: str) -> Policy:
    """The policy, over the ways that there are. ConfigFault; a way that is not there is said."""
    folder = load_settings(data).data / FOLDER
    doors = read_doors(folder)
    policy = read_policy(text, persons.names(db), WEEKDAYS, read_places(folder))
    steps = [step for route in policy.routes for step in route.steps]
    chats = doors.get(Channel.CHAT)
    for name in dict.fromkeys(name for step in steps for name in step.to if name.startswith(CHAT)):
        if isinstance(chats, ChatDoor):
            chats.check(name.removeprefix(CHAT))
    for way in sorted({way for step in steps for way in step.channels} - doors.keys()):
        named = CHANNELS[way]
        told = Text(
            f"○ channels.toml 里没有{named.zh}：其消息等着", f"○ no {named.en} in channels.toml: its messages wait"
        )
        say(told)
    return policy


def _calendar(data: Path, dsn: str | None) -> Calendar:
    """The school's; with a ledger that is away, weekdays."""
    try:
        with closing(open_reader(load_settings(data).books(dsn))) as reader:
            return reader.calendar()
    except YktError:
        return WEEKDAYS
