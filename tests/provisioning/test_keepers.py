"""Two keepers, one law: what the software keeper answers, a real SoftHSM token answers; both refuse wrong use.

Every operation is held against arithmetic with the card's own key at hand.
"""

import os

import pytest

from provisioning.custody.chain import check_value
from provisioning.keeper import token as token_files
from provisioning.keeper.joined import JoinedKeeper
from provisioning.keeper.keeper import CardKeyName, UnknownKey
from provisioning.keeper.pkcs11 import Pkcs11Keeper, generate, take_in
from provisioning.keeper.pkcs11_door import Ability, TokenFault, open_token
from provisioning.keeper.software import SoftwareKeeper, keeper_of
from provisioning.keys import levels
from provisioning.keys.levels import MASTERS, card_keys, new_root, region_of, school_of
from provisioning.keys.store import KeyKind, KeyStore, Level, StoredKey, Unlock, WrongKeyUse, open_store, seal
from provisioning.plan import numbers
from shared.errors import ConfigFault, KeyFault
from shared.keys.terminal_mac import mac_input, terminal_mac
from shared.purse import crypto
from tests.provisioning.running_keys import needs_softhsm

CAMPUS = 258
SCHOOL = school_of(region_of(new_root(os.urandom, (1, 2)), 1), CAMPUS)
SERIAL = numbers.card_serial(1, CAMPUS, 7)
KEYS = dict(zip(levels.CARD_MASTERS, card_keys(SCHOOL, 1, [SERIAL])[0], strict=True))
UNLOCK = Unlock(os.urandom(32))
LINK = StoredKey(KeyKind.LINK, 1, os.urandom(32))


def name(kind: KeyKind, version: int = 1, factor: bytes = SERIAL) -> CardKeyName:
    return CardKeyName(kind, version, factor)


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    """A campus folder whose masters have been moved into a token."""
    data = tmp_path_factory.mktemp("token") / "d"
    (data / "keys").mkdir(parents=True)
    (data / "campus.json").write_text('{"campus": 258}')
    store = KeyStore(SCHOOL.level, CAMPUS, (*SCHOOL.keys, LINK))
    done = token_files.move_into_token(data, UNLOCK, store, os.urandom)
    assert (done.left.keys, done.sm4) == ((), ())
    return data


@pytest.fixture(scope="module")
def token(room):
    with token_files.open_token(room, None, None) as token:
        yield token


@pytest.fixture(scope="module", params=["software", "joined", pytest.param("pkcs11", marks=needs_softhsm)])
def keeper(request):
    if request.param == "software":
        return keeper_of(KeyStore(SCHOOL.level, CAMPUS, (*SCHOOL.keys, LINK)))
    if request.param == "joined":
        parts = [KeyStore(SCHOOL.level, CAMPUS, tuple(k for k in SCHOOL.keys if k.version == v)) for v in (1, 2)]
        return JoinedKeeper([keeper_of(parts[0]), keeper_of(KeyStore(SCHOOL.level, CAMPUS, (*parts[1].keys, LINK)))])
    return Pkcs11Keeper(request.getfixturevalue("token"))


def test_it_holds_every_master_in_both_versions_with_its_check_value(keeper) -> None:
    for kind in MASTERS:
        assert keeper.versions(kind) == (1, 2)
        for version in (1, 2):
            assert keeper.check_value(kind, version) == crypto.kcv(SCHOOL.one(kind, version).card_key(kind))
    assert keeper.versions(KeyKind.LINK) == (1,)
    assert keeper.check_value(KeyKind.LINK, 1) == check_value(LINK)


@pytest.mark.parametrize("kind", [KeyKind.LOAD, KeyKind.UNLOAD, KeyKind.OVERDRAFT])
@pytest.mark.parametrize("size", [0, 1, 7, 8, 15, 16, 24])
def test_a_session_makes_the_cards_macs(keeper, kind, size) -> None:
    data = bytes(range(size))
    session = keeper.session(name(kind), crypto.load_session_seed(b"\x12\x34\x56\x78", 7))
    expected = crypto.session_mac(crypto.load_session_key(KEYS[kind], b"\x12\x34\x56\x78", 7), data)
    assert session.mac(data) == expected
    assert session.mac(data) == expected
    session.close()
    session.close()


