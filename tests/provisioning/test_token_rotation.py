"""A rotation while the masters are in a token: what is where is said truly, and a retired version is destroyed there.

On a real campus, a real SoftHSM, a real key process that runs on while its token loses a version.
"""

import os
import shutil
import time
from pathlib import Path

import pytest

from cloud.keys.client import KeyClient, KeyProcessAway, KeyRefused
from provisioning.custody import chain as custody_chain
from provisioning.custody.files import open_level, unlock_of
from provisioning.issue import bodies as body_file
from provisioning.keeper import token as token_files
from provisioning.keeper.pkcs11 import Pkcs11Keeper
from provisioning.keeper.pkcs11_door import make_token
from provisioning.keys.levels import MASTERS
from provisioning.keys.places import GOES
from provisioning.keys.store import KeyKind, Level
from shared.purse.cos.images import decode_psam_image
from shared.purse.cos.psam import Psam
from shared.purse.effects import drive
from shared.purse.flows.till import open_psam
from shared.purse.tac import TacVerdict
from shared.records.slot_file import choose
from tests.patience import PATIENCE_S
from tests.provisioning.cli import test_psam as rotation
from tests.provisioning.desk import WHO, ok, provision
from tests.provisioning.rotating import (
    after_the_last_card,
    custody_lines,
    in_memory,
    journal_rows,
    only,
    put_back,
    small_campus,
    to_version_2,
)
from tests.provisioning.running_keys import needs_softhsm, running
from tests.provisioning.test_rotation_end import load_of

pytestmark = [pytest.mark.process, needs_softhsm]


@pytest.fixture(scope="module")
def rotated():
    """Version 2 is issued; the token is not there yet."""
    with in_memory() as room:
        to_version_2(small_campus(room), room / "papers")
        yield room


@pytest.fixture
def data(rotated):
    with in_memory() as room:
        shutil.copytree(rotated / "d", room / "d")
        yield room / "d"


def status(data: Path) -> list[str]:
    return ok("rotate", "status", "--data", data).splitlines()


def in_token(data: Path) -> set[tuple[KeyKind, int]]:
    with token_files.open_token(data, None, None) as token:
        keeper = Pkcs11Keeper(token)
        return {(kind, version) for kind in MASTERS for version in keeper.versions(kind)}


def chips(data: Path) -> dict[str, list[int]]:
    return {psam.hex(): versions_in(file) for psam, file in rotation.psam_files(data).items()}


def versions_in(file: Path) -> list[int]:
    return sorted(decode_psam_image(choose(file.read_bytes()).body).masters)


def test_status_says_where_the_masters_of_each_version_are(data) -> None:
    assert status(data)[1::2] == ["    主密钥：密封库"] * 2
    ok("token", "--data", data, "--who", "甲")
    told = status(data)
    assert [line.partition("：")[2] for line in told] == [
        told[0].partition("：")[2], "密码设备", told[2].partition("：")[2], "密码设备", "密码设备",
    ]  # fmt: skip
    assert "1（等旧卡到期）" in told[0]
    assert "2（发卡用）" in told[2]
    assert [psam for psam in ok("rotate", "cost", "--data", data).splitlines() if "版本 1" in psam]
    assert "下一版本 3" in ok("rotate", "new", "--data", data)
    (data / "keys/school.keys").unlink()  # the token alone
    assert status(data) == told
    (data / "keys/token.pin").write_text("0" * 8)
    refused = provision("rotate", "status", "--data", data)
    assert (refused.returncode, "密码设备不接受 PIN" in refused.stderr) == (2, True)
    shutil.rmtree(data / "keys/token")
    refused = provision("rotate", "status", "--data", data)
    assert (refused.returncode, "没有学校密钥库" in refused.stderr) == (2, True)


