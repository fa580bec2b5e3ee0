"""What is inside of a value: data sets, templates, property sets, metadata and arrays, as typed values. Pure.

A payload keeps them as bytes; who wants to know what is in them asks here. What breaks a bound, or is none, is a
WireFault: nesting is followed NEST_MAX deep, a table has CELLS_MAX cells, a set PROPERTIES_MAX properties.
"""

import struct
from typing import NamedTuple

from cloud.watch.docking.sparkplug.payload import (
    METRICS_MAX,
    NAME_MAX,
    VALUE_MAX,
    DataType,
    Form,
    Metric,
    Value,
    Wired,
    datatype_of,
    fields,
    meant,
    metric_of,
    octets_of,
    text_of,
    varints,
    wired_as,
)
from shared.errors import WireFault

NEST_MAX = 4
CELLS_MAX = 10_000
PROPERTIES_MAX = 100
PROPERTY_SET, PROPERTY_SET_LIST = 20, 21
"""Types that only a property has."""
ENGINEERING_UNIT = "engUnit"
QUALITY, QUALITIES = "Quality", ((DataType.INT32, 0), (DataType.INT32, 192), (DataType.INT32, 500))
"""Bad, good, stale."""
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_FORMS = (Form.INT, Form.LONG, Form.FLOAT, Form.DOUBLE, Form.BOOLEAN, Form.STRING)
_KINDS = (_VARINT, _VARINT, _FIXED32, _FIXED64, _VARINT, _BYTES)


class DataSet(NamedTuple):
    """A table. A cell that is None has no value."""

    columns: tuple[str, ...]
    types: tuple[DataType, ...]
    rows: tuple[tuple[Value | None, ...], ...]


class Parameter(NamedTuple):
    """Of a template."""

    name: str
    datatype: DataType
    value: Value | None


class Template(NamedTuple):
    """A definition, or an instance of the definition that ref names."""

    version: str
    ref: str
    is_definition: bool
    metrics: tuple[Metric, ...]
    parameters: tuple[Parameter, ...]


class MetaData(NamedTuple):
    """Of a value."""

    is_multi_part: bool
    content_type: str
    size: int
    seq: int
    file_name: str
    file_type: str
    md5: str
    description: str


Property = Value | dict[str, "Property"] | list[dict[str, "Property"]] | None
Properties = dict[str, Property]


def data_set(octets: bytes) -> DataSet:
    """WireFault: none; also where columns, types and cells do not agree."""
    columns, types, rows, count = [], [], [], None
    for number, value in fields(octets, {1: _VARINT, 2: _BYTES, 3: None, 4: _BYTES}):
        match number:
            case 1:
                count = value
            case 2:
                columns.append(text_of(value, NAME_MAX))
            case 3:
                types += [value] if isinstance(value, int) else varints(value)
            case 4:
                rows.append([octets_of(cell) for _, cell in fields(octets_of(value), {1: _BYTES})])
        if len(rows) * max(1, len(columns)) > CELLS_MAX or len(columns) > METRICS_MAX:
            raise WireFault("a data set that is too large")
    kinds = [_known(kind) for kind in types]
    if len(kinds) != len(columns) or count not in (None, len(columns)) or any(len(row) != len(columns) for row in rows):
        raise WireFault("a data set whose columns do not agree")
    cells = (tuple(_cell(kind, cell, 1) for kind, cell in zip(kinds, row, strict=True)) for row in rows)
    return DataSet(tuple(columns), tuple(kinds), tuple(cells))


def template(octets: bytes) -> Template:
    """WireFault: none. Its metrics' own templates are bytes still."""
    version, ref, is_definition = "", "", False
    metrics, parameters = [], []
    for number, value in fields(octets, {1: _BYTES, 2: _BYTES, 3: _BYTES, 4: _BYTES, 5: _VARINT}):
        match number:
            case 1:
                version = text_of(value, NAME_MAX)
            case 2:
                metrics.append(metric_of(octets_of(value)))
            case 3:
                parameters.append(_parameter(octets_of(value)))
            case 4:
                ref = text_of(value, NAME_MAX)
            case 5:
                is_definition = bool(value)
        if len(metrics) > METRICS_MAX or len(parameters) > PROPERTIES_MAX:
            raise WireFault("a template that is too large")
    if is_definition == bool(ref):
        raise WireFault("a template that is neither a definition nor an instance of one")
    return Template(version, ref, is_definition, tuple(metrics), tuple(parameters))


def properties(octets: bytes, depth: int = 0) -> Properties:
    """WireFault: none; also where keys and values do not agree."""
    if depth >= NEST_MAX:
        raise WireFault("properties that are nested too deep")
    keys, values = [], []
    for number, value in fields(octets, {1: _BYTES, 2: _BYTES}):
        if number == 1:
            keys.append(text_of(value, NAME_MAX))
        else:
            values.append(_property(octets_of(value), depth))
        if max(len(keys), len(values)) > PROPERTIES_MAX:
            raise WireFault("a property set that is too large")
    if len(keys) != len(values) or len(set(keys)) != len(keys):
        raise WireFault("a property set whose keys do not agree")
    found = dict(zip(keys, values, strict=True))
    if QUALITY in found and found[QUALITY] not in QUALITIES:
        raise WireFault("a quality that is none")
    return {key: value for key, (_, value) in found.items()}


