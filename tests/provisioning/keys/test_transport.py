"""Mother cards: keys arrive as they were sent or not at all; the published PSAM loading comes out to the byte."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.keys.components import WrongCheckValue
from provisioning.keys.levels import MASTERS, new_root, region_of, school_of
from provisioning.keys.store import KeyKind, KeyStore, Level, StoredKey, StoreLocked, Unlock
from provisioning.keys.transport import (
    KEY_TYPES,
    PSAM_USAGE,
    TransportFault,
    export,
    import_mother,
    key_field,
    mother_card,
    open_mother,
    write_key,
)
from shared.purse.crypto import Key, secure_messaging_mac
from shared.wire import codec

REGION = region_of(new_root(os.urandom, (1, 2)), 0x1005)
KEY = Key(bytes.fromhex("00112233445566778899AABBCCDDEEFF"))
LI, ZHAO = Unlock(b"officer li", is_passphrase=True), Unlock(b"officer zhao", is_passphrase=True)
NONCE = bytes(range(8))


def test_published_psam_key_loading():
    # pboc research 5a row 4
    field = key_field(PSAM_USAGE[1], 0, 0, KEY.octets)
    apdu = write_key(KEY, bytes.fromhex("5D72B3FD"), 0, 0, field)
    assert apdu.hex().upper() == ("84D400001CDCC0BB5793ABFCA2CA8C1624822F6E01A86A0B5CBED191DD8A9D4ADB")


def test_a_region_comes_to_its_school_by_three_hands():
    sent = export(REGION, (LI, ZHAO), os.urandom)
    arrived = import_mother(sent.mother, (sent.half_b, sent.half_a), (ZHAO, LI), Level.REGION)
    assert arrived == REGION
    assert school_of(arrived, 7) == school_of(REGION, 7)
    assert {key.kind for key in arrived.keys} == set(MASTERS)
    assert {key.version for key in arrived.keys} == {1, 2}


def test_what_travels_holds_no_key_in_clear():
    sent = export(REGION, (LI, ZHAO), os.urandom)
    for key in REGION.keys:
        assert key.octets not in sent.mother + sent.half_a + sent.half_b
    assert sent.half_a.hex() not in repr(sent)


def test_each_hand_is_needed():
    sent, other = export(REGION, (LI, ZHAO), os.urandom), export(REGION, (LI, ZHAO), os.urandom)
    with pytest.raises(StoreLocked):
        import_mother(sent.mother, (sent.half_a, sent.half_b), (ZHAO, LI), Level.REGION)
    with pytest.raises(TransportFault, match="须有认证卡 A 和 B 各一"):
        import_mother(sent.mother, (sent.half_a, other.half_a), (LI, LI), Level.REGION)
    with pytest.raises(WrongCheckValue, match="传输密钥"):
        import_mother(sent.mother, (sent.half_a, other.half_b), (LI, ZHAO), Level.REGION)
    with pytest.raises((TransportFault, StoreLocked)):
        import_mother(sent.mother, (sent.half_a, sent.half_b), (LI, ZHAO), Level.SCHOOL)


def test_a_key_with_another_check_value_is_refused():
    body, _ = codec.unpack_file(mother_card(REGION, KEY, NONCE))
    row = codec.loads(body)
    row[5][3][2] = b"\0\0\0"
    forged = codec.dumps(row)
    with pytest.raises(WrongCheckValue, match=MASTERS[1].value):
        open_mother(codec.pack([forged, secure_messaging_mac(KEY, NONCE, forged)]), KEY, Level.REGION)


@given(st.data())
def test_no_damaged_byte_passes(data):
    raw = bytearray(mother_card(REGION, KEY, NONCE))
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises((TransportFault, WrongCheckValue)):
        open_mother(bytes(raw), KEY, Level.REGION)


def test_own_keys_of_a_school_do_not_travel():
    store = KeyStore(Level.SCHOOL, 1, (StoredKey(KeyKind.LINK, 1, bytes(32)),))
    with pytest.raises(TransportFault):
        mother_card(store, KEY, NONCE)


def test_every_card_kind_has_its_type():
    assert set(KEY_TYPES) == set(MASTERS) - {KeyKind.PSAM_CONTROL}
    assert len(set(KEY_TYPES.values())) == len(KEY_TYPES)
