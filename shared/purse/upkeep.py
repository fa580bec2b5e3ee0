"""What a card office may do to a card under line protection 线路保护: each operation, its key, its command.

Operations, not keys: a desk names what it wants, the key process (or its token) makes cryptogram and MAC, and a
command for anything else cannot be asked for. FMCOS forms (pboc research sections 2 and "Issuing"). Refuses values
that do not fit their field. A PIN and a key never show in a repr.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import NamedTuple

from shared.ids import CardId
from shared.purse.errors import LayoutError

FIELD_MAX = 239
"""Longest field under encryption and MAC in a short APDU: 240 bytes of cryptogram, 4 of MAC."""
PIN_MIN, PIN_MAX = 2, 6


class KeyUse(StrEnum):
    """Which of the card's keys does it. The names are those of the key hierarchy."""

    MAINTENANCE = "maintenance"
    """DAMK: file updates, block and unblock."""
    CONTROL = "control"
    """DCCK: writes keys, external authentication."""
    PIN_UNBLOCK = "pin-unblock"
    """DPUK."""
    PIN_RELOAD = "pin-reload"
    """DRPK."""
    INTERNAL_AUTH = "internal-auth"


class CardKeyType(IntEnum):
    """Type byte of a card's key in WRITE KEY (FMCOS)."""

    TAC = 0x34
    MAINTENANCE = 0x36
    PIN_UNBLOCK = 0x37
    PIN_RELOAD = 0x38
    CONTROL = 0x39
    OVERDRAFT = 0x3C
    UNLOAD = 0x3D
    PURCHASE = 0x3E
    LOAD = 0x3F


WITH_VERSION = frozenset(
    (CardKeyType.TAC, CardKeyType.OVERDRAFT, CardKeyType.UNLOAD, CardKeyType.PURCHASE, CardKeyType.LOAD)
)
"""Keys whose field says version and algorithm; the others say what follows success, and how many errors they bear."""
FREE, AFTER_PIN = 0xF0, 0xF1
"""Rights of use. To change a key, 84D4 under the control key is enough."""
CONTROL_STATE, KEY_ERRORS = 0x02, 0x33
"""Security state after EXTERNAL AUTHENTICATE, and tries left and allowed, of keys without version."""


@dataclass(frozen=True, slots=True)
class UpdateFile:
    """04D6: bytes of a transparent file."""

    sfi: int
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class UpdateRecord:
    """04DC: one record by number."""

    sfi: int
    number: int
    data: bytes


@dataclass(frozen=True, slots=True)
class AppendRecord:
    """04E2: one record behind the others of a file that has room for it."""

    sfi: int
    data: bytes


@dataclass(frozen=True, slots=True)
class BlockApplication:
    """841E 应用锁定. `forever`: no command takes it back."""

    forever: bool = False


@dataclass(frozen=True, slots=True)
class UnblockApplication:
    """8418 应用解锁."""


@dataclass(frozen=True, slots=True)
class BlockCard:
    """8416 卡片锁定: for ever, every application."""


@dataclass(frozen=True, slots=True)
class UnblockPin:
    """8424 口令解锁: the right PIN comes encrypted under DPUK, and its tries are full again."""

    pin_id: int
    pin: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class WriteKey:
    """84D4: a new version beside the others (`adds`), or in place of the key with this id. It never holds the key.

    needs_pin: the card wants its PIN before it uses the key, as the key that is replaced did.
    """

    type: CardKeyType
    key_id: int
    version: int
    algorithm: int = 0
    adds: bool = False
    needs_pin: bool = False


Upkeep = (
    UpdateFile | UpdateRecord | AppendRecord | BlockApplication | UnblockApplication | BlockCard | UnblockPin | WriteKey
)


class ProtectedCommand(NamedTuple):
    """What is to be protected: CLA INS P1 P2, the field, is it encrypted. `writes`: the key that ends the field."""

    use: KeyUse
    header: bytes
    field: bytes
    is_hidden: bool = False
    writes: WriteKey | None = None

    def __repr__(self) -> str:
        return f"ProtectedCommand({self.use}, {self.header.hex()}, {len(self.field)} bytes)"


