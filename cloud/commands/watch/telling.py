"""`cloud notify`: the policy of who is told, what was told, who is on duty, and a message to try a way with.

A file that is wrong is refused with line and reason, and the one in force stays so. Nothing pushed is edited: taking
one back pushes the former text again.
"""

import json
import time
from contextlib import closing
from pathlib import Path

from cloud.commands.watch.around import moment, now_ms, open_store, push_line, pushed, say, text_of
from cloud.process.settings import FOLDER, load_settings
from cloud.store.db import Database
from cloud.watch.notify import queue
from cloud.watch.notify.queue import Message
from cloud.watch.notify.routes import DUTY
from cloud.watch.notify.terms import CHANNELS, Channel
from cloud.watch.people import texts
from cloud.watch.people.replies import wrong_codes
from cloud.watch.people.standing import calendar_or_weekdays, policy_in_force
from cloud.watch.people.testing import put_test
from cloud.watch.pushes import POLICIES
from cloud.watch.turn import BEAT, STALE_MS
from shared.clocks.campus_clock import WALL
from shared.words.voice import Text

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
        found = _check(data)(store.db, text)
    say(*found.warnings, found.said)
    return 0


def push(data: Path, file: Path, who: str, why: str) -> int:
    """Put it in force. ConfigFault, PersonRefused: nothing has changed."""
    text = text_of(file)
    with closing(open_store(data)) as store, store.db.writing():
        number = texts.push(store.db, POLICIES, _check(data), text, who, why, now_ms())
        say(*_check(data)(store.db, text).warnings)
    say(pushed(number))
    return 0


def rollback(data: Path, number: int, who: str, why: str) -> int:
    """Put an earlier one in force again, under a new number."""
    with closing(open_store(data)) as store, store.db.writing():
        fresh = texts.roll_back(store.db, POLICIES, _check(data), number, who, why, now_ms())
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
        policy = policy_in_force(store.db, calendar_or_weekdays(load_settings(data).dsn(dsn)))
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
            at_ms = now_ms()
            number = put_test(store.db, name, channel, who, campus, at_ms)
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


def _check(data: Path) -> texts.Check:
    return texts.check_policy(load_settings(data).data / FOLDER)
