"""The payload of Sparkplug B 3.0: protobuf, read and written by our own hand. Pure.

Nothing that comes is believed: sizes and counts have bounds, and what breaks one, or is cut short, is a WireFault. A
DataSet, a Template, properties and metadata are kept as their bytes and not looked into, so nothing is ever nested.
Fields that nobody knows are passed over; of one that comes twice the last counts, as protobuf wants it.
"""

import math
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from shared.errors import WireFault

PAYLOAD_MAX = 262_144
METRICS_MAX = 1_000
"""Of one payload."""
NAME_MAX = 255
VALUE_MAX = 65_536
"""Bytes of a metric's name, and of a text, bytes or what is kept as such."""
SEQ_MAX = 255
_U32, _U64 = 0xFFFF_FFFF, 0xFFFF_FFFF_FFFF_FFFF
_VARINT_MAX = 10


class DataType(IntEnum):
    """What a metric is, by the standard's numbers."""

    INT8 = 1
    INT16 = 2
    INT32 = 3
    INT64 = 4
    UINT8 = 5
    UINT16 = 6
    UINT32 = 7
    UINT64 = 8
    FLOAT = 9
    DOUBLE = 10
    BOOLEAN = 11
    STRING = 12
    DATETIME = 13
    TEXT = 14
    UUID = 15
    DATASET = 16
    BYTES = 17
    FILE = 18
    TEMPLATE = 19
    INT8_ARRAY = 22
    INT16_ARRAY = 23
    INT32_ARRAY = 24
    INT64_ARRAY = 25
    UINT8_ARRAY = 26
    UINT16_ARRAY = 27
    UINT32_ARRAY = 28
    UINT64_ARRAY = 29
    FLOAT_ARRAY = 30
    DOUBLE_ARRAY = 31
    BOOLEAN_ARRAY = 32
    STRING_ARRAY = 33
    DATETIME_ARRAY = 34


class Form(IntEnum):
    """How a value lies on the wire: the number of its field."""

    INT = 10
    LONG = 11
    FLOAT = 12
    DOUBLE = 13
    BOOLEAN = 14
    STRING = 15
    BYTES = 16
    DATASET = 17
    TEMPLATE = 18
    EXTENSION = 19


Value = bool | int | float | str | bytes


class Wired(NamedTuple):
    """A value as it lies on the wire; what it means, its metric's data type says."""

    form: Form
    value: Value


@dataclass(frozen=True, slots=True)
class Metric:
    """One. name or alias says which; datatype is said at births. value None: is_null, or none was given."""

    name: str | None = None
    alias: int | None = None
    timestamp_ms: int | None = None
    datatype: DataType | None = None
    value: Wired | None = None
    is_historical: bool = False
    is_transient: bool = False
    is_null: bool = False
    metadata: bytes | None = None
    properties: bytes | None = None


@dataclass(frozen=True, slots=True)
class Payload:
    """One message's. seq None: an NDEATH, or a command."""

    timestamp_ms: int | None = None
    seq: int | None = None
    metrics: tuple[Metric, ...] = ()
    uuid: str | None = None
    body: bytes | None = None


_SIGNED = {DataType.INT8: 8, DataType.INT16: 16, DataType.INT32: 32, DataType.INT64: 64}
_UNSIGNED = {
    DataType.UINT8: 8, DataType.UINT16: 16, DataType.UINT32: 32, DataType.UINT64: 64, DataType.DATETIME: 64,
}  # fmt: skip
_FORMS = {
    DataType.FLOAT: Form.FLOAT, DataType.DOUBLE: Form.DOUBLE, DataType.BOOLEAN: Form.BOOLEAN,
    DataType.STRING: Form.STRING, DataType.TEXT: Form.STRING, DataType.UUID: Form.STRING,
    DataType.DATASET: Form.DATASET, DataType.TEMPLATE: Form.TEMPLATE,
}  # fmt: skip
_PLAIN = {Form.FLOAT: float, Form.DOUBLE: float, Form.BOOLEAN: bool, Form.STRING: str}
_LONG_BITS = 64