@pytest.mark.parametrize("kind", [KeyKind.MAINTENANCE, KeyKind.CONTROL, KeyKind.PIN_UNBLOCK])
@pytest.mark.parametrize("size", [0, 3, 7, 11, 40])
def test_it_protects_commands_as_the_card_expects(keeper, kind, size) -> None:
    command = b"\x04\xd6\x95\x00" + bytes(range(size))
    for challenge in (b"\1\2\3\4", b"\1\2\3\4\5\6\7\x08"):
        expected = crypto.secure_messaging_mac(KEYS[kind], challenge, command)
        assert keeper.protect_mac(name(kind), challenge, command) == expected
    field = bytes(range(size))
    assert keeper.protect_field(name(kind), field) == crypto.secure_messaging_encrypt(KEYS[kind], field)


@pytest.mark.parametrize("kind", levels.CARD_MASTERS)
def test_a_new_key_goes_into_a_cryptogram_that_only_the_card_opens(keeper, kind) -> None:
    hidden = keeper.protect_key(name(KeyKind.CONTROL), b"\x3e\xf0\x02\x02\x00", name(kind, 2))
    field = crypto.secure_messaging_decrypt(KEYS[KeyKind.CONTROL], hidden)
    want = crypto.diversify(SCHOOL.one(kind, 2).card_key(kind), SERIAL)
    assert field[:5] == b"\x3e\xf0\x02\x02\x00"
    assert same_des_key(field[5:], want.octets), "a token sets parity bits, which DES does not look at"


def same_des_key(left: bytes, right: bytes) -> bool:
    return [octet & 0xFE for octet in left] == [octet & 0xFE for octet in right]


def test_folded_macs_and_single_blocks(keeper) -> None:
    assert keeper.folded_mac(name(KeyKind.PIN_RELOAD), b"123456") == crypto.pin_reload_mac(
        KEYS[KeyKind.PIN_RELOAD], b"123456"
    )
    assert keeper.folded_mac(name(KeyKind.TAC), bytes(22)) == crypto.tac(KEYS[KeyKind.TAC], bytes(22))
    for kind in (KeyKind.INTERNAL_AUTH, KeyKind.CONTROL):
        assert keeper.encrypt_block(name(kind), b"12345678") == crypto.encrypt_block(KEYS[kind], b"12345678")


def test_tac_keys_are_the_cards_own(keeper) -> None:
    serials = [numbers.card_serial(1, CAMPUS, n) for n in range(1, 40)]
    assert keeper.tac_keys(1, serials) == [keys.tac for keys in card_keys(SCHOOL, 1, serials)]
    assert keeper.tac_keys(1, []) == []


WRONG = {
    "session": {KeyKind.LOAD, KeyKind.UNLOAD, KeyKind.OVERDRAFT},
    "protect_mac": {KeyKind.MAINTENANCE, KeyKind.CONTROL, KeyKind.PIN_UNBLOCK, KeyKind.PSAM_CONTROL},
    "protect_field": {KeyKind.MAINTENANCE, KeyKind.CONTROL, KeyKind.PIN_UNBLOCK, KeyKind.PSAM_CONTROL},
    "folded_mac": {KeyKind.TAC, KeyKind.PIN_RELOAD},
    "encrypt_block": {KeyKind.INTERNAL_AUTH, KeyKind.CONTROL, KeyKind.PSAM_CONTROL},
    "write": {KeyKind.CONTROL, KeyKind.PSAM_CONTROL},
    "be_written": set(levels.CARD_MASTERS),
}


@pytest.mark.parametrize("operation", WRONG)
def test_every_other_kind_of_key_is_wrong_use(keeper, operation) -> None:
    asked = {
        "session": lambda n: keeper.session(n, bytes(8)).close(),
        "protect_mac": lambda n: keeper.protect_mac(n, bytes(4), b"abcd"),
        "protect_field": lambda n: keeper.protect_field(n, b"abcd"),
        "folded_mac": lambda n: keeper.folded_mac(n, b"abcd"),
        "encrypt_block": lambda n: keeper.encrypt_block(n, bytes(8)),
        "write": lambda n: keeper.protect_key(n, b"", name(KeyKind.LOAD)),
        "be_written": lambda n: keeper.protect_key(name(KeyKind.CONTROL), b"", n),
    }[operation]
    for kind in KeyKind:
        if kind in WRONG[operation]:
            asked(name(kind))
        else:
            with pytest.raises(WrongKeyUse):
                asked(name(kind))


@pytest.mark.parametrize("kind", [*levels.CARD_MASTERS, KeyKind.PSAM_CONTROL])
def test_an_own_key_is_the_masters_diversified(keeper, kind) -> None:
    want = crypto.diversify(SCHOOL.one(kind, 2).card_key(kind), SERIAL)
    assert same_des_key(keeper.own_key(name(kind, 2)).octets, want.octets)
    with pytest.raises(WrongKeyUse):
        keeper.own_key(name(KeyKind.LINK))


