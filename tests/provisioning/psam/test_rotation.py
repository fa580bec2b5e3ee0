"""Rotation: PSAMs before cards, cards before retiring, and a reason for every refusal."""

import os

import pytest

from provisioning.keys.levels import new_root, region_of, school_of
from provisioning.keys.places import Places, in_store
from provisioning.keys.store import KeyKind, KeyStore, Level
from provisioning.plan import numbers
from provisioning.psam.register import PsamEntry, PsamState
from provisioning.psam.rotation import (
    NAMED_MAX,
    Facts,
    RotationRefused,
    Stage,
    held_versions,
    last_expiries,
    next_step,
    require_issue,
    require_new,
    require_retire,
    retired_store,
)

NOW = 817_339_530
LATER = NOW + 86_400


def psams(*versions):
    return tuple(
        PsamEntry(numbers.psam(7, n), n, held, PsamState.IN_BODY, numbers.device(7, n), 0)
        for n, held in enumerate(versions, 1)
    )


def facts(held=(1, 2), issuing=1, retired=(), bodies=((1,), (1,)), expiry=None):
    return Facts(frozenset(held), issuing, frozenset(retired), psams(*bodies), expiry or {1: LATER})


def test_the_stages_of_a_whole_rotation():
    assert facts(held=(1,)).stage(1) is Stage.ISSUING
    assert facts().stage(2) is Stage.MADE
    assert facts(bodies=((1, 2), (1,))).stage(2) is Stage.MADE
    both = facts(bodies=((1, 2), (1, 2)))
    assert both.stage(2) is Stage.IN_PSAMS
    require_issue(both, 2)
    after = facts(issuing=2, bodies=((1, 2), (1, 2)))
    assert (after.stage(1), after.stage(2)) == (Stage.EXPIRING, Stage.ISSUING)
    require_retire(after, 1, LATER)
    assert facts(held=(2,), issuing=2, retired=(1,)).stage(1) is Stage.RETIRED


def test_no_card_before_every_psam():
    lacking = facts(bodies=((1, 2), (1,), (1,)))
    with pytest.raises(RotationRefused, match=r"2 个 PSAM.*000750000002, 000750000003"):
        require_issue(lacking, 2)
    many = facts(bodies=((1,),) * 9)
    with pytest.raises(RotationRefused, match=rf"\+{9 - NAMED_MAX}"):
        require_issue(many, 2)


def test_other_wrong_orders():
    with pytest.raises(RotationRefused, match="先办密钥仪式"):
        require_issue(facts(), 3)
    with pytest.raises(RotationRefused, match="现行版本是"):
        require_issue(facts(issuing=2), 1)
    with pytest.raises(RotationRefused, match="到期"):
        require_retire(facts(issuing=2), 1, NOW)
    with pytest.raises(RotationRefused, match="在用"):
        require_retire(facts(issuing=2), 2, LATER)
    with pytest.raises(RotationRefused, match="在用或未用"):
        require_retire(facts(), 2, LATER)
    with pytest.raises(RotationRefused, match="没有版本"):
        require_retire(facts(held=(2,), issuing=2, retired=(1,)), 1, LATER)
    with pytest.raises(RotationRefused, match="尚未启用"):
        require_new(facts())
    assert require_new(facts(held=(1,))) == 2
    assert require_new(facts(held=(2,), issuing=2, retired=(1,))) == 3


def test_what_is_next_is_said():
    assert "psam renew" in str(next_step(facts(), 2, NOW))
    assert "rotate issue" in str(next_step(facts(bodies=()), 2, NOW))
    assert "现行" in str(next_step(facts(), 1, NOW))
    assert "2025-11-25" in str(next_step(facts(issuing=2), 1, NOW))
    assert "rotate retire" in str(next_step(facts(issuing=2), 1, LATER))
    assert "已停用" in str(next_step(facts(retired=(1,), issuing=2), 1, NOW))


def test_a_retired_version_leaves_its_tac_master_alone():
    school = school_of(region_of(new_root(os.urandom, (1, 2)), 1), 7)
    left = retired_store(school, 1)
    assert sorted(left.versions(KeyKind.TAC)) == [1, 2]
    assert sorted(left.versions(KeyKind.PSAM_CONTROL)) == [1, 2]
    assert sorted(left.versions(KeyKind.PURCHASE)) == [2]
    assert sorted(left.versions(KeyKind.LOAD)) == [2]
    assert held_versions(Places(in_store(left))) == {2}
    assert retired_store(left, 1) == left


def test_a_version_is_held_only_whole():
    school = school_of(region_of(new_root(os.urandom, (1, 2)), 1), 7)
    cut = tuple(key for key in school.keys if (key.kind, key.version) != (KeyKind.LOAD, 2))
    assert held_versions(Places(in_store(KeyStore(Level.SCHOOL, 7, cut)))) == {1}


def test_the_last_card_counts():
    assert last_expiries([(1, 5), (1, 9), (2, 7)]) == {1: 9, 2: 7}