def plan(operation: Upkeep) -> ProtectedCommand:
    """The command of an operation, before MAC; LayoutError when a value does not fit its field."""
    made = _plan(operation)
    if len(made.field) > FIELD_MAX:
        raise LayoutError("the field is too long for one command")
    return made


def _plan(operation: Upkeep) -> ProtectedCommand:
    match operation:
        case UpdateFile():
            return _update_file(operation)
        case UpdateRecord():
            return _update_record(operation)
        case AppendRecord():
            return _append_record(operation)
        case BlockApplication(forever):
            return ProtectedCommand(KeyUse.MAINTENANCE, bytes((0x84, 0x1E, 0x00, forever)), b"")
        case UnblockApplication():
            return ProtectedCommand(KeyUse.MAINTENANCE, b"\x84\x18\x00\x00", b"")
        case BlockCard():
            return ProtectedCommand(KeyUse.MAINTENANCE, b"\x84\x16\x00\x00", b"")
        case UnblockPin():
            return _unblock_pin(operation)
        case WriteKey():
            return _write_key(operation)


def valid_pin(pin: bytes) -> bytes:
    """The PIN itself; LayoutError when it has no 2 to 6 bytes."""
    if not PIN_MIN <= len(pin) <= PIN_MAX:
        raise LayoutError("a PIN has 2 to 6 bytes")
    return pin


def _update_file(o: UpdateFile) -> ProtectedCommand:
    header = bytes((0x04, 0xD6, 0x80 | _within(o.sfi, 0x1F), _within(o.offset, 0xFF)))
    return ProtectedCommand(KeyUse.MAINTENANCE, header, o.data)


def _update_record(o: UpdateRecord) -> ProtectedCommand:
    header = bytes((0x04, 0xDC, _within(o.number, 0xFF), _within(o.sfi, 0x1F) << 3 | 4))
    return ProtectedCommand(KeyUse.MAINTENANCE, header, o.data)


def _append_record(o: AppendRecord) -> ProtectedCommand:
    header = bytes((0x04, 0xE2, 0x00, _within(o.sfi, 0x1F) << 3))
    return ProtectedCommand(KeyUse.MAINTENANCE, header, o.data)


def _unblock_pin(o: UnblockPin) -> ProtectedCommand:
    header = bytes((0x84, 0x24, _within(o.pin_id, 0xFF), 0x00))
    return ProtectedCommand(KeyUse.PIN_UNBLOCK, header, valid_pin(o.pin), is_hidden=True)


def _write_key(o: WriteKey) -> ProtectedCommand:
    header = bytes((0x84, 0xD4, 0x01 if o.adds else o.type, _within(o.key_id, 0xFF)))
    if o.type in WITH_VERSION:
        tail = (_within(o.version, 0xFF), _within(o.algorithm, 0xFF))
    else:
        tail = (CONTROL_STATE if o.type is CardKeyType.CONTROL else 0xFF, KEY_ERRORS)
    field_head = bytes((o.type, AFTER_PIN if o.needs_pin else FREE, FREE, *tail))
    return ProtectedCommand(KeyUse.CONTROL, header, field_head, is_hidden=True, writes=o)


def _within(value: int, high: int) -> int:
    if not 0 <= value <= high:
        raise LayoutError(f"{value} is not in 0..{high}")
    return value


# --- what is asked of the centre ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class UpkeepAsk:
    """Protect this operation for this card with the challenge that it just gave. Answer: the whole command APDU."""

    card: CardId
    challenge: bytes
    operation: Upkeep


@dataclass(frozen=True, slots=True)
class PinReloadAsk:
    """Answer: 4-byte MAC under DRPK over the new PIN."""

    card: CardId
    pin: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ExternalAuthAsk:
    """Answer: 8-byte cryptogram of the card's challenge under DCCK."""

    card: CardId
    challenge: bytes


@dataclass(frozen=True, slots=True)
class InternalAuthAsk:
    """Is `answer` what this card's internal key makes of `data`? Answer: bool."""

    card: CardId
    data: bytes
    answer: bytes