def test_a_vendors_token_is_named_and_its_absence_is_said(data, tmp_path, monkeypatch) -> None:
    """--module and --pin-file: a SoftHSM elsewhere stands for it, made by its own tools."""
    (tmp_path / "tokens").mkdir()
    (tmp_path / "hsm.conf").write_text(f"directories.tokendir = {tmp_path / 'tokens'}\nobjectstore.backend = file\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(tmp_path / "hsm.conf"))
    place = ("--module", token_files.softhsm(), "--pin-file", tmp_path / "pin")
    (tmp_path / "pin").write_text("1234")
    (tmp_path / "pin").chmod(0o600)
    none = provision("token", "--data", data, "--who", "甲", *place)
    assert (none.returncode, "没有名为" in none.stderr) == (2, True)
    make_token(token_files.softhsm(), "openykt-1", "12345678", "1234")
    ok("token", "--data", data, "--who", "甲", *place)
    assert not (data / "keys/token").exists()
    told = ok("rotate", "status", "--data", data, *place).splitlines()
    assert [line.partition("：")[2] for line in told[1::2]] == ["密码设备"] * 2
    unseen = status(data)
    assert [line.split("：")[0] for line in unseen] == ["版本 1", "版本 2"]
    assert all("主密钥不在密封库，也不在指明的密码设备：用 --module" in line for line in unseen)


def test_a_software_keeper_does_not_start_while_the_masters_are_in_the_token(data) -> None:
    ok("token", "--data", data, "--who", "甲")
    refused = provision("keys", "--data", data, "--socket", data / "s")
    assert (refused.returncode, "的 TAC 主密钥不在密封库，在密码设备：--keeper pkcs11" in refused.stderr) == (2, True)


def test_a_retired_version_is_destroyed_in_the_token_and_its_late_records_still_prove(data, monkeypatch) -> None:
    words = ("--data", data)
    both = open_level(data, Level.SCHOOL)
    psam_id, file = next(iter(rotation.psam_files(data).items()))
    with body_file.in_reader(file) as memory:
        psam = Psam(memory, os.urandom)
        psam.power_on()
        drive(open_psam(), psam=psam)
        late = rotation.item(rotation.purchase(data, "0002", psam, psam_id))
    waiting = [load_of(data, both, label, version) for label, version in (("0002", 1), ("n1", 2))]
    ok("token", *words, "--who", "甲")
    assert "到期" in provision("rotate", "retire", *words, *WHO, "--version", 1).stderr
    last = after_the_last_card(data)
    monkeypatch.setattr("provisioning.cli.psam.now_s", lambda: last)
    with running(data, "--keeper", "pkcs11") as keys, KeyClient(keys.path, timeout_s=PATIENCE_S) as client:
        assert len(client.load_mac2(waiting[0], last)) == 4
        assert "请重启密钥进程，使其使用现在的主密钥" in ok("rotate", "retire", *words, *WHO, "--version", 1)
        assert refusal(client, waiting[0], last) in ("retired-key", "unknown-key")
        until_answered(lambda: client.load_mac2(waiting[1], last))
        assert client.check_tac(late) == bytes((TacVerdict.OK,))
        assert keys.end() == 0
    left = {(kind, 1) for kind in (KeyKind.TAC, KeyKind.PSAM_CONTROL)}
    assert in_token(data) == left | {(kind, 2) for kind in MASTERS}
    lines, goes = custody_lines(data), len(GOES)
    first = next(n for n, line in enumerate(lines) if line["act"] == "retired")
    destroyed = lines[first + 1 : first + 1 + goes]
    assert {(line["kind"], line["version"], line["check"]) for line in destroyed} == {
        (kind, 1, custody_chain.check_value(both.one(kind, 1)).hex().upper()) for kind in GOES
    }
    assert {(line["act"], line["who"], line["note"]) for line in destroyed} == {
        ("destroyed", "王", "销毁于 destroyed in: 密码设备 token")
    }
    assert journal_rows(data, "versions.journal") == ["issuing", "retired"]
    before = len(lines)
    ok("rotate", "retire", *words, *WHO, "--version", 1)
    assert len(custody_lines(data)) == before, "there was nothing left to destroy"

    with running(data, "--keeper", "pkcs11") as keys, KeyClient(keys.path, timeout_s=PATIENCE_S) as client:
        with pytest.raises(KeyRefused, match=r"^retired-key$"):
            client.load_mac2(waiting[0], last)
        assert len(client.load_mac2(waiting[1], last)) == 4
        assert client.check_tac(late) == bytes((TacVerdict.OK,))
        assert keys.end() == 0
    assert custody_chain.faults((data / "keys/custody.log").read_bytes()) == []


def test_renewing_takes_the_retired_version_out_of_a_psam_and_the_lists_name_the_others(data, monkeypatch) -> None:
    words = ("--data", data)
    ok("token", *words, "--who", "甲")
    last = after_the_last_card(data)
    monkeypatch.setattr("provisioning.cli.psam.now_s", lambda: last)
    ok("rotate", "retire", *words, *WHO, "--version", 1)
    files = {psam.hex(): file for psam, file in rotation.psam_files(data).items()}
    one, other = sorted(files)
    assert chips(data) == {one: [1, 2], other: [1, 2]}
    assert f"2 个 PSAM 还带着它（psam renew）：{one}, {other}" in status(data)[0]
    assert ok("psam", "list", *words).count("带停用版本 1") == 2
    renew = ("psam", "renew", *words, *WHO, "--psam", one, "--file", files[one])
    for _ in range(2):
        ok(*renew)
        assert chips(data) == {one: [2], other: [1, 2]}
    note = custody_lines(data)[-1]["note"]
    assert note == f"{one}: 版本 versions 2，取出停用 taken out 1"
    told = ok("psam", "list", *words).splitlines()
    assert ["带停用版本" in line for line in told[:2]] == [False, True]
    assert "版本 2 " in told[0]
    assert f"1 个 PSAM 还带着它（psam renew）：{other}" in status(data)[0]
    ok("psam", "renew", *words, *WHO, "--psam", other, "--file", files[other])
    assert status(data)[0] == "版本 1（停用）：已停用"
    assert status(data)[1].endswith("密码设备")


def test_a_psam_is_made_and_renewed_with_its_control_master_in_the_token(data, tmp_path, monkeypatch) -> None:
    """Version 1 went into the token, version 2 comes from the store: the PSAM keeps the one and gets the other."""
    words = ("--data", data)
    fresh = ok("psam", "make", *words, *WHO, "--out", tmp_path / "p").split()[0]
    file = tmp_path / "p" / f"{fresh}.psam"
    school = open_level(data, Level.SCHOOL)
    token_files.move_into_token(data, unlock_of(data), only(school, 1), os.urandom)
    put_back(data, only(school, 2))
    assert [line.partition("：")[2] for line in status(data)[1::2]] == ["密码设备", "密封库"]
    ok("psam", "renew", *words, *WHO, "--psam", fresh, "--file", file)
    assert versions_in(file) == [1, 2]
    refused = provision("psam", "make", *words, *WHO, "--out", tmp_path / "q")
    assert (refused.returncode, "版本 1 的消费主密钥在密码设备里，出不来" in refused.stderr) == (2, True)
    assert not (tmp_path / "q").exists()
    last = after_the_last_card(data)
    monkeypatch.setattr("provisioning.cli.psam.now_s", lambda: last)
    ok("rotate", "retire", *words, *WHO, "--version", 1)
    made = ok("psam", "make", *words, *WHO, "--out", tmp_path / "q").split()[0]
    file = tmp_path / "q" / f"{made}.psam"
    assert versions_in(file) == [2]
    ok("psam", "renew", *words, *WHO, "--psam", made, "--file", file)


def refusal(client: KeyClient, auth, time_s: int) -> str:
    """The reason, when the process has found its token again."""

    def ask() -> str:
        try:
            client.load_mac2(auth, time_s)
        except KeyRefused as refused:
            return str(refused)
        raise AssertionError("a retired version was worked with")

    return until_answered(ask)


def until_answered(ask):
    last = time.monotonic() + PATIENCE_S
    while time.monotonic() < last:
        try:
            return ask()
        except KeyProcessAway:
            time.sleep(0.05)
    raise AssertionError("the token was never opened again")
