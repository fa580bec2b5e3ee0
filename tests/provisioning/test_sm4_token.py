"""A school on its way from 3DES to SM4 with a token: a version goes into it whole or stays in the store whole.

Both opened as one do all that one alone does, also where a card's old key and its new one are in different places.
"""

import os

import pytest

from provisioning.custody.files import open_with
from provisioning.keeper import token as token_files
from provisioning.keeper.joined import JoinedKeeper
from provisioning.keeper.keeper import CardKeyName, RetiredKey, UnknownKey
from provisioning.keeper.pkcs11 import NoSm4InToken, Pkcs11Keeper, take_in
from provisioning.keeper.school_masters import open_masters
from provisioning.keeper.software import keeper_of
from provisioning.keeper.token import OWN_TOKEN
from provisioning.keys.levels import CARD_MASTERS, HELD, MASTERS, card_keys, new_root, region_of, school_of
from provisioning.keys.places import Places, in_store
from provisioning.keys.store import KeyKind, KeyStore, Level, StoredKey, Unlock, seal
from provisioning.plan import numbers
from shared.errors import KeyFault
from shared.purse import crypto
from shared.purse.suite import SM4_CAMPUS, TRIPLE_DES
from tests.provisioning.running_keys import needs_softhsm

CAMPUS = 258
SERIAL = numbers.card_serial(1, CAMPUS, 7)
UNLOCK = Unlock(os.urandom(32))
ROOT = (*new_root(os.urandom, (1,)).keys, *new_root(os.urandom, (2,), SM4_CAMPUS).keys)
LINK, SIGNING = StoredKey(KeyKind.LINK, 1, os.urandom(32)), StoredKey(KeyKind.SIGNING, 1, os.urandom(32))
CARDS = school_of(region_of(KeyStore(Level.ROOT, 0, ROOT), 1), CAMPUS)
SCHOOL = KeyStore(Level.SCHOOL, CAMPUS, (*CARDS.keys, LINK, SIGNING))
"""Version 1 is 3DES, version 2 SM4."""


def of_version(version: int, *more: StoredKey) -> KeyStore:
    keys = tuple(key for key in SCHOOL.keys if key.kind in MASTERS and key.version == version)
    return KeyStore(Level.SCHOOL, CAMPUS, (*keys, *more))


def campus(data, school=SCHOOL):
    (data / "keys").mkdir(parents=True)
    (data / "campus.json").write_text('{"campus": 258}')
    (data / "keys/school.keys").write_bytes(seal(school, UNLOCK, os.urandom(16), os.urandom(12)))
    return data


def test_a_sm4_master_is_refused_before_the_token_is_asked() -> None:
    with pytest.raises(NoSm4InToken, match=r"密码设备只收 3DES.*SM4 版本 2 留在密封库"):
        take_in(None, CAMPUS, SCHOOL.one(KeyKind.LOAD, 2))


def test_a_school_with_nothing_but_sm4_makes_no_token(tmp_path) -> None:
    data = campus(tmp_path / "d", of_version(2, LINK, SIGNING))
    before = (data / "keys/school.keys").read_bytes()
    for _ in range(2):
        with pytest.raises(NoSm4InToken, match="版本 2"):
            token_files.move_into_token(data, UNLOCK, of_version(2, LINK, SIGNING), os.urandom)
    assert [path.name for path in (data / "keys").iterdir()] == ["school.keys"]
    assert (data / "keys/school.keys").read_bytes() == before


@pytest.fixture(scope="module")
def moved(tmp_path_factory):
    if token_files.softhsm() is None:
        pytest.skip("SoftHSM is not installed (Debian: softhsm2)")
    data = campus(tmp_path_factory.mktemp("sm4token") / "d")
    assert token_files.move_into_token(data, UNLOCK, SCHOOL, os.urandom).sm4 == (2,)
    return data


@pytest.fixture
def both(moved):
    with open_masters(moved, open_with(moved, Level.SCHOOL, UNLOCK), OWN_TOKEN, frozenset()) as masters:
        yield masters


@needs_softhsm
def test_a_version_is_moved_whole_or_not_at_all(moved, both) -> None:
    left = open_with(moved, Level.SCHOOL, UNLOCK)
    assert set(left.keys) == set(of_version(2, SIGNING).keys)
    assert both.places == Places(in_store(of_version(2)), in_store(of_version(1, LINK)))
    with pytest.raises(NoSm4InToken):  # nothing is left that a token takes
        token_files.move_into_token(moved, UNLOCK, left, os.urandom)
    assert open_with(moved, Level.SCHOOL, UNLOCK) == left


