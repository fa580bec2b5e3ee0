"""A ledger in PostgreSQL is kept by pgBackRest: base backups and every segment of the log, encrypted, in one folder.

The folder that backups go to holds `pgbackrest.conf` and nothing secret: who takes that disk away can read nothing. The
passphrase of the repository is made here. It stands in DATA/cloud/backup.secret, which the sealed archive of keys has,
and in the cluster's own folder, for the server archives by itself; it is in no argument. Programs run as the owner of
the cluster, so that the server and a command of root write the same files. Refuses with ConfigFault what is not set up
and what lies outside the reachable span; StoreFault says what the program said.
"""

import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from cloud.process.settings import FOLDER
from cloud.process.whole_file import write_whole
from cloud.watch.subjects.marks import OPENS, unprove
from shared.clocks.campus_clock import WALL
from shared.clocks.clock import time_text
from shared.errors import ConfigFault, StoreFault
from shared.words.voice import Text

PROGRAM, PACKAGE = "pgbackrest", "pgbackrest"
CONF, REPOSITORY, STANZA = "pgbackrest.conf", "repo", "openykt"
SERVER_CONF, CLUSTER_CONF = "openykt-backup.conf", "openykt-pgbackrest.conf"
"""In the cluster's folder: what its postgresql.conf includes, and what the server archives by."""
AUTO_CONF = "postgresql.auto.conf"
SECRET_BYTES = 48
FULL_DAYS = 7
"""The newest full backup is at most so old; those between hold what has changed."""
ARCHIVE_TIMEOUT_S = 60
"""The server archives its log at least so often: a point in time is reachable up to about then."""
RUN_S = 6 * 3600.0
"""Longest that one run may take, far above a campus's; then it is ended, and there is no backup."""
SAID_MAX = 2000
_ROOT = 0


