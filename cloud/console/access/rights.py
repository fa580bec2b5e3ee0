"""Rights, and the roles that give them: what somebody may see, what he may do, and where. Pure.

A page declares one right; whoever has none of the roles that give it does not get the page, and the menu does not name
it. A role is given for a place: a canteen (a box), a merchant in it, or everywhere. Aid of a named person is seen by
AID alone, so nobody has all rights.
"""

from collections.abc import Collection
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from shared.words.voice import Text


class Right(StrEnum):
    """One thing that one may see, or do. OPEN: without signing in. SELF: whoever has signed in."""

    OPEN = "open"
    SELF = "self"
    SEE_CAMPUS = "see-campus"
    SEE_ALARMS = "see-alarms"
    SEE_TAKINGS = "see-takings"
    SEE_BOOKS = "see-books"
    SEE_CARDS = "see-cards"
    SEE_BALANCES = "see-balances"
    SEE_AID = "see-aid"
    SEE_PEOPLE = "see-people"
    SEE_AUDIT = "see-audit"
    ANSWER = "answer"
    COMMAND = "command"
    DRAW = "draw"
    SET_RULES = "set-rules"
    SET_DUTY = "set-duty"
    DOCK = "dock"
    REPORT_LOSS = "report-loss"
    CANCEL_LOSS = "cancel-loss"
    ISSUE = "issue"
    DECIDE = "decide"
    CLOSE_DAY = "close-day"
    GIVE_AID = "give-aid"
    SET_PEOPLE = "set-people"


class Role(StrEnum):
    """What somebody is here."""

    DUTY = "duty"
    OPERATIONS = "operations"
    FINANCE = "finance"
    CARDS = "cards"
    AID = "aid"
    CANTEEN = "canteen"
    STALL = "stall"
    TEACHER = "teacher"
    AUDIT = "audit"
    ADMIN = "admin"


_ALL = frozenset(Right) - {Right.OPEN}
_SEES = frozenset(one for one in Right if one.value.startswith("see-"))
ROLES: dict[Role, frozenset[Right]] = {
    Role.DUTY: frozenset({Right.SEE_CAMPUS, Right.SEE_ALARMS, Right.ANSWER, Right.REPORT_LOSS}),
    Role.OPERATIONS: frozenset({
        Right.SEE_CAMPUS, Right.SEE_ALARMS, Right.ANSWER, Right.COMMAND, Right.DRAW, Right.SET_RULES, Right.SET_DUTY,
        Right.DOCK,
    }),
    Role.FINANCE: frozenset({
        Right.SEE_ALARMS, Right.ANSWER, Right.SEE_TAKINGS, Right.SEE_BOOKS, Right.SEE_CARDS, Right.SEE_BALANCES,
        Right.DECIDE, Right.CLOSE_DAY,
    }),
    Role.CARDS: frozenset({
        Right.SEE_CARDS, Right.SEE_BALANCES, Right.REPORT_LOSS, Right.CANCEL_LOSS, Right.ISSUE,
    }),
    Role.AID: frozenset({Right.SEE_AID, Right.GIVE_AID}),
    Role.CANTEEN: frozenset({Right.SEE_CAMPUS, Right.SEE_ALARMS, Right.ANSWER, Right.SEE_TAKINGS}),
    Role.STALL: frozenset({Right.SEE_TAKINGS}),
    Role.TEACHER: frozenset({Right.REPORT_LOSS, Right.SEE_CARDS}),
    Role.AUDIT: _SEES - {Right.SEE_AID},
    Role.ADMIN: _ALL - {Right.SEE_AID, Right.GIVE_AID},
}  # fmt: skip
"""What each role may. SELF is everybody's who has signed in."""

ROLE_WORDS = {
    Role.DUTY: Text("值班", "duty"),
    Role.OPERATIONS: Text("运维", "operations"),
    Role.FINANCE: Text("财务", "finance"),
    Role.CARDS: Text("卡务", "card desk"),
    Role.AID: Text("资助", "student aid"),
    Role.CANTEEN: Text("食堂", "canteen"),
    Role.STALL: Text("档口", "stall"),
    Role.TEACHER: Text("班主任", "class teacher"),
    Role.AUDIT: Text("审计", "audit"),
    Role.ADMIN: Text("管理员", "administrator"),
}


class Scope(NamedTuple):
    """Where a role holds; an empty part is everywhere. box: a canteen's or a bus's; merchant: within it; group: of
    people, a class."""

    box: str = ""
    merchant: str = ""
    group: str = ""

    def takes(self, box: str = "", merchant: str = "", group: str = "") -> bool:
        """Is this place within? What is asked without a part is the whole of it, and only a whole scope has that."""
        pairs = ((self.box, box), (self.merchant, merchant), (self.group, group))
        return all(not mine or mine == asked for mine, asked in pairs)


EVERYWHERE = Scope()


class Grant(NamedTuple):
    """A role, and where."""

    role: Role
    scope: Scope = EVERYWHERE


class Signed(NamedTuple):
    """Who has signed in. csrf: what each of his forms must carry. session: tells his session from his others.
    seen_as: he looks at the console as this role has it; `own`: what he may himself, which bounds it."""

    name: str
    csrf: str
    grants: tuple[Grant, ...]
    session: bytes = b""
    seen_as: Role | None = None
    own: frozenset[Right] = frozenset(Right)

    def may(self, right: Right) -> bool:
        """Anywhere at all? Where, `scopes` says."""
        return right is Right.SELF or bool(self.scopes(right))

    def scopes(self, right: Right) -> tuple[Scope, ...]:
        """Where he may; empty: nowhere."""
        return _scopes(self.grants, self.own, right)

    def sees(self, right: Right, *, box: str = "", merchant: str = "", group: str = "") -> bool:
        """May he, of this object? Every page of one object and every list asks it."""
        scopes = self.scopes(right)
        return EVERYWHERE in scopes or any(scope.takes(box, merchant, group) for scope in scopes)

    def groups(self, right: Right) -> frozenset[str] | None:
        """The classes in which he may; None: wherever, so nothing is asked."""
        if self.everywhere(right):
            return None
        return frozenset(scope.group for scope in self.scopes(right) if scope == Scope(group=scope.group))

    def looking_as(self, role: Role) -> "Signed":
        """The console as that role has it, of what he may see himself; he then changes nothing."""
        return self._replace(grants=(Grant(role),), own=frozenset(r for r in Right if self.may(r)), seen_as=role)

    def looking_through(self, asked: str) -> "Signed":
        """As the role of this name has it, if he gives rights; else as he is."""
        may = asked in set(Role) and self.may(Right.SEE_PEOPLE)
        return self.looking_as(Role(asked)) if may else self

    def everywhere(self, right: Right) -> bool:
        """Is nothing kept from him? Sums of the whole campus are his alone who sees all of it."""
        return EVERYWHERE in self.scopes(right)


@lru_cache(maxsize=1024)
def _scopes(grants: tuple[Grant, ...], own: frozenset[Right], right: Right) -> tuple[Scope, ...]:
    """A list asks it for each of its rows."""
    return tuple(grant.scope for grant in grants if right in ROLES[grant.role] & own)


def grants_of(roles: Collection[tuple[str, str, str, str]]) -> tuple[Grant, ...]:
    """From (role, box, merchant, group) as they are kept; a role that this version does not know gives nothing."""
    known = set(Role)
    return tuple(Grant(Role(role), Scope(*scope)) for role, *scope in sorted(roles) if role in known)
