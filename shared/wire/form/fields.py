"""Kinds of fields that messages between box and cloud are made of. Each refuses, with WireFault, what it may not be."""

from collections.abc import Callable
from enum import IntEnum
from typing import Any, TypeVar

from shared.errors import WireFault
from shared.ids import box_id, device_id, ledger_id, psam_id, storage_id, store_id
from shared.wire import codec
from shared.wire.form.layout import Field, Layout
from shared.wire.tags import EPOCH_MAX, PAYLOAD_MAX

E = TypeVar("E", bound=IntEnum)
SIGNATURE_SIZE = 64
NONCE_SIZE = 16
TOP = (1 << codec.INT_BITS) - 1
"""Largest number that the codec takes."""


def whole(name: str, most: int | None = None, least: int | None = None) -> Field:
    """A whole number, from `least` to `most`; without either any that a database column holds."""
    if most is None and least is None:
        return Field(name, int, "number")
    low, high = least or 0, TOP if most is None else most
    says = f"{low}…" if most is None else f"{low}…{most}"

    def read(value: int) -> int:
        if not low <= value <= high:
            raise WireFault(f"{name}: {value} is not in {low}..{high}")
        return value

    return Field(name, int, says, read)


def truth(name: str) -> Field:
    """True or false."""
    return Field(name, bool, "truth")


def text(name: str, most: int | None = None) -> Field:
    """Text without NUL; with `most` at least one character."""
    if most is None:
        return Field(name, str, "text")
    return Field(name, str, f"text of 1…{most}", _sized(name, 1, most))


def octets(name: str, most: int | None = None, least: int = 0) -> Field:
    """Bytes."""
    if most is None:
        return Field(name, bytes, "bytes")
    says = f"{most} bytes" if least == most else f"{least}…{most} bytes"
    return Field(name, bytes, says, _sized(name, least, most))


def payload(name: str = "payload") -> Field:
    """Opaque bytes of bounded size."""
    return octets(name, PAYLOAD_MAX)


def signature(name: str = "signature") -> Field:
    """Of Ed25519."""
    return octets(name, SIGNATURE_SIZE, SIGNATURE_SIZE)


def nonce(name: str = "nonce") -> Field:
    """Random bytes that an answer is bound to."""
    return octets(name, NONCE_SIZE, NONCE_SIZE)


def device(name: str = "device") -> Field:
    """A body's serial."""
    return Field(name, bytes, "6 bytes", device_id)


def psam(name: str = "psam") -> Field:
    """File 0016."""
    return Field(name, bytes, "6 bytes", psam_id)


def storage(name: str = "storage") -> Field:
    """Of a terminal's flash."""
    return Field(name, bytes, "8 bytes", storage_id)


def store(name: str = "store") -> Field:
    """Of an outbox."""
    return Field(name, bytes, "8 bytes", store_id)


def ledger(name: str = "ledger") -> Field:
    """Which one it is."""
    return Field(name, bytes, "8 bytes", ledger_id)


def box(name: str = "box") -> Field:
    """Which one it is."""
    return Field(name, str, "box id", box_id)


def epoch(name: str = "epoch", least: int | None = None) -> Field:
    """Of a terminal's storage."""
    return whole(name, EPOCH_MAX, least)


def chosen(name: str, numbers: type[E]) -> Field:
    """A number of these."""
    known = {int(one): one for one in numbers}

    def read(value: int) -> E:
        if value not in known:
            raise WireFault(f"{name} {value}")
        return known[value]

    return Field(name, int, f"number of a {numbers.__name__}", read)


def listed(name: str, one: str, most: int, read: Callable[[list[Any]], Any]) -> Field:
    """A list that `read` makes a value of."""
    return Field(name, list, f"up to {most} × {one}", read, list)


def rows(name: str, layout: Layout[Any], most: int | None = None) -> Field:
    """Arrays of one layout; without `most` as many as fit a message."""

    def read(raw: list[Any]) -> tuple[Any, ...]:
        if most is not None and len(raw) > most:
            raise WireFault(f"{name}: {len(raw)}, at most {most}")
        return tuple(map(layout.value, raw))

    says = f"{_up_to(most)}[{', '.join(f'{one.name} {one.says}' for one in layout.fields)}]"
    return Field(name, list, says, read, lambda values: list(map(layout.row, values)))


def _up_to(most: int | None) -> str:
    return "any × " if most is None else f"up to {most} × "


def _sized(name: str, least: int, most: int) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:  # noqa: ANN401  # text or bytes
        if not least <= len(value) <= most:
            raise WireFault(f"{name}: {len(value)}, not {least}..{most}")
        return value

    return read
