"""`cloud docking`: who docked and how they stand, accounts, commands to them, the template of those without Sparkplug.

The dock need not run to look; a command is sent by it, and what came of it is awaited here.
"""

import json
import time
from contextlib import closing
from pathlib import Path

from cloud.commands.watch.around import moment, now_ms, open_store, push_line, pushed, say, text_of
from cloud.process.settings import FOLDER, CloudSettings, load_settings
from cloud.watch.docking.came import came, is_done
from cloud.watch.docking.dock import LATE_MS, TOLD_MS, written
from cloud.watch.docking.keeping.files import new_secret, prepare
from cloud.watch.docking.keeping.store import DockingStore, open_docking
from cloud.watch.docking.keeping.values import OPEN, Kept, Ordered, Standing, name_of, source_named
from cloud.watch.docking.mapping.template import read_template
from cloud.watch.docking.rights.accounts import Speech, account
from cloud.watch.docking.settings import read_settings
from cloud.watch.notify import persons
from cloud.watch.pushes import TEMPLATES
from shared.errors import ConfigFault
from shared.words.voice import Text

LOOK_S = 0.1
WAIT_S = (LATE_MS + TOLD_MS) / 1000 + 1.0
"""Longest wait for what came of a command."""
_RELOADED = Text("消息代理已重读权限", "the broker has read its rights again")
_RELOAD = Text(
    "若用 mosquitto：重读权限后生效（kill -HUP 或 systemctl reload mosquitto）",
    "with mosquitto: in force once it has read its rights again (kill -HUP, or systemctl reload mosquitto)",
)


def _open(settings: CloudSettings) -> DockingStore:
    return open_docking(settings.data / FOLDER)


def _prepare(settings: CloudSettings, store: DockingStore) -> bool:
    folder = settings.data / FOLDER
    return prepare(settings.data, folder, store, read_settings(folder, settings.campus))


def listing(data: Path, *, as_json: bool) -> int:
    """Every source, every account, what was refused. Always 0."""
    with closing(_open(load_settings(data))) as store:
        standings, accounts, refused = store.standings(), store.accounts(), store.refused()
    if as_json:
        rows = [{"source": name_of(one.source), "online": one.is_online, "since_ms": one.since_ms} for one in standings]
        known = [{"name": one.name, "speech": one.speech.value, "node": name_of(one.source)} for one in accounts]
        counts = {why: count for why, count, _ in refused}
        say(json.dumps({"sources": rows, "accounts": known, "refused": counts}, ensure_ascii=False))
        return 0
    docked = {one.source.of_node for one in standings}
    say(*(_standing_line(one) for one in standings))
    for one in accounts:
        if one.source not in docked:
            said = Text("尚未对接", "has not docked yet")
            say(f"○ {name_of(one.source)}  {one.name}  {one.speech}  {said}")
    for why, count, last_ms in refused:
        say(f"· {Text('拒收', 'refused')} {why}: {count}  {moment(last_ms)}")
    if not standings and not accounts:
        say(Text("○ 没有对接的设备", "○ nothing is docked"))
    return 0


def show(data: Path, name: str, *, as_json: bool) -> int:
    """One source and its metrics. 1: there is none."""
    with closing(_open(load_settings(data))) as store:
        found = [one for one in store.standings() if name_of(one.source) == name]
        metrics = store.metrics(name)
    if not found:
        say(Text(f"○ 没有此设备：{name}", f"○ no such source: {name}"))
        return 1
    if as_json:
        rows = [one._asdict() | {"datatype": one.datatype.name.lower()} for one in metrics]
        say(json.dumps({"source": name, "online": found[0].is_online, "metrics": rows}, ensure_ascii=False))
        return 0
    say(_standing_line(found[0]), *(_metric_line(one) for one in metrics))
    return 0


def add(data: Path, name: str, speech: Speech, group: str, node: str, who: str) -> int:
    """Admit a device; its secret is said once, and kept by nobody here. ConfigFault, PersonRefused."""
    settings = load_settings(data)
    secret, seal = new_secret()
    made = account(name, speech, group, node or name, seal)
    person = _known(data, who)
    with closing(_open(settings)) as store:
        store.add_account(made, now_ms(), person)
        told = _prepare(settings, store)
    say(Text(f"● 已准许：{name_of(made.source)}", f"● admitted: {name_of(made.source)}"))
    if speech is Speech.HTTP:
        say(f"  Authorization: Bearer {name}.{secret}")
    else:
        say(
            f"  {Text('用户', 'user')}: {made.user}",
            f"  {Text('口令（只显示这一次）', 'password (said once)')}: {secret}",
        )
    say(f"  {_RELOADED if told else _RELOAD}")
    return 0