def meant(datatype: DataType, wired: Wired) -> Value:
    """The value, by its data type. WireFault: it lies there in another form, or has no room in that type."""
    bits = _SIGNED.get(datatype) or _UNSIGNED.get(datatype)
    if bits:
        return _number(datatype, bits, wired)
    if wired.form is not _FORMS.get(datatype, Form.BYTES):
        raise WireFault("a value in another form than its type's")
    return wired.value


def _number(datatype: DataType, bits: int, wired: Wired) -> int:
    if wired.form not in (Form.INT, Form.LONG):
        raise WireFault("a value in another form than its type's")
    raw, wide = int(wired.value), 32 if wired.form is Form.INT else 64
    if datatype in _UNSIGNED:
        if raw >> bits:
            raise WireFault("a number too great for its type")
        return raw
    return _signed(raw, bits, wide)


def _signed(raw: int, bits: int, wide: int) -> int:
    """Two's complement, of the type's width or, as most peers write it, of the field's."""
    if raw >> min(bits, wide) == 0:
        return raw - (1 << bits) if bits <= wide and raw >> (bits - 1) else raw
    value = raw - (1 << wide)
    if value < -(1 << (bits - 1)):
        raise WireFault("a number too great for its type")
    return value


def wired(datatype: DataType, value: Value) -> Wired:
    """The value on the wire. ValueError: it is not of that type, or has no room in it."""
    if datatype in _SIGNED or datatype in _UNSIGNED:
        return _wired_number(datatype, value)
    form = _FORMS.get(datatype, Form.BYTES)
    wanted = _PLAIN.get(form, bytes)
    if not isinstance(value, wanted) and not (wanted is float and type(value) is int):
        raise ValueError("a value of another type")
    if isinstance(value, str | bytes) and len(value.encode() if isinstance(value, str) else value) > VALUE_MAX:
        raise ValueError("a value that is too long")
    return Wired(form, float(value) if wanted is float else value)


def _wired_number(datatype: DataType, value: Value) -> Wired:
    if type(value) is not int:
        raise ValueError("a value of another type")
    signed = datatype in _SIGNED
    bits = _SIGNED[datatype] if signed else _UNSIGNED[datatype]
    low, high = (-(1 << (bits - 1)), 1 << (bits - 1)) if signed else (0, 1 << bits)
    if not low <= value < high:
        raise ValueError("a number too great for its type")
    is_long = bits == _LONG_BITS
    return Wired(Form.LONG if is_long else Form.INT, value & (_U64 if is_long else _U32))


def metric(name: str, datatype: DataType, value: Value | None, at_ms: int, alias: int | None = None) -> Metric:
    """One as a birth tells it. ValueError: as of wired."""
    given = None if value is None else wired(datatype, value)
    return Metric(name, alias, at_ms, datatype, given, is_null=value is None)


_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_TIMESTAMP, _METRICS, _SEQ, _UUID, _BODY = 1, 2, 3, 4, 5
_NAME, _ALIAS, _AT, _DATATYPE, _HISTORICAL, _TRANSIENT, _NULL, _METADATA, _PROPERTIES = range(1, 10)
_WIRE = {
    _NAME: _BYTES, _ALIAS: _VARINT, _AT: _VARINT, _DATATYPE: _VARINT, _HISTORICAL: _VARINT, _TRANSIENT: _VARINT,
    _NULL: _VARINT, _METADATA: _BYTES, _PROPERTIES: _BYTES,
    Form.INT: _VARINT, Form.LONG: _VARINT, Form.FLOAT: _FIXED32, Form.DOUBLE: _FIXED64, Form.BOOLEAN: _VARINT,
    Form.STRING: _BYTES, Form.BYTES: _BYTES, Form.DATASET: _BYTES, Form.TEMPLATE: _BYTES, Form.EXTENSION: _BYTES,
}  # fmt: skip
_WIRE_OF_PAYLOAD = {_TIMESTAMP: _VARINT, _METRICS: _BYTES, _SEQ: _VARINT, _UUID: _BYTES, _BODY: _BYTES}
Field = tuple[int, int | bytes]


