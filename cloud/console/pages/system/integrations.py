"""Docked devices of others 第三方接入: who is there with which metrics, accounts, commands, and what was refused.

A password is shown once. Of a command the page says what the device told back, and never more than that.
"""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import NamedTuple

from flask import abort, g, redirect, render_template, request, url_for

from cloud.console.access.rights import Right
from cloud.console.frame.export import csv_answer
from cloud.console.frame.page import Menu, Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.table import Column, asked, fitting, listed, ordered
from cloud.console.frame.told import tell
from cloud.console.pages.system.services import moment, since
from cloud.console.words.catalogue import words
from cloud.process.settings import FOLDER
from cloud.store.db import Database
from cloud.watch.docking.came import came, is_done
from cloud.watch.docking.dock import LATE_MS, TOLD_MS, written
from cloud.watch.docking.keeping.files import new_secret, prepare
from cloud.watch.docking.keeping.store import DockingStore, open_docking
from cloud.watch.docking.keeping.values import OPEN, Ordered, Standing, State, name_of
from cloud.watch.docking.mapping.reading import BODY_MAX
from cloud.watch.docking.pace import A_SECOND, AT_ONCE
from cloud.watch.docking.rights.accounts import ACCOUNTS_MAX, Account, Speech, account
from cloud.watch.docking.rights.acl import rights
from cloud.watch.docking.settings import read_settings
from cloud.watch.docking.signals import BEAT, NAMES_MAX, STALE_MS
from cloud.watch.notify.doors_file import read_places
from shared.errors import ConfigFault, YktError
from shared.input.functions import Function
from shared.words.voice import Text

COMMANDS_SHOWN = 20
VALUE_MAX = 200
SPEECHES = {
    Speech.SPARKPLUG: Text("Sparkplug B", "Sparkplug B"),
    Speech.MQTT: Text("MQTT，JSON 经映射", "MQTT, JSON by a mapping"),
    Speech.HTTP: Text("HTTP POST，JSON 经映射", "HTTP POST, JSON by a mapping"),
}
REASONS = {
    "malformed": Text("不成形", "malformed"),
    "full": Text("到了上限", "at a bound"),
    "before-birth": Text("未报到就发数据", "data before a birth"),
    "again": Text("重复", "again"),
    "pace": Text("发得太快", "too fast"),
    "stranger": Text("没有账号", "no account"),
    "unmapped": Text("没有映射", "no mapping"),
}


class Row(NamedTuple):
    """A node or a device. account: of its node; '' where there is none any more. since_ms 0: it has never docked.
    is_known: does the dock run, so that it can be known whether this is there?"""

    source: str
    account: str
    speech: str
    is_online: bool
    is_known: bool
    since_ms: int
    heard_ms: int
    metrics: int

    @property
    def state(self) -> str:
        """A key of the words."""
        if not self.since_ms:
            return "dock_never"
        if not self.is_known:
            return "dock_unknown"
        return "dock_online" if self.is_online else "dock_away"


class Hook(NamedTuple):
    """A way of the watch to another program. state '': nothing was ever sent."""

    name: str
    state: str
    at_ms: int
    code: str
    waits: int

    @property
    def mark(self) -> str:
        """How the last message ended."""
        return {"": "off", "sent": "ok", "arrived": "ok"}.get(self.state, "bad")


class Command(NamedTuple):
    """One as it is shown; said: what came of it, or that it is awaited."""

    ordered: Ordered
    mark: str
    said: Text


COLUMNS: tuple[Column[Row], ...] = (
    Column("dock_source", lambda row: row.source),
    Column("dock_account", lambda row: row.account),
    Column("dock_speech", lambda row: row.speech),
    Column("state", lambda row: row.state),
    Column("since", lambda row: row.since_ms or None),
    Column("last_seen", lambda row: row.heard_ms or None),
    Column("dock_metrics", lambda row: row.metrics, numeric=True),
)


@contextmanager
def opened(sources: Sources) -> Iterator[DockingStore]:
    """Docking's file, for one request; made where there is none."""
    with closing(open_docking(sources.settings.data / FOLDER)) as store:
        yield store


def _now_ms() -> int:
    return int(time.time() * 1000)


def _is_told(store: DockingStore) -> bool:
    """Does the dock look now?"""
    beat = store.mark(BEAT)
    return beat is not None and abs(_now_ms() - beat) < STALE_MS