@needs_softhsm
def test_link_follows_alone_when_the_masters_went_before_it(tmp_path) -> None:
    """A token of before held no LINK."""
    data = campus(tmp_path / "d")
    without = KeyStore(Level.SCHOOL, CAMPUS, tuple(key for key in SCHOOL.keys if key.kind is not KeyKind.LINK))
    left = token_files.move_into_token(data, UNLOCK, without, os.urandom).left
    again = KeyStore(Level.SCHOOL, CAMPUS, (*left.keys, LINK))
    assert token_files.move_into_token(data, UNLOCK, again, os.urandom).moved == (LINK,)
    with token_files.open_token(data, None, None) as token:
        assert Pkcs11Keeper(token).versions(KeyKind.LINK) == (1,)


@needs_softhsm
def test_both_as_one_work_with_both_ciphers(both) -> None:
    keeper = both.keeper
    for version, suite in ((1, TRIPLE_DES), (2, SM4_CAMPUS)):
        (keys,) = card_keys(SCHOOL, version, [SERIAL])
        assert keeper.suite(KeyKind.TAC, version) is suite
        assert keeper.tac_keys(version, [SERIAL]) == [keys.tac]
        session = keeper.session(CardKeyName(KeyKind.LOAD, version, SERIAL), bytes(8))
        assert session.mac(b"x") == crypto.session_mac(crypto.session_key(keys.load, bytes(8)), b"x")
        session.close()
        for kind in MASTERS:
            want = crypto.kcv(SCHOOL.one(kind, version).card_key(kind))
            assert keeper.check_value(kind, version) == both.check_value((kind, version)) == want
    assert all(keeper.versions(kind) == (1, 2) for kind in MASTERS)
    with pytest.raises(UnknownKey, match="没有 load 密钥"):
        keeper.suite(KeyKind.LOAD, 3)


@needs_softhsm
@pytest.mark.parametrize("versions", [(1, 2), (2, 1), (1, 1), (2, 2)])
def test_a_new_key_goes_onto_a_card_whose_control_key_is_elsewhere(both, versions) -> None:
    """A desk gives a card of version 1 the load key of version 2: from the store, under a key in the token."""
    old, new = versions
    hidden = both.keeper.protect_key(
        CardKeyName(KeyKind.CONTROL, old, SERIAL), b"\x3f\2\2\xe4\0", CardKeyName(KeyKind.LOAD, new, SERIAL)
    )
    control, load = (card_keys(SCHOOL, version, [SERIAL])[0] for version in versions)
    field = crypto.secure_messaging_decrypt(control.control, hidden)
    assert field[:5] == b"\x3f\2\2\xe4\0"
    mask = 0xFE if new == 1 else 0xFF  # a token sets parity bits
    assert [octet & mask for octet in field[5:]] == [octet & mask for octet in load.load.octets]


@needs_softhsm
def test_a_move_that_was_cut_left_both_and_the_token_is_worked_with(moved) -> None:
    with open_masters(moved, SCHOOL, OWN_TOKEN, frozenset()) as masters:
        assert "移入未完" in str(masters.places.of(1).text())
        assert masters.keeper.versions(KeyKind.LOAD) == (1, 2)
        assert masters.keeper._holders[KeyKind.LOAD, 1] is masters.token


@needs_softhsm
def test_different_keys_under_one_name_are_refused(moved) -> None:
    other = KeyStore(Level.SCHOOL, CAMPUS, (StoredKey(KeyKind.LOAD, 1, bytes(range(16))),))
    with (
        pytest.raises(KeyFault, match="版本 1 的 load 密钥不同"),
        open_masters(moved, other, OWN_TOKEN, frozenset()),
    ):
        pass
    elsewhere = KeyStore(Level.SCHOOL, 7, ())
    with pytest.raises(KeyFault, match="不属于同一学校"), open_masters(moved, elsewhere, OWN_TOKEN, frozenset()):
        pass


def test_a_retired_version_is_refused_by_its_name_wherever_it_is() -> None:
    keeper = JoinedKeeper([keeper_of(of_version(1, LINK)), keeper_of(of_version(2))], frozenset({1}))
    stays = {KeyKind.TAC, KeyKind.PSAM_CONTROL, KeyKind.LINK}
    for kind in HELD:
        assert (1 in keeper.versions(kind)) is (kind in stays)
    (keys,) = card_keys(SCHOOL, 1, [SERIAL])
    assert keeper.tac_keys(1, [SERIAL]) == [keys.tac]
    told = "版本 1 已停用"
    for kind in CARD_MASTERS:
        if kind is not KeyKind.TAC:
            with pytest.raises(RetiredKey, match=told):
                keeper.own_key(CardKeyName(kind, 1, SERIAL))
    control = CardKeyName(KeyKind.CONTROL, 1, SERIAL)
    for ask in (
        lambda: keeper.session(CardKeyName(KeyKind.LOAD, 1, SERIAL), bytes(8)),
        lambda: keeper.protect_key(control, b"", CardKeyName(KeyKind.LOAD, 2, SERIAL)),
        lambda: keeper.encrypt_block(control, bytes(8)),
        lambda: keeper.check_value(KeyKind.LOAD, 1),
    ):
        with pytest.raises(RetiredKey, match=told):
            ask()
