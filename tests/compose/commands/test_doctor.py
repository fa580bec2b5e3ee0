"""`./ykt doctor` and `./ykt diagnostics` on a campus that was made, and on what is left of one."""

import json
import zipfile
from pathlib import Path

import pytest

from compose.commands import diagnostics, doctor
from compose.commands.doctor import launcher_checks
from compose.server.doctor import worst
from shared.support.checks import State
from shared.support.doctor import examine


def launcher(data: Path) -> dict[str, State]:
    return {one.check.id: one.answer.state for one in examine(launcher_checks(data))}


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    found = launcher(tmp_path / "gone")
    assert (found["data-folder"], found["campus"]) == (State.BAD, State.BAD)
    assert found["checkout"] is State.GOOD


@pytest.mark.parametrize(
    ("name", "text", "state"),
    [("opened.json", "{}", State.GOOD), ("opened.json", "{", State.BAD), ("plan.json", "", State.BAD)],
)
def test_a_campus_that_was_finished_and_then_broken(tmp_path: Path, name: str, text: str, state: State) -> None:
    (tmp_path / "campus").mkdir()
    for file in ("opened.json", "plan.json", "campus/campus.json"):
        (tmp_path / file).write_text("{}", encoding="utf-8")
    (tmp_path / name).write_text(text, encoding="utf-8")
    worst_one = max((one.answer.state for one in examine(launcher_checks(tmp_path)) if one.check.id == "campus"),
                    key=list(State).index)  # fmt: skip
    assert worst_one is state


def test_a_lock_that_a_dead_launcher_left_is_harmless(tmp_path: Path) -> None:
    (tmp_path / "launcher.lock").write_text("999999\n", encoding="ascii")
    assert launcher(tmp_path)["running"] is State.CARE


@pytest.mark.parametrize(
    ("codes", "code"), [([0, 0], 0), ([0, 2], 2), ([2, 1, 0], 1), ([0, -11], 1), ([0, 86], 1), ([], 0)]
)
def test_the_worst_of_all_parts(codes: list[int], code: int) -> None:
    assert worst(codes) == code


def test_where_no_campus_is_no_part_of_one_is_asked(tmp_path: Path, capsys) -> None:
    assert doctor.main(["--data", str(tmp_path), "--json"]) == 1
    (only,) = json.loads(capsys.readouterr().out)["parts"]
    states = {check["id"]: check["state"] for check in only["checks"]}
    assert (only["part"], states["campus"], states["running"]) == ("launcher", "bad", "care")


@pytest.mark.process
def test_of_every_part_and_into_a_bundle_whatever_is_broken(tmp_path: Path, capsys) -> None:
    box = tmp_path / "campus" / "boxes" / "canteen-1"
    box.mkdir(parents=True)
    (box / "edge.json").write_text('{"format": 1, "terminals": [{"key": "c0ffee5ec2e7c0ffee5ec2e7c0f', encoding="utf-8")
    assert doctor.main(["--data", str(tmp_path), "--json"]) == 1
    parts = {one["part"]: one for one in json.loads(capsys.readouterr().out)["parts"]}
    assert parts.keys() == {"launcher", "cloud", "edge"}
    assert {"settings", "data-folder"} <= {check["id"] for one in parts.values() for check in one["checks"]}
    bundle = tmp_path / "bundle.zip"
    assert diagnostics.main(["--data", str(tmp_path), "--out", str(bundle)]) == 0
    with zipfile.ZipFile(bundle) as archive:
        said = {name: archive.read(name).decode() for name in archive.namelist()}
    assert json.loads(said["campus/boxes/canteen-1/edge.json"])["unreadable"] == "JSONDecodeError"
    assert "c0ffee" not in "".join(said.values())
