"""Where the key stores of a campus lie (DATA/keys), and reading them: the rim of provisioning/key_store.py.

Refuses a passphrase or unlock file that anybody but its owner can read, and a passphrase of fewer than 8 bytes.
"""

from pathlib import Path

from provisioning.key_store import UNLOCK_SIZE, KeyStore, Level, StoreLocked, Unlock, open_store
from shared.errors import ConfigFault

FOLDER = "keys"
UNLOCK = "unlock"
CUSTODY = "custody.log"
PASSPHRASE_LEAST = 8


def store_name(level: Level) -> str:
    """File name of a level's store."""
    return f"{level.value}.keys"


def open_level(data: Path, level: Level, passphrase_file: Path | None = None) -> KeyStore:
    """The store of one level of the campus in `data`; StoreLocked, ConfigFault."""
    folder = data / FOLDER
    unlock = read_passphrase(passphrase_file) if passphrase_file else _read_unlock(folder / UNLOCK)
    return open_store(_read(folder / store_name(level)), unlock, level)


def read_passphrase(file: Path) -> Unlock:
    """The passphrase in a file, without the end of its line."""
    _require_private(file)
    secret = _read(file).rstrip(b"\r\n")
    if len(secret) < PASSPHRASE_LEAST:
        raise ConfigFault(f"{file.name}: 口令至少 {PASSPHRASE_LEAST} 字节 / a passphrase has at least so many bytes")
    return Unlock(secret, is_passphrase=True)


def _read_unlock(file: Path) -> Unlock:
    _require_private(file)
    secret = _read(file)
    if len(secret) != UNLOCK_SIZE:
        raise StoreLocked("unlock file: damaged")
    return Unlock(secret)


def _require_private(file: Path) -> None:
    try:
        mode = file.stat().st_mode
    except OSError as fault:
        raise _unreadable(file, fault) from fault
    if mode & 0o077:
        raise ConfigFault(f"{file.name}: 权限应为 600 / must be readable by its owner only")


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as fault:
        raise _unreadable(file, fault) from fault


def _unreadable(file: Path, fault: OSError) -> ConfigFault:
    return ConfigFault(f"{file}: 无法读取 / cannot be read: {fault.strerror}")
