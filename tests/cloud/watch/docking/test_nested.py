"""What is inside of values: tables, templates, properties, metadata, arrays; typed, or refused by name."""

import random
import struct

import pytest

from cloud.watch.docking.sparkplug import nested
from cloud.watch.docking.sparkplug.nested import (
    DataSet,
    MetaData,
    Parameter,
    array,
    data_set,
    metadata,
    properties,
    template,
    unit_of,
)
from cloud.watch.docking.sparkplug.payload import DataType
from shared.errors import WireFault


def varint(value: int) -> bytes:
    octets = b""
    while value > 0x7F:
        octets, value = octets + bytes((value & 0x7F | 0x80,)), value >> 7
    return octets + bytes((value,))


def num(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def sub(field: int, octets: bytes | str) -> bytes:
    told = octets.encode() if isinstance(octets, str) else octets
    return varint(field << 3 | 2) + varint(len(told)) + told


def row(*cells: bytes) -> bytes:
    return sub(4, b"".join(sub(1, cell) for cell in cells))


def table(*rows: bytes, columns: int = 2, types: bytes | None = None) -> bytes:
    kinds = num(3, DataType.INT8) + num(3, DataType.STRING) if types is None else types
    return num(1, columns) + sub(2, "n") + sub(2, "word") + kinds + b"".join(rows)


@pytest.mark.tck(
    "payloads-dataset-column-size payloads-dataset-column-num-headers payloads-dataset-types-def "
    "payloads-dataset-types-num payloads-dataset-types-type payloads-dataset-types-value "
    "payloads-dataset-parameter-type-req payloads-template-dataset-value"
)
def test_a_data_set_has_a_typed_cell_for_each_column() -> None:
    octets = table(row(num(1, 0xFF), sub(6, "a")), row(b"", sub(6, "b")))
    wanted = DataSet(("n", "word"), (DataType.INT8, DataType.STRING), ((-1, "a"), (None, "b")))
    assert data_set(octets) == wanted
    assert data_set(table(*[], types=sub(3, bytes((2, 12))))).types == (DataType.INT16, DataType.STRING), "packed"


@pytest.mark.parametrize(
    "octets",
    [table(columns=3), table(types=b""), table(types=num(3, DataType.UUID) * 2),
     table(types=num(3, 2)), table(row(num(1, 1))), table(types=num(3, 99) * 2),
     table(row(sub(6, "x"), sub(6, "y"))), table(row(num(1, 1 << 20), sub(6, "y"))), table()[:-1]],
)  # fmt: skip
def test_a_data_set_that_does_not_agree_is_refused(octets: bytes) -> None:
    with pytest.raises(WireFault):
        data_set(octets)


def test_a_data_set_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nested, "CELLS_MAX", 3)
    with pytest.raises(WireFault):
        data_set(table(*[row(num(1, 1), sub(6, "x"))] * 2))


METRIC = sub(1, "Speed") + num(4, DataType.INT32) + num(10, 7)
PARAMETER = sub(1, "Limit") + num(2, DataType.UINT8) + num(3, 9)


@pytest.mark.tck(
    "payloads-template-definition-is-definition payloads-template-definition-ref payloads-template-version "
    "payloads-template-instance-is-definition payloads-template-instance-ref payloads-template-ref-definition "
    "payloads-template-ref-instance payloads-template-is-definition-definition "
    "payloads-template-is-definition-instance payloads-template-parameter-name-required "
    "payloads-template-parameter-name-type payloads-template-parameter-value-type "
    "payloads-template-parameter-type-value payloads-template-parameter-type-req payloads-template-parameter-value"
)
def test_a_template_is_a_definition_or_an_instance_of_one() -> None:
    definition = template(sub(1, "v1") + sub(2, METRIC) + sub(3, PARAMETER) + num(5, 1))
    assert (definition.version, definition.ref, definition.is_definition) == ("v1", "", True)
    assert [one.name for one in definition.metrics] == ["Speed"]
    assert definition.parameters == (Parameter("Limit", DataType.UINT8, 9),)
    assert template(sub(4, "Motor")).ref == "Motor"
    nameless, typeless, odd = num(2, DataType.UINT8), sub(1, "x"), sub(1, "x") + num(2, DataType.UUID)
    wrong = (sub(3, one) + num(5, 1) for one in (nameless, typeless, odd, sub(1, b"\xff") + num(2, DataType.UINT8)))
    for octets in (b"", sub(4, "Motor") + num(5, 1), sub(1, b"\xff") + num(5, 1), *wrong):
        with pytest.raises(WireFault):
            template(octets)


STRING = num(1, DataType.STRING) + sub(8, "°C")