def remove(data: Path, name: str, who: str) -> int:
    """Admit it no longer; what it has shown goes, too. ConfigFault, PersonRefused."""
    settings = load_settings(data)
    _known(data, who)
    with closing(_open(settings)) as store:
        gone = store.remove_account(name)
        told = _prepare(settings, store)
    say(Text(f"● 不再准许：{name_of(gone.source)}", f"● admitted no longer: {name_of(gone.source)}"))
    say(f"  {_RELOADED if told else _RELOAD}")
    return 0


def rights(data: Path) -> int:
    """Write the broker's files as the accounts are; safe to repeat. Always 0."""
    settings = load_settings(data)
    with closing(_open(settings)) as store:
        told = _prepare(settings, store)
    say(f"● {_RELOADED if told else _RELOAD}")
    return 0


def command(data: Path, name: str, metric: str, value: str, who: str) -> int:
    """Write a metric of a docked source; 0: it told the value back. ConfigFault: it cannot be; nothing was sent."""
    settings = load_settings(data)
    source_named(name)
    person = _known(data, who)
    with closing(_open(settings)) as store:
        known = next((one for one in store.metrics(name) if one.name == metric), None)
        if known is None:
            raise ConfigFault(Text(f"没有此指标：{name} {metric}", f"no such metric: {name} {metric}"))
        try:
            written(known.datatype, value)
        except ValueError as fault:
            told = known.datatype.name.lower()
            raise ConfigFault(Text(f"值不是 {told}", f"the value is no {told}")) from fault
        return _say_what_came(_awaited(store, store.order(now_ms(), person, name, metric, value)))


def commands(data: Path, *, as_json: bool) -> int:
    """What was commanded, the newest last. Always 0."""
    with closing(_open(load_settings(data))) as store:
        found = store.orders()
    if as_json:
        say(json.dumps({"commands": [one._asdict() for one in found]}, ensure_ascii=False))
        return 0
    for one in found:
        say(f"{one.number}  {moment(one.at_ms)}  {one.who}  {one.source} {one.metric} = {one.value}  {came(one)}")
    return 0


def check(file: Path) -> int:
    """Read a template; change nothing. ConfigFault, with line, key and reason."""
    found = read_template(text_of(file))
    picks = sum(len(one.picks) for one in found)
    say(Text(f"● 有效：{len(found)} 段，{picks} 个指标", f"● valid: {len(found)} maps, {picks} metrics"))
    return 0


def push(data: Path, file: Path, who: str, why: str) -> int:
    """Put a template in force. ConfigFault, PersonRefused: nothing has changed."""
    text = text_of(file)
    read_template(text)
    return _pushed(data, text, who, why)


def rollback(data: Path, number: int, who: str, why: str) -> int:
    """Put an earlier one in force again, under a new number."""
    with closing(_open(load_settings(data))) as store, store.db.reading():
        text = TEMPLATES.text_of(store.db, number)
    return _pushed(data, text, who, why or str(Text(f"退回第 {number} 次", f"back to {number}")))


def history(data: Path) -> int:
    """Every push, the newest first. Always 0."""
    with closing(_open(load_settings(data))) as store, store.db.reading():
        found = TEMPLATES.history(store.db)
    say(*(map(push_line, found) if found else (Text("还没有模板", "no template yet"),)))
    return 0


def _pushed(data: Path, text: str, who: str, why: str) -> int:
    person = _known(data, who)
    with closing(_open(load_settings(data))) as store, store.db.writing():
        number = TEMPLATES.push(store.db, now_ms(), person, why, text)
    say(pushed(number))
    return 0


def _known(data: Path, who: str) -> str:
    with closing(open_store(data)) as store, store.db.reading():
        return persons.known(store.db, who).name


def _awaited(store: DockingStore, number: int) -> Ordered:
    last_s = time.monotonic() + WAIT_S
    while True:
        found = store.ordered(number)
        if found is None:
            raise ConfigFault(Text("命令已不在", "the command is gone"))
        if found.state not in OPEN or time.monotonic() >= last_s:
            return found
        time.sleep(LOOK_S)


def _say_what_came(one: Ordered) -> int:
    say(f"{'●' if is_done(one) else '✗'} {one.source} {one.metric} = {one.value}  {came(one)}")
    return 0 if is_done(one) else 1


def _standing_line(one: Standing) -> str:
    state = Text("在线", "online") if one.is_online else Text("离线", "unreachable")
    return f"{'●' if one.is_online else '○'} {name_of(one.source)}  {state}  {moment(one.since_ms)}"


def _metric_line(one: Kept) -> str:
    value = "—" if one.text is None else one.text
    stale = f"  {Text('过时', 'stale')}" if one.is_stale else ""
    return f"    {one.name}: {value}{' ' if one.unit else ''}{one.unit}  ({one.datatype.name.lower()}){stale}"
