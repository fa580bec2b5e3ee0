"""Changing what opens the stores of DATA/keys: from now on two of three officers' shares, or a passphrase.

May be killed anywhere and asked for again with the same words: a store that the new secret opens already is left alone,
and the old unlock file goes last. Refuses before it writes anything when a store opens with neither; refuses share
files that are there but not all, unless a run of its own left them: one may be an officer's of an earlier splitting.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from provisioning.custody import files as key_files
from provisioning.custody.journal import alone_in, sync_folder, write_private
from provisioning.keys.store import (
    NONCE_SIZE,
    SALT_SIZE,
    UNLOCK_SIZE,
    KeyStore,
    Level,
    StoreLocked,
    Unlock,
    open_store,
    seal,
)
from shared.errors import ConfigFault, RuleBroken
from shared.keys import shares
from shared.keys.shares import Share
from shared.words.voice import Text

THRESHOLD, OFFICERS = 2, 3
"""Any two of three officers."""
_MARK = "splitting"
"""In the key folder while shares are handed out: the name of the splitting, which is no secret."""
Random = Callable[[int], bytes]


def hand_out(folder: Path, files: Mapping[str, Path], random: Random) -> dict[str, Share]:
    """A share for each officer in a file of his own, durable; those that a broken run left, when all are there."""
    if len(files) != OFFICERS or len(set(files.values())) != OFFICERS:
        raise ConfigFault(
            Text(f"须有 {OFFICERS} 名保管员，各有文件", f"wants {OFFICERS} officers, each with his own file")
        )
    if not all(path.exists() for path in files.values()):
        _clear(folder / _MARK, [path for path in files.values() if path.exists()])
        made = shares.split(random(UNLOCK_SIZE), THRESHOLD, OFFICERS, random)
        write_private(folder / _MARK, made[0].name.hex().encode())
        for path, share in zip(files.values(), made, strict=True):
            write_private(path, share.to_text().encode("ascii") + b"\n")
    return {officer: key_files.read_share(path) for officer, path in files.items()}


def _clear(mark: Path, there: Sequence[Path]) -> None:
    """Remove what a run that was cut while it handed out has left: no store was sealed with it yet."""
    own = mark.read_bytes() if mark.exists() else b""
    for path in there:
        if not own or key_files.read_share(path).name.hex().encode() != own:
            raise ConfigFault(
                Text(
                    f"已有份额文件，又不齐，请先移开：{path}",
                    f"a share file is there, but not all of them; move it away first: {path}",
                )
            )
    for path in there:
        path.unlink()


def joined(held: Sequence[Share]) -> Unlock:
    """What these shares open; ShareFault."""
    return Unlock(shares.join(held))


def reseal(folder: Path, old: Callable[[], Unlock], new: Unlock, random: Random, tell: Callable[[], object]) -> int:
    """Seal every store in the folder anew; how many were written. tell: says it in the custody log before.

    StoreLocked when one opens with neither, ConfigFault when there is none.
    """
    with alone_in(folder):
        waiting = _waiting(folder, old, new)
        if waiting:
            tell()
        for path, store in waiting.items():
            _write(path, store, new, random)
        for left in (key_files.UNLOCK, _MARK):
            (folder / left).unlink(missing_ok=True)
        sync_folder(folder)
    return len(waiting)


def _write(path: Path, store: KeyStore, new: Unlock, random: Random) -> None:
    sealed = seal(store, new, random(SALT_SIZE), random(NONCE_SIZE))
    if open_store(sealed, new, store.level) != store:
        raise RuleBroken(Text("封好的密钥库打不开", "a sealed store does not open again"))
    write_private(path, sealed)


def _waiting(folder: Path, old: Callable[[], Unlock], new: Unlock) -> dict[Path, KeyStore]:
    """The stores that the new secret does not open yet, each opened with the old one."""
    paths = {level: folder / key_files.store_name(level) for level in Level}
    there = {level: path for level, path in paths.items() if path.exists()}
    if not there:
        raise ConfigFault(Text(f"{folder}: 没有密钥库", f"{folder}: there is no store"))
    locked = {level: path for level, path in there.items() if not _opens(path, new, level)}
    if not locked:
        return {}
    before = old()
    return {path: open_store(path.read_bytes(), before, level) for level, path in locked.items()}


def _opens(path: Path, unlock: Unlock, level: Level) -> bool:
    try:
        open_store(path.read_bytes(), unlock, level)
    except StoreLocked:
        return False
    return True
