"""Who opens the stores from now on: two of three officers' shares or a passphrase, by the real command."""

import itertools
import shutil

import pytest

from provisioning.custody import chain as custody_chain
from provisioning.custody.files import open_with, read_share, unlock_of
from provisioning.keys.store import CARD_LEVELS, Level, Unlock
from shared.keys import shares
from tests.provisioning.desk import WHO, ok, provision
from tests.provisioning.running_keys import running

OFFICERS = ("李", "赵", "钱")


@pytest.fixture
def files(tmp_path):
    """Where each officer's medium is."""
    for name in OFFICERS:
        (tmp_path / name).mkdir()
    return {name: tmp_path / name / "share" for name in OFFICERS}


def to_officers(files):
    return [word for name, path in files.items() for word in ("--officer", f"{name}={path}")]


def test_any_two_of_three_officers_open_every_store_and_one_does_not(own, files, campus) -> None:
    said = ok("seal", "--data", own, *WHO, *to_officers(files))
    assert "3 个密钥库" in said
    assert not (own / "keys/unlock").exists()
    assert {path.stat().st_mode & 0o77 for path in files.values()} == {0}
    for pair in itertools.combinations(files.values(), 2):
        opened = [open_with(own, level, unlock_of(own, None, pair)) for level in CARD_LEVELS]
        assert opened[-1] == campus.school
    assert not [path for path in files.values() if path.read_text().split("-")[3] in said]
    one = provision("rotate", "status", "--data", own, "--share-file", files["李"])
    assert (one.returncode, "只有 1 份" in one.stderr) == (2, True)
    twice = provision("rotate", "status", "--data", own, "--share-file", files["李"], "--share-file", files["李"])
    assert (twice.returncode, "同一份额出现两次" in twice.stderr) == (2, True)
    assert "现行" in ok("rotate", "status", "--data", own, "--share-file", files["钱"], "--share-file", files["李"])
    lost = provision("rotate", "status", "--data", own)
    assert (lost.returncode, "--share-file" in lost.stderr) == (2, True)
    log = (own / "keys/custody.log").read_bytes()
    assert custody_chain.faults(log) == []
    assert b'"act":"sealed"' in log.splitlines()[-1]


@pytest.mark.process
def test_the_key_process_opens_with_what_was_handed_out(own, files) -> None:
    ok("seal", "--data", own, *WHO, *to_officers(files))
    with running(own, "--share-file", files["赵"], "--share-file", files["钱"]) as keys:
        assert keys.end() == 0


def test_a_wrong_or_damaged_share_is_named(own, files, tmp_path) -> None:
    ok("seal", "--data", own, *WHO, *to_officers(files))
    foreign = shares.split(bytes(range(32)), 2, 3, lambda size: bytes(size))[0]
    wrong = tmp_path / "foreign"
    wrong.write_text(foreign.to_text())
    wrong.chmod(0o600)
    text = files["赵"].read_text()
    slip = tmp_path / "slip"
    slip.write_text(text[:-3] + ("0" if text[-3] != "0" else "1") + text[-2:])
    slip.chmod(0o600)
    for other, told in ((wrong, "份额不属于同一次拆分"), (slip, "份额校验值不符")):
        done = provision("rotate", "status", "--data", own, "--share-file", files["李"], "--share-file", other)
        assert (done.returncode, told in done.stderr) == (2, True), done


def test_from_officers_to_a_passphrase_and_back(own, files, tmp_path, campus) -> None:
    words = tmp_path / "words"
    words.write_text("correct horse battery\n")
    words.chmod(0o600)
    ok("seal", "--data", own, *WHO, *to_officers(files))
    opens = ("--share-file", files["李"], "--share-file", files["赵"])
    ok("seal", "--data", own, *WHO, *opens, "--new-passphrase-file", words)
    assert "现行" in ok("rotate", "status", "--data", own, "--passphrase-file", words)
    old = provision("rotate", "status", "--data", own, *opens)
    assert (old.returncode, "密钥库须用另一种方式打开" in old.stderr) == (2, True)
    new = {name: path.with_name("new") for name, path in files.items()}
    ok("seal", "--data", own, *WHO, "--passphrase-file", words, *to_officers(new))
    pair = [read_share(path) for path in (new["李"], new["钱"])]
    assert open_with(own, Level.SCHOOL, Unlock(shares.join(pair))) == campus.school


def test_broken_off_between_two_stores_it_is_asked_for_again(own, files) -> None:
    """The root store is sealed anew, the others are not: the same words again end it, with the same shares."""
    before = {level: (own / f"keys/{level}.keys").read_bytes() for level in CARD_LEVELS}
    unlock = (own / "keys/unlock").read_bytes()
    ok("seal", "--data", own, *WHO, *to_officers(files))
    held = {name: path.read_bytes() for name, path in files.items()}
    for level in (Level.REGION, Level.SCHOOL):
        (own / f"keys/{level}.keys").write_bytes(before[level])
    (own / "keys/unlock").write_bytes(unlock)
    (own / "keys/unlock").chmod(0o600)
    assert "2 个密钥库" in ok("seal", "--data", own, *WHO, *to_officers(files))
    assert {name: path.read_bytes() for name, path in files.items()} == held
    assert not (own / "keys/unlock").exists()
    assert "0 个密钥库" in ok("seal", "--data", own, *WHO, *to_officers(files))


def test_refusals_leave_everything_as_it_was(own, files, tmp_path) -> None:
    kept = tmp_path / "kept"
    shutil.copytree(own / "keys", kept)
    files["李"].write_text("somebody's last share")
    for words, told in (
        (to_officers(files), "又不齐"),
        (to_officers(dict(list(files.items())[1:])), "3 名保管员"),
        (["--officer", "李"], "姓名=文件"),
        ([], "三次"),
    ):
        done = provision("seal", "--data", own, *WHO, *words)
        assert (done.returncode, told in done.stderr) == (2, True), done
    files["李"].unlink()
    (own / "keys/region.keys").write_bytes((own / "keys/school.keys").read_bytes())
    assert provision("seal", "--data", own, *WHO, *to_officers(files)).returncode == 2
    assert (own / "keys/unlock").read_bytes() == (kept / "unlock").read_bytes()
    assert (own / "keys/school.keys").read_bytes() == (kept / "school.keys").read_bytes()
