"""Keys and configuration, sealed apart: what is in, that paper and file open it on an empty machine, the proof."""

import json
import shutil
from pathlib import Path

import pytest

from cloud.commands.chains.backups import key_archive, pgbackrest
from cloud.process.settings import load_settings
from cloud.watch.subjects.marks import OPENS, PROOF_DAYS, Proof, read_proof
from shared.errors import ConfigFault, KeyFault, WireFault
from tests.scenes import plans
from tests.scenes.plans import command

NOW_MS, DAY_MS = 1_795_000_000_000, 86_400_000


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("campus") / "room"
    plans.make(plans.on_tcp(), found)
    return found / "campus"


@pytest.fixture
def campus(room: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(room, tmp_path / "campus"))


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(one.relative_to(folder)): one.read_bytes() for one in folder.rglob("*") if one.is_file()}


def test_from_paper_and_file_on_an_empty_machine(campus: Path, tmp_path: Path) -> None:
    before = files_of(campus)
    made = key_archive.seal(campus, tmp_path / "to", NOW_MS)
    assert key_archive.unseal(made.file, tmp_path / "new", made.passphrase) == made.names
    after = files_of(tmp_path / "new")
    assert after == {name: before[name] for name in made.names}
    left_out = {name for name in before if name not in after}
    assert {"cloud/ledger.db"} <= left_out
    assert all(name.startswith("cards/") or name.endswith(".db") for name in left_out), left_out
    assert load_settings(tmp_path / "new").name == load_settings(campus).name
    assert all(one.stat().st_mode & 0o077 == 0 for one in (tmp_path / "new").rglob("*"))


def test_no_secret_stands_in_it_or_is_said_twice(campus: Path, tmp_path: Path) -> None:
    made = key_archive.seal(campus, tmp_path / "to", NOW_MS)
    again = key_archive.seal(campus, tmp_path / "to", NOW_MS + DAY_MS)
    assert (bool(made.passphrase), again.passphrase) == (True, "")
    key = (campus / "cloud" / "ack.key").read_bytes()
    for file in (made.file, again.file):
        assert key[30:60] not in file.read_bytes()
        assert file.stat().st_mode & 0o077 == 0
    assert key_archive.KEY_FILE not in {Path(name).name for name in again.names}, "who has the file has not the key"
    assert made.passphrase.encode() not in (campus / "cloud" / key_archive.KEY_FILE).read_bytes()


def test_every_night_is_opened_by_the_same_paper_and_the_newest_stay(campus: Path, tmp_path: Path) -> None:
    made = key_archive.seal(campus, tmp_path / "to", NOW_MS)
    (campus / "cloud" / "new.pem").write_text("new")
    later = [key_archive.seal(campus, tmp_path / "to", NOW_MS + n * DAY_MS, keep=2) for n in (1, 2)]
    assert key_archive.archives(tmp_path / "to") == [one.file for one in reversed(later)]
    key_archive.unseal(later[1].file, tmp_path / "new", made.passphrase)
    assert (tmp_path / "new" / "cloud" / "new.pem").read_text() == "new"


def test_not_proven_until_it_was_typed_and_again_after_a_term(campus: Path, tmp_path: Path) -> None:
    folder = campus / "cloud"
    assert read_proof(folder) is None
    made = key_archive.seal(campus, tmp_path / "to", NOW_MS)
    assert read_proof(folder) == Proof(NOW_MS)
    with pytest.raises(WireFault):
        key_archive.prove(campus, made.file, made.passphrase[:-1], NOW_MS + 1)
    assert read_proof(folder) == Proof(NOW_MS)
    assert key_archive.prove(campus, made.file, made.passphrase.lower(), NOW_MS + 1) == made.names
    proof = read_proof(folder)
    assert proof == Proof(NOW_MS, NOW_MS + 1)
    assert [proof.is_good(NOW_MS + days * DAY_MS) for days in (1, PROOF_DAYS, PROOF_DAYS + 1)] == [True, True, False]


