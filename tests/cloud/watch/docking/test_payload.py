"""The payload: bytes of encoders that are not ours, ours there and back, and bytes that are none."""

import json
import random
from dataclasses import replace

import pytest

from cloud.watch.docking.sparkplug.payload import (
    METRICS_MAX,
    NAME_MAX,
    PAYLOAD_MAX,
    VALUE_MAX,
    DataType,
    Form,
    Metric,
    Payload,
    Wired,
    decoded,
    encoded,
    meant,
    metric,
    wired,
)
from compose.place import ROOT
from shared.errors import WireFault
from tests.fuzz.mutations import mutated

VECTORS = json.loads((ROOT / "tests/vectors/sparkplug.json").read_text(encoding="utf-8"))
AT = 1_764_300_000_000
NUMBERS = {
    "i8": -1, "i16": -300, "i32": -(2**31), "i64": -5, "u8": 255, "u16": 65_535, "u32": 2**32 - 1, "u64": 2**53 - 1,
    "dt": AT,
}  # fmt: skip


def of(peer: str, name: str) -> Payload:
    return decoded(bytes.fromhex(VECTORS[peer][name]))


def values(payload: Payload) -> dict:
    return {one.name: meant(one.datatype, one.value) if one.value and one.datatype else None for one in payload.metrics}


@pytest.mark.tck("payloads-metric-datatype-value-type payloads-metric-datatype-value")
def test_numbers_of_a_peer_in_javascript_are_read() -> None:
    payload = of("sparkplug-payload", "integers")
    assert (payload.timestamp_ms, payload.seq, payload.uuid) == (AT, 255, "u-1")
    assert values(payload) == NUMBERS


def test_numbers_of_a_peer_in_python_are_read() -> None:
    """Its negative ones are as wide as their type, the other's as wide as the field."""
    found = values(of("pysparkplug", "data"))
    assert {name: found[name] for name in ("i8", "i16", "i32", "i64")} == {
        k: NUMBERS[k] for k in ("i8", "i16", "i32", "i64")
    }
    assert (found["u64"], found["s"], found["b"], found["n"], found["h"]) == (2**64 - 1, "饭", b"\0\xff", None, True)


def test_what_is_no_number_is_read() -> None:
    payload = of("sparkplug-payload", "others")
    found, last = values(payload), payload.metrics[-1]
    assert payload.body == b"\x01\x02\xff"
    assert (found["d"], found["s"], found["t"], found["b"], found["n"]) == (-0.1, "饭", "", b"\0\xff", None)
    assert (last.is_historical, last.is_transient, last.is_null) == (True, True, False)


@pytest.mark.parametrize("peer", ["sparkplug-payload", "pysparkplug"])
def test_a_birth_of_a_peer_is_read(peer: str) -> None:
    payload = of(peer, "nbirth")
    assert (payload.seq, values(payload)["bdSeq"], values(payload)["温度"]) == (0, 7, 21.5)
    assert payload.metrics[-1].alias == 1


def test_what_is_not_looked_into_is_kept() -> None:
    payload = of("sparkplug-payload", "kept")
    dataset, template, quality, described = payload.metrics
    assert dataset.value is not None
    assert (dataset.value.form, meant(DataType.DATASET, dataset.value)[:4]) == (Form.DATASET, b"\x08\x02\x12\x01")
    assert template.value is not None
    assert template.value.form is Form.TEMPLATE
    assert quality.properties is not None
    assert b"Quality" in quality.properties
    assert described.metadata is not None
    assert decoded(encoded(payload)) == payload


@pytest.mark.parametrize(
    ("peer", "name"), [(peer, name) for peer in VECTORS if peer != "origin" for name in VECTORS[peer]]
)
def test_a_peers_payload_survives_our_hand(peer: str, name: str) -> None:
    payload = of(peer, name)
    assert decoded(encoded(payload)) == payload


def test_our_bytes_are_a_peers() -> None:
    """Where the order of fields leaves no choice, byte by byte."""
    payload = Payload(AT, 0, (metric("bdSeq", DataType.INT64, 7, AT), metric("温度", DataType.FLOAT, 21.5, AT, 1)))
    assert encoded(payload).hex() == VECTORS["pysparkplug"]["nbirth"]


