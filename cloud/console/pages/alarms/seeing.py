"""Who sees which alarm: by the place of what it is about, and by whether it speaks of money.

A canteen's manager sees alarms of his box and its terminals; what no place has (services, cards) only who sees the
whole campus. Money's families want SEE_TAKINGS or SEE_BOOKS; what concerns money of persons is finance's and the
manager's.
"""

from collections.abc import Sequence
from typing import NamedTuple

from cloud.console.access.rights import ROLES, Right, Role, Signed
from cloud.watch.alarms.groups import Groups
from cloud.watch.alarms.rule import Rule
from cloud.watch.alarms.rules import RULES
from cloud.watch.alarms.terms import Family, Kind, Source
from cloud.watch.readings import Fleet, things

MONEY = frozenset({Family.LEDGER, Family.LOAD, Family.CARD})
_DAY_ONE = {rule.name: rule for rule in RULES}


class Place(NamedTuple):
    """Where something is. merchant: empty for a box, and for what is not within one."""

    box: str
    merchant: str = ""


class Places:
    """Of every source. fleet None: the ledger cannot be read, and only names say where something is."""

    def __init__(self, fleet: Fleet | None, groups: Groups) -> None:
        known = fleet or Fleet((), ())
        self._terminals = {one.device.hex(): Place(one.box, one.merchant) for one in known.terminals}
        by_name = {f"terminal:{one.device.hex()}": Place(one.box, one.merchant) for one in known.terminals}
        members = groups.members(things(known, 0)) if groups.named else {}
        self._groups = {
            group.name: tuple({by_name.get(str(one.source), Place(one.box)) for one in own})
            for group, own in members.items()
        }  # fmt: skip

    def of(self, source: Source) -> tuple[Place, ...]:
        """All places that it is at; none: it is the campus's."""
        match source.kind:
            case Kind.BOX | Kind.BUS:
                return (Place(source.name.partition("/")[0]),)
            case Kind.TERMINAL:
                found = self._terminals.get(source.name)
                return (found,) if found else ()
            case Kind.GROUP:
                box, slash, _ = source.name.rpartition("/")
                return (Place(box),) if slash else self._groups.get(source.name, ())
        return ()


def sees(signed: Signed, places: Sequence[Place], rule: Rule | None, right: Right = Right.SEE_ALARMS) -> bool:
    """May he see (or with ANSWER: answer) an alarm of this rule at these places?"""
    return all(may_at(signed, one, places) for one in (right, Right.SEE_ALARMS)) and _may_hear(signed, places, rule)


def may_at(signed: Signed, right: Right, places: Sequence[Place]) -> bool:
    """At all of them; without any: on the whole campus."""
    if not places:
        return signed.sees(right)
    return all(signed.sees(right, box=one.box, merchant=one.merchant) for one in places)


def rule_named(name: str, in_force: dict[str, Rule]) -> Rule | None:
    """One that is switched off is still that of day one: whom its alarms concern has not changed."""
    return in_force.get(name) or _DAY_ONE.get(name)


def _may_hear(signed: Signed, places: Sequence[Place], rule: Rule | None) -> bool:
    if rule is None or (rule.family not in MONEY and not rule.for_finance):
        return True
    if may_at(signed, Right.SEE_BOOKS, places):
        return True
    return _manages(signed, places) if rule.for_finance else may_at(signed, Right.SEE_TAKINGS, places)


def _manages(signed: Signed, places: Sequence[Place]) -> bool:
    """Is he the manager of all of them?"""
    scopes = [one.scope for one in signed.grants if one.role is Role.CANTEEN]
    has_right = Right.SEE_TAKINGS in ROLES[Role.CANTEEN] & signed.own
    return has_right and bool(places) and all(any(scope.takes(*place) for scope in scopes) for place in places)
