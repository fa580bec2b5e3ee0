"""The rights as files: mosquitto's list and passwords beside the broker's own, and the logins of our own sessions."""

import fcntl
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGHUP
from typing import BinaryIO

from cloud.process.whole_file import write_whole
from cloud.watch.docking.keeping.store import DockingStore
from cloud.watch.docking.rights.accounts import HOST_USER, NODE_USER, OWN_USERS, SALT_BYTES, SECRET_BYTES, sealed
from cloud.watch.docking.rights.acl import acl_text, acl_with, host_rights, node_rights, password_text, rights
from cloud.watch.docking.settings import DockingSettings
from shared.errors import StoreFault
from shared.words.voice import Text

BROKER = "broker"
ACL, PASSWORDS, PID = "acl", "docking.passwords", "mosquitto.pid"
LOCK = "docking.lock"
LOCK_S, POLL_S = 10.0, 0.02


def new_secret() -> tuple[str, str]:
    """A secret and its seal."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    return secret, sealed(secret, secrets.token_bytes(SALT_BYTES))


def login_file(folder: Path, user: str) -> Path:
    """User and password of one of our own sessions, in the cloud's folder."""
    return folder / f"{user}.login"


def prepare(data: Path, folder: Path, store: DockingStore, settings: DockingSettings) -> bool:
    """Logins of our own where there are none, and the broker's files as the accounts are; whether the broker was told.

    Safe to repeat, and one at a time: the process, a command and the console do it side by side, and who writes last
    has to have read all accounts. StoreFault when another takes longer than LOCK_S. A broker on another machine has no
    folder here: its files are copied by hand.
    """
    with _alone(folder):
        return _prepare(data, folder, store, settings)


def _prepare(data: Path, folder: Path, store: DockingStore, settings: DockingSettings) -> bool:
    known = store.own_seals()
    for user in OWN_USERS:
        file = login_file(folder, user)
        if user not in known or not file.exists():
            secret, seal = new_secret()
            _write(file, f"{user}\n{secret}\n")
            store.set_own_seal(user, seal)
    own = data / BROKER
    if not (own / ACL).exists():
        return False
    _write(own / ACL, acl_with((own / ACL).read_text(encoding="utf-8"), _acl(store, settings)))
    seals = [*store.own_seals().items(), *((one.user, one.seal) for one in store.accounts())]
    _write(own / PASSWORDS, password_text(seals))
    return _tell(own / PID)


def _acl(store: DockingStore, settings: DockingSettings) -> str:
    users = [(HOST_USER, host_rights(settings.host))]
    if settings.node is not None:
        users.append((NODE_USER, node_rights(settings.node.source, settings.node.primary_host)))
    users += [(one.user, rights(one, settings.host)) for one in store.accounts()]
    return acl_text(users)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    last_s = time.monotonic() + LOCK_S
    with (folder / LOCK).open("ab") as lock:
        while not _is_ours(lock):
            if time.monotonic() >= last_s:
                raise StoreFault(Text("另一个程序正在写接入的权限", "another process writes the rights of docking"))
            time.sleep(POLL_S)
        yield


def _is_ours(lock: BinaryIO) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _write(file: Path, text: str) -> None:
    write_whole(file, text.encode())


def _tell(pid_file: Path) -> bool:
    """Let a broker of this machine read its rights again; False: none runs that is ours to tell."""
    try:
        pid = int(pid_file.read_text(encoding="ascii"))
        if Path(f"/proc/{pid}/comm").read_text(encoding="ascii").strip() != "mosquitto":
            return False
        os.kill(pid, SIGHUP)
    except (OSError, ValueError):
        return False
    return True
