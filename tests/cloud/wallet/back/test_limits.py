"""Bounds of one's own: lower at once, higher by a fresh proof, and never against the guardian who set it."""

import pytest

from cloud.ledger.funds.payments.rule import DAY_MAX_FEN
from cloud.wallet.back.holder.limits import DAYS_TOLD
from cloud.wallet.people.persons import add_person
from tests.cloud.wallet.rig import CHILD, GROWN, Rig

KEYS = [f"{n:02d}" * 16 for n in range(10)]
DAY_S = 86_400


@pytest.fixture
def child(rig: Rig) -> Rig:
    with rig.site.people.writing():
        person = add_person(rig.site.people, "", "child", CHILD[0], 0)
        grown = add_person(rig.site.people, "", "grown", GROWN[0], 0)
    rig.signed("child", person.id)
    rig.signed("grown", grown.id)
    rig.ask("consent", "mother", holder=CHILD[0], given=True)
    return rig


def test_what_a_guardian_sets_a_minor_lowers_and_does_not_raise(child: Rig) -> None:
    assert child.ask("limits", "child")["bound_fen"] is None
    set_by_mother = child.ask("limits/set", "mother", holder=CHILD[0], key=KEYS[0], day_fen=30_00)
    assert (set_by_mother["day_fen"], set_by_mother["by_guardian"]) == (30_00, True)
    days = [one["day"] for one in set_by_mother["days"]]
    assert days == list(range(days[0], days[0] - DAYS_TOLD, -1))
    assert child.ask("limits/set", "child", key=KEYS[1], day_fen=30_01) == "guardians-bound"
    assert child.ask("limits/set", "child", key=KEYS[2], day_fen=20_00)["bound_fen"] == 20_00
    assert child.ask("limits/set", "child", key=KEYS[2], day_fen=10_00) == "no-bound"
    assert child.ask("limits/set", "child", key=KEYS[3], day_fen=DAY_MAX_FEN + 1) == "no-bound"


def test_raising_takes_a_fresh_proof_and_lowering_none(child: Rig) -> None:
    child.later(3600)
    assert child.ask("limits/set", "mother", holder=CHILD[0], key=KEYS[0], day_fen=30_00)["day_fen"] == 30_00
    assert child.ask("limits/set", "mother", holder=CHILD[0], key=KEYS[1], day_fen=40_00) == "prove-again"
    child.signed("mother", 1)
    assert child.ask("limits/set", "mother", holder=CHILD[0], key=KEYS[1], day_fen=40_00)["day_fen"] == 40_00


def test_of_one_of_age_nobody_else_sets_a_bound(child: Rig) -> None:
    child.later(DAY_S)
    assert child.ask("limits", "mother", holder=GROWN[0]) == "not-yours"
    child.ask("grant", "grown", person=1, given=True)
    assert child.ask("limits", "mother", holder=GROWN[0])["may_set"] is False
    assert child.ask("limits/set", "mother", holder=GROWN[0], key=KEYS[0], day_fen=1) == "not-yours"
    assert child.ask("limits/set", "grown", key=KEYS[0], day_fen=0)["day_fen"] == 0
