"""What the operator says of applications, webhooks and documents: commands beside the serving process.

A key is printed once, on standard output, and nowhere else.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from cloud.open.documents.openapi import document
from cloud.open.sandbox.books import MERCHANT
from cloud.open.store.apps import (
    PER_DAY,
    PER_MINUTE,
    SCOPES,
    App,
    AppRefused,
    add_app,
    add_key,
    app_of,
    apps,
    keys_of,
    rotate,
)
from cloud.open.store.deliveries import again_all, again_since, allow_host, dead_of, forbid_host, hosts, set_hook
from cloud.open.store.schema import open_store
from cloud.open.webhooks.addresses import target_of
from cloud.process.settings import load_settings
from cloud.process.who import login_name
from cloud.process.whole_file import write_whole
from cloud.store.db import Database, open_database
from shared.clocks.campus_clock import CHINA_OFFSET_S, UNIX_2000
from shared.clocks.clock import DAY_S, ClockError, parse_time
from shared.words.voice import Text

DEAD_MAX = 1_000
DEMONSTRATION = "demonstration"
HOUR_MS = 3_600_000
Given = argparse.Namespace


def add(given: Given) -> int:
    """A new application, and its first key."""
    settings = load_settings(given.data)
    merchant = MERCHANT if given.sandbox else given.merchant or ""
    if not given.sandbox:
        _require_merchant(settings.books(given.dsn), merchant)
    per_minute, per_day = _quota(given.quota)
    now_ms, until_ms = _now_ms(), _until(given.until)
    who = login_name() if given.who is None else given.who
    scopes = tuple(dict.fromkeys(given.scopes.split(",")))
    wanted = App("", given.name, merchant, scopes, per_minute, per_day, until_ms, now_ms, who, 0, given.sandbox)
    with _writing(given.data) as store:
        app = add_app(store, wanted)
        key = add_key(store, app, now_ms)
    return say(Text(f"应用 {app.id}，密钥（只显示这一次）：", f"application {app.id}, its key (shown once):"), key)


def listing(given: Given) -> int:
    """One a line: number, name, merchant, scopes, quota, until, how it stands."""
    now_ms = _now_ms()
    with _writing(given.data) as store:
        found = [(app, keys_of(store, app.id, now_ms)) for app in apps(store)]
    for app, keys in found:
        state = Text("可用", "in use") if app.is_alive(now_ms) else Text("已作废", "ended")
        until = _day(app.until_ms) if app.until_ms else "-"
        say(
            f"{app.id}  {app.name}  {app.merchant}  {','.join(app.scopes)}  {app.per_minute}/{app.per_day}  {until}  "
            f"{Text('密钥', 'keys')} {len(keys)}  {state}"
        )
    return 0 if found else say(Text("没有应用", "there is no application"))


def turn_key(given: Given) -> int:
    """A new key; the old one goes on for the overlap."""
    if not 0 <= given.overlap <= 24 * 30:
        raise AppRefused(Text("--overlap 应为 0 到 720", "--overlap is 0 to 720"))
    with _writing(given.data) as store:
        key = rotate(store, app_of(store, given.app), _now_ms(), given.overlap * HOUR_MS)
    return say(Text("新密钥（只显示这一次）：", "the new key (shown once):"), key)


def sandbox_key(given: Given) -> int:
    """Of an application that is made where there is none; its keys of before end."""
    with _writing(given.data) as store:
        key = demonstration_key(store, _now_ms(), login_name())
    write_whole(given.out, f"{key}\n".encode("ascii"))
    return 0


def demonstration_key(store: Database, now_ms: int, who: str) -> str:
    """Inside of a transaction."""
    wanted = App("", DEMONSTRATION, MERCHANT, SCOPES, PER_MINUTE, PER_DAY, 0, now_ms, who, 0, True)
    there = [app for app in apps(store) if app.is_sandbox and app.name == DEMONSTRATION and app.is_alive(now_ms)]
    return rotate(store, there[0] if there else add_app(store, wanted), now_ms, 0)


def set_url(given: Given) -> int:
    """As the application's own call does."""
    target_of(given.url)
    with _writing(given.data) as store:
        set_hook(store, app_of(store, given.app).id, given.url, _now_ms())
    return say(Text("已设", "set"))


def remove_url(given: Given) -> int:
    """What waits is given up."""
    with _writing(given.data) as store:
        set_hook(store, app_of(store, given.app).id, "", _now_ms())
    return say(Text("已移除", "removed"))


