"""A ledger in PostgreSQL: kept by pgBackRest, put back to a second, never over a live one. The drill: with --all."""

import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest

from cloud.commands.chains.backups import files, making, pgbackrest, restoring
from cloud.ledger.ledger import Ledger, open_ledger
from cloud.ledger.receive.backup_marks import BackupMarks
from cloud.process.settings import DSN_FILE, CloudSettings, load_settings
from cloud.watch.subjects.archive import archive_signals, keeps_log, waiting_segments
from cloud.watch.subjects.marks import MARK, OPENS, finished
from compose.parts.standing import Standing
from compose.servers.postgres import Postgres
from compose.servers.postgres import postgres as prepare
from shared.errors import ConfigFault, StoreFault
from tests.cloud.ledger import campus as c
from tests.scenes import plans
from tests.scenes.plans import command

DSN = "postgresql://openykt@/openykt?host=%2Frun%2Fx&port=5433"


@pytest.fixture
def cluster(tmp_path: Path) -> Path:
    """What looks like one."""
    found = tmp_path / "cluster"
    found.mkdir()
    (found / "PG_VERSION").write_text("17\n")
    return found


def test_the_backup_folder_holds_no_secret_and_the_server_is_told(tmp_path: Path, cluster: Path) -> None:
    made = pgbackrest.set_up(tmp_path / "to", tmp_path / "data", cluster, DSN, 2)
    secret = (tmp_path / "data" / "cloud" / OPENS).read_text()
    assert len(secret) >= 48
    assert secret not in made.conf.read_text()
    assert secret not in repr(made)
    assert f"repo1-cipher-pass={secret}" in (cluster / pgbackrest.CLUSTER_CONF).read_text()
    assert "pg1-socket-path=/run/x\npg1-port=5433" in made.conf.read_text()
    told = (cluster / pgbackrest.SERVER_CONF).read_text()
    assert "archive_mode = on" in told
    assert str(cluster / pgbackrest.CLUSTER_CONF) in told
    for file in (made.conf, cluster / pgbackrest.CLUSTER_CONF, tmp_path / "data" / "cloud" / OPENS):
        assert file.stat().st_mode & 0o077 == 0


def test_another_time_the_secret_stays(tmp_path: Path, cluster: Path) -> None:
    first = pgbackrest.set_up(tmp_path / "to", tmp_path / "data", cluster, DSN, 2)
    assert pgbackrest.set_up(tmp_path / "to", tmp_path / "data", cluster, DSN, 3).secret == first.secret


