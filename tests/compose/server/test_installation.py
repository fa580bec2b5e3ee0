"""An installation knows what it has made: an empty directory in its place is refused in words, never begun anew."""

import json
from pathlib import Path

import pytest

from compose.place import WrongUse
from compose.server import installation
from compose.server.installation import BOOKS, Installation
from compose.server.layout import FOLDERS, MADE_ANEW, MARK

ONE = Installation("0123456789abcdef", "v1", "192.0.2.7")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Of a known installation, whole."""
    for folder in FOLDERS:
        (tmp_path / folder.path).mkdir()
        if folder.has_data:
            (tmp_path / folder.path / MARK).write_text(f"{ONE.identity}\n")
    installation.write(tmp_path, ONE)
    return tmp_path


def with_books(root: Path) -> Installation:
    (root / BOOKS).parent.mkdir(parents=True)
    (root / BOOKS).write_text("17\n")
    return installation.made_books(root, ONE)


def test_what_it_has_made_it_still_knows_later(root: Path) -> None:
    assert installation.read(root) == ONE
    one = installation.took_inventory(root, with_books(root))
    assert installation.read(root) == one
    assert (one.has_books, one.has_inventory) == (True, True)
    installation.require_whole(root, one)


def test_one_of_the_first_versions_is_read_and_lacks_nothing(root: Path) -> None:
    """It did not write down its folders."""
    said = json.loads((root / installation.FILE).read_text())
    del said["folders"]
    (root / installation.FILE).write_text(json.dumps(said))
    installation.require_whole(root, installation.read(root))
    assert set(installation.read(root).folders) <= set(ONE.folders)
    (root / "data/keys" / MARK).unlink()
    with pytest.raises(WrongUse, match="data/keys"):
        installation.require_whole(root, installation.read(root))


@pytest.mark.parametrize("folder", [one.path for one in FOLDERS if one.has_data and one.path not in MADE_ANEW])
def test_an_empty_directory_in_the_place_of_its_own_is_refused_by_name(root: Path, folder: str) -> None:
    (root / folder / MARK).unlink()
    with pytest.raises(WrongUse, match=folder):
        installation.require_whole(root, ONE)


def test_another_installation_s_directory_is_refused(root: Path) -> None:
    (root / "data/cloud" / MARK).write_text("fedcba9876543210\n")
    with pytest.raises(WrongUse, match="data/cloud"):
        installation.require_whole(root, ONE)


def test_a_database_that_is_gone_is_refused_though_its_directory_has_the_mark(root: Path) -> None:
    one = with_books(root)
    (root / BOOKS).unlink()
    with pytest.raises(WrongUse, match="PG_VERSION"):
        installation.require_whole(root, one)


def test_before_the_database_was_made_nothing_is_missing(root: Path) -> None:
    installation.require_whole(root, ONE)


@pytest.mark.parametrize("said", ["", "{", "[]", '{"identity": "a"}', '{"format": 2}'])
def test_a_damaged_file_is_named(tmp_path: Path, said: str) -> None:
    (tmp_path / installation.FILE).write_text(said)
    with pytest.raises(WrongUse, match=installation.FILE):
        installation.read(tmp_path)


def test_where_there_is_none_it_is_said_what_makes_one(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="server init"):
        installation.read(tmp_path)


def test_each_is_another() -> None:
    assert installation.new("v1", "a").identity != installation.new("v1", "a").identity
