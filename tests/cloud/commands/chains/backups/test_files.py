"""A backup beside who writes, proven, kept in number, and put back where none is; broken ones are named."""

import json
import shutil
import signal
import subprocess
import sys
from contextlib import closing
from itertools import count
from pathlib import Path
from threading import Event, Thread

import pytest

from cloud.commands.chains.backups import files, making, pgbackrest, restoring
from cloud.commands.chains.backups.sealed_file import PIECE, seal, unseal
from cloud.ledger.ledger import open_ledger
from cloud.ledger.receive.backup_marks import BackupMarks, Covered
from cloud.ledger.records.values import Now
from cloud.process.settings import CloudSettings, load_settings
from cloud.watch.subjects.marks import MARK, OPENS, finished, verified
from compose.place import ROOT
from shared.errors import ConfigFault, StoreFault
from shared.ids import CardId
from tests.scenes import plans
from tests.scenes.plans import STRANGER, command
from tests.small_disk import mounted

NOW_MS = 1_795_000_000_000
NOW = Now(NOW_MS, 848_000_000)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("campus") / "room"
    plans.make(plans.on_tcp(), found)
    return found


@pytest.fixture
def campus(room: Path, tmp_path: Path) -> CloudSettings:
    shutil.copytree(room / "campus", tmp_path / "campus")
    return load_settings(tmp_path / "campus")


def made(of: CloudSettings, to: Path, day: int = 0, keep: int = files.KEEP) -> files.Backup:
    return making.make(of, of.dsn(None), to, NOW_MS + day * 86_400_000, keep)


def test_what_is_made_is_whole_listed_and_marked(campus: CloudSettings, tmp_path: Path) -> None:
    one = made(campus, tmp_path / "to")
    assert files.check(one.folder, campus.data) == one
    assert files.listed(tmp_path / "to") == [one]
    assert finished(campus.data / "cloud" / MARK) == NOW_MS
    assert one.entries > 0
    assert one.folder.stat().st_mode & 0o077 == 0
    left = {path.name for path in (tmp_path / "to").iterdir()}
    assert left == {one.folder.name, making.LOCK}, "nothing half done is left"


def test_where_backups_were_set_up_each_file_is_sealed_and_opens_again(campus: CloudSettings, tmp_path: Path) -> None:
    cloud = campus.data / "cloud"
    plain, secret = made(campus, tmp_path / "to"), pgbackrest.keep_secret(campus.data)
    one = made(campus, tmp_path / "to", day=1)
    assert (plain.sealed, one.sealed, files.check(one.folder, campus.data)) == (False, True, one)
    assert not any((one.folder / name).read_bytes().startswith(b"SQLite") for name in one.files)
    shutil.rmtree(cloud)
    with pytest.raises(ConfigFault, match=r"backup\.secret"):
        restoring.restore(one.folder, campus.data, NOW_MS)
    for there, opens in (("another", False), (secret, True)):
        (cloud / OPENS).parent.mkdir(exist_ok=True)
        (cloud / OPENS).write_text(there)
        if not opens:
            with pytest.raises(StoreFault, match=r"backup\.secret"):
                restoring.restore(one.folder, campus.data, NOW_MS)
            assert not (cloud / files.LEDGER).exists()
    assert restoring.restore(one.folder, campus.data, NOW_MS).entries == one.entries
    assert (cloud / files.LEDGER).read_bytes() == (plain.folder / files.LEDGER).read_bytes()


def test_what_the_secret_of_now_does_not_open_is_not_verified_and_no_plain_one_follows(
    campus: CloudSettings, tmp_path: Path
) -> None:
    opens, mark = campus.data / "cloud" / OPENS, campus.data / "cloud" / MARK
    pgbackrest.keep_secret(campus.data)
    one = made(campus, tmp_path / "to")
    opens.write_text("another")
    with pytest.raises(StoreFault, match=r"打不开：backup\.secret"):
        making.check(one.folder, campus.data, NOW_MS + 1)
    assert verified(mark) == NOW_MS
    for gone in (opens.unlink, opens.touch):
        gone()
        with pytest.raises(ConfigFault, match=r"backup\.secret"):
            made(campus, tmp_path / "to", day=1)
    shutil.rmtree(tmp_path / "to")
    with pytest.raises(ConfigFault, match="损坏或是空的"):
        made(campus, tmp_path / "to", day=1)
    assert finished(mark) == NOW_MS


