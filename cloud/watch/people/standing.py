"""What stands, for whoever looks: rules, groups, policy in force, each alarm with its rule, and what things are called.

Inside of transactions of the watch's file.
"""

from collections.abc import Mapping
from contextlib import closing
from functools import lru_cache
from typing import NamedTuple

from cloud.ledger.read.reader import Reader, open_reader
from cloud.store.db import Database
from cloud.watch.alarms.group_file import read_groups
from cloud.watch.alarms.groups import Groups
from cloud.watch.alarms.rule import Rule
from cloud.watch.alarms.rule_file import RuleFile, read_rules
from cloud.watch.alarms.rules import RULES
from cloud.watch.alarms.watching import Key
from cloud.watch.kept import floods
from cloud.watch.notify import persons
from cloud.watch.notify.policy_file import read_policy
from cloud.watch.notify.routes import Policy
from cloud.watch.pushes import GROUPINGS, POLICIES, RULESETS
from cloud.watch.readings import Fleet, read_fleet
from cloud.watch.store import Listed, WatchStore
from cloud.watch.turn import BEAT, BEHIND, STALE_MS
from cloud.watch.words import Calls, Shown, names
from shared.clocks.school_days import WEEKDAYS, Calendar
from shared.errors import YktError

RULESETS_KEPT = 4
"""Texts of rules that are remembered as they were read."""


class Standing(NamedTuple):
    """All that is on some list. as_of_ms: when the watch last looked, 0: never; behind: facts that wait for a turn;
    flooded: scope → since when."""

    shown: list[Shown]
    rules: dict[str, Rule]
    as_of_ms: int
    behind: int
    flooded: dict[str, int]

    def is_stale(self, now_ms: int) -> bool:
        """Does the watch not run? Then all this is as of then, and what has come since nobody knows."""
        return now_ms - self.as_of_ms > STALE_MS


def standing(store: WatchStore) -> Standing:
    """As it is kept."""
    rules = rules_in_force(store.db)
    as_of_ms, behind = store.marks(BEAT, BEHIND)
    seen = [shown(one, rules) for one in store.listed()]
    return Standing(seen, rules, as_of_ms, behind, floods.lasting(store.db))


def shown(one: Listed, rules: Mapping[str, Rule]) -> Shown:
    """An alarm with its rule."""
    return Shown(one.key.rule, one.key.source, one.alarm, rules.get(one.key.rule), one.code, one.told)


def key_of(one: Shown) -> Key:
    """Which one it is."""
    return Key(one.name, one.source)


def own_rules(db: Database) -> RuleFile:
    """What the school has said of rules."""
    text = RULESETS.in_force(db)
    return _rule_file(text) if text else RuleFile()


@lru_cache(maxsize=RULESETS_KEPT)
def _rule_file(text: str) -> RuleFile:
    """Every page asks for the one in force; it was checked when it was pushed."""
    return read_rules(text, RULES)


def rules_in_force(db: Database) -> dict[str, Rule]:
    """By name: those of day one as the school has changed them, and its own."""
    return {rule.name: rule for rule in own_rules(db).over(RULES)}


def groups_in_force(db: Database) -> Groups:
    """The school's."""
    text = GROUPINGS.in_force(db)
    return read_groups(text) if text else Groups()


def policy_in_force(db: Database, calendar: Calendar) -> Policy | None:
    """None: none was pushed."""
    text = POLICIES.in_force(db)
    return read_policy(text, persons.names(db), calendar) if text else None


def calls_of(fleet: Fleet | None, groups: Groups) -> Calls:
    """Names of the ledger's; with a ledger that is away, the numbers."""
    known = fleet or Fleet((), ())
    boxes = {box.box: box.name for box in known.boxes}
    return names(boxes, {one.device: f"{one.name} {one.place}".strip() for one in known.terminals}, groups)


def fleet_or_none(reader: Reader) -> Fleet | None:
    """Boxes and terminals of the ledger's; None: it cannot be read."""
    try:
        return read_fleet(reader)
    except YktError:
        return None


def calendar_or_weekdays(dsn: str) -> Calendar:
    """The school's; with a ledger that is away, weekdays."""
    try:
        with closing(open_reader(dsn)) as reader:
            return reader.calendar()
    except YktError:
        return WEEKDAYS