def decoded(octets: bytes) -> Payload:
    """What was published. WireFault: it is none, or breaks a bound."""
    if len(octets) > PAYLOAD_MAX:
        raise WireFault("a payload that is too long")
    found: dict[int, int | bytes] = {}
    metrics = []
    for number, value in fields(octets, _WIRE_OF_PAYLOAD):
        if number == _METRICS:
            metrics.append(metric_of(octets_of(value)))
        found[number] = value
        if len(metrics) > METRICS_MAX:
            raise WireFault("more metrics than a payload may have")
    seq = _maybe_int(found.get(_SEQ))
    if seq is not None and seq > SEQ_MAX:
        raise WireFault("a sequence number beyond 255")
    uuid = text_of(found[_UUID], NAME_MAX) if _UUID in found else None
    return Payload(_maybe_int(found.get(_TIMESTAMP)), seq, tuple(metrics), uuid, _maybe_octets(found.get(_BODY)))


def metric_of(octets: bytes) -> Metric:
    """One metric's bytes. WireFault."""
    found = dict(fields(octets, _WIRE))
    values = [number for number in found if number >= Form.INT]
    return Metric(
        name=text_of(found[_NAME], NAME_MAX) if _NAME in found else None,
        alias=_maybe_int(found.get(_ALIAS)),
        timestamp_ms=_maybe_int(found.get(_AT)),
        datatype=datatype_of(_maybe_int(found.get(_DATATYPE))),
        value=wired_as(Form(values[-1]), found[values[-1]]) if values and not found.get(_NULL) else None,
        is_historical=bool(found.get(_HISTORICAL)),
        is_transient=bool(found.get(_TRANSIENT)),
        is_null=bool(found.get(_NULL)),
        metadata=_maybe_octets(found.get(_METADATA)),
        properties=_maybe_octets(found.get(_PROPERTIES)),
    )


def datatype_of(number: int | None) -> DataType | None:
    """By its number; None: it says none. WireFault."""
    if not number:
        return None
    try:
        return DataType(number)
    except ValueError as fault:
        raise WireFault("a data type that is none") from fault


def wired_as(form: Form, value: int | bytes) -> Wired:
    """A value of this form. WireFault: it has no room, or is none."""
    if form is Form.STRING:
        return Wired(form, text_of(value, VALUE_MAX))
    if isinstance(value, bytes):
        return Wired(form, _real(form, value) if form in (Form.FLOAT, Form.DOUBLE) else _bounded(value, VALUE_MAX))
    if form is Form.BOOLEAN:
        return Wired(form, bool(value))
    if form is Form.INT and value > _U32:
        raise WireFault("a number too great for its field")
    return Wired(form, value)


def _real(form: Form, octets: bytes) -> float:
    (value,) = struct.unpack("<f" if form is Form.FLOAT else "<d", octets)
    return float(value)


def text_of(value: int | bytes, most: int) -> str:
    """A text of at most so many bytes. WireFault."""
    try:
        return _bounded(octets_of(value), most).decode()
    except UnicodeDecodeError as fault:
        raise WireFault("a text that is none") from fault


def _bounded(octets: bytes, most: int) -> bytes:
    if len(octets) > most:
        raise WireFault("a text or bytes that are too long")
    return octets


def octets_of(value: int | bytes) -> bytes:
    """Bytes. WireFault: a number."""
    if isinstance(value, bytes):
        return value
    raise WireFault("a field of another kind")


def _maybe_octets(value: int | bytes | None) -> bytes | None:
    return None if value is None else _bounded(octets_of(value), VALUE_MAX)


def _maybe_int(value: int | bytes | None) -> int | None:
    return value if isinstance(value, int) else None


def fields(octets: bytes, known: Mapping[int, int | None]) -> Iterator[Field]:
    """The known ones, in their order, each with its kind on the wire; None: any. The last of a field comes last: a dict
    of them keeps it so."""
    at = 0
    while at < len(octets):
        tag, at = _varint(octets, at)
        number, kind = tag >> 3, tag & 7
        value, at = _field(octets, at, kind)
        if number == 0:
            raise WireFault("a field without a number")
        if number in known:
            if known[number] not in (None, kind):
                raise WireFault("a field of another kind")
            yield number, value


