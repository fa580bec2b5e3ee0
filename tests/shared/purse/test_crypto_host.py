"""Unload, overdraft, PIN reload and the way back of secure messaging, against arithmetic that is not ours."""

import pytest
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from hypothesis import given
from hypothesis import strategies as st

from shared.purse import crypto
from shared.purse.crypto import Key
from shared.purse.errors import KeyShapeError, LayoutError

TERM = bytes.fromhex("510000000023")
STAMP = bytes.fromhex("20251124224530")
SESSION = Key(bytes.fromhex("FCE108F6CE77E6DF"))


def cbc(key, data):
    """4 bytes of CBC-MAC by the library's own chaining, padding written out."""
    padded = data + b"\x80" + bytes(-(len(data) + 1) % 8)
    return Cipher(TripleDES(key * 3), modes.CBC(bytes(8))).encryptor().update(padded)[-8:-4]


def test_mac3_covers_balance_counter_amount_type_terminal_time():
    want = cbc(SESSION.octets, bytes.fromhex("00002710001300004E2003") + TERM + STAMP)
    assert crypto.unload_mac3(SESSION, 10000, 0x13, 20000, TERM, STAMP) == want


def test_overdraft_macs_and_tac_cover_what_the_reader_says():
    key = SESSION.octets
    mac1 = crypto.overdraft_mac1(SESSION, 9875, 5000, TERM)
    mac2 = crypto.overdraft_mac2(SESSION, 20000, TERM, STAMP)
    tac_input = crypto.overdraft_tac_input(24875, 19, 20000, TERM, STAMP)
    assert mac1 == cbc(key, bytes.fromhex("0000269300138807") + TERM)
    assert mac2 == cbc(key, bytes.fromhex("004E2007") + TERM + STAMP)
    assert tac_input == bytes.fromhex("0000612B0013004E2007") + TERM + STAMP
    assert len(tac_input) == 23


def test_frozen_values():
    assert crypto.unload_mac3(SESSION, 10000, 0x13, 20000, TERM, STAMP).hex() == "3d219533"
    assert crypto.overdraft_mac1(SESSION, 9875, 5000, TERM).hex() == "84d39e6b"
    assert crypto.overdraft_mac2(SESSION, 20000, TERM, STAMP).hex() == "57fca054"
    assert crypto.pin_reload_mac(Key(bytes(range(16))), bytes.fromhex("123456")).hex() == "d6e200c1"


def test_pin_reload_folds_its_key():
    octets = bytes.fromhex("0F1E2D3C4B5A69788796A5B4C3D2E1F0")
    folded = bytes(a ^ b for a, b in zip(octets[:8], octets[8:], strict=True))
    assert crypto.pin_reload_mac(Key(octets), b"\x12\x34\x56") == cbc(folded, b"\x12\x34\x56")


@given(st.binary(min_size=16, max_size=16), st.binary(max_size=255))
def test_a_hidden_field_comes_back(octets, field):
    key = Key(octets)
    assert crypto.secure_messaging_decrypt(key, crypto.secure_messaging_encrypt(key, field)) == field


@given(st.binary(max_size=48))
def test_a_field_that_nobody_made_is_refused_or_short(garbage):
    key = Key(bytes(range(16)))
    try:
        field = crypto.secure_messaging_decrypt(key, garbage)
    except LayoutError:
        return
    assert crypto.secure_messaging_encrypt(key, field) == garbage


def test_a_field_with_wrong_padding_is_refused():
    key = Key(bytes(range(16)))
    for block in (bytes.fromhex("0311223300000000"), bytes.fromhex("0811223380000000"), bytes(8)):
        hidden = crypto.encrypt_block(key, block)
        with pytest.raises(LayoutError):
            crypto.secure_messaging_decrypt(key, hidden)


@given(st.binary(min_size=8, max_size=8))
def test_blocks_go_back(block):
    key = Key(bytes(range(16)))
    assert crypto.decrypt_block(key, crypto.encrypt_block(key, block)) == block


def test_a_protected_command_is_the_published_key_load():
    key = Key(bytes.fromhex("00112233445566778899AABBCCDDEEFF"))
    field = b"\x22\x00\x00" + key.octets
    made = crypto.protected_command(key, bytes.fromhex("5D72B3FD"), bytes.fromhex("84D40000"), field, is_hidden=True)
    assert made.hex().upper() == "84D400001CDCC0BB5793ABFCA2CA8C1624822F6E01A86A0B5CBED191DD8A9D4ADB"


def test_a_limit_of_more_than_three_bytes_is_refused():
    for limit in (-1, 1 << 24):
        with pytest.raises(KeyShapeError):
            crypto.overdraft_mac2(SESSION, limit, TERM, STAMP)
