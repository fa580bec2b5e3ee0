"""PostgreSQL of the newest installed version, as a part with a private folder and a private socket.

The server refuses to be root, so root runs it as the user postgres; then its files must stand where that user can
go, and if the data folder does not allow it, they stand under /var/lib/openykt and `place` says so. Nothing listens
on the network; whoever can enter the socket's folder (its owner and root) is trusted.
"""

import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

from compose.parts.part import Part
from compose.parts.process import lives
from compose.place import make_passable
from compose.servers.cluster_place import find_place, keep_place
from compose.servers.render import render, write_private
from compose.servers.servers import ServerMissing
from compose.servers.socket_folder import FolderNotOurs, socket_folder
from shared.words.voice import Text

INSTALLED = Path("/usr/lib/postgresql")
FALLBACK = Path("/var/lib/openykt")
PORT = 5432
"""Only a file name in the private socket folder: PostgreSQL numbers its sockets by port."""
OWNER = "postgres"
ROLE = "openykt"
PID_SOCKETS = 4
"""Line of a postmaster.pid, from 0, that names the socket's folder (PostgreSQL: pidfile.h)."""
STEP_S = 120.0
ORPHAN_END_S = 15.0
POLL_S = 0.02


class PostgresError(Exception):
    """PostgreSQL could not be prepared: the failed step and what it said."""


