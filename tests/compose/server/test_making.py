"""`init` on a disk: each service gets its files and nobody else's, and nothing is begun twice or by halves."""

import json
import stat
from pathlib import Path

import pytest

from compose.place import WrongUse
from compose.server import installation, making
from compose.server.dealing import require_new
from compose.server.installation import BOOKS
from compose.server.layout import FOLDERS, INGEST, KEYS, MARK, REVOKED
from compose.server.making import Wanted, make, with_hosts
from tests.compose.server.conftest import ENGINE, quiet


def test_it_is_whole_and_knows_itself(as_made: Path) -> None:
    one = installation.read(as_made)
    installation.require_whole(as_made, one)
    assert (one.address, one.version, one.has_books) == ("192.0.2.7", "v1", False)
    assert f"YKT_INSTALLATION={one.identity}\n" in (as_made / ".env").read_text()


def test_directories_are_as_the_layout_says(as_made: Path) -> None:
    for folder in FOLDERS:
        found = (as_made / folder.path).stat()
        assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == folder[1:], folder.path


def test_no_file_of_a_service_can_be_read_by_another(as_made: Path) -> None:
    for place in ("secrets", "config", "data"):
        files = [path for path in (as_made / place).rglob("*") if path.is_file() and not path.is_symlink()]
        assert files
        for path in files:
            assert path.stat().st_mode & 0o077 == (0o044 if path == as_made / REVOKED else 0), path
            assert path.stat().st_uid == path.parent.stat().st_uid >= 10_000, path


def test_the_key_store_is_sealed_by_what_lies_with_the_key_process_alone(as_made: Path) -> None:
    passphrase = as_made / "secrets/keys/passphrase"
    assert (passphrase.stat().st_uid, stat.S_IMODE(passphrase.stat().st_mode)) == (KEYS, 0o400)
    assert not [*as_made.rglob("unlock")]
    kept = {"school.keys", "custody.head", "custody.log"}
    assert {path.name for path in (as_made / "data/keys/keys").iterdir()} == kept


def test_the_ledgers_seal_is_the_ingests_and_the_data_have_a_link_to_it(as_made: Path) -> None:
    assert (as_made / "secrets/ingest/ack.key").stat().st_uid == INGEST
    assert (as_made / "data/ingest/cloud/ack.key").readlink() == Path("/secrets/ack.key")


def test_the_unit_starts_it_by_the_engine_that_was_found(as_made: Path) -> None:
    unit = (as_made / "openykt-server.service").read_text()
    assert f"WorkingDirectory={as_made}\n" in unit
    assert "ExecStart=docker-compose up " in unit or "ExecStart=/usr/bin/docker-compose up " in unit
    assert f"Environment=DOCKER_HOST={ENGINE.host}\n" in unit


def test_it_is_not_made_over_another(as_made: Path) -> None:
    with pytest.raises(WrongUse, match=r"installation\.json"):
        make(Wanted(as_made, "192.0.2.7", "v1", None, 3), ENGINE, quiet)


def test_a_broken_init_is_done_again_by_the_same_keys(root: Path) -> None:
    (root / installation.FILE).unlink()  # it is written last
    sealed = (root / "issue/keys/school.keys").read_bytes()
    one = make(Wanted(root, "192.0.2.7", "v1", None, 3), ENGINE, quiet)
    installation.require_whole(root, one)
    assert (root / "data/keys/keys/school.keys").read_bytes() == sealed


def test_what_no_init_makes_is_in_its_way(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").touch()
    with pytest.raises(WrongUse, match="holiday"):
        require_new(tmp_path)


def test_books_whose_installation_is_not_known_are_never_begun_over(tmp_path: Path) -> None:
    (tmp_path / BOOKS).parent.mkdir(parents=True)
    (tmp_path / BOOKS).write_text("17")
    with pytest.raises(WrongUse, match="PG_VERSION"):
        require_new(tmp_path)


def test_the_certificates_have_the_address_and_the_names_inside() -> None:
    plan = json.dumps({"name": "校园", "hosts": ["ykt.example.cn", "broker"]}).encode()
    said = json.loads(with_hosts(plan, "192.0.2.7"))
    assert said == {"name": "校园", "hosts": ["ykt.example.cn", "broker", "192.0.2.7", "console"]}


@pytest.mark.parametrize("plan", [b"", b"[]", b'{"hosts": 1}'])
def test_a_plan_that_is_none_is_refused(plan: bytes) -> None:
    with pytest.raises(WrongUse):
        with_hosts(plan, "192.0.2.7")


def test_a_mark_is_in_each_directory_with_data() -> None:
    assert {folder.path for folder in FOLDERS if folder.has_data} >= {"data/postgres", "data/keys", "data/cloud"}
    assert MARK == "installation"
    assert making.PASSPHRASE_BYTES >= 16
