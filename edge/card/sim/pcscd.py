"""A pcscd of our own for trials: two virtual readers in namespaces of its own, no service of the system touched.

Refuses clearly when pcscd, vpcd or the right to namespaces is missing. No port listens anywhere but inside.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

from edge.card.sim.place import DRIVER, HIDDEN, PID, READERS, SOCKET, configuration
from shared.errors import ConfigFault
from shared.words.voice import Text

SOCKET_ENV = "PCSCLITE_CSOCK_NAME"
"""Names the socket of a client's pcscd; a process reads it once, at its first call."""
START_S = 10.0
END_S = 10.0
DIAL_S = 5.0
SYSTEM_SOCKET = Path("/run/pcscd/pcscd.comm")
_POLL_S = 0.01
_MOUNTS = "--mount"
_SBIN = "/usr/sbin:/usr/local/sbin"
_UNIX_PATH_MAX = 107


class PcscdMissing(ConfigFault):
    """pcscd cannot run here; the text says what is missing."""


def why_not() -> Text | None:
    """None when a pcscd of our own can run here, else what is missing."""
    if _program("pcscd") is None:
        return Text("缺少 Debian 软件包 pcscd", "the Debian package pcscd is missing")
    if not DRIVER.exists():
        return Text("缺少 Debian 软件包 vsmartcard-vpcd", "the Debian package vsmartcard-vpcd is missing")
    if _unshare() is None:
        return Text("没有建立命名空间的权限", "no right to make mount and network namespaces here")
    return None


class PrivatePcscd:
    """A running pcscd with its readers, all slots empty."""

    def __init__(self, run: Path) -> None:
        """run: a short folder for its socket and log. PcscdMissing when it cannot start."""
        missing = why_not()
        if missing:
            raise PcscdMissing(missing)
        self.socket = run / SOCKET
        if len(os.fsencode(self.socket)) > _UNIX_PATH_MAX:
            raise ConfigFault(Text(f"{run}: 套接字路径太长", f"{run}: too long a path for a unix socket"))
        self._run = run
        self.start()

    def start(self, driver: Path | None = DRIVER) -> None:
        """Again after `kill`, with the readers of this driver; None: somebody has taken them away. PcscdMissing."""
        entry = self._run / READERS
        entry.parent.mkdir(mode=0o700, exist_ok=True)
        entry.write_text("" if driver is None else configuration(driver), encoding="ascii")
        unshare = _unshare() or ()
        words = [sys.executable, "-P", "-m", "edge.card.sim.room", str(self._run), _program("pcscd") or "pcscd"]
        words += [HIDDEN] if _MOUNTS in unshare else []
        (self._run / PID).unlink(missing_ok=True)
        with (self._run / "pcscd.log").open("wb") as log:
            self._room = subprocess.Popen([*unshare, *words], stdin=subprocess.PIPE, stdout=log, stderr=log)
        try:
            self._await()
        except PcscdMissing:
            self.close()
            raise

    def kill(self) -> None:
        """kill -9: pcscd dies with calls under way and cards in its readers."""
        os.kill(self.pid, signal.SIGKILL)
        self.close()

    @property
    def pid(self) -> int:
        """Of pcscd itself, while it runs."""
        return int((self._run / PID).read_text(encoding="ascii"))

    @property
    def environment(self) -> dict[str, str]:
        """What a client's environment needs to find this pcscd and no other."""
        return {SOCKET_ENV: str(self.socket)}

    def dial(self, slot: int) -> socket.socket:
        """A line to a slot, as a card's contacts. OSError when there is none."""
        with socket.socket(socket.AF_UNIX) as caller:
            caller.settimeout(DIAL_S)
            caller.connect(str(self._run / "dial"))
            caller.sendall(bytes((slot,)))
            _, lines, _, _ = socket.recv_fds(caller, 1, 1)
        if not lines:
            raise ConnectionError("no line to this slot")
        return socket.socket(fileno=lines[0])

    def close(self) -> None:
        """End it, in order if it lets us."""
        if self._room.stdin is not None:
            self._room.stdin.close()
        try:
            self._room.wait(END_S)
        except subprocess.TimeoutExpired:
            self._room.kill()
            self._room.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _await(self) -> None:
        until = time.monotonic() + START_S
        while not (self._run / PID).exists():
            if self._room.poll() is not None or time.monotonic() > until:
                said = (self._run / "pcscd.log").read_text(encoding="utf-8", errors="replace")[-400:].strip()
                raise PcscdMissing(Text(f"pcscd 未能启动：{said}", f"pcscd did not start: {said}"))
            time.sleep(_POLL_S)


def _unshare() -> list[str] | None:
    """The call that gives namespaces here: as root, or as the root of a user namespace. None: not allowed.

    Inside a chroot there are no mounts of one's own; then pcscd writes its number where the system's would.
    """
    program = _program("unshare")
    if program is None:
        return None
    ways = [[_MOUNTS, "--net"], ["--user", "--map-root-user", _MOUNTS, "--net"]]
    if not SYSTEM_SOCKET.exists():
        ways.append(["--net"])
    for way in ways:
        tried = subprocess.run([program, *way, "/bin/true"], check=False, capture_output=True)
        if tried.returncode == 0:
            return [program, *way]
    return None


def _program(name: str) -> str | None:
    return shutil.which(name, path=os.environ.get("PATH", os.defpath) + ":" + _SBIN)
