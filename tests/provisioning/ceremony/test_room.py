"""The ceremony on disk: real files, broken off at every durable step, and no component in clear anywhere."""

import os
from pathlib import Path

import pytest

from provisioning.ceremony import room as ceremony_room
from provisioning.ceremony.ceremony import OutOfTurn, Phase
from provisioning.ceremony.room import Room
from provisioning.custody import chain as custody_chain
from provisioning.custody.vault import Vault
from provisioning.keys.components import Component, WrongCheckValue, new_component
from provisioning.keys.levels import MASTERS, region_of, school_of
from provisioning.keys.store import CARD_LEVELS, KeyKind, Level, StoreLocked, Unlock
from shared.errors import ConfigFault, RuleBroken

LI, ZHAO, QIAN = "李", "赵", "钱"
OFFICERS = (LI, ZHAO, QIAN)
UNLOCKS = {name: Unlock(f"passphrase of {name}".encode(), is_passphrase=True) for name in OFFICERS}
CAMPUS, REGION = 7, 0x1005


@pytest.fixture(autouse=True)
def cheap_scrypt(monkeypatch):
    monkeypatch.setattr("provisioning.keys.store._SCRYPT_N", 1 << 4)


def vault(data):
    return Vault(data)


def room(data):
    return Room(vault(data), lambda: 817_339_530)


def components(seed):
    return [Component(kind, bytes((seed + n * 7 + m) & 0xFF or 1 for m in range(16))) for n, kind in enumerate(MASTERS)]


SHEETS = {LI: components(3), ZHAO: components(90), QIAN: components(201)}


def entered(data, officers=OFFICERS):
    room(data).begin(CAMPUS, REGION, None, officers, LI)
    for officer in officers:
        room(data).enter(officer, SHEETS[officer], UNLOCKS[officer])


def whole(data):
    entered(data)
    room(data).join(UNLOCKS)
    room(data).derive()
    return room(data).close(ZHAO)


def everything(data):
    return b"".join(path.read_bytes() for path in data.rglob("*") if path.is_file())


def test_root_region_school_are_the_sums_and_their_diversifications(tmp_path):
    text = whole(tmp_path)
    root, region, school = (vault(tmp_path).read(level) for level in CARD_LEVELS)
    for n, kind in enumerate(MASTERS):
        total = bytes(a ^ b ^ c for a, b, c in zip(*(SHEETS[name][n].octets for name in OFFICERS), strict=True))
        assert root.one(kind, 1).octets == total
        assert custody_chain.check_value(root.one(kind, 1)).hex().upper() in text
    assert region == region_of(root, REGION)
    assert school == school_of(region, CAMPUS)
    assert room(tmp_path).status().phase is Phase.CLOSED
    assert room(tmp_path).minutes() == text


def test_custody_has_every_step_and_no_component_stays(tmp_path):
    whole(tmp_path)
    log = (tmp_path / "keys/custody.log").read_bytes()
    assert custody_chain.faults(log) == []
    n = len(MASTERS)
    acts = [f'"act":"{act}"'.encode() for act in ("component", "joined", "derived", "minutes")]
    assert [log.count(act) for act in acts] == [3 * n, n, 2 * n, 2]
    assert not list(tmp_path.rglob("component-*"))
    raw = everything(tmp_path)
    secrets = [one.octets for sheet in SHEETS.values() for one in sheet]
    secrets += [key.octets for level in CARD_LEVELS for key in vault(tmp_path).read(level).keys]
    for secret in secrets:
        assert secret not in raw
        assert secret.hex().encode() not in raw.lower()


def test_components_are_sealed_while_they_wait(tmp_path):
    entered(tmp_path, (LI, ZHAO))
    assert len(list(tmp_path.rglob("component-*.keys"))) == 2
    raw = everything(tmp_path)
    assert not [one for sheet in SHEETS.values() for one in sheet if one.octets in raw or one.octets.hex() in raw.hex()]
    assert {path.stat().st_mode & 0o77 for path in tmp_path.rglob("*.keys")} == {0}


def test_joining_needs_everybody_with_his_own_passphrase(tmp_path):
    entered(tmp_path)
    with pytest.raises(OutOfTurn, match="钱"):
        room(tmp_path).join({name: UNLOCKS[name] for name in (LI, ZHAO)})
    with pytest.raises(StoreLocked):
        room(tmp_path).join(UNLOCKS | {QIAN: Unlock(b"something else", is_passphrase=True)})
    with pytest.raises(ConfigFault, match="口令相同"):
        room(tmp_path).join(UNLOCKS | {QIAN: UNLOCKS[LI]})
    assert room(tmp_path).status().phase is Phase.READY
    assert vault(tmp_path).read(Level.ROOT) is None


