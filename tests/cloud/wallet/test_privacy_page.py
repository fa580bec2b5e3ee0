"""docs/wallet-privacy.md says what the tables of rights say: who sees what of a holder, and who of the school."""

import re

import pytest

from cloud.console.access.rights import ROLE_WORDS, ROLES, Right, Role
from cloud.wallet.people.records.erasures import RECORDS_DAYS, WAIT_DAYS
from cloud.wallet.people.sight import Bond, may
from compose.place import ROOT
from shared.clocks.clock import parse_time

TODAY = parse_time("2026-09-15 12:00:00")
MINOR, GROWN = "2014-05-01", "2000-05-01"
SEEN_BY = (
    (Bond.SELF, MINOR), (Bond.GUARDIAN, MINOR), (Bond.GUARDIAN, GROWN), (Bond.GRANTED, GROWN), (Bond.TEACHER, MINOR),
)  # fmt: skip
"""The table's columns."""
RIGHTS = ("sees", "sets", "tops-up", "own", "teaches")
SCHOOL = (Role.FINANCE, Role.CARDS, Role.STALL, Role.TEACHER)


def page() -> str:
    return (ROOT / "docs" / "wallet-privacy.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("right", RIGHTS)
def test_the_table_of_the_wallet_is_that_of_its_rights(right: str) -> None:
    (line,) = re.findall(rf"^\| `{right}` \|.*$", page(), re.MULTILINE)
    assert [cell.strip() for cell in line.split("|")[2:7]] == [
        "✓" if may(right, bond, born, TODAY) else "—" for bond, born in SEEN_BY
    ]


@pytest.mark.parametrize("role", SCHOOL)
def test_the_table_of_the_school_is_that_of_its_roles(role: Role) -> None:
    named = ", ".join(f"`{one}`" for one in sorted(ROLES[role]) if one.startswith("see-"))
    assert f"| {ROLE_WORDS[role].zh} {ROLE_WORDS[role].en} | {named or '—'} |" in page()


def test_whoever_sees_a_balance_is_named_and_the_days_are_those_of_the_code() -> None:
    seen = {role for role, rights in ROLES.items() if Right.SEE_BALANCES in rights}
    assert seen == {Role.FINANCE, Role.CARDS, Role.AUDIT, Role.ADMIN}
    assert {f"{WAIT_DAYS} 天", f"{RECORDS_DAYS} 天"} <= set(re.findall(r"\d+ 天", page()))