def _rows(store: DockingStore) -> list[Row]:
    """All that has docked, and accounts that have not yet."""
    is_told, accounts = _is_told(store), {one.source: one for one in store.accounts()}
    counts, heard = dict[str, int](), dict[str, int]()
    for metric in store.metrics():
        counts[metric.source] = counts.get(metric.source, 0) + 1
        heard[metric.source] = max(heard.get(metric.source, 0), metric.at_ms)
    standings = store.standings()
    rows = [
        _row(
            one,
            accounts.get(one.source.of_node),
            counts.get(name_of(one.source), 0),
            is_told,
            heard.get(name_of(one.source), 0),
        )
        for one in standings
    ]
    docked = {one.source.of_node for one in standings}
    waiting = [one for source, one in accounts.items() if source not in docked]
    return rows + [Row(name_of(one.source), one.name, one.speech.value, False, is_told, 0, 0, 0) for one in waiting]


def _row(one: Standing, of: Account | None, metrics: int, is_told: bool, heard_ms: int) -> Row:
    named = (of.name, of.speech.value) if of else ("", "")
    return Row(name_of(one.source), *named, one.is_online, is_told, one.since_ms, heard_ms, metrics)


def _command(one: Ordered) -> Command:
    is_awaited = one.state in OPEN and _now_ms() - one.at_ms < LATE_MS + TOLD_MS
    if is_awaited:
        said = Text("已发出，等设备回报", "sent, and the device is awaited")
        return Command(one, "off", Text("等待发出", "waits to be sent") if one.state is State.WAITING else said)
    mark = "ok" if is_done(one) else "off" if one.state in (State.UNKNOWN, State.SENT) else "bad"
    return Command(one, mark, came(one))


def _listed(sources: Sources) -> Reply:
    with opened(sources) as store:
        rows, refused, is_told = _rows(store), store.refused(), _is_told(store)
        commands = [_command(one) for one in reversed(store.orders(most=COMMANDS_SHOWN))]
        quotas = _quotas(len(store.accounts()))
    return render_template(
        "system/integrations.html", list=listed(rows, COLUMNS, asked(request.args)), refused=refused, reasons=REASONS,
        is_told=is_told, commands=commands, moment=moment, since=since, speeches=SPEECHES, now_ms=_now_ms(),
        quotas=quotas, hooks=_hooks(sources),
    )  # fmt: skip


def _quotas(accounts: int) -> list[tuple[str, int | None, int]]:
    """Each bound: its word, how much of it is taken, and where it is. None: it is counted by sender, and not kept."""
    return [
        ("quota_accounts", accounts, ACCOUNTS_MAX), ("quota_a_second", None, int(A_SECOND)),
        ("quota_at_once", None, int(AT_ONCE)), ("quota_names", None, NAMES_MAX), ("quota_body", None, BODY_MAX),
    ]  # fmt: skip


def _hooks(sources: Sources) -> list[Hook] | None:
    """Webhooks and chats of the watch, by name, with what was last sent to them; None: they cannot be read."""
    try:
        names = sorted(read_places(sources.settings.data / FOLDER))
        with sources.watch() as watch, watch.db.reading():
            return [_hook(watch.db, name) for name in names]
    except YktError:
        return None


def _hook(db: Database, name: str) -> Hook:
    """Its address may be a secret, and is not read."""
    sql = "SELECT state, done_ms, code FROM message WHERE person = ? AND done_ms > 0 ORDER BY done_ms DESC LIMIT 1"
    rows = db.run(sql, (name,))
    waits = int(db.run("SELECT COUNT(*) FROM message WHERE person = ? AND state = 'waiting'", (name,))[0][0])
    state, at_ms, code = rows[0] if rows else ("", 0, "")
    return Hook(name, state, at_ms, code, waits)


def _listed_csv(sources: Sources) -> Reply:
    wanted, said = asked(request.args), words(g.language)
    with opened(sources) as store:
        rows = ordered(fitting(_rows(store), COLUMNS, wanted.find), COLUMNS, wanted)
    return csv_answer("docked", [said[column.name] for column in COLUMNS], COLUMNS, rows)


