"""Where a database's socket stands: in its own folder, or, where that path is too long for a socket, in a short one.

The short one has a name made of the long one, so that every call finds the same. It is made with mode 0700, and one
that is somebody else's, open to others or no folder is refused: behind it could sit another's server.
"""

import os
import pwd
import stat
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from shared.words.voice import Text

SOCKET_PATH_BYTES = 90
"""Of 108 that the kernel takes: the socket's own name comes after it."""
ROOTS = Path("/run")
SHARED = Path("/tmp")  # noqa: S108  # sticky, and what we find there is checked


class FolderNotOurs(Exception):
    """Somebody else made, or could enter, the folder that the socket belongs into."""


def socket_folder(place: Path, user: str, environment: Mapping[str, str]) -> Path:
    """The folder for the socket of the server whose files are in `place`, which runs as `user` ("": as we do).

    It need not be there yet. Raises FolderNotOurs.
    """
    near = place / "run"
    if _fits(near):
        return near
    number = os.geteuid()
    name = f"openykt-{sha256(os.fsencode(place)).hexdigest()[:12]}"
    if number == 0:
        return _ours(ROOTS / name, user)
    runtime = environment.get("XDG_RUNTIME_DIR", "")
    if runtime and _fits(Path(runtime) / name):
        return _ours(Path(runtime) / name, user)
    return _ours(SHARED / f"{name}-{number}", user)


def _fits(path: Path) -> bool:
    return len(os.fsencode(path)) <= SOCKET_PATH_BYTES


def _ours(path: Path, user: str) -> Path:
    if not os.path.lexists(path):
        return path
    found = path.lstat()
    owners = {os.geteuid(), *((pwd.getpwnam(user).pw_uid,) if user else ())}
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in owners or found.st_mode & 0o077:
        raise FolderNotOurs(
            Text(f"{path}: 不是本用户私有的目录，拒绝使用", f"{path}: is not a private folder of ours, refused")
        )
    return path