def test_what_was_cut_off_is_not_taken_for_set_up(
    tmp_path: Path, cluster: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A keeper looks at CLUSTER_CONF; folders of root's would be closed to the server for good."""

    def cut(path: Path | int, *_: int) -> None:
        if isinstance(path, Path) and path.is_relative_to(tmp_path / "to"):
            raise OSError("cut")

    with monkeypatch.context() as patch:
        patch.setattr(os, "geteuid", lambda: 0)
        patch.setattr(os, "chown", cut)
        with pytest.raises(OSError, match="cut"):
            pgbackrest.set_up(tmp_path / "to", tmp_path / "data", cluster, DSN, 2)
    assert not (cluster / pgbackrest.CLUSTER_CONF).exists()
    pgbackrest.set_up(tmp_path / "to", tmp_path / "data", cluster, DSN, 2)
    assert (cluster / pgbackrest.CLUSTER_CONF).exists()


def test_what_is_no_cluster_or_has_no_socket_is_refused(tmp_path: Path, cluster: Path) -> None:
    with pytest.raises(ConfigFault, match="PostgreSQL"):
        pgbackrest.set_up(tmp_path / "to", tmp_path / "data", tmp_path, DSN, 2)
    with pytest.raises(ConfigFault, match="--sockets"):
        pgbackrest.set_up(tmp_path / "to", tmp_path / "data", cluster, "postgresql://a@b/c", 2)
    assert not (tmp_path / "to").exists()


def test_how_many_segments_wait() -> None:
    now = "0000000100000002000000FF"
    assert waiting_segments("0000000100000002000000FE", now) == 0
    assert waiting_segments("0000000100000002000000F0", now) == 14
    assert waiting_segments("0000000100000001000000FF", now) == 255
    assert waiting_segments("000000010000000200000010.00000028.backup", now) == 238
    for other in ("00000002.history", "", "0000000200000002000000FE"):
        assert waiting_segments(other, now) is None


@pytest.mark.parametrize(
    ("mode", "command", "is_set_up", "keeps"),
    [
        ("off", "pgbackrest archive-push %p", True, False),
        ("on", "pgbackrest-segment %p", False, False),
        ("on", "pgbackrest-segment %p", True, True),
        ("always", "cp %p /elsewhere/%f", False, True),
    ],
)
def test_a_school_servers_log_goes_nowhere_before_backups_are_set_up(
    mode: str, command: str, is_set_up: bool, keeps: bool
) -> None:
    assert keeps_log(mode, command, is_set_up=is_set_up) is keeps


@pytest.mark.postgres
def test_where_no_log_is_archived_nothing_is_known_of_it(postgres_server: Postgres, tmp_path: Path) -> None:
    with closing(open_ledger(postgres_server.create_database("archive"), c.LEDGER_ID)) as ledger:
        assert [one.value for one in archive_signals(ledger.database, tmp_path, 1)] == [None, None]
    postgres_server.drop_database("archive")


# ---- the drill


class School:
    """A campus whose ledger is in a PostgreSQL of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.to, self.data = folder, folder / "to", folder / "campus"
        self.server = prepare(folder)
        with self.running():
            self.dsn = self.server.create_database("openykt")
        file = self.data / "cloud" / DSN_FILE
        file.write_text(self.dsn)
        file.chmod(0o600)
        self.settings: CloudSettings = load_settings(self.data)

    @contextmanager
    def running(self, server: Postgres | None = None) -> Iterator[None]:
        one = server or self.server
        with Standing(one.part, one.place):
            yield

    def backup(self, *, full: bool = False) -> files.Backup:
        return making.make(self.settings, self.dsn, self.to, int(time.time() * 1000), full=full)


@pytest.fixture
def school() -> Iterator[School]:
    if shutil.which(pgbackrest.PROGRAM) is None:
        pytest.skip("pgbackrest is not installed")
    folder = Path(tempfile.mkdtemp(prefix="openykt-backup-", dir="/var/tmp"))
    folder.chmod(0o711)
    try:
        plans.make(plans.on_tcp(), folder / "room")
        (folder / "room" / "campus").rename(folder / "campus")
        yield School(folder)
    finally:
        shutil.rmtree(folder)


def entries_of(dsn: str) -> int:
    with psycopg.connect(dsn) as asked:
        (found,) = asked.execute("SELECT count(*) FROM posting").fetchone() or (0,)
    return int(found)


def pause_to_the_next_second() -> int:
    """A target within the second in which a backup stopped would be error 075. Returns a moment, Unix ms."""
    time.sleep(1.2)
    at_ms = int(time.time()) * 1000
    time.sleep(1.2)
    return at_ms


def archives(server: Postgres) -> str:
    with psycopg.connect(server.dsn("openykt")) as asked:
        (found,) = asked.execute("SELECT current_setting('archive_mode')").fetchone() or ("",)
    return str(found)


def deposit(ledger: Ledger, key: str) -> None:
    ledger.deposit(c.card(1), 1000, key, c.NOW)


@pytest.mark.large
@pytest.mark.postgres
@pytest.mark.process
def test_the_whole_drill(school: School) -> None:
    with pytest.raises(ConfigFault, match="set-up"), school.running():
        school.backup()
    pgbackrest.set_up(school.to, school.data, school.server.place / "cluster", school.dsn, 2)
    counts = []
    with school.running(), closing(open_ledger(school.dsn, c.LEDGER_ID)) as ledger:
        ledger.import_inventory(c.inventory(), c.NOW)
        with ledger.database.writing():
            columns = "box, store, partition, cumulative, ranges, last_ms"
            ledger.database.insert("box_mark", columns, [(c.BOX, c.STORE, c.PARTITION, 7, b"", 1)])
        first = school.backup()
        assert BackupMarks(ledger.opened).covered()[c.BOX, c.STORE].row == 7
        counts.append(entries_of(school.dsn))
        deposit(ledger, "a")
        at_ms = pause_to_the_next_second()
        counts.append(entries_of(school.dsn))
        deposit(ledger, "b")
        second = school.backup()
        counts.append(entries_of(school.dsn))
        assert next(one.value for one in archive_signals(ledger.database, school.data / "cloud", 1)) == 0
    assert (first.base and first.base.full, second.base and second.base.full) == (True, False)
    assert files.listed(school.to) == [second, first]
    assert finished(school.data / "cloud" / MARK) == second.made_ms
    assert making.check(second.folder, school.data, second.made_ms + 1) == second
    for name in files.FILES:  # the disk with the data folder is gone
        (school.data / "cloud" / name).unlink(missing_ok=True)
    with pytest.raises(ConfigFault, match="不是空目录"):
        restoring.restore(second.folder, school.data, 1, school.server.place / "cluster")
    for at, (one, moment) in enumerate([(first, None), (first, at_ms), (second, restoring.LATEST)]):
        new = school.folder / f"new-{at}"
        new.mkdir(mode=0o711)
        (new / "data" / "cloud").mkdir(parents=True)
        shutil.copy(school.data / "cloud" / OPENS, new / "data" / "cloud" / OPENS)
        (new / "postgres").mkdir(mode=0o711)
        done = restoring.restore(one.folder, new / "data", 1, new / "postgres" / "cluster", moment)
        assert done.of_ms == (one.made_ms if moment is None else moment or None)
        server = prepare(new)
        with school.running(server):
            assert entries_of(server.dsn("openykt")) == counts[at]
    reach = pgbackrest.span(pgbackrest.repository(school.to, school.data))
    assert reach is not None
    for outside in (reach.first_ms - 2000, reach.last_ms + 5000):
        with pytest.raises(ConfigFault, match="够不着"):
            restoring.restore(second.folder, school.data, 1, school.folder / "x" / "cluster", outside)
    a_file = max((school.to / "repo" / "backup").rglob("*"), key=lambda one: one.stat().st_size)
    raw = bytearray(a_file.read_bytes())
    raw[len(raw) // 2] ^= 1
    a_file.write_bytes(raw)
    with pytest.raises(StoreFault):
        making.check(second.folder, school.data, 1)


@pytest.mark.large
@pytest.mark.postgres
@pytest.mark.process
def test_from_paper_and_two_disks_on_an_empty_machine(school: School) -> None:
    """By the commands of docs/backup.md: the machine is gone with its data folder and its database."""
    where = ("--data", school.data)
    command("cloud", "backup", "set-up", *where, "--to", school.to, "--cluster", school.server.place / "cluster")
    with school.running(), closing(open_ledger(school.dsn, c.LEDGER_ID)) as ledger:
        ledger.import_inventory(c.inventory(), c.NOW)
        command("cloud", "backup", *where, "--to", school.to)
        deposit(ledger, "after the backup, archived with the log")
        with psycopg.connect(school.server.dsn("postgres", "postgres"), autocommit=True) as owner:
            owner.execute("SELECT pg_switch_wal()")
        command("cloud", "backup", *where, "--to", school.to)
        count = entries_of(school.dsn)
    said = command("cloud", "backup", "keys", *where, "--to", school.folder / "keys", "--json")
    paper = json.loads(said)["passphrase"]
    shutil.rmtree(school.data)
    shutil.rmtree(school.server.place)
    (sealed,) = (school.folder / "keys").iterdir()
    new = school.folder / "new"
    command("cloud", "backup", "open-keys", "--from", sealed, "--data", new, typed=f"{paper}\n")
    new.chmod(0o711)
    (new / "postgres").mkdir(mode=0o711)
    listed = command("cloud", "backup", "list", "--to", school.to, "--data", new)
    assert "可还原到任一秒" in listed
    newest = max(school.to.glob("backup-*"))
    words = ("--from", newest, "--data", new, "--cluster", new / "postgres" / "cluster", "--at", "latest")
    command("cloud", "backup", "restore", *words)
    server = prepare(new)
    with school.running(server):
        assert entries_of(server.dsn("openykt")) == count
        assert archives(server) == "off", "a drill must not write into the school's repository"
        stated = command("cloud", "backup", "recovered", "--data", new, "--dsn", server.dsn("openykt"), code=1)
        assert "账本为归档所及的最后状态" in stated
    (new / "cloud" / DSN_FILE).write_text(server.dsn("openykt"))
    command("cloud", "backup", "set-up", "--data", new, "--to", school.to, "--cluster", new / "postgres" / "cluster")
    server = prepare(new)
    with school.running(server):
        assert archives(server) == "on"
        command("cloud", "backup", "--data", new, "--to", school.to, "--full")
        assert len(files.listed(school.to)) == 3
        command("cloud", "backup", "--data", new, "--to", school.to, "--full")
        assert all(one.base and one.base.full for one in files.listed(school.to)), "what has lost its base is gone"