@pytest.mark.tck("payloads-propertyset-quality-value-type payloads-propertyset-quality-value-value")
def test_properties_are_typed_and_nest() -> None:
    inner = sub(1, "Quality") + sub(2, num(1, DataType.INT32) + num(3, 192))
    octets = (
        sub(1, "engUnit") + sub(2, STRING)
        + sub(1, "none") + sub(2, num(1, DataType.STRING) + num(2, 1))
        + sub(1, "set") + sub(2, num(1, 20) + sub(9, inner))
        + sub(1, "sets") + sub(2, num(1, 21) + sub(10, sub(1, inner) * 2))
    )  # fmt: skip
    quality = {"Quality": 192}
    assert properties(octets) == {"engUnit": "°C", "none": None, "set": quality, "sets": [quality, quality]}


@pytest.mark.tck(
    "payloads-propertyset-keys-array-size payloads-propertyset-values-array-size "
    "payloads-metric-propertyvalue-type-type payloads-metric-propertyvalue-type-value "
    "payloads-metric-propertyvalue-type-req"
)
def test_properties_that_do_not_agree_or_are_too_deep_are_refused() -> None:
    deep = b""
    for _ in range(5):
        deep = sub(1, "p") + sub(2, num(1, 20) + sub(9, deep))
    untyped, odd = sub(1, "a") + sub(2, sub(8, "x")), sub(1, "a") + sub(2, num(1, 99) + sub(8, "x"))
    quality = (sub(1, "Quality") + sub(2, num(1, kind) + num(3, 191)) for kind in (DataType.INT32, DataType.INT8))
    for octets in (sub(1, "a"), sub(1, "a") * 2 + sub(2, STRING) * 2, untyped, odd, sub(2, STRING), deep, *quality):
        with pytest.raises(WireFault):
            properties(octets)


def test_a_unit_is_taken_from_the_properties_and_never_hurts() -> None:
    assert unit_of(sub(1, "engUnit") + sub(2, STRING)) == "°C"
    assert [unit_of(octets) for octets in (None, b"", b"\xff", sub(1, "engUnit"))] == [""] * 4


def test_metadata() -> None:
    octets = num(1, 1) + sub(2, "text/plain") + num(3, 5) + sub(5, "a.txt") + sub(7, "d41d8")
    assert metadata(octets) == MetaData(True, "text/plain", 5, 0, "a.txt", "", "d41d8", "")


@pytest.mark.parametrize(
    ("datatype", "octets", "wanted"),
    [
        (DataType.INT8_ARRAY, b"\xef\x7b", (-17, 123)),
        (DataType.INT16_ARRAY, struct.pack("<hh", -30_000, 30_000), (-30_000, 30_000)),
        (DataType.INT32_ARRAY, struct.pack("<ii", -1, 315_338_746), (-1, 315_338_746)),
        (DataType.INT64_ARRAY, struct.pack("<q", -4_270_929_666_821_191_986), (-4_270_929_666_821_191_986,)),
        (DataType.UINT8_ARRAY, b"\x17\xfa", (23, 250)),
        (DataType.UINT16_ARRAY, struct.pack("<H", 52_360), (52_360,)),
        (DataType.UINT32_ARRAY, struct.pack("<I", 3_293_969_225), (3_293_969_225,)),
        (DataType.UINT64_ARRAY, struct.pack("<Q", 16_444_743_074_749_521_625), (16_444_743_074_749_521_625,)),
        (DataType.FLOAT_ARRAY, struct.pack("<f", 1.25), (1.25,)),
        (DataType.DOUBLE_ARRAY, struct.pack("<d", 12.354213), (12.354213,)),
        (DataType.BOOLEAN_ARRAY, b"\x0c\0\0\0\x34\xd0",
         (False, False, True, True, False, True, False, False, True, True, False, True)),
        (DataType.STRING_ARRAY, b"ABC\0hello\0", ("ABC", "hello")),
        (DataType.DATETIME_ARRAY, struct.pack("<Q", 1_256_102_875_335), (1_256_102_875_335,)),
    ],
)  # fmt: skip
def test_arrays_as_the_standard_shows_them(datatype: DataType, octets: bytes, wanted: tuple[object, ...]) -> None:
    assert array(datatype, octets) == wanted
    with pytest.raises(WireFault):
        array(datatype, octets[:-1] if datatype not in (DataType.INT8_ARRAY, DataType.UINT8_ARRAY) else b"") or _none()


def _none() -> None:
    raise WireFault("one-byte elements are never cut short")


def test_no_bytes_throw_them() -> None:
    chance = random.Random(3)
    whole = [table(row(num(1, 5), sub(6, "a"))), sub(2, METRIC) + num(5, 1), sub(1, "a") + sub(2, STRING), num(3, 5)]
    for _ in range(400):
        octets = bytearray(chance.choice(whole))
        octets[chance.randrange(len(octets))] = chance.randrange(256)
        for reads in (data_set, template, properties, metadata):
            try:
                reads(bytes(octets))
            except WireFault:
                continue
