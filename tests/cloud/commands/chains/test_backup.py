"""A backup beside who writes, proven, kept in number, and put back where none is; broken ones are named."""

import json
import shutil
from pathlib import Path

import pytest

from cloud.commands.chains import backup
from cloud.process.settings import CloudSettings, load_settings
from cloud.watch.subjects.marks import MARK, finished
from shared.errors import ConfigFault, StoreFault
from tests.scenes import plans
from tests.scenes.plans import STRANGER, command

NOW_MS = 1_795_000_000_000


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("campus") / "room"
    plans.make(plans.on_tcp(), found)
    return found


@pytest.fixture
def campus(room: Path, tmp_path: Path) -> CloudSettings:
    shutil.copytree(room / "campus", tmp_path / "campus")
    return load_settings(tmp_path / "campus")


def made(of: CloudSettings, to: Path, day: int = 0, keep: int = backup.KEEP) -> backup.Backup:
    return backup.make(of, of.dsn(None), to, NOW_MS + day * 86_400_000, keep)


def test_what_is_made_is_whole_listed_and_marked(campus: CloudSettings, tmp_path: Path) -> None:
    one = made(campus, tmp_path / "to")
    assert backup.check(one.folder) == one
    assert backup.listed(tmp_path / "to") == [one]
    assert finished(campus.data / "cloud" / MARK) == NOW_MS
    assert one.entries > 0
    assert one.folder.stat().st_mode & 0o077 == 0
    assert [path.name for path in (tmp_path / "to").iterdir()] == [one.folder.name], "nothing half done is left"


def test_the_newest_stay(campus: CloudSettings, tmp_path: Path) -> None:
    every = [made(campus, tmp_path / "to", day, keep=2) for day in range(4)]
    assert backup.listed(tmp_path / "to") == [every[3], every[2]]


def test_the_one_just_made_stays_though_the_clock_went_back(campus: CloudSettings, tmp_path: Path) -> None:
    made(campus, tmp_path / "to")
    new = made(campus, tmp_path / "to", day=-30, keep=1)
    assert backup.listed(tmp_path / "to") == [new]


def test_one_that_was_broken_off_is_none_and_takes_no_place(campus: CloudSettings, tmp_path: Path) -> None:
    (tmp_path / "to/backup-20261128-030000.part").mkdir(parents=True)
    (tmp_path / "to/backup-20261127-030000").mkdir()
    one = made(campus, tmp_path / "to", keep=1)
    assert backup.listed(tmp_path / "to") == [one]


def test_what_changed_or_is_missing_is_named_and_not_put_back(campus: CloudSettings, tmp_path: Path) -> None:
    one = made(campus, tmp_path / "to")
    with (one.folder / backup.LEDGER).open("ab") as out:
        out.write(b"\0")
    with pytest.raises(StoreFault, match=r"ledger\.db"):
        backup.restore(one.folder, tmp_path / "new")
    assert not (tmp_path / "new").exists()
    said = json.loads((one.folder / backup.MANIFEST).read_text())
    (one.folder / backup.MANIFEST).write_text(json.dumps(said | {"files": {"../x": "0"}}))
    with pytest.raises(StoreFault, match="不是备份"):
        backup.check(one.folder)


def test_no_room_makes_none_and_no_mark(
    campus: CloudSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "SPARE_BYTES", 1 << 60)
    with pytest.raises(StoreFault, match="空间不足"):
        made(campus, tmp_path / "to")
    assert finished(campus.data / "cloud" / MARK) is None


def test_a_ledger_of_postgresql_is_not_pretended_to(campus: CloudSettings, tmp_path: Path) -> None:
    with pytest.raises(ConfigFault):
        backup.make(campus, "postgresql://x", tmp_path / "to", NOW_MS)
    assert not (tmp_path / "to").exists()


def test_what_cannot_be_written_is_said_in_a_line(campus: CloudSettings, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    told = command("cloud", "backup", "--data", campus.data, "--to", tmp_path / "file", code=1)
    assert "无法读写" in told
    assert "Traceback" not in told


def test_by_the_command_into_an_empty_place(campus: CloudSettings, tmp_path: Path) -> None:
    command("cloud", "backup", "--data", campus.data, "--to", tmp_path / "to")
    (one,) = json.loads(command("cloud", "backup", "list", "--to", tmp_path / "to", "--json"))
    command("cloud", "deposit", "--data", campus.data, "--card", STRANGER, "--fen", "100", "--key", "after")
    again = command("cloud", "backup", "restore", "--from", one["folder"], "--data", campus.data, code=2)
    assert "ledger.db 已存在" in again
    for file in (campus.data / "cloud").glob("*.db*"):
        file.unlink()
    assert "put-back" in command("cloud", "backup", "restore", "--from", one["folder"], "--data", campus.data)
    restored = made(campus, tmp_path / "to", day=1)
    assert (restored.entries, restored.records) == (one["entries"], one["records"]), "the deposit of after is not there"
