"""Every published and own vector of the purse's cryptography, and its refusals."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from hypothesis import given
from hypothesis import strategies as st

from shared.purse import crypto
from shared.purse.crypto import Key
from shared.purse.errors import KeyShapeError, UnsupportedAlgorithm
from shared.purse.suite import suite_of

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "purse.json").read_text("utf-8"))


def rows(kind):
    return pytest.mark.parametrize("row", VECTORS[kind], ids=lambda row: row["name"])


def raw(row, name):
    return bytes.fromhex(row[name])


def key_of(row, name):
    return Key(raw(row, name), suite_of(row.get("algorithm", 0)))


@rows("diversify")
def test_diversification(row):
    key = crypto.diversify(key_of(row, "key"), *map(bytes.fromhex, row["factors"]))
    assert key.octets == raw(row, "want")


@rows("purchase")
def test_purchase(row):
    session = crypto.purchase_session_key(key_of(row, "dpk"), raw(row, "rnd"), row["counter"], row["ttn"])
    assert session.octets == raw(row, "session")
    auth_id = bytes.fromhex(row.get("auth_id", ""))
    fields = (row["amount"], row["kind"], raw(row, "term"))
    assert crypto.purchase_mac1(session, *fields, raw(row, "stamp"), auth_id) == raw(row, "mac1")
    assert crypto.purchase_mac2(session, row["amount"]) == raw(row, "mac2")
    if "tac" in row:
        tac_input = crypto.purchase_tac_input(*fields, row["ttn"], raw(row, "stamp"))
        assert len(tac_input) == 22
        assert crypto.tac(key_of(row, "dtk"), tac_input) == raw(row, "tac")


@rows("load")
def test_load(row):
    session = crypto.load_session_key(key_of(row, "dlk"), raw(row, "rnd"), row["counter"])
    assert session.octets == raw(row, "session")
    fields = (row["amount"], row["kind"], raw(row, "term"))
    assert crypto.load_mac1(session, row["balance"], *fields) == raw(row, "mac1")
    if "mac2" in row:
        assert crypto.load_mac2(session, *fields, raw(row, "stamp")) == raw(row, "mac2")
    if "tac" in row:
        after = row["balance"] + row["amount"]
        tac_input = crypto.load_tac_input(after, row["counter"], *fields, raw(row, "stamp"))
        assert len(tac_input) == 24
        assert crypto.tac(key_of(row, "dtk"), tac_input) == raw(row, "tac")


@pytest.mark.parametrize("row", [r for k in ("purchase", "load") for r in VECTORS[k] if "tac_key" in r])
def test_tac_key_is_left_xor_right(row):
    assert crypto.tac_key(Key(raw(row, "dtk"))).octets == raw(row, "tac_key")


@rows("block")
def test_one_block(row):
    assert crypto.encrypt_block(Key(raw(row, "key")), raw(row, "block")) == raw(row, "want")


@rows("mac")
def test_mac_pads_a_full_block_too(row):
    assert crypto.session_mac(Key(raw(row, "key")), raw(row, "data")) == raw(row, "want")


@rows("secure_messaging_mac")
def test_secure_messaging_mac(row):
    key = Key(raw(row, "key"))
    assert crypto.secure_messaging_mac(key, raw(row, "challenge"), raw(row, "command")) == raw(row, "want")


@rows("secure_messaging_encrypt")
def test_secure_messaging_encrypt(row):
    assert crypto.secure_messaging_encrypt(Key(raw(row, "key")), raw(row, "field")) == raw(row, "want")


def test_secure_messaging_with_a_short_key_is_a_cbc_mac():
    key, command = Key(bytes(range(8))), b"\x04\xd6\x95\x00\x08\x01\x02\x03\x04"
    assert crypto.secure_messaging_mac(key, bytes(8), command) == crypto.session_mac(key, command)
    assert crypto.secure_messaging_mac(key, b"\1" * 8, command) != crypto.session_mac(key, command)


def test_only_the_right_half_of_the_terminal_number_enters_the_session_key():
    dpk, rnd = Key(bytes(range(16))), b"\1\2\3\4"
    assert crypto.purchase_session_key(dpk, rnd, 5, 0x0001_12A7) == crypto.purchase_session_key(dpk, rnd, 5, 0x12A7)
    assert crypto.purchase_session_key(dpk, rnd, 5, 0x12A8) != crypto.purchase_session_key(dpk, rnd, 5, 0x12A7)


def test_key_check_value():
    triple = TripleDES(bytes(range(16)) + bytes(range(8)))
    block = Cipher(triple, modes.ECB()).encryptor().update(bytes(8))  # noqa: S305 - one block, as the standard
    assert crypto.kcv(Key(bytes(range(16)))) == block[:3]


@given(st.binary(min_size=8, max_size=8), st.binary(max_size=64))
def test_the_cached_mac_is_the_librarys_cbc_mac(octets, data):
    padded = data + b"\x80" + bytes(-(len(data) + 1) % 8)
    chained = Cipher(TripleDES(octets * 3), modes.CBC(bytes(8))).encryptor().update(padded)
    assert crypto.session_mac(Key(octets), data) == chained[-8:-4]


@given(st.binary(min_size=16, max_size=16), st.lists(st.binary(min_size=8, max_size=8), max_size=20))
def test_many_cards_get_the_keys_that_each_would_get(master, factors):
    assert crypto.diversify_many(Key(master), factors) == [crypto.diversify(Key(master), f) for f in factors]


@pytest.mark.parametrize("algorithm", [0x02, 0x03, 0x04, 0xFF])
def test_an_algorithm_that_is_not_built_is_refused(algorithm):
    assert not crypto.is_supported(algorithm)
    with pytest.raises(UnsupportedAlgorithm):
        crypto.require_supported(algorithm)


@pytest.mark.parametrize("algorithm", [0x00, 0x01])
def test_both_selectors_of_real_cards_mean_3des(algorithm):
    crypto.require_supported(algorithm)
    assert crypto.is_supported(algorithm)


def test_wrong_lengths_are_refused():
    for size in (0, 7, 24):
        with pytest.raises(KeyShapeError):
            Key(bytes(size))
    key = Key(bytes(16))
    for call in (
        lambda: crypto.diversify(key, b"short"),
        lambda: crypto.diversify_many(key, [bytes(9)]),
        lambda: crypto.purchase_session_key(key, bytes(8), 0, 0),
        lambda: crypto.load_session_key(key, bytes(3), 0),
        lambda: crypto.tac(Key(bytes(8)), b"x"),
        lambda: crypto.secure_messaging_mac(key, bytes(5), b"x"),
        lambda: crypto.secure_messaging_encrypt(key, bytes(256)),
        lambda: crypto.encrypt_block(key, bytes(7)),
    ):
        with pytest.raises(KeyShapeError):
            call()


def test_a_key_shows_nothing():
    key = Key(b"SECRETSECRETSECR")
    assert "SECRET" not in f"{key!r} {key!s} {[key]!r}"
    assert key == Key(b"SECRETSECRETSECR")
    assert key != Key(b"SECRETSECRETSECS")
    assert key != b"SECRETSECRETSECR"
    assert hash(key) == hash(Key(b"SECRETSECRETSECR"))
