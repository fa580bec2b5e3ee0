"""The sealed stores of DATA/keys for those who make keys: ceremony, import, rotation. Only on the issuing machine.

Unlocked as the campus is: by a passphrase file, else by the unlock file, which is made (mode 600) with the first store.
A store is replaced whole or not at all; a key that is there is never replaced by another of its kind and version.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from provisioning import custody, key_files
from provisioning.custody_chain import Event
from provisioning.journal import write_private
from provisioning.key_store import (
    NONCE_SIZE,
    SALT_SIZE,
    UNLOCK_SIZE,
    KeyStore,
    Level,
    StoredKey,
    Unlock,
    open_store,
    seal,
)
from shared.errors import RuleBroken


class Vault:
    """The key folder of `data`. passphrase_file None: the unlock file."""

    def __init__(self, data: Path, passphrase_file: Path | None = None) -> None:
        self.folder = data / key_files.FOLDER
        self._data = data
        self._passphrase_file = passphrase_file

    def read(self, level: Level) -> KeyStore | None:
        """The store of a level, None when there is none; StoreLocked, ConfigFault."""
        if not (self.folder / key_files.store_name(level)).exists():
            return None
        return key_files.open_level(self._data, level, self._passphrase_file)

    def write(self, store: KeyStore) -> None:
        """Seal and put in place, durable; then open it again, for a store that does not open is lost."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        unlock = self._unlock()
        sealed = seal(store, unlock, os.urandom(SALT_SIZE), os.urandom(NONCE_SIZE))
        if open_store(sealed, unlock, store.level) != store:
            raise RuleBroken("a sealed store does not open again")
        write_private(self.folder / key_files.store_name(store.level), sealed)

    def add(self, level: Level, campus: int, keys: Sequence[StoredKey]) -> KeyStore:
        """The level's store with these keys beside its own, written; RuleBroken when one differs from what is there."""
        store = merged(self.read(level) or KeyStore(level, campus, ()), keys)
        self.write(store)
        return store

    def record(self, events: list[Event]) -> bytes:
        """Add to the custody log; the new head."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return custody.append(self.folder / key_files.CUSTODY, events)

    def _unlock(self) -> Unlock:
        if self._passphrase_file is not None:
            return key_files.read_passphrase(self._passphrase_file)
        path = self.folder / key_files.UNLOCK
        if not path.exists():
            write_private(path, os.urandom(UNLOCK_SIZE))
        return Unlock(path.read_bytes())


def merged(store: KeyStore, keys: Sequence[StoredKey]) -> KeyStore:
    """The store with these keys behind its own; those that it has already stay. RuleBroken when they differ."""
    own = {(key.kind, key.version): key for key in store.keys}
    for key in keys:
        if own.setdefault((key.kind, key.version), key) != key:
            raise RuleBroken(f"{store.level}: another {key.kind} key of version {key.version} is there already")
    return KeyStore(store.level, store.campus, tuple(own.values()))
