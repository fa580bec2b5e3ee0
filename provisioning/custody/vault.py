"""The sealed stores of DATA/keys for those who make keys: ceremony, import, rotation. Only on the issuing machine.

Unlocked as the campus is: by officers' shares, a passphrase file, else by the demonstration's unlock file, which is
made (mode 600) with the first store and never beside stores that stand.
A store is replaced whole or not at all; a key that is there is never replaced by another of its kind and version. Who
reads a store to write it again does so `alone`: a key of another command in between would be lost with it.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from provisioning.custody import files as key_files
from provisioning.custody import log as custody
from provisioning.custody.chain import Event
from provisioning.custody.journal import alone_in, write_private
from provisioning.keys.store import (
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
from shared.words.voice import Text


class Vault:
    """The key folder of `data`. Neither passphrase nor shares: the unlock file."""

    def __init__(self, data: Path, passphrase_file: Path | None = None, share_files: Sequence[Path] = ()) -> None:
        self.folder = data / key_files.FOLDER
        self._data = data
        self._passphrase_file = passphrase_file
        self._share_files = share_files

    def read(self, level: Level) -> KeyStore | None:
        """The store of a level, None when there is none; StoreLocked, ConfigFault."""
        if not (self.folder / key_files.store_name(level)).exists():
            return None
        return key_files.open_with(self._data, level, self.unlock())

    @contextmanager
    def alone(self) -> Iterator[None]:
        """No other command writes a store meanwhile; not twice by one. JournalBusy, OSError."""
        self.make_folder()
        with alone_in(self.folder):
            yield

    def write(self, store: KeyStore) -> None:
        """Inside `alone`: seal, see that it opens again (or it would be lost), and put in place, durable."""
        self.make_folder()
        unlock = self._unlock_or_new()
        sealed = seal(store, unlock, os.urandom(SALT_SIZE), os.urandom(NONCE_SIZE))
        if open_store(sealed, unlock, store.level) != store:
            raise RuleBroken(Text("封好的密钥库打不开", "a sealed store does not open again"))
        write_private(self.folder / key_files.store_name(store.level), sealed)

    def add(self, level: Level, campus: int, keys: Sequence[StoredKey]) -> KeyStore:
        """The level's store with these keys beside its own, written; RuleBroken when one differs from what is there."""
        with self.alone():
            store = merged(self.read(level) or KeyStore(level, campus, ()), keys)
            self.write(store)
        return store

    def record(self, events: list[Event]) -> bytes:
        """Add to the custody log; the new head."""
        self.make_folder()
        return custody.append(self.folder / key_files.CUSTODY, events)

    def make_folder(self) -> None:
        """The key folder, closed to everybody else; the campus's folder above it is not ours to close."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        self.folder.mkdir(mode=0o700, exist_ok=True)

    def unlock(self) -> Unlock:
        """What opens the stores; ShareFault, StoreLocked, ConfigFault."""
        return key_files.unlock_of(self._data, self._passphrase_file, self._share_files)

    @property
    def is_for_demonstrations(self) -> bool:
        """Does the file beside the stores open them?"""
        return self._passphrase_file is None and not self._share_files

    def _unlock_or_new(self) -> Unlock:
        """As unlock; with the first store of a demonstration its file is made, never beside stores that stand."""
        path = self.folder / key_files.UNLOCK
        stands = any((self.folder / key_files.store_name(level)).exists() for level in Level)
        if self.is_for_demonstrations and not stands and not path.exists():
            write_private(path, os.urandom(UNLOCK_SIZE))
        return self.unlock()


def merged(store: KeyStore, keys: Sequence[StoredKey]) -> KeyStore:
    """The store with these keys behind its own; those that it has already stay. RuleBroken when they differ."""
    own = {(key.kind, key.version): key for key in store.keys}
    for key in keys:
        if own.setdefault((key.kind, key.version), key) != key:
            raise RuleBroken(
                Text(
                    f"{store.level}: 已有另一把 {key.kind} 密钥，版本 {key.version}",
                    f"{store.level}: another {key.kind} key of version {key.version} is there already",
                )
            )
    return KeyStore(store.level, store.campus, tuple(own.values()))