def test_what_a_terminal_signed(keeper) -> None:
    device = numbers.device(CAMPUS, 3)
    school = KeyStore(SCHOOL.level, CAMPUS, (LINK,))
    covered = mac_input(b"a void")
    assert keeper.terminal_mac(1, device, covered) == terminal_mac(levels.terminal_key(school, device), covered)
    with pytest.raises(UnknownKey):
        keeper.terminal_mac(2, device, covered)


def test_what_an_operator_card_said(keeper) -> None:
    card, school = numbers.operator(1, CAMPUS, 3), KeyStore(SCHOOL.level, CAMPUS, (LINK,))
    want = crypto.encrypt_block(levels.operator_key(school, card), b"8 bytes!")
    assert keeper.operator_answer(1, card, b"8 bytes!") == want
    with pytest.raises(UnknownKey):
        keeper.operator_answer(2, card, b"8 bytes!")


def test_a_key_that_is_not_held_is_said_to_be_unknown(keeper) -> None:
    for ask in (
        lambda: keeper.session(name(KeyKind.LOAD, 3), bytes(8)),
        lambda: keeper.check_value(KeyKind.TAC, 3),
        lambda: keeper.tac_keys(3, [SERIAL]),
    ):
        with pytest.raises(UnknownKey):
            ask()


def test_nothing_shows_a_key(keeper) -> None:
    session = keeper.session(name(KeyKind.LOAD), bytes(8))
    shown = repr(keeper) + repr(vars(keeper)) + repr(session)
    session.close()
    for key in SCHOOL.keys:
        assert key.octets.hex() not in shown
        assert repr(key.octets[:8])[2:-1] not in shown


# --- the software keeper alone


def test_each_copy_of_a_master_is_given_to_be_forgotten() -> None:
    seen: list[bytes] = []
    SoftwareKeeper(SCHOOL.keys, seen.append)
    for key in SCHOOL.keys:
        assert key.octets in seen
        assert key.octets + key.octets[:8] in seen


def test_a_store_gives_each_copy_it_made_to_be_forgotten() -> None:
    seen: list[bytes] = []
    opened = open_store(seal(SCHOOL, UNLOCK, bytes(16), bytes(12)), UNLOCK, Level.SCHOOL, seen.append)
    assert any(opened.keys[0].octets in one and len(one) > 32 for one in seen), "the opened body"
    assert UNLOCK.sealing_key(bytes(16)) in seen


def test_a_closed_keeper_holds_nothing() -> None:
    keeper = keeper_of(SCHOOL)
    keeper.close()
    keeper.close()
    with pytest.raises(UnknownKey):
        keeper.check_value(KeyKind.LOAD, 1)


# --- the token alone


@needs_softhsm
def test_no_master_can_be_read_wrapped_or_used_the_other_way(token) -> None:
    """Asked of the token itself, past every rule of ours."""
    p, session = token._p, token._session
    wrapping = [
        (p.CKA_CLASS, p.CKO_SECRET_KEY),
        (p.CKA_KEY_TYPE, p.CKK_AES),
        (p.CKA_WRAP, True),
        (p.CKA_VALUE, bytes(16)),
    ]
    known = session.createObject(wrapping)
    for held in token.masters():
        assert token.is_guarded(held.handle)
        (value,) = session.getAttributeValue(held.handle, [p.CKA_VALUE])
        assert value is None
        with pytest.raises(p.PyKCS11Error, match="UNEXTRACTABLE"):
            session.wrapKey(known, held.handle, p.Mechanism(p.CKM_AES_KEY_WRAP))
        with pytest.raises(p.PyKCS11Error):
            session.setAttributeValue(held.handle, [(p.CKA_EXTRACTABLE, True)])
        if held.label != "link":
            with pytest.raises(TokenFault, match=r"NOT_PERMITTED|INVALID|INCONSISTENT"):
                token.hmac(held.handle, b"x")
        if held.label in ("tac", "pin-reload"):
            with pytest.raises(TokenFault, match="NOT_PERMITTED"):
                token.derive(held.handle, bytes(16))
        else:
            with pytest.raises(TokenFault, match="NOT_PERMITTED"):
                token.ecb(held.handle, bytes(8))
    session.destroyObject(known)


@needs_softhsm
def test_the_tokens_files_hold_no_master_and_are_private(room, token) -> None:
    files = [path for path in (room / "keys").rglob("*") if path.is_file()]
    assert len(files) > 20
    assert (room / "keys/token").stat().st_mode & 0o777 == 0o700
    for path in files:
        raw = path.read_bytes()
        assert not any(key.octets in raw or key.octets.hex().encode() in raw.lower() for key in SCHOOL.keys)


