"""Who runs containers on this machine: Docker, or podman with the standalone docker-compose at its socket.

Found by what is here: DOCKER_HOST as it is set, else Docker's socket, else podman's. Nothing is installed.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from compose.place import WrongUse
from shared.words.voice import Text

DOCKER, PODMAN = Path("/run/docker.sock"), Path("/run/podman/podman.sock")
HOST = "DOCKER_HOST"
STEP_S = 120.0
"""Longest that one step of an engine may take; one that is beyond has failed."""

_NONE: Mapping[str, str] = {}


class EngineRefused(Exception):
    """A command of the engine ended badly: its last words. Exit code 1."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class Engine:
    """program: builds and imports images; compose: the words that start compose; host: where it asks, '': as it is."""

    program: str
    compose: tuple[str, ...]
    host: str = ""

    @property
    def environment(self) -> dict[str, str]:
        """Of each command."""
        return {**os.environ, **({HOST: self.host} if self.host else {})}

    def run(self, *words: str, timeout_s: float = STEP_S, folder: Path | None = None) -> str:
        """What the engine's program says. EngineRefused."""
        return _run((self.program, *words), self.environment, timeout_s, folder)

    def composed(
        self, root: Path, *words: str, timeout_s: float = STEP_S, settings: Mapping[str, str] = _NONE
    ) -> str:  # fmt: skip
        """What compose says of the installation in that folder. settings: in the place of what its .env says.
        EngineRefused."""
        return _run((*self.compose, *words), {**self.environment, **settings}, timeout_s, root)

    def answered(self, root: Path, *words: str, timeout_s: float = STEP_S) -> tuple[str, int]:
        """What compose says, and how it ended, whichever way. EngineRefused: not within the bound."""
        done = _ended((*self.compose, *words), self.environment, timeout_s, root)
        return done.stdout, done.returncode

    def can(self, root: Path, *words: str, timeout_s: float = 15.0) -> bool:
        """Does a command of compose end well?"""
        try:
            self.composed(root, *words, timeout_s=timeout_s)
        except EngineRefused:
            return False
        return True


def engine() -> Engine:
    """The one of this machine. WrongUse that says what is missing."""
    return found(os.environ, lambda name: shutil.which(name), Path.is_socket)


def found(
    environment: Mapping[str, str], which: Callable[[str], str | None], is_socket: Callable[[Path], bool]
) -> Engine:
    """As engine(), of what is told."""
    given = environment.get(HOST, "")
    is_podman = "podman" in given if given else not is_socket(DOCKER)
    program = "podman" if is_podman else "docker"
    host = given or (f"unix://{PODMAN}" if is_podman else "")
    if which(program) is None or (is_podman and not given and not is_socket(PODMAN)):
        raise WrongUse(
            Text(
                "没有容器引擎：Docker，或 podman、docker-compose 与其套接字（systemctl enable --now podman.socket）",
                "no container engine: Docker, or podman, docker-compose and its socket (systemctl enable --now "
                "podman.socket)",
            )
        )
    return Engine(program, _compose(program, which), host)


def _compose(program: str, which: Callable[[str], str | None]) -> tuple[str, ...]:
    if which("docker-compose"):
        return ("docker-compose",)
    if program == "docker":
        return ("docker", "compose")
    raise WrongUse(Text("缺少 docker-compose", "docker-compose is missing"))


def _run(words: Sequence[str], environment: Mapping[str, str], timeout_s: float, folder: Path | None) -> str:
    done = _ended(words, environment, timeout_s, folder)
    if done.returncode:
        raise EngineRefused("\n".join((done.stderr or done.stdout).splitlines()[-20:]))
    return done.stdout


def _ended(
    words: Sequence[str], environment: Mapping[str, str], timeout_s: float, folder: Path | None
) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(
            words, env=environment, cwd=folder, timeout=timeout_s, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise EngineRefused(
            Text(f"{words[0]}: {timeout_s:g} 秒未完", f"{words[0]}: not done in {timeout_s:g} s")
        ) from None
