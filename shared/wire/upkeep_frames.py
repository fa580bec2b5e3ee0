"""Operations of shared.purse.upkeep as CBOR values, for the key process's socket: [name, *fields].

Refuses unknown names and fields of another type with WireFault. What a value may be is upkeep's own rule (LayoutError).
"""

from collections.abc import Sequence
from dataclasses import astuple
from typing import Any

from shared.errors import WireFault
from shared.purse.upkeep import (
    AppendRecord,
    BlockApplication,
    BlockCard,
    CardKeyType,
    UnblockApplication,
    UnblockPin,
    UpdateFile,
    UpdateRecord,
    Upkeep,
    WriteKey,
)
from shared.wire import codec

_FORMS: dict[str, tuple[type[Any], tuple[type, ...]]] = {
    "update-file": (UpdateFile, (int, int, bytes)),
    "update-record": (UpdateRecord, (int, int, bytes)),
    "append-record": (AppendRecord, (int, bytes)),
    "block-application": (BlockApplication, (bool,)),
    "unblock-application": (UnblockApplication, ()),
    "block-card": (BlockCard, ()),
    "unblock-pin": (UnblockPin, (int, bytes)),
    "write-key": (WriteKey, (int, int, int, int, bool, bool)),
}
_NAMES = {form: name for name, (form, _) in _FORMS.items()}


def to_frame(operation: Upkeep) -> list[object]:
    """[name, *fields]."""
    return [_NAMES[type(operation)], *(int(v) if isinstance(v, CardKeyType) else v for v in astuple(operation))]


def from_frame(frame: Sequence[Any]) -> Upkeep:
    """The operation; WireFault."""
    name = frame[0] if frame else None
    form = _FORMS.get(name) if isinstance(name, str) else None
    if form is None:
        raise WireFault("upkeep: an unknown operation")
    made, types = form
    values = codec.fields(frame[1:], *types, what="upkeep")
    if made is not WriteKey:
        operation: Upkeep = made(*values)
        return operation
    try:
        return WriteKey(CardKeyType(values[0]), *values[1:])
    except ValueError as fault:
        raise WireFault("upkeep: an unknown type of key") from fault
