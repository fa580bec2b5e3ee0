"""Cash and void findings go to finance and the canteen's manager, and to nobody else, whoever a route names."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cloud.ledger.fleet.views import FactView
from cloud.watch.alarms.rules import RULES
from cloud.watch.notify import persons
from cloud.watch.notify.calling import Time
from cloud.watch.notify.persons import Person, Role
from cloud.watch.pushes import POLICIES
from cloud.watch.store import WatchStore, open_watch
from cloud.watch.turn import Turns
from shared.facts.books import VoidHeld
from shared.facts.desks import CashShort, PsamStolen
from shared.facts.told import Told

NOON = 2 * 86_400 + 12 * 3600
EVERYBODY = (
    Person(0, "值班", "", "duty@school.edu.cn"),
    Person(0, "财务", "", "finance@school.edu.cn", role=Role.FINANCE),
    Person(0, "经理", "", "canteen@school.edu.cn", role=Role.CANTEEN),
)
POLICY = """
format = 1
[[route]]
name = "钱"
finance = {finance}
[[route.step]]
to = ["值班", "财务"]
by = ["mail"]
"""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[WatchStore]:
    with closing(open_watch(tmp_path)) as opened:
        with opened.db.writing():
            for one in EVERYBODY:
                persons.add(opened.db, one)
        yield opened


def fact(number: int, told: Told) -> tuple[int, FactView]:
    return number, FactView(1000, told.level.value, told.code, "", b"", told.params())


CASH, VOID = CashShort("王", 500, 0), VoidHeld("void-twice", 7, 3)


def told(store: WatchStore, *facts: Told, policy: str = "") -> dict[str, str]:
    """By person: the subjects of what was queued."""
    if policy:
        with store.db.writing():
            POLICIES.push(store.db, 1, "x", "", policy)
    turns = Turns(store, RULES)
    turns.take([fact(n, one) for n, one in enumerate(facts, 1)], [], Time(1000, NOON), is_meal=False)
    turns.take([], [], Time(10_000, NOON + 9), is_meal=False)
    with store.db.reading():
        return dict(store.db.run("SELECT person, subject || text FROM message"))


@pytest.mark.parametrize("finding", [CASH, VOID], ids=["cash", "void"])
def test_by_default_finance_and_the_manager_hear_of_it_and_nobody_else(store: WatchStore, finding: Told) -> None:
    assert told(store, finding).keys() == {"财务", "经理"}


def test_everything_else_goes_where_it_went(store: WatchStore) -> None:
    found = told(store, CASH, PsamStolen(b"\1" * 6, "王芳", "丢失"))
    assert found.keys() == {"值班", "财务", "经理"}
    assert "长短款" not in found["值班"]


def test_a_route_of_others_takes_none_of_it(store: WatchStore) -> None:
    assert told(store, CASH, policy=POLICY.format(finance="false")).keys() == {"财务", "经理"}, "the default one does"


def test_a_route_for_finance_tells_none_of_those_without_a_role_whom_it_names(store: WatchStore) -> None:
    assert told(store, CASH, policy=POLICY.format(finance="true")).keys() == {"财务"}


def test_without_anybody_of_these_it_is_listed_and_told_to_nobody(tmp_path: Path) -> None:
    with closing(open_watch(tmp_path)) as store:
        with store.db.writing():
            persons.add(store.db, EVERYBODY[0])
        assert told(store, CASH) == {}
        assert [one.key.rule for one in store.alarms()] == ["cash"]


HOOK = """
format = 1
[[route]]
name = "程序"
finance = {finance}
[[route.step]]
to = ["hook:ops"]
by = ["webhook"]
"""


@pytest.mark.parametrize(("finance", "hears"), [("false", False), ("true", True)])
def test_a_program_hears_of_it_where_its_route_says_so_and_else_not(
    store: WatchStore, finance: str, hears: bool
) -> None:
    assert ("hook:ops" in told(store, CASH, policy=HOOK.format(finance=finance))) is hears
