"""Who may what, and where: by role, within its scope, and by nothing else."""

from contextlib import closing
from pathlib import Path

import pytest

from cloud.console.access.accounts import Accounts
from cloud.console.access.rights import EVERYWHERE, ROLE_WORDS, ROLES, Grant, Right, Role, Scope, Signed
from tests.cloud.console.rig import PASSWORD


def signed(*grants: Grant) -> Signed:
    return Signed("王芳", "token", grants)


def test_every_role_has_its_rights_and_its_words() -> None:
    assert set(ROLES) == set(ROLE_WORDS) == set(Role)
    assert all(ROLES.values())
    assert {right for rights in ROLES.values() for right in rights} == set(Right) - {Right.OPEN}


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.AID])
def test_aid_of_a_named_person_is_seen_by_nobody_else(role: Role) -> None:
    assert not signed(Grant(role)).may(Right.SEE_AID)


def test_audit_changes_nothing() -> None:
    assert all(right.value.startswith("see-") for right in ROLES[Role.AUDIT])


def test_a_scope_takes_what_is_within_it_and_no_sum_of_more() -> None:
    mine = signed(Grant(Role.CANTEEN, Scope(box="canteen-1")), Grant(Role.STALL, Scope("canteen-2", "面馆")))
    assert mine.sees(Right.SEE_TAKINGS, box="canteen-1", merchant="一楼")
    assert mine.sees(Right.SEE_TAKINGS, box="canteen-2", merchant="面馆")
    assert not mine.sees(Right.SEE_TAKINGS, box="canteen-2", merchant="一楼")
    assert not mine.sees(Right.SEE_TAKINGS, box="canteen-2")
    assert not mine.sees(Right.SEE_TAKINGS)
    assert not mine.sees(Right.SEE_CAMPUS, box="canteen-2")
    assert not mine.everywhere(Right.SEE_TAKINGS)
    assert signed(Grant(Role.FINANCE)).everywhere(Right.SEE_BOOKS)


def test_whoever_has_no_role_may_be_himself_and_nothing_else() -> None:
    assert [right for right in Right if signed().may(right)] == [Right.SELF]


def test_the_first_operator_and_those_of_release_0_1_are_administrators(tmp_path: Path) -> None:
    with closing(Accounts(tmp_path / "console.db")) as accounts:
        accounts.use_link(accounts.make_link("admin", 1), PASSWORD, 2)
        accounts.use_link(accounts.make_link("li", 3), PASSWORD, 4)
        assert accounts.grants("admin") == (Grant(Role.ADMIN, EVERYWHERE),)
        assert accounts.grants("li") == ()
        accounts._file._db.execute("DROP TABLE role")
    with closing(Accounts(tmp_path / "console.db")) as accounts:
        assert accounts.grants("li") == (Grant(Role.ADMIN, EVERYWHERE),)
