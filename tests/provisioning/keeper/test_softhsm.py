"""SoftHSM empties token.object at each login and writes it anew: what a kill or a power cut leaves is put back."""

import shutil
from pathlib import Path

import pytest

from provisioning.keeper import softhsm as softhsm_files
from tests.provisioning.desk import ok
from tests.provisioning.rotating import in_memory, small_campus
from tests.provisioning.running_keys import needs_softhsm, running

pytestmark = [pytest.mark.process, needs_softhsm]


@pytest.fixture(scope="module")
def moved():
    with in_memory() as room:
        ok("token", "--data", small_campus(room), "--who", "甲")
        yield room / "d"


@pytest.fixture
def data(moved):
    with in_memory() as room:
        shutil.copytree(moved, room / "d")
        yield room / "d"


def the_object(data: Path) -> Path:
    (found,) = (data / "keys/token/tokens").glob("*/token.object")
    return found


def is_seen(data: Path) -> bool:
    return "    主密钥：密码设备" in ok("rotate", "status", "--data", data).splitlines()


DAMAGES = {
    "emptied": lambda raw: b"",
    "half written": lambda raw: raw[:100],
    "never reached the disk": lambda raw: bytes(len(raw)),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_one_is_put_back_and_the_damaged_one_set_aside(data, damage) -> None:
    live = the_object(data)
    kept = data / "keys/token/kept" / f"{live.parent.name}.object"
    whole = kept.read_bytes()
    damaged = DAMAGES[damage](live.read_bytes())
    live.write_bytes(damaged)
    assert is_seen(data)
    assert kept.read_bytes() == whole
    assert kept.with_name(f"{kept.name}.damaged-1").read_bytes() == damaged
    assert {path.stat().st_mode & 0o777 for path in kept.parent.iterdir()} == {0o600}
    with running(data, "--keeper", "pkcs11") as keys:
        assert keys.status()["token"] == "here"
        assert keys.end() == 0


def test_a_key_process_starts_over_an_emptied_one(data) -> None:
    the_object(data).write_bytes(b"")
    with running(data, "--keeper", "pkcs11") as keys:
        assert keys.status()["token"] == "here"
        assert keys.end() == 0


def test_without_the_copy_it_would_be_lost(data) -> None:
    """What the copy is for; and a campus of before gets one at its next opening."""
    shutil.rmtree(data / "keys/token/kept")
    assert is_seen(data)
    live = the_object(data)
    assert (data / "keys/token/kept" / f"{live.parent.name}.object").read_bytes()
    shutil.rmtree(data / "keys/token/kept")
    live.write_bytes(b"")
    assert not is_seen(data)


def test_one_that_is_being_written_is_waited_for(tmp_path) -> None:
    """Another process logs in this instant: empty now, whole at the next look; nothing is put back."""
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept/a.object").write_bytes(b"kept")
    (tmp_path / "tokens/a").mkdir(parents=True)
    (tmp_path / "tokens/a/token.object").write_bytes(b"live")
    answers = iter([False, False, True])
    assert softhsm_files.is_shown(tmp_path, lambda: next(answers))
    assert (tmp_path / "tokens/a/token.object").read_bytes() == b"live"
    looks = [0]

    def never() -> bool:
        looks[0] += 1
        return False

    assert not softhsm_files.is_shown(tmp_path, never)
    assert looks == [2 + softhsm_files.LOOKS]
    assert (tmp_path / "tokens/a/token.object").read_bytes() == b"kept"