def test_no_longer_proven_once_backups_have_a_secret_that_is_not_in_it(campus: Path, tmp_path: Path) -> None:
    folder, to = campus / "cloud", tmp_path / "to"
    made = key_archive.seal(campus, to, NOW_MS)
    key_archive.prove(campus, made.file, made.passphrase, NOW_MS + 1)
    pgbackrest.keep_secret(campus)  # as a keeper of backups does by itself, weeks later
    assert read_proof(folder) == Proof(NOW_MS)
    with pytest.raises(ConfigFault, match=r"backup\.secret"):
        key_archive.prove(campus, made.file, made.passphrase, NOW_MS + 2)
    assert read_proof(folder) == Proof(NOW_MS)
    again = key_archive.seal(campus, to, NOW_MS + DAY_MS)
    key_archive.prove(campus, again.file, made.passphrase, NOW_MS + DAY_MS)
    pgbackrest.keep_secret(campus)
    assert read_proof(folder) == Proof(NOW_MS, NOW_MS + DAY_MS), "the secret there is stays, and so does the proof"
    (folder / OPENS).write_text("another")
    with pytest.raises(ConfigFault, match=r"backup\.secret"):
        key_archive.prove(campus, again.file, made.passphrase, NOW_MS + DAY_MS)


def test_a_changed_archive_proves_nothing(campus: Path, tmp_path: Path) -> None:
    made = key_archive.seal(campus, tmp_path / "to", NOW_MS)
    raw = bytearray(made.file.read_bytes())
    raw[-20] ^= 1
    made.file.write_bytes(raw)
    with pytest.raises(KeyFault):
        key_archive.prove(campus, made.file, made.passphrase, NOW_MS + 1)
    assert read_proof(campus / "cloud") == Proof(NOW_MS)


def test_nothing_is_overwritten_and_it_lies_elsewhere(campus: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigFault, match="另放"):
        key_archive.seal(campus, campus / "cloud" / "keys", NOW_MS)
    made = key_archive.seal(campus, tmp_path / "to", NOW_MS)
    with pytest.raises(ConfigFault, match="不覆盖"):
        key_archive.unseal(made.file, campus, made.passphrase)


def test_what_is_too_much_is_named(campus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_archive, "FILES_MAX", 5)
    with pytest.raises(ConfigFault, match="上限"):
        key_archive.seal(campus, tmp_path / "to", NOW_MS)
    assert not (tmp_path / "to").exists()


def test_in_shares_any_two_of_three_open_it_and_the_passphrase_is_not_shown(campus: Path, tmp_path: Path) -> None:
    made = key_archive.seal(campus, tmp_path / "to", NOW_MS, split=(2, 3))
    assert (made.passphrase, len(made.shares)) == ("", 3)
    assert made.shares[0].to_text() not in repr(made)
    lines = iter([made.shares[2].to_text().lower(), made.shares[0].to_text()])
    assert key_archive.prove(campus, made.file, key_archive.typed(lambda _: next(lines)), NOW_MS + 1) == made.names
    alone = iter([made.shares[1].to_text(), made.shares[1].to_text()])
    with pytest.raises(KeyFault):
        key_archive.typed(lambda _: next(alone))


def test_a_splitting_that_cannot_be_makes_no_passphrase(campus: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyFault):
        key_archive.seal(campus, tmp_path / "to", NOW_MS, split=(3, 2))
    assert not (campus / "cloud" / key_archive.KEY_FILE).exists()


def test_by_the_command(campus: Path, tmp_path: Path) -> None:
    seals = ("cloud", "backup", "keys", "--data", campus, "--to", tmp_path / "to")
    assert "第一次须在终端上做" in command(*seals, code=2)
    words = json.loads(command(*seals, "--json"))["passphrase"]
    assert words not in command(*seals)
    proven = command("cloud", "backup", "prove", "--data", campus, "--to", tmp_path / "to", typed=f"{words}\n")
    assert "打得开" in proven
    wrong = command("cloud", "backup", "prove", "--data", campus, "--to", tmp_path / "to", typed="AAAA\n", code=1)
    assert "逐字" in wrong
