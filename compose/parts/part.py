"""A part of the campus as a value, and the one place that starts its process.

Waits for nothing and restarts nothing (compose.parts.supervise does). A part is on the leash before its program runs,
so that there is no moment in which a killed launcher would leave it behind.
"""

import os
import pwd
import re
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import IO

from compose.parts.leash import Leash
from shared.words.voice import Text

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


class PartError(ValueError):
    """A part that cannot be described so: its name, its user or its order is wrong."""


@dataclass(frozen=True, slots=True)
class Part:
    """One process of the campus.

    `ready`: regular expression; the first output line in which it is found makes the part ready.
    `after`: names of the parts that must be ready first, and that are stopped only after this one.
    `env` is added to the launcher's own; it may hold secrets and is never shown.
    `user`: run as this user (only root can); empty = as ourselves.
    `spare`: the campus goes on without it. If it does not become ready it is started again like one that died.
    """

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    after: tuple[str, ...] = ()
    ready: str = r"^READY\b"
    ready_timeout_s: float = 30.0
    stop_signal: signal.Signals = signal.SIGTERM
    stop_timeout_s: float = 10.0
    user: str = ""
    spare: bool = False

    def __post_init__(self) -> None:
        """Refuse a name that is no file name, for it names the log."""
        if not NAME.fullmatch(self.name):
            raise PartError(f"part name {self.name!r}")


def spawn(part: Part, output: int | IO[bytes], leash: Leash) -> subprocess.Popen[bytes]:
    """Start the process of `part` in a session of its own, standard error joined to `output`.

    Its standard input is a pipe that the caller holds. Raises OSError or subprocess.SubprocessError.
    """
    uid, gid, groups = _identity(part.user)
    process = subprocess.Popen(
        part.argv,
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=subprocess.STDOUT,
        env={**os.environ, "PYTHONUNBUFFERED": "1", **part.env},
        start_new_session=True,
        preexec_fn=lambda: leash.hold_self(part.stop_signal),
        user=uid,
        group=gid,
        extra_groups=groups,
    )
    leash.hold(process.pid, part.stop_signal)
    return process


def _identity(user: str) -> tuple[int | None, int | None, list[int] | None]:
    if not user:
        return None, None, None
    try:
        entry = pwd.getpwnam(user)
    except KeyError as error:
        raise PartError(Text(f"本机没有用户 {user!r}", f"no user {user!r} on this machine")) from error
    return entry.pw_uid, entry.pw_gid, []