def _device(sources: Sources) -> Reply:
    name = request.args.get("source", "")
    with opened(sources) as store:
        row = next((one for one in _rows(store) if one.source == name), None)
        of = next((one for one in store.accounts() if row and one.name == row.account), None)
        metrics = store.metrics(name) if name else []
        commands = [_command(one) for one in reversed(store.orders()) if one.source == name][:COMMANDS_SHOWN]
        is_told, admitted = _is_told(store), store.admitted()
    if row is None:
        abort(404)
    host = read_settings(sources.settings.data / FOLDER, sources.settings.campus).host if of else ""
    return render_template(
        "system/docked.html", row=row, metrics=metrics, commands=commands, is_told=is_told, moment=moment, since=since,
        of=of, speeches=SPEECHES, now_ms=_now_ms(), value_max=VALUE_MAX,
        allowed=rights(of, host) if of else (), admitted=admitted.get(of.name) if of else None,
    )  # fmt: skip


def _rotate(sources: Sources) -> Reply:
    """Another secret, on this one answer; the former opens nothing from now on. What it may stays."""
    name, (secret, seal) = request.form.get("name", ""), new_secret()
    with opened(sources) as store:
        of = store.reseal(name, seal)
        is_reloaded = _write_rights(sources, store)
    tell(f"docked:{name}", Text(f"{name} 换密钥", f"{name}: another secret"))
    return render_template("system/dock_made.html", of=of, secret=secret, is_reloaded=is_reloaded)


def _add(sources: Sources) -> Reply:
    """Admit a device; its secret is on this one answer, and nowhere else."""
    form = request.form
    speech = form.get("speech", "")
    if speech not in set(Speech):
        abort(400)
    name, secret, seal = form.get("name", "").strip(), *new_secret()
    made = account(name, Speech(speech), form.get("group", "").strip(), form.get("node", "").strip() or name, seal)
    with opened(sources) as store:
        store.add_account(made, _now_ms(), g.signed.name)
        is_reloaded = _write_rights(sources, store)
    tell(f"docked:{name}", Text(f"准许接入 {name_of(made.source)}", f"admitted {name_of(made.source)}"))
    return render_template("system/dock_made.html", of=made, secret=secret, is_reloaded=is_reloaded)


def _remove(sources: Sources) -> Reply:
    name = request.form.get("name", "")
    with opened(sources) as store:
        gone = store.remove_account(name)
        _write_rights(sources, store)
    tell(f"docked:{name}", Text(f"不再准许 {name_of(gone.source)}", f"admits {name_of(gone.source)} no longer"))
    return redirect(url_for("integrations"))


def _write_rights(sources: Sources, store: DockingStore) -> bool:
    """The broker's lists as the accounts are; whether a broker of this machine has read them again."""
    folder = sources.settings.data / FOLDER
    return prepare(sources.settings.data, folder, store, read_settings(folder, sources.settings.campus))


def _order(sources: Sources) -> Reply:
    """Write a metric: checked by its type here, sent by the dock."""
    source, metric, value = (request.form.get(name, "") for name in ("source", "metric", "value"))
    with opened(sources) as store:
        known = next((one for one in store.metrics(source) if one.name == metric), None) if source else None
        if known is None:
            raise ConfigFault(Text(f"没有此指标：{source} {metric}", f"no such metric: {source} {metric}"))
        try:
            written(known.datatype, value[:VALUE_MAX])
        except ValueError as fault:
            told = known.datatype.name.lower()
            raise ConfigFault(Text(f"值不是 {told}", f"the value is no {told}")) from fault
        number = store.order(_now_ms(), g.signed.name, source, metric, value[:VALUE_MAX])
    said = f"{metric} = {value[:VALUE_MAX]}"
    tell(f"docked:{source}", Text(f"第 {number} 号命令：{said}", f"command {number}: {said}"))
    return redirect(url_for("docked", source=source))


PAGES = (
    Page("integrations", "/integrations", Right.DOCK, _listed, Menu.SYSTEM, needs=Function.DOCKING),
    Page("integrations_csv", "/integrations.csv", Right.DOCK, _listed_csv, needs=Function.DOCKING),
    Page("docked", "/integrations/device", Right.DOCK, _device, needs=Function.DOCKING),
    Page("dock_add", "/integrations/add", Right.DOCK, _add, writes=True, needs=Function.DOCKING),
    Page("dock_rotate", "/integrations/rotate", Right.DOCK, _rotate, writes=True, needs=Function.DOCKING),
    Page("dock_remove", "/integrations/remove", Right.DOCK, _remove, writes=True, needs=Function.DOCKING),
    Page("dock_order", "/integrations/command", Right.DOCK, _order, writes=True, needs=Function.DOCKING),
)
