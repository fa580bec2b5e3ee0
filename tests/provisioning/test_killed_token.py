"""The move into a token, a version's end in token and store, a PSAM renewed: killed at each touch, and asked again.

A touch is every call that changes the disk or the token (tests/provisioning/breaking.py). Said again, each comes to its
end: no master is lost, none of a retired version is left, none is destroyed that the custody log did not name.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from provisioning.custody import chain as custody_chain
from provisioning.custody.files import open_level
from provisioning.keeper import token as token_files
from provisioning.keeper.school_masters import open_masters
from provisioning.keeper.token import OWN_TOKEN
from provisioning.keys.levels import HELD, MASTERS
from provisioning.keys.places import GOES, Places, in_store
from provisioning.keys.store import KeyKind, Level
from provisioning.psam.rotation_files import retired
from shared.purse.cos.images import decode_psam_image
from shared.records.slot_file import choose
from tests.provisioning.breaking import killed_at, touches
from tests.provisioning.cli.test_psam import psam_files
from tests.provisioning.desk import WHO, ok, provision
from tests.provisioning.rotating import (
    after_the_last_card,
    custody_lines,
    in_memory,
    journal_rows,
    small_campus,
    to_version_2,
)
from tests.provisioning.running_keys import needs_softhsm

BOTH = frozenset((kind, version) for kind in MASTERS for version in (1, 2)) | {(KeyKind.LINK, 1)}
LEFT = frozenset((kind, version) for kind, version in BOTH if version == 2 or kind not in GOES)
"""When version 1 is retired."""


class Scene(NamedTuple):
    """needs: done before; words: the verb; after: what holds at the end; done: what it says when it had been done."""

    needs: tuple[Callable[[Path], list[object]], ...]
    words: Callable[[Path], list[object]]
    after: Callable[[Path], None]
    done: str = "never"
    stride: int = 1
    """Every so-many-th touch: twelve masters go in like each other."""


def token(data: Path) -> list[object]:
    return ["token", "--data", data, "--who", "甲"]


def retire(data: Path) -> list[object]:
    return ["rotate", "retire", "--data", data, *WHO, "--version", 1]


def renew(data: Path) -> list[object]:
    psam, file = sorted(psam_files(data).items())[0]
    return ["psam", "renew", "--data", data, *WHO, "--psam", psam.hex(), "--file", file]


def places(data: Path) -> Places:
    """What is really there, held against the custody log: every check value was told before."""
    told = {(line["kind"], line["version"], line["check"]) for line in custody_lines(data)}
    with open_masters(data, open_level(data, Level.SCHOOL), OWN_TOKEN, retired(data)) as masters:
        found = masters.places
        for kind, version in found.all:
            assert (kind, version, masters.check_value((kind, version)).hex().upper()) in told
    return found


def all_in_the_token(data: Path) -> None:
    assert places(data) == Places(frozenset(), BOTH)
    assert {key.kind for key in open_level(data, Level.SCHOOL).keys}.isdisjoint(HELD)
    told = {(line["kind"], line["version"]) for line in custody_lines(data) if line["act"] == "exported"}
    assert told == BOTH


def gone_from_the_token(data: Path) -> None:
    assert places(data) == Places(frozenset(), LEFT)
    _gone(data)


def gone_from_the_store(data: Path) -> None:
    assert in_store(open_level(data, Level.SCHOOL)) == LEFT
    _gone(data)


def _gone(data: Path) -> None:
    told = ok("rotate", "status", "--data", data)
    assert "1（停用）" in told
    assert "尚有" not in told
    lines = custody_lines(data)
    assert {(line["kind"], line["version"]) for line in lines if line["act"] == "destroyed"} == BOTH - LEFT
    assert journal_rows(data, "versions.journal") == ["issuing", "retired"]
    assert lines[-1]["act"] == "destroyed", "and nothing is named again when nothing is left"


def taken_out(data: Path) -> None:
    psam, file = sorted(psam_files(data).items())[0]
    assert list(decode_psam_image(choose(file.read_bytes()).body).masters) == [2]
    listed = ok("psam", "list", "--data", data).splitlines()
    assert [(psam.hex() in line, "带停用版本" in line) for line in listed[:2]] == [(True, False), (False, True)]


SCENES = {
    "token": Scene((), token, all_in_the_token, "已在密码设备里", stride=2),
    "retire, token": Scene((token,), retire, gone_from_the_token),
    "retire, store": Scene((), retire, gone_from_the_store),
    "psam renew": Scene((token, retire), renew, taken_out),
}


@pytest.fixture(scope="module")
def rotated():
    with in_memory() as room:
        to_version_2(small_campus(room), room / "papers")
        for name in ("production", "boxes", "cloud"):
            shutil.rmtree(room / "d" / name, ignore_errors=True)
        yield room


@needs_softhsm
@pytest.mark.process
@pytest.mark.parametrize("name", SCENES)
def test_killed_at_every_touch_and_asked_for_again(name, rotated, monkeypatch, whole) -> None:
    last, scene, count = after_the_last_card(rotated / "d"), SCENES[name], 0
    monkeypatch.setattr("provisioning.cli.psam.now_s", lambda: last)
    with in_memory() as room:
        shutil.copytree(rotated / "d", room / "d")
        for words in scene.needs:
            ok(*words(room / "d"))
        for touch in touches(scene.stride, whole=whole, name=name):
            here = room / str(touch)
            shutil.copytree(room / "d", here)
            ended = killed_at(touch, *scene.words(here))
            assert ended.is_killed or ended.code == 0, ended
            said_again(here, scene)
            shutil.rmtree(here)
            if not ended.is_killed:
                break
            count += 1
    assert count, "it was never killed"


def said_again(here: Path, scene: Scene) -> None:
    token_files.is_ready(here)  # whatever was left of it, this question has an answer
    assert "版本 2（发卡用）" in ok("rotate", "status", "--data", here)
    done = provision(*scene.words(here))
    assert done.returncode == 0 or (done.returncode == 2 and scene.done in done.stderr), done
    scene.after(here)
    assert custody_chain.faults((here / "keys/custody.log").read_bytes()) == []
