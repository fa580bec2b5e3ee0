"""podman in a private place, and `./ykt server` under it: what a school's machine has from its packages.

Nothing of the machine's own containers is seen or touched: storage, locks, networks, socket and the project's name are
this scene's; one of two that run at once would take the other's addresses, and they are not to. It takes
runc, for crun asks for a kernel's newer groups, and gives limits itself, for a caller may have lowered his own.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self

from compose.place import ROOT

NEEDED = ("podman", "runc", "docker-compose", "debootstrap", "netavark")
LISTENS_S = 20.0
POLL_S = 0.05
STEP_S = 1_200.0
_CONTAINERS = """\
[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
lock_type = "file"
tmp_dir = "{0}/tmp"
[network]
network_backend = "netavark"
network_config_dir = "{0}/networks"
"""
_STORAGE = """\
[storage]
driver = "overlay"
graphroot = "{0}/graph"
runroot = "{0}/run"
"""


_TABLE = ("nft", "list", "table", "inet", "netavark")
"""Where podman has its rules, those of all who use it here."""


def _has_table() -> bool:
    return shutil.which("nft") is None or not subprocess.run(_TABLE, capture_output=True, check=False).returncode


def missing() -> list[str]:
    """Programs that this machine has not, and `root` where somebody else calls."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/lib/podman"
    lacks = [name for name in NEEDED if shutil.which(name, path=path) is None]
    return [*lacks, *(["root"] if os.geteuid() else [])]


class Containers:
    """Use as `with`."""

    def __init__(self) -> None:
        self._place = Path(tempfile.mkdtemp(prefix="ykt-"))  # as a project may be named
        for name, text in (("containers.conf", _CONTAINERS), ("storage.conf", _STORAGE)):
            (self._place / name).write_text(text.format(self._place))
        (self._place / "networks").mkdir()
        self._had_table = _has_table()
        self._socket = self._place / "podman.sock"
        self.environment: Mapping[str, str] = {
            **os.environ, "CONTAINERS_CONF": str(self._place / "containers.conf"),
            "CONTAINERS_STORAGE_CONF": str(self._place / "storage.conf"), "PODMAN_IGNORE_CGROUPSV1_WARNING": "1",
            "DOCKER_HOST": f"unix://{self._socket}", "TMPDIR": str(self._place),
            "COMPOSE_PROJECT_NAME": self._place.name,
        }  # fmt: skip
        """Of every command here."""

    def __enter__(self) -> Self:
        """The engine listens."""
        words = ("podman", "system", "service", "--time", "0", f"unix://{self._socket}")
        with (self._place / "service.log").open("wb") as log:
            self._service = subprocess.Popen(words, env=self.environment, stdout=log, stderr=log)
        last_s = time.monotonic() + LISTENS_S
        while not self._socket.is_socket():
            assert time.monotonic() < last_s, "podman's service does not listen"
            time.sleep(POLL_S)
        return self

    def __exit__(self, *_: object) -> None:
        """No container, no network, no mount is left."""
        self.podman("rm", "--force", "--all", "--time", "0")
        self.podman("network", "prune", "--force")
        self._service.terminate()
        self._service.wait(LISTENS_S)
        subprocess.run(("umount", "--lazy", f"{self._place}/graph/overlay"), capture_output=True, check=False)
        if not self._had_table:
            subprocess.run((*_TABLE[:1], "delete", *_TABLE[2:]), capture_output=True, check=False)
        shutil.rmtree(self._place, ignore_errors=True)

    def server(self, *words: object, code: int | None = 0, tree: Path = ROOT, typed: str = "") -> str:
        """`./ykt server …` of this checkout, or of another tree; what it said. Its exit code must be `code`; None: it
        may end as it likes."""
        command = (sys.executable, "-P", "-m", "compose.server.server", *map(str, words))
        environment = {**self.environment, "PYTHONPATH": str(tree)}
        done = subprocess.run(
            command, cwd=tree, env=environment, input=typed, capture_output=True, text=True, check=False, timeout=STEP_S
        )
        assert code in (None, done.returncode), f"server {words}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def composed(self, root: Path, *words: str) -> "subprocess.CompletedProcess[str]":
        """docker-compose by itself, as somebody without a checkout has it."""
        command = ("docker-compose", *words)
        return subprocess.run(
            command, cwd=root, env=self.environment, capture_output=True, text=True, check=False, timeout=STEP_S
        )

    def pid(self, service: str) -> int:
        """Of the container's first process; 0: it does not run."""
        said = self.podman("inspect", "--type", "container", f"{self._place.name}-{service}-1")
        return int(json.loads(said)[0]["State"]["Pid"]) if said.strip() not in ("", "[]") else 0

    def kill(self, service: str) -> int:
        """kill -9 from outside, as a crash is; the pid that is gone."""
        pid = self.pid(service)
        assert pid, f"{service} does not run"
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        return pid

    def podman(self, *words: str) -> str:
        """What podman says, whether it can or not."""
        done = subprocess.run(
            ("podman", *words), env=self.environment, capture_output=True, text=True, check=False, timeout=STEP_S
        )
        return done.stdout