def metadata(octets: bytes) -> MetaData:
    """WireFault: none."""
    known = {1: _VARINT, 2: _BYTES, 3: _VARINT, 4: _VARINT, 5: _BYTES, 6: _BYTES, 7: _BYTES, 8: _BYTES}
    found = dict(fields(octets, known))
    texts = {number: text_of(found[number], VALUE_MAX) if number in found else "" for number in (2, 5, 6, 7, 8)}
    numbers = {number: int(found.get(number, 0) or 0) for number in (1, 3, 4)}
    return MetaData(bool(numbers[1]), texts[2], numbers[3], numbers[4], texts[5], texts[6], texts[7], texts[8])


_WIDTHS = {
    DataType.INT8_ARRAY: "b", DataType.INT16_ARRAY: "h", DataType.INT32_ARRAY: "i", DataType.INT64_ARRAY: "q",
    DataType.UINT8_ARRAY: "B", DataType.UINT16_ARRAY: "H", DataType.UINT32_ARRAY: "I", DataType.UINT64_ARRAY: "Q",
    DataType.FLOAT_ARRAY: "f", DataType.DOUBLE_ARRAY: "d", DataType.DATETIME_ARRAY: "Q",
}  # fmt: skip


def array(datatype: DataType, octets: bytes) -> tuple[Value, ...]:
    """The elements, little-endian; of booleans bits behind their count; of texts, each with a null behind it."""
    if datatype is DataType.BOOLEAN_ARRAY:
        return _booleans(octets)
    if datatype is DataType.STRING_ARRAY:
        return _texts(octets)
    code = _WIDTHS.get(datatype)
    if code is None:
        raise WireFault("a type that is no array")
    if len(octets) % struct.calcsize(f"<{code}"):
        raise WireFault("an array that is cut short")
    return tuple(one for (one,) in struct.iter_unpack(f"<{code}", octets))


def unit_of(octets: bytes | None) -> str:
    """The unit that a metric's properties name; empty: none, or properties that are none."""
    if octets is None:
        return ""
    try:
        found = properties(octets).get(ENGINEERING_UNIT)
    except WireFault:
        return ""
    return found[:16] if isinstance(found, str) and found.isprintable() else ""


def _booleans(octets: bytes) -> tuple[Value, ...]:
    count = int.from_bytes(octets[:4], "little")
    if len(octets) < 4 or len(octets) - 4 != (count + 7) // 8:
        raise WireFault("an array that is cut short")
    return tuple(bool(octets[4 + at // 8] & 0x80 >> at % 8) for at in range(count))


def _texts(octets: bytes) -> tuple[Value, ...]:
    if octets and octets[-1]:
        raise WireFault("an array that is cut short")
    return tuple(text_of(one, VALUE_MAX) for one in octets.split(b"\0")[:-1])


def _cell(datatype: DataType, octets: bytes, first: int) -> Value | None:
    """The one value of six forms, their fields counted from first."""
    known = {first + at: kind for at, kind in enumerate(_KINDS)}
    found = list(fields(octets, known))
    return None if not found else meant(datatype, _as(found[-1][0] - first, found[-1][1]))


def _as(at: int, value: int | bytes) -> Wired:
    return wired_as(_FORMS[at], value)


def _parameter(octets: bytes) -> Parameter:
    found = dict(fields(octets, {1: _BYTES, 2: _VARINT}))
    kind = _known(found.get(2))
    if 1 not in found:
        raise WireFault("a parameter without a name")
    return Parameter(text_of(found[1], NAME_MAX), kind, _cell(kind, octets, 3))


def _property(octets: bytes, depth: int) -> tuple[int, Property]:
    found = dict(fields(octets, {1: _VARINT, 2: _VARINT, 9: _BYTES, 10: _BYTES}))
    kind = found.get(1)
    if kind == PROPERTY_SET:
        return PROPERTY_SET, properties(octets_of(found.get(9, b"")), depth + 1)
    if kind == PROPERTY_SET_LIST:
        sets = fields(octets_of(found.get(10, b"")), {1: _BYTES})
        return PROPERTY_SET_LIST, [properties(octets_of(one), depth + 1) for _, one in sets]
    known = _known(kind)
    return known, None if found.get(2) else _cell(known, octets, 3)


def _known(kind: int | bytes | None) -> DataType:
    """One of the basic types: cells, parameters and properties have no others."""
    found = datatype_of(kind) if isinstance(kind, int) else None
    if found is None or found > DataType.TEXT:
        raise WireFault("a data type that is none")
    return found
