"""An installation is sealed and opened again: each file is whose it was, none of it can be read without the paper."""

import json
import os
from pathlib import Path

import pytest

from compose.place import WrongUse
from compose.server import sealing, server
from compose.server.installation import read, require_whole
from compose.server.layout import CLOUD, NOT_SEALED, SEAL_KEY
from tests.compose.server.conftest import ENGINE
from tests.scenes.plans import command, run


def seen(root: Path) -> dict[str, tuple[int, int, int, bytes]]:
    """Path → user, group, mode, content of each file that is sealed; of links where they lead."""
    found = {}
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if os.path.relpath(f"{folder}/{name}", root) not in NOT_SEALED]
        for path in (Path(folder, name) for name in (*folders, *files)):
            at = path.lstat()
            held = bytes(path.readlink()) if path.is_symlink() else path.read_bytes() if path.is_file() else b""
            found[str(path.relative_to(root))] = (at.st_uid, at.st_gid, at.st_mode, held)
    return found


def sealed(root: Path, to: Path) -> str:
    """Its passphrase."""
    said = run("compose.server.server", "backup", root, "keys", "--to", to, "--json").stdout
    return str(json.loads(said)["passphrase"])


def test_on_an_empty_machine_all_is_whose_it_was(root: Path, tmp_path: Path) -> None:
    (root / "secrets/payments/wechat.key").write_bytes(b"a provider's")
    os.chown(root / "secrets/payments/wechat.key", CLOUD, CLOUD)
    (root / "secrets/payments/wechat.key").chmod(0o400)
    before, to, new = seen(root), tmp_path / "elsewhere", tmp_path / "new"
    words = sealed(root, to)
    key, proof = root / SEAL_KEY, root / "data/cloud/cloud/key-backup.json"
    assert (key.stat().st_uid, key.stat().st_mode & 0o777) == (0, 0o600), "no service may read what opens all of them"
    assert proof.stat().st_uid == CLOUD, "the watch reads it"
    (archive,) = to.iterdir()
    command("cloud", "backup", "open-keys", "--data", new, "--from", archive, typed=f"{words}\n")
    assert "YKT_ADDRESS" in sealing.told(new, sealing.settle(new, ENGINE)).en
    after = seen(new)
    assert after.pop("openykt-server.service") != before.pop("openykt-server.service"), "it names its folder"
    assert after == before
    require_whole(new, read(new))
    assert not [*(new / "backup").iterdir()]


def test_never_into_the_disk_of_the_books(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert sealing.run(root, ["keys", "--to", str(root / "backup"), "--json"])
    assert "另放" in capfd.readouterr().err
    assert not (root / SEAL_KEY).exists(), "no passphrase was made that nobody has seen"


def test_where_no_installation_is(tmp_path: Path) -> None:
    with pytest.raises(WrongUse):
        sealing.run(tmp_path, ["keys", "--to", str(tmp_path / "to")])
    assert server.main(["backup", str(tmp_path), "prove", "--to", "/x"]) == 2
