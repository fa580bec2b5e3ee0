"""An installation goes on with another version: what the school changed stays, a lost directory is given no mark."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from compose.place import WrongUse
from compose.server import installation
from compose.server.engine import Engine
from compose.server.layout import DATA, MARK
from compose.server.upgrading import upgrade, with_version
from tests.compose.server.conftest import quiet

OLD = """\
# of the school
YKT_VERSION=v1
YKT_ADDRESS=192.0.2.7
YKT_CONSOLE_PORT=443
COMPOSE_PROFILES=
"""
NEW = """\
# of the release
YKT_VERSION=v2
YKT_ADDRESS=192.0.2.7
YKT_CONSOLE_PORT=8443
YKT_NEW=1
COMPOSE_PROFILES=metrics
"""
HAS_ALL = Engine("echo", ("echo",))
"""Says yes to whoever asks for an image."""
HAS_NONE = Engine("true", ("true",))


def test_of_the_settings_the_version_changes_and_what_is_new_comes_in() -> None:
    said = with_version(OLD, NEW)
    assert said == (
        "# of the school\nYKT_ADDRESS=192.0.2.7\nYKT_CONSOLE_PORT=443\nCOMPOSE_PROFILES=\nYKT_VERSION=v2\nYKT_NEW=1\n"
    )
    assert with_version(said, NEW) == said.replace("YKT_VERSION=v2\nYKT_NEW=1\n", "YKT_NEW=1\nYKT_VERSION=v2\n")


def test_it_goes_on_as_the_same_installation(root: Path) -> None:
    old = installation.read(root)
    (root / "data/cloud/cloud/metrics.toml").write_text('url = "https://influx.example.cn:8086"\n')
    (root / "config/broker/mosquitto.conf").unlink()
    one = upgrade(root, "v2", HAS_ALL, quiet)
    installation.require_whole(root, one)
    assert installation.read(root) == one
    assert (one.identity, one.version) == (old.identity, "v2")
    assert "YKT_VERSION=v2\n" in (root / ".env").read_text()
    assert "influx" in (root / "data/cloud/cloud/metrics.toml").read_text()
    assert (root / "config/broker/mosquitto.conf").exists()


def test_a_directory_of_a_new_version_is_made_and_marked(root: Path) -> None:
    """Its version had none, so nothing of it is lost."""
    old = installation.read(root)
    installation.write(root, replace(old, folders=tuple(name for name in DATA if name != "data/metrics")))
    shutil.rmtree(root / "data/metrics")
    one = upgrade(root, "v2", HAS_ALL, quiet)
    installation.require_whole(root, one)
    assert "data/metrics" in one.folders


def test_a_directory_that_lost_its_mark_is_refused_and_given_none(root: Path) -> None:
    (root / "data/keys" / MARK).unlink()
    shutil.rmtree(root / "data/keys/keys")
    with pytest.raises(WrongUse, match="data/keys"):
        upgrade(root, "v2", HAS_ALL, quiet)
    assert not (root / "data/keys" / MARK).exists()
    assert installation.read(root).version == "v1"


def test_without_its_images_nothing_is_changed(root: Path) -> None:
    with pytest.raises(WrongUse, match="v2"):
        upgrade(root, "v2", HAS_NONE, quiet)
    assert "YKT_VERSION=v1\n" in (root / ".env").read_text()


def test_books_that_are_closed_to_the_version_are_refused_before_anything_is_changed(
    root: Path, tmp_path: Path
) -> None:
    """The program of the new version is asked, and its words are what a person reads."""
    installation.write(root, replace(installation.read(root), has_books=True))
    (root / installation.BOOKS).parent.mkdir(parents=True)
    (root / installation.BOOKS).write_text("17\n")
    before = (root / ".env").read_text()
    closed = tmp_path / "compose"
    closed.write_text('#!/bin/sh\ncase "$*" in *schema*) echo "$YKT_VERSION: 0031" >&2; exit 2;; esac\n')
    closed.chmod(0o755)
    with pytest.raises(WrongUse, match="v2: 0031"):
        upgrade(root, "v2", Engine("echo", (str(closed),)), quiet)
    assert (root / ".env").read_text() == before
    assert installation.read(root).version == "v1"