def test_a_swapped_component_file_is_seen(tmp_path):
    entered(tmp_path, (LI, ZHAO))
    other = tmp_path / "other"
    room(other).begin(CAMPUS, REGION, None, (LI, ZHAO), LI)
    room(other).enter(LI, components(77), UNLOCKS[LI])
    (other / "keys/ceremony-0001/component-1.keys").rename(tmp_path / "keys/ceremony-0001/component-1.keys")
    with pytest.raises(WrongCheckValue):
        room(tmp_path).join(UNLOCKS)
    (tmp_path / "keys/ceremony-0001/component-1.keys").unlink()
    with pytest.raises(ConfigFault, match="不在"):
        room(tmp_path).join(UNLOCKS)


def test_one_ceremony_at_a_time_and_abort_removes_what_was_entered(tmp_path):
    entered(tmp_path, (LI, ZHAO))
    with pytest.raises(OutOfTurn, match="已有未结束的仪式"):
        room(tmp_path).begin(CAMPUS, REGION, None, (LI, ZHAO), LI)
    room(tmp_path).abort(LI, "分量外泄")
    assert not list(tmp_path.rglob("component-*"))
    with pytest.raises(OutOfTurn, match="没有进行中的仪式：先 begin"):
        room(tmp_path).join(UNLOCKS)
    assert room(tmp_path).begin(CAMPUS, REGION, None, (LI, ZHAO), LI).terms.ceremony == "0002"
    assert '"aborted"' in (tmp_path / "keys/custody.log").read_text()


def test_a_second_ceremony_adds_a_version_and_touches_no_old_key(tmp_path):
    whole(tmp_path)
    before = {level: vault(tmp_path).read(level) for level in CARD_LEVELS}
    room(tmp_path).begin(CAMPUS, REGION, None, (LI, ZHAO), LI)
    sheets = {name: [new_component(kind, os.urandom) for kind in MASTERS] for name in (LI, ZHAO)}
    for name, sheet in sheets.items():
        room(tmp_path).enter(name, sheet, UNLOCKS[name])
    room(tmp_path).join(UNLOCKS)
    room(tmp_path).derive()
    for level, store in before.items():
        after = vault(tmp_path).read(level)
        assert after.keys[: len(store.keys)] == store.keys
        assert sorted(after.versions(KeyKind.PURCHASE)) == [1, 2]


def test_the_same_version_again_is_refused(tmp_path):
    whole(tmp_path)
    room(tmp_path).begin(CAMPUS, REGION, 1, (LI, ZHAO), LI)
    for name in (LI, ZHAO):
        room(tmp_path).enter(name, components(40 + len(name) + ord(name)), UNLOCKS[name])
    with pytest.raises(RuleBroken, match="已有另一把"):
        room(tmp_path).join(UNLOCKS)


def test_another_school_is_refused(tmp_path):
    whole(tmp_path)
    room(tmp_path).begin(CAMPUS + 1, REGION, None, (LI, ZHAO), LI)
    for name in (LI, ZHAO):
        room(tmp_path).enter(name, components(ord(name)), UNLOCKS[name])
    room(tmp_path).join(UNLOCKS)
    with pytest.raises(ConfigFault, match="密钥库属于学校"):
        room(tmp_path).derive()


class Killed(BaseException):
    """The process ended here."""


def killing(monkeypatch, at):
    """End the process before the at-th durable write, whatever it is."""
    left = [at]

    def wrap(where, name):
        real = getattr(where, name)

        def counted(*args, **kwargs):
            left[0] -= 1
            if left[0] < 0:
                raise Killed
            return real(*args, **kwargs)

        monkeypatch.setattr(where, name, counted)

    wrap(ceremony_room, "write_private")
    wrap(ceremony_room.Journal, "append")
    wrap(Vault, "write")
    wrap(Vault, "record")
    wrap(Path, "unlink")


@pytest.mark.parametrize("at", range(27))
def test_killed_before_any_durable_write_and_taken_up_again(tmp_path, monkeypatch, at):
    steps = [
        lambda: room(tmp_path).begin(CAMPUS, REGION, None, OFFICERS, LI),
        *(lambda name=name: room(tmp_path).enter(name, SHEETS[name], UNLOCKS[name]) for name in OFFICERS),
        lambda: room(tmp_path).join(UNLOCKS),
        lambda: room(tmp_path).derive(),
        lambda: room(tmp_path).close(ZHAO),
    ]
    reached = 0
    with monkeypatch.context() as patch:
        killing(patch, at)
        try:
            for step in steps:
                step()
                reached += 1
        except Killed:
            pass
    assert reached < len(steps), "there are fewer durable writes than this"
    for step in steps[reached:]:
        try:
            step()
        except OutOfTurn:  # it was durable, only the answer was missing
            assert step is steps[reached]
    root = vault(tmp_path).read(Level.ROOT)
    assert vault(tmp_path).read(Level.SCHOOL) == school_of(region_of(root, REGION), CAMPUS)
    assert room(tmp_path).status().phase is Phase.CLOSED
    assert not list(tmp_path.rglob("component-*"))
    assert custody_chain.faults((tmp_path / "keys/custody.log").read_bytes()) == []