@pytest.mark.parametrize("size", [0, 1, PIECE, PIECE + 1, 2 * PIECE])
def test_a_sealed_file_opens_whole_or_not_at_all(tmp_path: Path, size: int) -> None:
    plain, file, out = tmp_path / "plain", tmp_path / "ledger.db", tmp_path / "out"
    raw = bytes(range(256)) * (size // 256 + 1)
    plain.write_bytes(raw[:size])
    seal(plain, file, "secret")
    unseal(file, out, "secret")
    assert out.read_bytes() == raw[:size]
    sealed = file.read_bytes()
    wrong = [sealed[:-1], sealed[: 33 + PIECE + 16], sealed + b"\0", sealed[:40] + bytes(1) + sealed[41:], sealed[:20]]
    for other in {*wrong} - {sealed}:
        file.write_bytes(other)
        with pytest.raises(StoreFault):
            unseal(file, out, "secret")
    file.write_bytes(sealed)
    with pytest.raises(StoreFault):
        unseal(file.rename(tmp_path / "people.db"), out, "secret")


def test_the_newest_stay(campus: CloudSettings, tmp_path: Path) -> None:
    every = [made(campus, tmp_path / "to", day, keep=2) for day in range(4)]
    assert files.listed(tmp_path / "to") == [every[3], every[2]]


def test_the_one_just_made_stays_though_the_clock_went_back(campus: CloudSettings, tmp_path: Path) -> None:
    made(campus, tmp_path / "to")
    new = made(campus, tmp_path / "to", day=-30, keep=1)
    assert files.listed(tmp_path / "to") == [new]


def test_one_that_was_broken_off_is_none_and_takes_no_place(campus: CloudSettings, tmp_path: Path) -> None:
    (tmp_path / "to/backup-20261128-030000.part").mkdir(parents=True)
    (tmp_path / "to/backup-20261127-030000").mkdir()
    one = made(campus, tmp_path / "to", keep=1)
    assert files.listed(tmp_path / "to") == [one]


def test_what_changed_or_is_missing_is_named_and_not_put_back(campus: CloudSettings, tmp_path: Path) -> None:
    one = made(campus, tmp_path / "to")
    with (one.folder / files.LEDGER).open("ab") as out:
        out.write(b"\0")
    with pytest.raises(StoreFault, match=r"ledger\.db"):
        restoring.restore(one.folder, tmp_path / "new", NOW_MS)
    assert not (tmp_path / "new").exists()
    said = json.loads((one.folder / files.MANIFEST).read_text())
    (one.folder / files.MANIFEST).write_text(json.dumps(said | {"files": {"../x": "0"}}))
    with pytest.raises(StoreFault, match="不是备份"):
        files.check(one.folder, campus.data)


def test_no_room_makes_none_and_no_mark(
    campus: CloudSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "SPARE_BYTES", 1 << 60)
    with pytest.raises(StoreFault, match="空间不足"):
        made(campus, tmp_path / "to")
    assert finished(campus.data / "cloud" / MARK) is None


def test_a_ledger_of_postgresql_is_not_pretended_to(campus: CloudSettings, tmp_path: Path) -> None:
    with pytest.raises(ConfigFault):
        making.make(campus, "postgresql://x", tmp_path / "to", NOW_MS)
    assert not (tmp_path / "to").exists()


def test_boxes_are_told_only_after_a_backup_that_was_proven(
    campus: CloudSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(open_ledger(campus.dsn(None))) as ledger:
        marks = BackupMarks(ledger.opened)
        with monkeypatch.context() as patch:
            patch.setattr(files, "SPARE_BYTES", 1 << 60)
            with pytest.raises(StoreFault):
                made(campus, tmp_path / "to")
        assert ledger.database.dialect == "sqlite"
        held = {("canteen", b"store-01"): 7}
        with ledger.database.writing():
            columns = "box, store, partition, cumulative, ranges, last_ms"
            ledger.database.insert("box_mark", columns, [("canteen", b"store-01", 1, 7, b"", 1)])
        assert marks.covered() == {}
        made(campus, tmp_path / "to")
        assert marks.covered() == {key: Covered(row, NOW_MS) for key, row in held.items()}


def test_what_was_broken_off_goes_and_a_second_one_at_a_time_is_refused(
    campus: CloudSettings, tmp_path: Path
) -> None:
    to = tmp_path / "to"
    (to / "backup-20251128-030000.part").mkdir(parents=True)
    with making.alone(to), pytest.raises(ConfigFault, match="正在备份"):
        made(campus, to)
    made(campus, to)
    assert not [*to.glob("*.part")]


def test_a_full_disk_leaves_no_half(campus: CloudSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    to = tmp_path / "to"
    to.mkdir()
    monkeypatch.setattr(files, "SPARE_BYTES", -(1 << 40))
    with mounted(to, "128k"):
        with pytest.raises(StoreFault):
            made(campus, to)
        assert files.listed(to) == []
        assert {path.name for path in to.iterdir()} == {making.LOCK}
    assert finished(campus.data / "cloud" / MARK) is None


KILLED = """
import sys, signal, os
from pathlib import Path
from cloud.commands.chains.backups import files, making
from cloud.process.settings import load_settings
name, data, to = sys.argv[1:]
def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
module, _, what = name.partition(".")
setattr({"files": files, "making": making}[module], what, die)
settings = load_settings(Path(data))
making.make(settings, settings.dsn(None), Path(to), 1)
"""


@pytest.mark.parametrize(
    ("at", "counts"),
    [
        ("files.seal_all", 0), ("files.named", 0), ("files.sync", 0), ("files.thin_out", 1), ("making._tell_boxes", 1),
        ("making._write_mark", 1),
    ],
)  # fmt: skip
def test_killed_at_any_step_it_counts_whole_or_not_at_all(
    campus: CloudSettings, tmp_path: Path, at: str, counts: int
) -> None:
    to = tmp_path / "to"
    pgbackrest.keep_secret(campus.data)
    done = subprocess.run([sys.executable, "-c", KILLED, at, campus.data, to], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    assert not [file for file in to.rglob("*.db") if file.read_bytes().startswith(b"SQLite")], "plain on that disk"
    assert len(files.listed(to)) == counts
    assert all(files.check(one.folder, campus.data) for one in files.listed(to))
    assert finished(campus.data / "cloud" / MARK) is None
    made(campus, to)
    assert finished(campus.data / "cloud" / MARK) == NOW_MS
    assert not [*to.glob("*.part"), *(campus.data / "cloud").glob("*.part")]


def test_beside_a_writer_it_is_of_one_moment(campus: CloudSettings, tmp_path: Path) -> None:
    """A deposit is an entry of two lines: the copy has all of each, and is not begun anew with every commit."""
    stop = Event()

    def write() -> None:
        with closing(open_ledger(campus.dsn(None))) as ledger:
            card = CardId(bytes(ledger.database.connection.execute("SELECT card FROM card LIMIT 1").fetchone()[0]))
            for number in count():
                ledger.deposit(card, 100, f"w{number}", NOW)
                if stop.is_set():
                    return

    writer = Thread(target=write)
    writer.start()
    try:
        every = [made(campus, tmp_path / "to", day) for day in range(5)]
    finally:
        stop.set()
        writer.join()
    assert [one.entries for one in every] == sorted(one.entries for one in every)
    assert every[-1].entries > every[0].entries


def test_as_of_a_time_the_newest_that_is_not_later(campus: CloudSettings, tmp_path: Path) -> None:
    every = [made(campus, tmp_path / "to", day) for day in range(3)]
    assert restoring.chosen(tmp_path / "to", None) == every[2]
    assert restoring.chosen(tmp_path / "to", every[1].made_ms + 1) == every[1]
    with pytest.raises(ConfigFault, match="最早"):
        restoring.chosen(tmp_path / "to", 1)


def test_what_was_put_back_is_written_down(campus: CloudSettings, tmp_path: Path) -> None:
    one = made(campus, tmp_path / "to")
    assert restoring.noted(tmp_path / "new") is None
    done = restoring.restore(one.folder, tmp_path / "new", NOW_MS + 5)
    assert restoring.noted(tmp_path / "new") == done
    assert (done.of_ms, done.at_ms, done.entries) == (NOW_MS, NOW_MS + 5, one.entries)


def test_a_check_says_when_a_backup_was_verified(campus: CloudSettings, tmp_path: Path) -> None:
    old, new = made(campus, tmp_path / "to"), made(campus, tmp_path / "to", day=1)
    making.check(old.folder, campus.data, NOW_MS + 5 * 86_400_000)
    assert verified(campus.data / "cloud" / MARK) == new.made_ms, "an older one says nothing of the newest"
    making.check(new.folder, campus.data, NOW_MS + 5 * 86_400_000)
    assert verified(campus.data / "cloud" / MARK) == NOW_MS + 5 * 86_400_000
    assert finished(campus.data / "cloud" / MARK) == new.made_ms


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
    assert "backup recovered" in command("cloud", "backup", "restore", "--from", one["folder"], "--data", campus.data)
    restored = made(campus, tmp_path / "to", day=1)
    assert (restored.entries, restored.records) == (one["entries"], one["records"]), "the deposit of after is not there"
