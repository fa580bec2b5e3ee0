"""A private SoftHSM in a campus's folder: where it lies, what it is told, and its one file that a kill can empty.

At each login SoftHSM empties token.object and writes it anew, and syncs nothing: killed between the two, or by a power
cut, the token is gone with all masters in it, for that file holds the key of the others under the PIN. A copy of it
(the same secrets, under the same PIN) is kept beside it, durable, and put back when the token does not show itself.
What was there is set aside; nothing of a token is ever deleted here.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path

from provisioning.custody.journal import write_private
from shared.errors import ConfigFault
from shared.words.voice import Text

TOKENS, KEPT, OBJECT = "tokens", "kept", "token.object"
LOOKS, LOOK_S = 10, 0.02
"""How often an empty file is looked at again before it is taken for lost: another process may be logging in."""
SOFTHSM_PLACES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
)
_SETTING = "SOFTHSM2_CONF"
_SETTINGS = "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\nslots.removable = false\n"


def softhsm() -> Path | None:
    """SoftHSM's library on this machine."""
    return next((place for place in map(Path, SOFTHSM_PLACES) if place.exists()), None)


def library(folder: Path, *, make: bool = False) -> Path:
    """The library, told to look into this folder; ConfigFault when there is none, or nothing in the folder.

    make: the folder is made when it is not there.
    """
    found = softhsm()
    if found is None:
        raise ConfigFault(
            Text("没有 SoftHSM（Debian: softhsm2），也没有 --module", "no SoftHSM (Debian: softhsm2), and no --module")
        )
    if make:
        folder.mkdir(mode=0o700, exist_ok=True)
        (folder / TOKENS).mkdir(mode=0o700, exist_ok=True)
    if not (folder / TOKENS).is_dir():
        raise ConfigFault(Text(f"{folder}: 没有密码设备", f"{folder}: there is no token here"))
    settings, told = folder / "softhsm2.conf", _SETTINGS.format(folder / TOKENS).encode()
    if not settings.exists() or settings.read_bytes() != told:  # the campus's folder may have moved
        write_private(settings, told)
    os.environ[_SETTING] = str(settings)
    return found


def is_shown(folder: Path, is_there: Callable[[], bool]) -> bool:
    """Does the token show itself? The copy is kept when it does, and put back when it does not any more."""
    if is_there():
        _keep(folder)
        return True
    if not any((folder / KEPT).glob("*.object")):
        return False
    for _ in range(LOOKS):
        time.sleep(LOOK_S)
        if is_there():
            return True
    _put_back(folder)
    return is_there()


def set_aside(folder: Path) -> None:
    """A token whose making was cut: it never held a master, and no copy was kept of it."""
    tokens = folder / TOKENS
    if any(tokens.iterdir()):
        tokens.rename(_free(tokens, "cut"))
        tokens.mkdir(mode=0o700)


def make_durable() -> None:
    """What was done in a token, on the disk."""
    os.sync()


def _keep(folder: Path) -> None:
    (folder / KEPT).mkdir(mode=0o700, exist_ok=True)
    for live in (folder / TOKENS).glob(f"*/{OBJECT}"):
        copy = _copy(folder, live)
        body = live.read_bytes()
        if body and not copy.exists():  # empty: another process is writing it, and there is a next time
            write_private(copy, body)


def _put_back(folder: Path) -> None:
    for home in (folder / TOKENS).iterdir():
        live = home / OBJECT
        copy = _copy(folder, live)
        if copy.exists() and (not live.exists() or live.read_bytes() != copy.read_bytes()):
            if live.exists():
                write_private(_free(copy, "damaged"), live.read_bytes())
            write_private(live, copy.read_bytes())


def _copy(folder: Path, live: Path) -> Path:
    return folder / KEPT / f"{live.parent.name}.object"


def _free(path: Path, what: str) -> Path:
    """A name beside it that nobody has."""
    taken = len(list(path.parent.glob(f"{path.name}.{what}-*")))
    return path.with_name(f"{path.name}.{what}-{taken + 1}")
