"""Texts that people push (rules, policy, groups): checked, compared, put in force, taken back.

A text that is wrong is refused with line and reason, and the one in force stays so. Nothing pushed is edited: taking
one back pushes the former text again. Inside of transactions of the watch's file.
"""

from collections.abc import Callable
from difflib import unified_diff
from pathlib import Path
from typing import NamedTuple

from cloud.store.db import Database
from cloud.watch.alarms.group_file import Known, read_groups
from cloud.watch.alarms.groups import Groups
from cloud.watch.alarms.rule_file import read_rules
from cloud.watch.alarms.rules import RULES
from cloud.watch.notify import persons
from cloud.watch.notify.channels.chat import ChatDoor
from cloud.watch.notify.doors_file import read_doors, read_places
from cloud.watch.notify.policy_file import read_policy
from cloud.watch.notify.routes import Policy
from cloud.watch.notify.terms import CHANNELS, CHAT, Channel
from cloud.watch.pushes import Pushes
from cloud.watch.readings import Fleet
from shared.clocks.school_days import WEEKDAYS
from shared.words.voice import Text

UNCHECKED = Text("○ 账本读不到：成员名称未核对", "○ the ledger cannot be read: names of members are not checked")
Check = Callable[[Database, str], "Checked"]


class Checked(NamedTuple):
    """A text that may be pushed. said: what is in it; warnings: what its author may not have thought of."""

    said: Text
    warnings: tuple[Text, ...] = ()


def check_rules(_: Database, text: str) -> Checked:
    """ConfigFault, with line, key and reason."""
    own = read_rules(text, RULES)
    rules, changes = len(own.rules), len(own.changes)
    return Checked(Text(f"● 有效：{rules} 条规则，{changes} 处改动", f"● valid: {rules} rules, {changes} changes"))


def check_policy(folder: Path) -> Check:
    """Over the ways that the cloud's folder names. ConfigFault, with line, key and reason."""

    def check(db: Database, text: str) -> Checked:
        policy = read_policy(text, persons.names(db), WEEKDAYS, read_places(folder))
        routes, shifts = len(policy.routes), len(policy.rota.shifts)
        said = Text(f"● 有效：{routes} 条路由，{shifts} 个班次", f"● valid: {routes} routes, {shifts} shifts")
        return Checked(said, _ways_amiss(policy, folder))

    return check


def check_groups(fleet: Fleet | None) -> Check:
    """Names are held against what is registered; fleet None: nobody can tell now. ConfigFault as above."""

    def check(_: Database, text: str) -> Checked:
        groups = _groups(text, fleet)
        said = Text(f"● 有效：{len(groups.named)} 个分组", f"● valid: {len(groups.named)} groups")
        return Checked(said, () if fleet else (UNCHECKED,))

    return check


def push(db: Database, pushes: Pushes, check: Check, text: str, by: str, why: str, at_ms: int) -> int:
    """Put it in force; its number. ConfigFault, PersonRefused: nothing has changed."""
    name = persons.known(db, by).name
    check(db, text)
    return pushes.push(db, at_ms, name, why, text)


def roll_back(db: Database, pushes: Pushes, check: Check, number: int, by: str, why: str, at_ms: int) -> int:
    """Put an earlier one in force again, under a new number. ConfigFault, PersonRefused: nothing has changed."""
    text = pushes.text_of(db, number)
    reason = why or str(Text(f"退回第 {number} 次", f"back to {number}"))
    return push(db, pushes, check, text, by, reason, at_ms)


def compared(before: str, after: str) -> list[str]:
    """Line by line; empty: they are the same."""
    return list(unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=1))[2:]


def _groups(text: str, fleet: Fleet | None) -> Groups:
    if fleet is None:
        return read_groups(text)
    terminals = {word for one in fleet.terminals for word in (one.name, one.device.hex())}
    return read_groups(text, Known({box.box for box in fleet.boxes}, terminals))


def _ways_amiss(policy: Policy, folder: Path) -> tuple[Text, ...]:
    """A way that no file names is said; a chat that is not there is a ConfigFault."""
    doors = read_doors(folder)
    steps = [step for route in policy.routes for step in route.steps]
    chats = doors.get(Channel.CHAT)
    for name in dict.fromkeys(name for step in steps for name in step.to if name.startswith(CHAT)):
        if isinstance(chats, ChatDoor):
            chats.check(name.removeprefix(CHAT))
    named = [CHANNELS[way] for way in sorted({way for step in steps for way in step.channels} - doors.keys())]
    return tuple(
        Text(f"○ channels.toml 里没有{one.zh}：其消息等着", f"○ no {one.en} in channels.toml: its messages wait")
        for one in named
    )