@dataclass(frozen=True, slots=True)
class Postgres:
    """A prepared cluster: `part` runs it, `place` holds its files, `sockets` is where it is reached."""

    part: Part
    place: Path
    sockets: Path
    programs: Path

    def dsn(self, database: str, role: str = ROLE) -> str:
        """Return the URI of a database (libpq's form, without a password)."""
        where = f"host={quote(str(self.sockets), safe='')}&port={PORT}"
        return f"postgresql://{quote(role)}@/{quote(database)}?{where}"

    def create_role(self, role: str) -> None:
        """Create a role that may log in, unless it is there. The server must be running."""
        if not self._ask("SELECT 1 FROM pg_roles WHERE rolname = :'role'", role=role):
            self._ask('CREATE ROLE :"role" LOGIN', role=role)

    def create_database(self, database: str, owner: str = ROLE) -> str:
        """Create a database and its owner, unless they are there, and return its URI. The server must be running."""
        self.create_role(owner)
        if not self._ask("SELECT 1 FROM pg_database WHERE datname = :'database'", database=database):
            self._ask('CREATE DATABASE :"database" OWNER :"owner"', database=database, owner=owner)
        return self.dsn(database, owner)

    def drop_database(self, database: str) -> None:
        """Drop a database, and with it whoever is connected to it."""
        self._ask('DROP DATABASE IF EXISTS :"database" WITH (FORCE)', database=database)

    def _ask(self, sql: str, **names: str) -> str:
        sets = [word for name, value in names.items() for word in ("-v", f"{name}={value}")]
        psql = (str(self.programs / "psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", *sets, self.dsn(OWNER, OWNER))
        return _run(psql, said=sql)


def postgres(folder: Path, name: str = "postgres") -> Postgres:
    """Prepare a cluster for the data folder `folder`, whose lock is ours: made at the first call, found again later.

    A server that runs there has lost its launcher, and is ended. Raises ServerMissing, PostgresError, OSError.
    """
    found = _known(folder, name)
    user, cluster = found.part.user, found.place / "cluster"
    found.place.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    for path in (found.place, found.sockets):
        _own(path, user)
    keep_place(folder, found.place)
    _own_all(cluster, user)
    if not (cluster / "PG_VERSION").exists():
        _initdb(found.programs, cluster, user)
    clear_stale_pid(cluster)
    text = render("postgresql.conf", port=PORT, sockets=found.sockets)
    _own(write_private(cluster / "postgresql.conf", text), user)
    return found


def running_postgres(folder: Path, name: str = "postgres") -> Postgres:
    """The cluster of a folder that another launcher holds: where it is, and nothing of it touched.

    Its socket is where the running server says: that launcher may have had another XDG_RUNTIME_DIR. Raises
    ServerMissing, PostgresError, OSError.
    """
    found = _known(folder, name)
    return replace(found, sockets=_told_sockets(found.place / "cluster") or found.sockets)


def _known(folder: Path, name: str) -> Postgres:
    user = OWNER if os.geteuid() == 0 else ""
    place = _place(folder, user)
    cluster = place / "cluster"
    programs = _programs_of(cluster)
    part = Part(
        name,
        (str(programs / "postgres"), "-D", str(cluster)),
        env={"LC_ALL": "C"},
        ready="database system is ready to accept connections",
        ready_timeout_s=120.0,  # crash recovery of a full log
        stop_signal=signal.SIGINT,  # the fast way: do not wait for clients
        stop_timeout_s=60.0,
        user=user,
    )
    return Postgres(part, place, _sockets(place, user), programs)


def newest_programs(installed: Path = INSTALLED) -> Path:
    """Return the program folder of the newest installed version. Raises ServerMissing."""
    found = {int(path.parts[-3]): path.parent for path in installed.glob("*/bin/postgres") if path.parts[-3].isdigit()}
    if found:
        return found[max(found)]
    on_path = shutil.which("postgres")
    if on_path and shutil.which("initdb") and shutil.which("psql"):
        return Path(on_path).parent
    raise ServerMissing("postgres", "postgresql")


def clear_stale_pid(cluster: Path) -> None:
    """Remove the pid file of a server that is gone; end one that lost its launcher. We hold the data folder's lock."""
    file = cluster / "postmaster.pid"
    if not file.exists():
        return
    first = file.read_text().split("\n", 1)[0].strip()
    pid = int(first) if first.isdigit() else 0
    if pid and _serves(pid, cluster):
        _end_orphan(pid)
    file.unlink(missing_ok=True)


def _serves(pid: int, cluster: Path) -> bool:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return os.fsencode(cluster) in words


def _end_orphan(pid: int) -> None:
    fd = os.pidfd_open(pid)
    try:
        for number, wait_s in ((signal.SIGINT, ORPHAN_END_S), (signal.SIGKILL, ORPHAN_END_S)):
            signal.pidfd_send_signal(fd, number)
            if _gone(pid, wait_s):
                return
    finally:
        os.close(fd)
    raise PostgresError(
        Text(f"该目录的服务器没有结束：进程 {pid}", f"a server of this folder does not end: process {pid}")
    )


def _gone(pid: int, wait_s: float) -> bool:
    last = time.monotonic() + wait_s
    while lives(pid):
        if time.monotonic() > last:
            return False
        time.sleep(POLL_S)
    return True


def _place(folder: Path, user: str) -> Path:
    """Where the cluster of this data folder stands; the folder remembers it, so a new folder is a new cluster."""
    make_passable(folder)
    outside = FALLBACK if user and not _may_enter(folder.resolve(), user) else None
    if outside:
        make_passable(outside)
    return find_place(folder, outside, _is_served)


def _is_served(place: Path) -> bool:
    cluster = place / "cluster"
    file = cluster / "postmaster.pid"
    first = file.read_text().split("\n", 1)[0].strip() if file.exists() else ""
    return first.isdigit() and _serves(int(first), cluster)


def _may_enter(folder: Path, user: str) -> bool:
    asked = subprocess.run(("test", "-x", str(folder)), user=user, group=user, extra_groups=(), check=False)
    return asked.returncode == 0


def _sockets(place: Path, user: str) -> Path:
    try:
        return socket_folder(place, user, os.environ)
    except FolderNotOurs as fault:
        raise PostgresError(str(fault)) from fault


def _told_sockets(cluster: Path) -> Path | None:
    """The fifth line of a pid file; None while there is none, or the server is not that far."""
    try:
        lines = (cluster / "postmaster.pid").read_text().split("\n")
    except FileNotFoundError:
        return None
    return Path(lines[PID_SOCKETS]) if len(lines) > PID_SOCKETS and lines[PID_SOCKETS] else None


def _own(path: Path, user: str) -> None:
    if not path.exists():
        path.mkdir(mode=0o700)
    if user:
        shutil.chown(path, user, user)


def _own_all(cluster: Path, user: str) -> None:
    """A copy that root has made is root's, and the server would refuse it."""
    if user and cluster.exists() and cluster.owner() != user:
        for path in (cluster, *cluster.rglob("*")):
            shutil.chown(path, user, user)
        cluster.chmod(0o700)


def _programs_of(cluster: Path) -> Path:
    """Return the programs of the version that made the cluster, the newest ones for a cluster to be made."""
    if not (cluster / "PG_VERSION").exists():
        return newest_programs()
    version = (cluster / "PG_VERSION").read_text().strip()
    programs = INSTALLED / version / "bin"
    if (programs / "postgres").exists():
        return programs
    raise ServerMissing(f"postgres {version}", f"postgresql-{version}")


def _initdb(programs: Path, cluster: Path, user: str) -> None:
    """Make the cluster beside its place and rename it, so that a broken start leaves no half of one."""
    unfinished = cluster.with_name("cluster.new")
    if unfinished.exists():
        shutil.rmtree(unfinished)
    options = ("-U", OWNER, "-A", "trust", "--data-checksums", "-E", "UTF8", "--locale", "C")
    _run((str(programs / "initdb"), "-D", str(unfinished), *options), user)
    unfinished.rename(cluster)


def _run(command: tuple[str, ...], user: str = "", said: str = "") -> str:
    done = subprocess.run(
        command,
        input=said,
        capture_output=True,
        text=True,
        timeout=STEP_S,
        check=False,
        cwd="/",
        env={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C"},
        user=user or None,
        group=user or None,
        extra_groups=() if user else None,
    )
    if done.returncode != 0:
        raise PostgresError(f"{Path(command[0]).name}: {done.stderr.strip()[-500:]}")
    return done.stdout.strip()
