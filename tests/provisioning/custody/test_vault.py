"""The sealed stores when several commands write them side by side: no key of one is lost with another's store."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from provisioning.custody import journal
from provisioning.custody.journal import JournalBusy, alone_in
from provisioning.custody.vault import Vault
from provisioning.keys.store import KeyKind, Level, StoredKey
from tests.patience import PATIENCE_S

SIZE = 16
VERSIONS = range(1, 5)


def key(version: int) -> StoredKey:
    return StoredKey(KeyKind.LOAD, version, bytes((version,)) * SIZE)


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    made = Vault(tmp_path)
    made.add(Level.SCHOOL, 7, [key(9)])
    return made


def test_keys_of_commands_side_by_side_are_all_there(vault: Vault) -> None:
    begin = threading.Barrier(len(VERSIONS))

    def adds(version: int) -> None:
        begin.wait(PATIENCE_S)
        vault.add(Level.SCHOOL, 7, [key(version)])

    with ThreadPoolExecutor(len(VERSIONS)) as pool:
        for done in [pool.submit(adds, version) for version in VERSIONS]:
            done.result()
    store = vault.read(Level.SCHOOL)
    assert store is not None
    assert {one.version for one in store.keys} == {9, *VERSIONS}


def test_a_vault_that_another_command_writes_for_long_is_busy(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "LOCK_S", 0.0)
    with alone_in(vault.folder), pytest.raises(JournalBusy):
        vault.add(Level.SCHOOL, 7, [key(1)])