@pytest.mark.parametrize(
    ("datatype", "low", "high"),
    [
        (DataType.INT8, -(2**7), 2**7 - 1), (DataType.INT16, -(2**15), 2**15 - 1),
        (DataType.INT32, -(2**31), 2**31 - 1), (DataType.INT64, -(2**63), 2**63 - 1),
        (DataType.UINT8, 0, 2**8 - 1), (DataType.UINT16, 0, 2**16 - 1), (DataType.UINT32, 0, 2**32 - 1),
        (DataType.UINT64, 0, 2**64 - 1), (DataType.DATETIME, 0, 2**64 - 1),
    ],
)  # fmt: skip
def test_a_number_keeps_to_its_type(datatype: DataType, low: int, high: int) -> None:
    for value in (low, low + 1, 0, high):
        (one,) = decoded(encoded(Payload(metrics=(metric("n", datatype, value, AT),)))).metrics
        assert one.value is not None
        assert meant(datatype, one.value) == value
    for value in (low - 1, high + 1):
        with pytest.raises(ValueError, match="great"):
            wired(datatype, value)
    for other in (True, 1.5, "1"):
        with pytest.raises(ValueError, match="type"):
            wired(datatype, other)


def test_a_value_in_another_form_is_refused() -> None:
    for datatype, one in (
        (DataType.INT32, Wired(Form.STRING, "1")), (DataType.STRING, Wired(Form.INT, 1)),
        (DataType.BOOLEAN, Wired(Form.INT, 1)), (DataType.UINT8, Wired(Form.INT, 256)),
        (DataType.INT8, Wired(Form.INT, 0x180)),
    ):  # fmt: skip
        with pytest.raises(WireFault):
            meant(datatype, one)


def bad() -> dict[str, bytes]:
    one = encoded(Payload(metrics=(Metric("a"),)))
    return {
        "too long": b"\x2a" + b"\0" * PAYLOAD_MAX, "many metrics": b"\x12\x00" * (METRICS_MAX + 1),
        "beyond 255": b"\x18\x80\x02", "no end of a number": b"\x08" + b"\x80" * 10 + b"\x01", "cut": one[:-1],
        "a group": b"\x0b", "no number": b"\x00\x00", "another kind": b"\x0a\x00", "name": b"\x12\x02\x0a\x01",
        "no text": b"\x12\x03\x0a\x01\xff", "no type": b"\x12\x02\x20\x63",
        "wide int": b"\x12\x06\x50\xff\xff\xff\xff\x1f",
        "long name": b"\x12\x83\x02\x0a\x80\x02" + b"x" * (NAME_MAX + 1),
    }  # fmt: skip


@pytest.mark.parametrize("name", bad())
def test_what_is_no_payload_is_refused(name: str) -> None:
    with pytest.raises(WireFault):
        decoded(bad()[name])


def test_what_nobody_would_read_is_not_written() -> None:
    for payload in (
        Payload(metrics=(Metric("a"),) * (METRICS_MAX + 1)), Payload(metrics=(Metric("x" * (NAME_MAX + 1)),)),
        Payload(body=b"\0" * PAYLOAD_MAX), Payload(seq=-1), Payload(timestamp_ms=2**64),
    ):  # fmt: skip
        with pytest.raises(ValueError):
            encoded(payload)
    with pytest.raises(ValueError, match="long"):
        wired(DataType.STRING, "饭" * (VALUE_MAX // 3 + 1))


def test_the_last_of_a_field_counts_and_unknown_ones_are_passed_over() -> None:
    assert decoded(b"\x18\x01\x18\x02" + b"\xa2\x06\x01x").seq == 2
    (one,) = decoded(b"\x12\x06" + b"\x50\x01\x7a\x02ok").metrics
    assert one.value == Wired(Form.STRING, "ok")


@pytest.mark.parametrize("seed", range(8))
def test_bad_bytes_are_refused_and_never_raise_anything_else(seed: int) -> None:
    rng = random.Random(seed)
    goods = [bytes.fromhex(one) for peer in ("sparkplug-payload", "pysparkplug") for one in VECTORS[peer].values()]
    taken = 0
    for _ in range(2_000):
        raw = mutated(rng, rng.choice(goods))
        try:
            payload = decoded(raw)
        except WireFault:
            continue
        taken += 1
        assert decoded(encoded(payload)) == payload or "nan" in repr(payload)
    assert taken


def test_a_null_has_no_value() -> None:
    one = metric("n", DataType.INT32, None, AT)
    assert one.is_null
    assert decoded(encoded(Payload(metrics=(one,)))).metrics == (one,)
    assert decoded(encoded(Payload(metrics=(replace(one, value=Wired(Form.INT, 1)),)))).metrics == (one,)
