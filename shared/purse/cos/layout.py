"""How a personalised campus card is laid out: which files an application has, who may do what, where keys stand.

Rights: everybody reads; 0015, 0016 and 0017 are written under line protection; logs by the card alone. A PIN gives
state 1, the control key state 2: what only the issuer may do asks for 2, and for NEVER while there is no control key.
"""

from __future__ import annotations

from shared.purse.commands import SFI_CAPP, SFI_HOLDER, SFI_LOG, SFI_PUBLIC
from shared.purse.cos.cardfs import (
    FID_MF,
    PROTECT_MAC,
    Card,
    Directory,
    Ef,
    FileKind,
    KeyKind,
    KeySlot,
    Purse,
    Stored,
)
from shared.purse.crypto import ALGORITHM_3DES, Key
from shared.purse.files import LOG_DEPTH, LOG_RECORD_SIZE, MF_NAME

ED, EP = 0x01, 0x02
FID_ADF = 0x3F01
FID_SUBSIDY = 0x3F02
FID_OPERATOR = 0x3F0A
SFI_AWAY_LOG = 0x10
SFI_LOAD_LOG = 0x1A
SFI_CARD_PUBLIC = 0x05

FREE = 0xF0
NEVER = 0xEF
NEEDS_PIN = 0xF1
NEEDS_ISSUER = 0xF2
NEEDS_TRANSPORT = 0xFF
"""The state of a proven transport key and no other."""
STATE_PIN = 0x01
STATE_ISSUER = 0x02
STATE_TRANSPORT = 0x0F
TRIES = 0x33
"""Three tries of three."""
KEY_SPACE = 24 * 32
_PLAIN = 0xFF
_LOG_SIZE = LOG_DEPTH << 8 | LOG_RECORD_SIZE
_NO_VERSION = 0xFF


def new_directory(
    name: bytes,
    public: bytes,
    holder: bytes,
    capp: tuple[bytes, ...],
    purses: tuple[Purse, ...],
    *,
    fid: int = FID_ADF,
    more_logs: tuple[int, ...] = (),
    capp_sfi: int = SFI_CAPP,
) -> Directory:
    """An application without keys: 0015, 0016, 0017 (or another file of CAPP records), further logs, and last 0018."""
    files = [
        binary(SFI_PUBLIC, public),
        binary(SFI_HOLDER, holder),
        Ef(FileKind.VARIABLE | PROTECT_MAC, capp_sfi, FREE, FREE, _PLAIN, sum(map(len, capp)), b"".join(capp)),
    ]
    files += [_log(sfi) for sfi in (*more_logs, SFI_LOG)]
    return Directory(
        fid, name, 0, NEVER, NEVER, key_add=NEVER, key_space=KEY_SPACE, files=files, purses=list(purses)
    )  # fmt: skip


def binary(sfi: int, content: bytes) -> Ef:
    """A transparent file that everybody reads and only line protection writes."""
    return Ef(FileKind.BINARY | PROTECT_MAC, sfi, FREE, FREE, _PLAIN, len(content), content)


def new_purse(fid: int, ceiling_fen: int, options: int, *, balance_fen: int = 0, use: int = FREE) -> Purse:
    """A purse that logs everything in 0018."""
    return Purse(fid, use, SFI_LOG, SFI_LOG, ceiling_fen, options, balance_fen)


def money_slot(
    kind: KeyKind, key_id: int, version: int, key: Key, algorithm: int = ALGORITHM_3DES, *, use: int = FREE
) -> KeySlot:
    """A key that moves money; 84D4 alone replaces it."""
    return KeySlot(kind, key_id, use, FREE, version, algorithm, key.octets, protected=True)


def keeper_slot(kind: KeyKind, key: Key, state: int = _NO_VERSION) -> KeySlot:
    """Number 00 of a kind with a try counter: maintenance, PIN unblock, PIN reload, control."""
    return KeySlot(kind, 0, FREE, FREE, state, TRIES, key.octets, protected=True)


def internal_slot(version: int, key: Key) -> KeySlot:
    """Number 00 of what INTERNAL AUTHENTICATE enciphers with."""
    return KeySlot(KeyKind.ENCRYPT, 0, FREE, FREE, version, ALGORITHM_3DES, key.octets, protected=True)


def pin_slot(pin: bytes) -> KeySlot:
    return KeySlot(KeyKind.PIN, 0, FREE, NEVER, STATE_PIN, TRIES, pin, protected=True)


def transport_slot(key: Key) -> KeySlot:
    """The one key of a blank card: whoever proves it may do everything, and replaces it first."""
    return KeySlot(KeyKind.CONTROL, 0, FREE, NEEDS_PIN, STATE_TRANSPORT, TRIES, key.octets)


def new_mf(*, files: tuple[Ef, ...] = (), right: int = NEVER) -> Directory:
    """1PAY.SYS.DDF01; `right` is needed to create, to erase and to add keys."""
    return Directory(FID_MF, MF_NAME, 0, right, right, key_add=right, key_space=KEY_SPACE, files=list(files))


def new_card(applications: list[Directory], mf: Directory | None = None, auth_id: bytes = b"") -> Card:
    """A card of these directories below an MF, which is closed when none is given."""
    return Card([Stored.of(mf or new_mf()), *map(Stored.of, applications)], auth_id=auth_id)


def _log(sfi: int) -> Ef:
    return Ef(FileKind.CYCLIC, sfi, FREE, NEVER, _PLAIN, _LOG_SIZE)
