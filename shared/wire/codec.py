"""Canonical CBOR behind a version byte: how edge and cloud write messages, and what they refuse.

The one door to cbor2. Everything from the network passes `unpack` and `fields` before anyone looks at it. Arrays,
whole numbers, bytes, text, truth and null are all that is ever written here: a tag, and a map whose keys are not
text or bytes, is refused before it is built, for some of them take a second of work for 100 KB.
"""

import io
from collections.abc import Sequence
from typing import Any

import cbor2

from shared.errors import WireFault

WIRE_VERSION = 1
_VERSION = bytes((WIRE_VERSION,))
MESSAGE_MAX = 256 * 1024
"""Largest message that either end accepts: 1,000 records of 71 bytes take a third of it."""
INT_BITS = 62
"""Of every whole number, its sign apart: sums of two still fit the 64 bits of a database column."""


def _refuse_tag(*_: object) -> Any:  # noqa: ANN401  # the decoder's form; it never returns
    raise ValueError("a tag")


_BUILT_IN_TAGS = (0, 1, 2, 3, 4, 5, 25, 28, 29, 30, 35, 36, 37, 100, 256, 258, 260, 261, 1004, 43000, 55799)
_REFUSED = dict.fromkeys(_BUILT_IN_TAGS, _refuse_tag)
"""What cbor2 would build by itself. Of any other tag it makes a value of its own, which no field has the type of."""


def pack(body: Sequence[object]) -> bytes:
    """Version byte + CBOR array."""
    return _VERSION + cbor2.dumps(body)


def unpack(message: bytes) -> list[Any]:
    """The array of a message; WireFault when oversized, of another version, malformed or with a tail."""
    if not 2 <= len(message) <= MESSAGE_MAX:
        raise WireFault(f"message of {len(message)} bytes")
    if message[0] != WIRE_VERSION:
        raise WireFault(f"message version {message[0]}")
    return _array(message, 1)


def unpack_file(raw: bytes) -> list[Any]:
    """As `unpack`, for a local file of ours: no bound on its size."""
    if len(raw) < 2 or raw[0] != WIRE_VERSION:
        raise WireFault("file of an unknown version")
    return _array(raw, 1)


def dumps(value: object) -> bytes:
    """Bare CBOR, for bytes that are signed or sent over a local socket."""
    return cbor2.dumps(value)


def loads(raw: bytes) -> list[Any]:
    """Bare CBOR array; WireFault otherwise."""
    return _array(raw, 0)


def fields(body: Sequence[Any], *types: type | tuple[type, ...], what: str) -> tuple[Any, ...]:
    """`body` as a tuple when it has exactly these types; else WireFault."""
    require(body, types, what)
    return tuple(body)


def require(body: Sequence[Any], types: tuple[type | tuple[type, ...], ...], what: str) -> None:
    """WireFault unless `body` is an array of exactly these types (bool is not an int here).

    No number past INT_BITS and no text with a NUL: what a database column cannot hold is refused at the border.
    """
    if not isinstance(body, (list, tuple)):  # bytes are numbers, too, when looked at one by one
        raise WireFault(f"{what}: {type(body).__name__} instead of an array")
    if tuple(map(type, body)) != types:  # as usual they are equal: a fifth of the time of looking at each
        _require_types(body, types, what)
    for value in body:
        if type(value) is int:
            if value.bit_length() > INT_BITS:
                raise WireFault(f"{what}: a number past {INT_BITS} bits")
        elif type(value) is str and "\0" in value:
            raise WireFault(f"{what}: text with a NUL")


def _require_types(body: Sequence[Any], types: tuple[type | tuple[type, ...], ...], what: str) -> None:
    if len(body) != len(types):
        raise WireFault(f"{what}: {len(body)} fields, expected {len(types)}")
    for value, form in zip(body, types, strict=True):
        if not isinstance(value, form) or (isinstance(value, bool) and form is int):
            raise WireFault(f"{what}: a field has type {type(value).__name__}")


def _array(raw: bytes, start: int) -> list[Any]:
    stream = io.BytesIO(raw)
    stream.seek(start)
    try:
        value = cbor2.load(stream, semantic_decoders=_REFUSED, strict_hashable_types=True)
    except (cbor2.CBORDecodeError, ValueError, RecursionError, OverflowError, MemoryError) as fault:
        raise WireFault(f"malformed CBOR: {type(fault).__name__}") from fault
    if stream.tell() != len(raw):
        raise WireFault("CBOR with a tail")
    if not isinstance(value, list):
        raise WireFault("CBOR that is not an array")
    return value