@needs_softhsm
def test_operations_leave_no_objects_behind(token) -> None:
    keeper = Pkcs11Keeper(token)
    before = len(token._session.findObjects())
    for _ in range(5):
        keeper.session(name(KeyKind.LOAD), bytes(8)).close()
        keeper.protect_mac(name(KeyKind.MAINTENANCE), bytes(4), bytes(20))
        keeper.protect_key(name(KeyKind.CONTROL), b"", name(KeyKind.PURCHASE, 2))
        keeper.folded_mac(name(KeyKind.PIN_RELOAD), b"123456")
    assert len(token._session.findObjects()) == before


@needs_softhsm
def test_the_token_can_make_a_master_that_nobody_has_seen(token) -> None:
    generate(token, CAMPUS, KeyKind.LOAD, 9)
    keeper = Pkcs11Keeper(token)
    try:
        assert keeper.versions(KeyKind.LOAD) == (1, 2, 9)
        assert len(keeper.check_value(KeyKind.LOAD, 9)) == 3
        session = keeper.session(name(KeyKind.LOAD, 9), bytes(8))
        assert len(session.mac(b"x")) == 4
        session.close()
        with pytest.raises(KeyFault, match="已有 load 密钥"):
            generate(token, CAMPUS, KeyKind.LOAD, 9)
    finally:
        token.destroy(keeper._masters[KeyKind.LOAD, 9])


@needs_softhsm
def test_what_is_no_card_master_or_there_already_is_not_taken_in(token) -> None:
    for kind in (KeyKind.SIGNING, KeyKind.AUTHORITY, KeyKind.TRANSPORT):
        with pytest.raises(KeyFault, match="密钥不进密码设备"):
            take_in(token, CAMPUS, StoredKey(kind, 1, bytes(16)))
    with pytest.raises(KeyFault, match="另一把 tac 密钥"):
        take_in(token, CAMPUS, StoredKey(KeyKind.TAC, 1, bytes(range(16))))
    with pytest.raises(KeyFault, match="另一把 link 密钥"):
        take_in(token, CAMPUS, StoredKey(KeyKind.LINK, 1, bytes(range(32))))
    with pytest.raises(KeyFault, match="LINK 须在密封库里产生，终端密钥由它分散"):
        generate(token, CAMPUS, KeyKind.LINK, 2)
    before = len(token.masters())
    take_in(token, CAMPUS, SCHOOL.one(KeyKind.TAC, 1))
    take_in(token, CAMPUS, LINK)
    assert len(token.masters()) == before


@needs_softhsm
def test_a_token_of_two_campuses_is_refused(token) -> None:
    take_in(token, 7, StoredKey(KeyKind.LOAD, 1, bytes(range(16))))
    other = next(held for held in token.masters() if held.id[:2] == b"\0\7")
    try:
        with pytest.raises(KeyFault, match="密码设备里应有且只有一所学校的密钥"):
            Pkcs11Keeper(token)
    finally:
        token.destroy(other.handle)


@needs_softhsm
def test_a_master_that_could_be_read_is_not_worked_with(token) -> None:
    p = token._p
    weak = [
        (p.CKA_EXTRACTABLE, True) if at == p.CKA_EXTRACTABLE else (at, v)
        for at, v in token._master("load", b"\1\2\x0a", Ability.DERIVE)
    ]
    handle = token._session.createObject([(p.CKA_KEY_TYPE, p.CKK_DES2), *weak, (p.CKA_VALUE, bytes(range(16)))])
    try:
        with pytest.raises(KeyFault, match="密码设备里有可导出的密钥"):
            Pkcs11Keeper(token)
    finally:
        token.destroy(handle)


@needs_softhsm
def test_a_move_that_is_done_is_refused(room, token) -> None:
    left = KeyStore(Level.SCHOOL, CAMPUS, (StoredKey(KeyKind.SIGNING, 1, bytes(32)),))
    with pytest.raises(ConfigFault, match="主密钥已在密码设备里"):
        token_files.move_into_token(room, UNLOCK, left, os.urandom)


@needs_softhsm
def test_a_wrong_pin_or_library_is_said_so(room, token, tmp_path) -> None:
    with pytest.raises(ConfigFault, match="没有名为"):
        open_token(token_files.softhsm(), "another", "x")
    with pytest.raises(ConfigFault, match="无法加载"):
        open_token(tmp_path / "none.so", "openykt-258", "x")
