"""Frozen card files: 0015 in two forms, 0016, log records, and 0015 inside an FCI."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.purse.errors import LayoutError
from shared.purse.files import (
    LogRecord,
    PublicData,
    PublicForm,
    encode_fci,
    encode_holder,
    encode_public,
    holder_name,
    is_enabled,
    parse_log,
    parse_public,
    public_from_fci,
)
from shared.purse.profiles import BANK_EP, CAMPUS, CAMPUS_REGION, PROFILES, card_id_of, diversification_factors

CITY = PublicData(
    issuer=b"\x53\x03", serial=bytes.fromhex("2025110000004711"), start=bytes.fromhex("20250901"),
    expiry=bytes.fromhex("20290731"), city=b"\x45\x10", industry=b"\x00\x01", card_type=1, subtype=2,
)  # fmt: skip
BANK = PublicData(
    issuer=bytes.fromhex("0102030405060708"), serial=bytes.fromhex("00012025110000004711"),
    start=bytes.fromhex("20250901"), expiry=bytes.fromhex("20290731"), card_type=0x55, subtype=0x66,
)  # fmt: skip
CITY_RAW = "530345100001000001010000202511000000471120250901202907310102"
BANK_RAW = "010203040506070801010001202511000000471120250901202907315566"


@pytest.mark.parametrize(
    ("form", "data", "raw"), [(PublicForm.CITY, CITY, CITY_RAW), (PublicForm.BANK, BANK, BANK_RAW)]
)
def test_file_0015_is_frozen(form, data, raw):
    assert encode_public(form, data).hex() == raw
    assert parse_public(form, bytes.fromhex(raw)) == data


def test_file_0015_refuses_what_does_not_fit():
    for form, data in ((PublicForm.CITY, BANK), (PublicForm.BANK, CITY)):
        with pytest.raises(LayoutError):
            encode_public(form, data)
    with pytest.raises(LayoutError):
        parse_public(PublicForm.CITY, bytes(29))


def test_card_id_and_factors():
    assert card_id_of(CAMPUS, CITY).hex() == "53032025110000004711"
    assert card_id_of(BANK_EP, BANK).hex() == "00012025110000004711"
    assert diversification_factors(CAMPUS, CITY) == (CITY.serial,)
    assert diversification_factors(CAMPUS_REGION, CITY) == (CITY.serial, bytes(6) + b"\x53\x03")
    assert diversification_factors(BANK_EP, BANK) == (BANK.serial[2:],)


def test_profiles_have_their_own_names():
    assert all(profile.name == name for name, profile in PROFILES.items())
    assert CAMPUS.purse_byte(1) == 0b00_10_0001


def test_a_log_record_is_frozen():
    record = LogRecord(0x004E, 1250, 0x09, bytes.fromhex("510000000023"), bytes.fromhex("20251124224530"))
    assert record.encode().hex() == "004e000000000004e20951000000002320251124224530"
    assert parse_log(record.encode()) == record
    with pytest.raises(LayoutError):
        parse_log(bytes(22))


def test_the_holder_file():
    raw = encode_holder("张三", "2025110047", card_type=1)
    assert len(raw) == 39
    assert holder_name(raw) == "张三"
    long = encode_holder("努尔买买提艾合买提江阿布都")
    assert holder_name(long) == "努尔买买提艾合买提江"


def test_0015_comes_out_of_the_fci():
    public = encode_public(PublicForm.CITY, CITY)
    fci = encode_fci(CAMPUS.aid, public)
    assert fci.hex().startswith("6f328409a00000000386980701a5259f0801019f0c1e")
    assert public_from_fci(fci) == public


def test_an_fci_without_0015_says_so():
    assert public_from_fci(b"") is None
    assert public_from_fci(bytes.fromhex("6F0484025045")) is None
    assert public_from_fci(bytes.fromhex("6F05A5038801" + "01")) is None


@pytest.mark.parametrize(
    ("fci", "inside"),
    [
        ("6F08 8401AA A503 9F0C00", ""),
        ("00 6F0A 00 A507 50 01 31 9F0C 01 55 8401AA", "55"),
        ("6F8109 A5 8106 9F0C820001 66", "66"),
        ("6F0A A508 DF810101FF 9F0C0177", None),
        ("6F0B A509 DF810101FF 9F0C0177", "77"),
        ("6F05 A503 9F0C02", None),
        ("6F04 A5049F0C", None),
        ("6F03 A5839F", None),
        ("6F83 000002 A500", None),
        ("6F", None),
        ("9F", None),
    ],
)
def test_an_fci_may_be_laid_out_in_many_ways(fci, inside):
    """Other objects, any order, zeros between, long lengths, tags of three bytes; what is broken holds nothing."""
    assert public_from_fci(bytes.fromhex(fci)) == (None if inside is None else bytes.fromhex(inside))


@given(st.binary(max_size=60))
def test_any_fci_bytes_end_in_a_value(raw):
    found = public_from_fci(raw)
    assert found is None or found in raw


def test_what_enabled_means_stands_in_the_form():
    for byte, city, bank in ((0, False, False), (1, True, True), (2, False, True), (3, False, True)):
        assert is_enabled(PublicForm.CITY, replace(CITY, enabled=byte)) is city
        assert is_enabled(PublicForm.BANK, replace(BANK, enabled=byte)) is bank