@dataclass(frozen=True, slots=True)
class Base:
    """A backup in the repository. stop_ms: when it ended, Unix; full: it needs no other one."""

    label: str
    stop_ms: int
    full: bool

    def to_json(self) -> dict[str, Any]:
        """For the manifest."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Span:
    """From first_ms to about last_ms every second can be put back."""

    first_ms: int
    last_ms: int

    @property
    def text(self) -> str:
        """For people, campus time."""
        return f"{_text(self.first_ms)} – {_text(self.last_ms)}"


@dataclass(frozen=True, slots=True)
class Repository:
    """The folder that backups go to, and what opens it."""

    folder: Path
    secret: str = field(repr=False)

    @property
    def conf(self) -> Path:
        """All that the program is told beside the secret."""
        return self.folder / CONF


def repository(to: Path, data: Path) -> Repository:
    """Of this folder. ConfigFault where it was not set up, the secret is gone, or the program is not installed."""
    if shutil.which(PROGRAM) is None:
        raise ConfigFault(
            Text(f"没有 {PROGRAM}：apt install {PACKAGE}", f"{PROGRAM} is missing: apt install {PACKAGE}")
        )
    where = to.resolve()
    if not (where / CONF).is_file():
        then = f"cloud backup set-up --to {to} --cluster"
        raise ConfigFault(Text(f"{to}: 尚未设置，先执行 {then} 目录", f"{to}: not set up, first: {then} DIR"))
    return Repository(where, require_secret(data))


def keep_secret(data: Path) -> str:
    """The one there is, or a new one; sealed keys that are without it are proven no longer, before it is there."""
    secret = secret_of(data)
    if not secret:
        unprove(data / FOLDER)
        secret = secrets.token_urlsafe(SECRET_BYTES)
        write_whole(data / FOLDER / OPENS, secret.encode())
    return secret


def require_secret(data: Path) -> str:
    """ConfigFault where it is gone."""
    secret = secret_of(data)
    if not secret:
        raise ConfigFault(
            Text(f"没有 {OPENS}：它在封存的密钥里", f"{OPENS} is missing: it is in the sealed archive of keys")
        )
    return secret


def set_up(to: Path, data: Path, cluster: Path, dsn: str, keep_full: int, sockets: Path | None = None) -> Repository:
    """Make the repository's folder and configuration, and what the server is told; idempotent, the secret stays.

    ConfigFault: no cluster there, or no socket of its server is known.
    """
    if not (cluster / "PG_VERSION").is_file():
        raise ConfigFault(Text(f"{cluster}: 不是 PostgreSQL 的数据目录", f"{cluster}: no cluster of PostgreSQL"))
    where, port, database = _socket_of(dsn, sockets)
    made = Repository(to.resolve(), keep_secret(data))
    folders = [to, *(to / name for name in (REPOSITORY, "log", "lock", "spool"))]
    for folder in folders:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    text = _CONF.format(
        to=made.folder, cluster=cluster.resolve(), sockets=where, port=port, database=database, keep=keep_full,
        stanza=STANZA,
    )  # fmt: skip
    write_whole(made.conf, text.encode())
    _give(cluster, [*folders, made.conf])
    _tell_server(made, cluster)
    return made


def _tell_server(made: Repository, cluster: Path) -> None:
    """CLUSTER_CONF is the last: where it is, nothing of the setting up is left to be done."""
    _archive_again(cluster / AUTO_CONF)
    told = _SERVER_CONF.format(conf=cluster.resolve() / CLUSTER_CONF, stanza=STANZA, seconds=ARCHIVE_TIMEOUT_S)
    write_whole(cluster / SERVER_CONF, told.encode())
    _give(cluster, [cluster / SERVER_CONF])
    _give(cluster, [_with_secret(made, cluster / CLUSTER_CONF)])


def _archive_again(file: Path) -> None:
    """A restore has put archiving off; its server does not run while this is done."""
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True) if file.exists() else []
    kept = [line for line in lines if not line.startswith("archive_mode")]
    if kept != lines:
        owner = file.stat()
        write_whole(file, "".join(kept).encode())
        if _is_root():
            os.chown(file, owner.st_uid, owner.st_gid)


def _with_secret(made: Repository, file: Path) -> Path:
    text = made.conf.read_text(encoding="utf-8")
    write_whole(file, text.replace("[global]\n", f"[global]\nrepo1-cipher-pass={made.secret}\n", 1).encode())
    return file


def secret_of(data: Path) -> str:
    """What opens the repository and sealed files; empty where backups were not set up. ConfigFault: it is damaged."""
    file = data / FOLDER / OPENS
    if not file.exists():
        return ""
    secret = file.read_bytes().strip()
    if not secret or not secret.isascii():
        raise ConfigFault(
            Text(
                f"{OPENS} 已损坏或是空的：从封存的密钥里放回",
                f"{OPENS} is damaged or empty: put it back from the sealed archive of keys",
            )
        )
    return secret.decode("ascii")


def next_steps(made: Repository, cluster: Path) -> list[Text | str]:
    """What is still to be done by hand."""
    return [
        Text(f"已写 {made.conf} 和 {cluster / SERVER_CONF}", f"written: {made.conf} and {cluster / SERVER_CONF}"),
        Text(
            f"postgresql.conf 须有 include_if_exists = '{SERVER_CONF}'，然后重启数据库"
            "（./ykt up --full 已有，./ykt server 都不必）",
            f"postgresql.conf needs include_if_exists = '{SERVER_CONF}', then a restart (./ykt up --full has it, "
            "./ykt server needs neither)",
        ),
        SEAL_AGAIN,
    ]


SEAL_AGAIN = Text(
    f"{OPENS} 打开备份：再做一次 ./ykt cloud backup keys，让它进封存，否则机器没了备份也打不开",
    f"{OPENS} opens backups: seal keys again, ./ykt cloud backup keys; without it none opens when this machine is gone",
)


def make(one: Repository, now_ms: int, *, full: bool = False) -> Base:
    """A new base backup, archived and verified when this returns. full: not only what has changed."""
    if not _stanza(one).get("db"):
        _run(one, "stanza-create")
    _run(one, "check")  # one segment of the log goes the whole way
    newest = max((base.stop_ms for base in bases(one) if base.full), default=0)
    is_due = full or now_ms - newest > FULL_DAYS * 86_400_000
    _run(one, "backup", f"--type={'full' if is_due else 'incr'}")
    verify(one)
    return bases(one)[0]


def verify(one: Repository) -> None:
    """Every file and every segment of the repository is as it was written, and none is missing. StoreFault."""
    said = _run(one, "verify", "--output=text", "--verbose")
    if "status: ok" not in said:
        found = said[:SAID_MAX]
        raise StoreFault(Text(f"备份库校验不符：{found}", f"the repository is not as written: {found}"))


def bases(one: Repository) -> list[Base]:
    """The newest first."""
    found = _stanza(one).get("backup", [])
    made = [Base(each["label"], each["timestamp"]["stop"] * 1000, each["type"] == "full") for each in found]
    return sorted(made, key=lambda base: base.stop_ms, reverse=True)


def span(one: Repository) -> Span | None:
    """What a point in time may be; None: there is no backup. Its end is when the newest segment was archived."""
    found = bases(one)
    if not found:
        return None
    segments = (one.folder / REPOSITORY / "archive" / STANZA).glob("*/*/*")
    newest = max((int(each.stat().st_mtime * 1000) for each in segments), default=0)
    return Span(found[-1].stop_ms + 1000, max(newest, found[0].stop_ms))


def restore(one: Repository, cluster: Path, label: str, at_ms: int | None) -> None:
    """Into a folder that is empty or not there. at_ms None: as that backup was; 0: all that was archived; else as it
    stood then, from the backup before. ConfigFault: outside the span, or the folder is not empty."""
    if cluster.exists() and any(cluster.iterdir()):
        raise ConfigFault(Text(f"{cluster} 不是空目录：不覆盖", f"{cluster} is not empty: nothing is overwritten"))
    words = [*_target(one, label, at_ms), "--archive-mode=off"]  # a drill must not write into the school's repository
    cluster.mkdir(mode=0o700, parents=True, exist_ok=True)
    conf = _with_secret(one, cluster.parent / CLUSTER_CONF)  # its recovery asks for the log by itself
    _give(one.conf, [cluster, conf])
    _run(one, "restore", f"--pg1-path={cluster.resolve()}", *words, conf=conf)


def _target(one: Repository, label: str, at_ms: int | None) -> list[str]:
    if at_ms is None:
        return [f"--set={label}", "--type=immediate", "--target-action=promote"]
    if at_ms == 0:
        return []
    before = [base for base in bases(one) if base.stop_ms + 1000 <= at_ms]
    reach = span(one)
    if not before or reach is None or at_ms > reach.last_ms:
        said = reach.text if reach else "–"
        raise ConfigFault(Text(f"{_text(at_ms)} 够不着，可还原：{said}", f"{_text(at_ms)} is out of reach: {said}"))
    return [f"--set={before[0].label}", "--type=time", f"--target={_utc(at_ms)}", "--target-action=promote"]


def _stanza(one: Repository) -> dict[str, Any]:
    found = json.loads(_run(one, "info", "--output=json"))
    return next((each for each in found if each["name"] == STANZA), {})


def _run(one: Repository, verb: str, *words: str, conf: Path | None = None) -> str:
    """What it says. StoreFault with the end of it."""
    owner = one.conf.stat()
    as_other = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": ()} if _is_root() else {}
    stanza = () if verb == "info" else (f"--stanza={STANZA}",)
    command = (PROGRAM, f"--config={conf or one.conf}", *stanza, *words, verb)
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=RUN_S, check=False, cwd="/", env=_environment(one),
            **as_other,  # type: ignore[call-overload]  # either all three or none
        )  # fmt: skip
    except subprocess.TimeoutExpired as fault:
        raise StoreFault(Text(f"{PROGRAM} {verb} 超时", f"{PROGRAM} {verb} took too long")) from fault
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip())[-SAID_MAX:]
        raise StoreFault(f"{PROGRAM} {verb}: {said}")
    return str(done.stdout)


def _environment(one: Repository) -> dict[str, str]:
    path = os.environ.get("PATH", "/usr/bin:/bin")
    return {"PATH": path, "LC_ALL": "C.UTF-8", "TZ": "UTC", "PGBACKREST_REPO1_CIPHER_PASS": one.secret}


def _socket_of(dsn: str, sockets: Path | None) -> tuple[Path, int, str]:
    parts = urlsplit(dsn)
    said = parse_qs(parts.query)
    host, port = said.get("host", [""])[0], said.get("port", [str(parts.port or 5432)])[0]
    found = sockets or (Path(unquote(host)) if host.startswith("/") else None)
    if found is None:
        raise ConfigFault(
            Text("缺少 --sockets：数据库套接字所在的目录", "--sockets is missing: the folder of the server's socket")
        )
    return found, int(port), parts.path.strip("/") or "postgres"


def _give(like: Path, paths: Sequence[Path]) -> None:
    """Root makes these the property of whoever owns `like`."""
    if _is_root():
        for path in paths:
            os.chown(path, like.stat().st_uid, like.stat().st_gid)


def _is_root() -> bool:
    return os.geteuid() == _ROOT


def _utc(unix_ms: int) -> str:
    from datetime import UTC, datetime

    return f"{datetime.fromtimestamp(unix_ms / 1000, UTC):%Y-%m-%d %H:%M:%S}+00"


def _text(unix_ms: int) -> str:
    return time_text(WALL.at(unix_ms / 1000))


_CONF = """\
# Written by `cloud backup set-up`. What opens the repository stands elsewhere.
[global]
repo1-path={to}/repo
repo1-cipher-type=aes-256-cbc
repo1-retention-full={keep}
repo1-bundle=y
compress-type=gz
compress-level=1
process-max=2
start-fast=y
archive-timeout=60
log-level-console=warn
log-level-file=info
log-path={to}/log
lock-path={to}/lock
spool-path={to}/spool

[{stanza}]
pg1-path={cluster}
pg1-socket-path={sockets}
pg1-port={port}
pg1-user=postgres
pg1-database={database}
"""
_SERVER_CONF = """\
# Written by `cloud backup set-up`: every segment of the log goes to the repository before the server forgets it.
archive_mode = on
archive_timeout = {seconds}
archive_command = 'pgbackrest --config={conf} --stanza={stanza} archive-push %p'
"""