def dead(given: Given) -> int:
    """Oldest first: event, application, tries, status or fault, when."""
    with _writing(given.data) as store:
        found = dead_of(store, given.app, 0, DEAD_MAX)
    for one in found:
        say(f"{one.event}  {one.app}  {one.tries}  {one.fault or one.status}  {_moment(one.changed_ms)}")
    return 0 if found else say(Text("没有放弃的回调", "nothing was given up"))


def replay(given: Given) -> int:
    """One, or all of this application that were given up; since a moment those that were heard, too."""
    now_ms, since_ms = _now_ms(), _since(given.since)
    with _writing(given.data) as store:
        app = app_of(store, given.app).id
        if since_ms is None:
            done = again_all(store, app, now_ms, given.event)
        else:
            done = again_since(store, app, since_ms, now_ms)
    return say(Text(f"重发 {done} 条", f"{done} go again")) if done else _none_again()


def _none_again() -> int:
    say(Text("没有可重发的", "there is none to go again"))
    return 1


def allow(given: Given) -> int:
    """Webhooks may lead to this host though its address is private."""
    who = login_name() if given.who is None else given.who
    with _writing(given.data) as store:
        allow_host(store, given.name.lower(), who, _now_ms())
    return say(Text("已允许", "allowed"))


def forbid(given: Given) -> int:
    """No longer."""
    with _writing(given.data) as store:
        forbid_host(store, given.name.lower())
    return say(Text("不再允许", "allowed no longer"))


def allowed(given: Given) -> int:
    """One a line."""
    with _writing(given.data) as store:
        for name in sorted(hosts(store)):
            say(name)
    return 0


def write_documents(given: Given) -> int:
    """As docs/api has them."""
    given.out.mkdir(parents=True, exist_ok=True)
    for name, told in documents().items():
        (given.out / name).write_text(told, encoding="utf-8")
    return 0


def documents() -> dict[str, str]:
    """File name → text."""
    from cloud.open.documents.mqtt import mqtt_document  # here: nothing else of this process needs them
    from cloud.open.documents.wallet import wallet_document
    from cloud.open.table import ROUTES
    from cloud.wallet.back.table import OPERATIONS

    made = {"open.json": document(ROUTES), "wallet.json": wallet_document(OPERATIONS), "mqtt.json": mqtt_document()}
    return {name: json.dumps(told, ensure_ascii=False, indent=1) + "\n" for name, told in made.items()}


@contextmanager
def _writing(data: Path) -> Iterator[Database]:
    load_settings(data)
    with closing(open_store(data)) as store, store.writing():
        yield store


def _require_merchant(dsn: str, merchant: str) -> None:
    with closing(open_database(dsn)) as ledger, ledger.reading():
        found = ledger.run("SELECT 1 FROM account WHERE code = ?", (f"merchant:{merchant}",))
    if not found:
        raise AppRefused(Text(f"没有商户 {merchant[:40]}", f"no such merchant: {merchant[:40]}"))


def _quota(text: str) -> tuple[int, int]:
    minute, _, day = text.partition("/")
    if not (minute.isascii() and minute.isdecimal() and day.isascii() and day.isdecimal()):
        raise AppRefused(Text("--quota 应如 600/50000", "--quota is as 600/50000"))
    return int(minute), int(day)


def _until(text: str | None) -> int:
    """The end of that day in China; 0: none."""
    if text is None:
        return 0
    try:
        begins_s = parse_time(text) // DAY_S * DAY_S
    except ClockError:
        raise AppRefused(Text("日期应如 2027-07-31", "a date is as 2027-07-31")) from None
    return 1000 * (begins_s + DAY_S - CHINA_OFFSET_S + UNIX_2000)


def _since(text: str | None) -> int | None:
    """That moment in China."""
    if text is None:
        return None
    try:
        return 1000 * (parse_time(text) - CHINA_OFFSET_S + UNIX_2000)
    except ClockError:
        raise AppRefused(Text("时刻应如 2026-11-26T11:30", "a moment is as 2026-11-26T11:30")) from None


def _day(unix_ms: int) -> str:
    return datetime.fromtimestamp(unix_ms // 1000 - 1 + CHINA_OFFSET_S, UTC).date().isoformat()


def _moment(unix_ms: int) -> str:
    return datetime.fromtimestamp(unix_ms // 1000 + CHINA_OFFSET_S, UTC).isoformat(" ", "seconds")[:19]


def _now_ms() -> int:
    return int(time.time() * 1000)


def say(*lines: str | Text) -> int:
    """On standard output."""
    for line in lines:
        sys.stdout.write(f"{line}\n")
    return 0
