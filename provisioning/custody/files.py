"""Where the key stores of a campus lie (DATA/keys), and reading them: the rim of provisioning/keys/store.py.

Refuses a passphrase, share or unlock file that anybody but its owner can read, and a passphrase of fewer than 8 bytes.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from provisioning.keys.store import UNLOCK_SIZE, KeyStore, Level, StoreLocked, Unlock, open_store
from shared.errors import ConfigFault
from shared.keys import shares
from shared.keys.shares import Share
from shared.words.refused import why_not
from shared.words.voice import Text

FOLDER = "keys"
UNLOCK = "unlock"
CUSTODY = "custody.log"
PASSPHRASE_LEAST = 8
SHARE_TEXT_MAX = 512
Forget = Callable[[bytes], None]


def store_name(level: Level) -> str:
    """File name of a level's store."""
    return f"{level.value}.keys"


def open_level(data: Path, level: Level, passphrase_file: Path | None = None) -> KeyStore:
    """The store of one level of the campus in `data`; StoreLocked, ConfigFault."""
    return open_with(data, level, unlock_of(data, passphrase_file))


def open_with(data: Path, level: Level, unlock: Unlock, forget: Forget = lambda _: None) -> KeyStore:
    """The same with what opens it at hand; forget: see open_store."""
    return open_store(_read(data / FOLDER / store_name(level)), unlock, level, forget)


def unlock_of(
    data: Path, passphrase_file: Path | None = None, share_files: Sequence[Path] = (), forget: Forget = lambda _: None
) -> Unlock:
    """What opens the stores: two officers' shares, or a passphrase, or the demonstration's unlock file.

    forget: is given the shares' content once they are joined. ShareFault, StoreLocked, ConfigFault.
    """
    require_apart(data, [*share_files, *([passphrase_file] if passphrase_file else [])])
    if share_files:
        held = [read_share(file, forget) for file in share_files]
        unlock = Unlock(shares.join(held))
        for share in held:
            forget(share.octets)
        return unlock
    return read_passphrase(passphrase_file) if passphrase_file else _read_unlock(data / FOLDER / UNLOCK)


def require_apart(data: Path, files: Sequence[Path]) -> None:
    """ConfigFault when what opens the stores lies in their own folder: whoever takes it would have both."""
    for file in files:
        if (data / FOLDER).resolve() in file.resolve().parents:
            raise ConfigFault(
                Text(
                    f"{file}: 份额和口令不得与密钥库同放，应在本人介质上",
                    f"{file}: a share or passphrase does not lie beside the stores but on its owner's medium",
                )
            )


def read_share(file: Path, forget: Forget = lambda _: None) -> Share:
    """One officer's share, as text in a private file; ShareDamaged, ConfigFault."""
    _require_private(file)
    text = _read(file)
    share = shares.from_text(text[:SHARE_TEXT_MAX].decode("ascii", "replace"))
    forget(text)
    return share


def read_passphrase(file: Path) -> Unlock:
    """The passphrase in a file, without the end of its line."""
    _require_private(file)
    secret = _read(file).rstrip(b"\r\n")
    if len(secret) < PASSPHRASE_LEAST:
        raise ConfigFault(
            Text(
                f"{file.name}: 口令至少 {PASSPHRASE_LEAST} 字节",
                f"{file.name}: a passphrase has at least {PASSPHRASE_LEAST} bytes",
            )
        )
    return Unlock(secret, is_passphrase=True)


def read_pin(file: Path) -> str:
    """A token's PIN in a private file, without the end of its line; ConfigFault."""
    _require_private(file)
    try:
        return _read(file).decode("ascii").strip()
    except UnicodeDecodeError as fault:
        raise ConfigFault(Text(f"{file.name}: PIN 应为 ASCII", f"{file.name}: a PIN is ASCII")) from fault


def campus_of(data: Path) -> int:
    """The campus number that campus.json says; ConfigFault."""
    try:
        return int(json.loads(_read(data / "campus.json"))["campus"])
    except (ValueError, RecursionError, KeyError, TypeError) as fault:
        raise ConfigFault(Text(f"{data}: campus.json 残缺", f"{data}: campus.json is damaged")) from fault


def _read_unlock(file: Path) -> Unlock:
    if not file.exists():
        raise ConfigFault(
            Text(
                f"{file}: 不在，请用 --share-file 或 --passphrase-file",
                f"{file}: is not there: --share-file or --passphrase-file",
            )
        )
    _require_private(file)
    secret = _read(file)
    if len(secret) != UNLOCK_SIZE:
        raise StoreLocked(Text("unlock 文件损坏", "the unlock file is damaged"))
    return Unlock(secret)


def _require_private(file: Path) -> None:
    try:
        mode = file.stat().st_mode
    except OSError as fault:
        raise _unreadable(file, fault) from fault
    if mode & 0o077:
        raise ConfigFault(Text(f"{file.name}: 权限应为 600", f"{file.name}: must be readable by its owner only"))


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as fault:
        raise _unreadable(file, fault) from fault


def _unreadable(file: Path, fault: OSError) -> ConfigFault:
    return ConfigFault(Text(f"{file}: 无法读取：{why_not(fault).zh}", f"{file}: cannot be read: {why_not(fault).en}"))
