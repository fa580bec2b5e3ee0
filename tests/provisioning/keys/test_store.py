"""The sealed store: frozen form, opens only with its own unlock, damage and other levels refused, nothing shown."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.custody.files import open_level, read_passphrase, store_name
from provisioning.keys.store import (
    CARD_LEVELS,
    KeyKind,
    KeyStore,
    Level,
    StoredKey,
    StoreLocked,
    Unlock,
    open_store,
    seal,
)
from shared.errors import ConfigFault

SECRET = b"\xa7" * 16
STORE = KeyStore(Level.SCHOOL, 1, (StoredKey(KeyKind.TAC, 1, SECRET), StoredKey(KeyKind.LINK, 2, b"\xb8" * 32)))
UNLOCK = Unlock(bytes(range(32)))
SALT, NONCE = bytes(16), bytes(12)
SEALED = seal(STORE, UNLOCK, SALT, NONCE)


def test_frozen_bytes() -> None:
    assert hashlib.sha256(SEALED).hexdigest() == "19e695f66ada60082d00bff1db00b172df90c45b7d0497382c845e833c3e8e25"
    assert SECRET not in SEALED


def test_a_store_opens_with_its_unlock() -> None:
    assert open_store(SEALED, UNLOCK, Level.SCHOOL) == STORE


def test_a_passphrase_opens_what_it_sealed_and_nothing_else_does() -> None:
    words = Unlock(b"correct horse", is_passphrase=True)
    sealed = seal(STORE, words, SALT, NONCE)
    assert open_store(sealed, words, Level.SCHOOL) == STORE
    for other in (Unlock(b"correct hors", is_passphrase=True), Unlock(b"correct horse"), UNLOCK):
        with pytest.raises(StoreLocked):
            open_store(sealed, other, Level.SCHOOL)


def test_the_salt_changes_the_sealing_key() -> None:
    assert UNLOCK.sealing_key(bytes(16)) != UNLOCK.sealing_key(b"\1" * 16)


@pytest.mark.parametrize("level", [Level.ROOT, Level.REGION])
def test_another_levels_store_is_refused(level: Level) -> None:
    with pytest.raises(StoreLocked):
        open_store(SEALED, UNLOCK, level)


@given(st.integers(0, len(SEALED) - 1), st.integers(1, 255))
def test_any_changed_byte_locks_the_store(at: int, flip: int) -> None:
    broken = bytearray(SEALED)
    broken[at] ^= flip
    with pytest.raises(StoreLocked):
        open_store(bytes(broken), UNLOCK, Level.SCHOOL)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_with_a_type(raw: bytes) -> None:
    with pytest.raises(StoreLocked):
        open_store(raw, UNLOCK, Level.SCHOOL)


def test_nothing_shows_key_material() -> None:
    shown = repr(STORE) + repr(UNLOCK) + repr(STORE.keys[0].card_key(KeyKind.TAC))
    for secret in (SECRET, b"\xb8" * 4, bytes(range(8))):
        assert secret.hex() not in shown
        assert repr(secret)[2:-1] not in shown


def test_a_passphrase_file_is_private_and_long_enough(tmp_path) -> None:
    file = tmp_path / "words"
    file.write_bytes(b"correct horse\n")
    file.chmod(0o640)
    with pytest.raises(ConfigFault, match="权限应为 600"):
        read_passphrase(file)
    file.chmod(0o600)
    assert read_passphrase(file) == Unlock(b"correct horse", is_passphrase=True)
    file.write_bytes(b"short\n")
    with pytest.raises(ConfigFault, match="口令至少"):
        read_passphrase(file)
    with pytest.raises(ConfigFault, match="无法读取"):
        read_passphrase(tmp_path / "none")


def test_open_level_reads_the_stores_of_a_campus(campus, tmp_path) -> None:
    assert {open_level(campus.data, level).level for level in CARD_LEVELS} == set(CARD_LEVELS)
    folder = tmp_path / "keys"
    folder.mkdir()
    (folder / store_name(Level.SCHOOL)).write_bytes((campus.data / "keys/school.keys").read_bytes())
    unlock = folder / "unlock"
    unlock.write_bytes(bytes(32))
    unlock.chmod(0o600)
    with pytest.raises(StoreLocked, match="密钥库打不开：口令或份额不对，或已损坏"):
        open_level(tmp_path, Level.SCHOOL)
    unlock.write_bytes(bytes(31))
    with pytest.raises(StoreLocked, match="unlock 文件损坏"):
        open_level(tmp_path, Level.SCHOOL)