def _field(octets: bytes, at: int, kind: int) -> tuple[int | bytes, int]:
    if kind == _VARINT:
        return _varint(octets, at)
    if kind == _BYTES:
        length, at = _varint(octets, at)
    elif kind in (_FIXED32, _FIXED64):
        length = 4 if kind == _FIXED32 else 8
    else:
        raise WireFault("a field of an unknown kind")
    if length > len(octets) - at:
        raise WireFault("a payload that is cut short")
    return octets[at : at + length], at + length


def varints(octets: bytes) -> list[int]:
    """Packed ones."""
    found, at = [], 0
    while at < len(octets):
        value, at = _varint(octets, at)
        found.append(value)
    return found


def _varint(octets: bytes, at: int) -> tuple[int, int]:
    value = 0
    for place in range(_VARINT_MAX):
        if at >= len(octets):
            raise WireFault("a payload that is cut short")
        octet, at = octets[at], at + 1
        value |= (octet & 0x7F) << 7 * place
        if octet < 0x80:
            if value > _U64:
                break
            return value, at
    raise WireFault("a number that is too long")


def encoded(payload: Payload) -> bytes:
    """The payload on the wire. ValueError: it breaks a bound that a reader of ours holds."""
    if len(payload.metrics) > METRICS_MAX:
        raise ValueError("more metrics than a payload may have")
    octets = b"".join(
        (
            _maybe(_TIMESTAMP, payload.timestamp_ms),
            *(_put(_METRICS, _encoded(one)) for one in payload.metrics),
            _maybe(_SEQ, payload.seq),
            _maybe(_UUID, payload.uuid),
            _maybe(_BODY, payload.body),
        )
    )
    if len(octets) > PAYLOAD_MAX:
        raise ValueError("a payload that is too long")
    return octets


def _encoded(one: Metric) -> bytes:
    if one.name is not None and len(one.name.encode()) > NAME_MAX:
        raise ValueError("a name that is too long")
    flags = ((_HISTORICAL, one.is_historical), (_TRANSIENT, one.is_transient), (_NULL, one.is_null))
    return b"".join(
        (
            _maybe(_NAME, one.name),
            _maybe(_ALIAS, one.alias),
            _maybe(_AT, one.timestamp_ms),
            _maybe(_DATATYPE, one.datatype),
            *(_put(number, 1) for number, flag in flags if flag),
            _maybe(_METADATA, one.metadata),
            _maybe(_PROPERTIES, one.properties),
            b"" if one.value is None else _put_value(one.value),
        )
    )


def _put_value(value: Wired) -> bytes:
    if value.form is Form.FLOAT:
        return _tag(value.form, _FIXED32) + _packed("<f", float(value.value))
    if value.form is Form.DOUBLE:
        return _tag(value.form, _FIXED64) + _packed("<d", float(value.value))
    given = value.value
    return _put(value.form, int(given) if isinstance(given, float) else given)


def _packed(form: str, value: float) -> bytes:
    try:
        return struct.pack(form, value)
    except OverflowError:
        return struct.pack(form, math.copysign(math.inf, value))


def _maybe(number: int, value: int | str | bytes | None) -> bytes:
    return b"" if value is None else _put(number, value)


def _put(number: int, value: int | str | bytes) -> bytes:
    if isinstance(value, int):
        return _tag(number, _VARINT) + bytes(_sevens(int(value)))
    octets = value.encode() if isinstance(value, str) else value
    return _tag(number, _BYTES) + bytes(_sevens(len(octets))) + octets


def _tag(number: int, kind: int) -> bytes:
    return bytes(_sevens(number << 3 | kind))


def _sevens(value: int) -> Iterable[int]:
    if not 0 <= value <= _U64:
        raise ValueError("a number that no field holds")
    while value > 0x7F:
        yield value & 0x7F | 0x80
        value >>= 7
    yield value
