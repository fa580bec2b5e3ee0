"""Why the key process refuses, and the forms that its arguments must have. Pure; no reason names key material."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from shared.wire import codec
from shared.wire.keyproc import AWAY

U32 = 0xFFFF_FFFF


class Reason(StrEnum):
    """The text of [False, reason]."""

    MALFORMED = "malformed"
    UNKNOWN_OP = "unknown-op"
    FORBIDDEN = "forbidden"
    """An operation that this socket's role may not ask for."""
    UNKNOWN_KEY = "unknown-key"
    RETIRED_KEY = "retired-key"
    """A version that a rotation has retired; only its TACs are still checked."""
    UNKNOWN_ALGORITHM = "unknown-algorithm"
    WRONG_USE = "wrong-use"
    WRONG_MAC1 = "wrong-mac1"
    KEEPER_AWAY = AWAY


class Refused(Exception):
    """Leaves an operation; answered, never seen outside."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


def exact(arguments: Sequence[Any], *bounds: int | tuple[int, ...], types: Sequence[type]) -> tuple[Any, ...]:
    """The arguments, when they have these types; a bound is a byte string's length(s), or a number's highest value."""
    values = codec.fields(arguments, *types, what="arguments")
    for value, bound in zip(values, bounds, strict=True):
        if not _fits(value, bound):
            raise Refused(Reason.MALFORMED)
    return values


def _fits(value: Any, bound: int | tuple[int, ...]) -> bool:  # noqa: ANN401  # straight from CBOR
    if isinstance(value, bytes):
        return len(value) in bound if isinstance(bound, tuple) else len(value) == bound
    return isinstance(bound, tuple) or not isinstance(value, int) or 0 <= value <= bound
