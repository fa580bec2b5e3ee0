"""Record bytes are frozen: a change here is a new version, not an edit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import records
from shared.errors import WireFault
from shared.records import (
    Cause,
    CounterKind,
    Flags,
    Kind,
    LoadRecord,
    Pair,
    Proof,
    PurchaseRecord,
    Stored,
    VoidRecord,
    Witness,
)

CARD = bytes.fromhex("00010000000000004711")
DEBIT = Flags(Proof.DEBIT, CounterKind.OFFLINE).to_int()
PURCHASE = PurchaseRecord(
    1, Kind.PURCHASE, DEBIT, 7, 0x12A7, CARD, 0x4D, 9, records.purse_byte(0, 2, 1), 1250, 9875, 0x2F0A1B2C, 1, 0,
    bytes.fromhex("0DEA51C3"), b"\0\0\0", 3, 1, 1, -50, 0,
)  # fmt: skip
LOAD = LoadRecord(
    1, Kind.LOAD, Flags(Proof.DEBIT, CounterKind.ONLINE, online=True).to_int(), 8, 5, CARD, 0x13, 2,
    records.purse_byte(0, 2, 1), 20000, 9875, 0x2F0A1B2C, 1, 0, bytes.fromhex("BFB64611"), 0, 1, 1, 0,
)  # fmt: skip
RIDE = PURCHASE._replace(kind=Kind.COMPOSITE, trip=bytes.fromhex("000C000701220003000200C8"))
VOID = VoidRecord(
    1, Kind.VOID, Flags(Proof.NONE, CounterKind.OFFLINE).to_int(), 9, 0x12A7, CARD, 0x4D, records.purse_byte(1, 2, 1),
    1250, 0x2F0A1B40, Cause.CASHIER, 1, 3, 1, 1, 2, bytes.fromhex("C0FFEE11"),
)  # fmt: skip
WITNESSED = VOID._replace(
    kind=Kind.WITNESSED_VOID, cause=Cause.OPERATOR,
    witness=Witness(bytes.fromhex("000100010001F0000001"), 1, bytes.fromhex("19BC6BD4")),
)  # fmt: skip
SAME_CARD = WITNESSED._replace(cause=Cause.SAME_CARD, witness=Witness(CARD, 2, bytes.fromhex("19BC6BD4")))
PURCHASE_WIRE = bytes.fromhex(
    "01010040000000070000 12A7 00010000000000004711 004D 09 21 000004E2 00002693 2F0A1B2C 01 00 0DEA51C3"
    "000000 0003 0001 0001 FFCE 0000"
)
RIDE_WIRE = b"\x01\x04" + PURCHASE_WIRE[2:] + bytes.fromhex("000C 0007 01 22 0003 0002 00C8")
LOAD_WIRE = bytes.fromhex(
    "0102006400000008 00000005 00010000000000004711 0013 02 21 00004E20 00002693 2F0A1B2C 01 00 BFB64611"
    "0000 0001 0001 0000"
)
VOID_WIRE = bytes.fromhex(
    "0105004200000009 000012A7 00010000000000004711 004D 61 000004E2 2F0A1B40 01 01 0003 0001 0001 0002 C0FFEE11"
)
WITNESSED_WIRE = bytes.fromhex(
    "0110004200000009 000012A7 00010000000000004711 004D 61 000004E2 2F0A1B40 03 01 0003 0001 0001 0002"
    "000100010001F0000001 01 19BC6BD4 C0FFEE11"
)
SAME_CARD_WIRE = WITNESSED_WIRE[:33] + b"\4" + WITNESSED_WIRE[34:43] + CARD + b"\2" + WITNESSED_WIRE[54:]


@pytest.mark.parametrize(
    ("record", "wire"),
    [
        (PURCHASE, PURCHASE_WIRE), (RIDE, RIDE_WIRE), (LOAD, LOAD_WIRE), (VOID, VOID_WIRE),
        (WITNESSED, WITNESSED_WIRE), (SAME_CARD, SAME_CARD_WIRE),
    ],
)  # fmt: skip
def test_frozen_bytes(record: records.Record, wire: bytes) -> None:
    assert records.encode(record) == wire
    assert records.decode(wire) == record


def test_sizes_of_records_md() -> None:
    assert (records.PURCHASE_SIZE, records.COMPOSITE_SIZE, records.LOAD_SIZE) == (57, 69, 52)
    assert records.VOID_SIZE == len(VOID_WIRE) == 47
    assert records.WITNESSED_SIZE == len(WITNESSED_WIRE) == 62
    assert len(Stored(b"\0\1\0\0\0\1", 1, b"\x51" * 6, PURCHASE_WIRE).to_bytes()) == 71


def test_stored_round_trip_and_digest() -> None:
    raw = Stored(b"\0\1\0\0\0\1", 2, b"\x51" * 6, PURCHASE_WIRE).to_bytes()
    stored = records.parse_stored(raw)
    assert stored.to_bytes() == raw
    assert stored.seq == 7
    assert records.digest(raw) != records.digest(raw[:-1] + b"\1")


@pytest.mark.parametrize(
    ("wire", "reason"),
    [
        (b"", "bytes"),
        (PURCHASE_WIRE[:56], "56 bytes"),
        (PURCHASE_WIRE + b"\0", "58 bytes"),
        (RIDE_WIRE[:57], "57 bytes"),
        (PURCHASE_WIRE + RIDE_WIRE[57:], "69 bytes"),
        (b"\x02" + PURCHASE_WIRE[1:], "version 2"),
        (b"\x01\x63" + PURCHASE_WIRE[2:], "kind 99"),
        (VOID_WIRE + b"\0", "48 bytes"),
        (VOID_WIRE[:33] + b"\x03" + VOID_WIRE[34:], "cause 3"),
        (VOID_WIRE[:41] + b"\0\0" + VOID_WIRE[43:], "names no purchase"),
        (b"\x01\x10" + VOID_WIRE[2:], "47 bytes"),
        (b"\x01\x05" + WITNESSED_WIRE[2:], "62 bytes"),
        (WITNESSED_WIRE + b"\0", "63 bytes"),
        (WITNESSED_WIRE[:33] + b"\x01" + WITNESSED_WIRE[34:], "cause 1"),
        (WITNESSED_WIRE[:33] + b"\x04" + WITNESSED_WIRE[34:], "stands for"),
        (SAME_CARD_WIRE[:33] + b"\x03" + SAME_CARD_WIRE[34:], "stands for"),
        (WITNESSED_WIRE[:41] + b"\0\0" + WITNESSED_WIRE[43:], "names no purchase"),
        (VOID_WIRE[:41] + b"\0\x09" + VOID_WIRE[43:], "names no purchase"),
        (VOID_WIRE[:3] + b"\x40" + VOID_WIRE[4:], "proof state"),
        (PURCHASE_WIRE[:2] + b"\x80\x40" + PURCHASE_WIRE[4:], "flags"),
        (PURCHASE_WIRE[:2] + b"\x00\x44" + PURCHASE_WIRE[4:], "counter kind"),
        (PURCHASE_WIRE[:2] + b"\x00\x42" + PURCHASE_WIRE[4:], "proof state"),
        (PURCHASE_WIRE[:4] + b"\0\0\0\0" + PURCHASE_WIRE[8:], "seq 0"),
        (b"\x01" * 251, "251 bytes"),
    ],
)
def test_bad_bytes_are_refused_with_their_reason(wire: bytes, reason: str) -> None:
    with pytest.raises(WireFault, match=reason):
        records.decode(wire)


@pytest.mark.parametrize("kind", [Kind.UNPROVEN, Kind.RECOVERED, Kind.NOT_DEBITED])
@pytest.mark.parametrize("trip", [b"", RIDE.trip])
def test_what_follows_from_a_ride_keeps_its_trip(kind: Kind, trip: bytes) -> None:
    proof = Proof.PROVE if kind is Kind.RECOVERED else Proof.NONE
    record = PURCHASE._replace(kind=kind, flags=Flags(proof, CounterKind.OFFLINE).to_int(), trip=trip)
    assert records.decode(records.encode(record)) == record
    assert isinstance(records.decode(records.encode(record)), PurchaseRecord)


@given(st.binary(max_size=260))
def test_no_bytes_crash_the_decoder(wire: bytes) -> None:
    try:
        record = records.decode(wire)
    except WireFault:
        return
    assert records.encode(record) == wire


@given(st.sampled_from(Proof), st.sampled_from(CounterKind), st.sampled_from(Pair), st.booleans(), st.booleans())
def test_flags_round_trip(proof: Proof, counter: CounterKind, pair: Pair, online: bool, clock: bool) -> None:
    flags = Flags(proof, counter, pair, online, clock)
    assert records.parse_flags(flags.to_int()) == flags


def test_purse_names_the_purse_without_the_key() -> None:
    assert records.purse_of(records.purse_byte(1, 2, 1)) == records.purse_of(records.purse_byte(1, 2, 7))
    assert records.purse_of(records.purse_byte(1, 2, 1)) != records.purse_of(records.purse_byte(0, 2, 1))
