"""What a software card or PSAM keeps in its memory: one compact binary image each, written whole by one store.

Balance, both counters, CAPP record, log and last proofs lie together, so that they change together or not at all.
A version byte opens the image, a CRC-32 closes it; anything else is refused. Images hold keys: they are secrets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from struct import Struct
from typing import Protocol
from zlib import crc32

from shared.purse.caps import CAPP_SIZE, CardCounters
from shared.purse.crypto import ALGORITHM_3DES, Key
from shared.purse.errors import LayoutError
from shared.purse.files import (
    HOLDER_SIZE,
    LOG_DEPTH,
    LOG_RECORD_SIZE,
    PSAM_PUBLIC_SIZE,
    PublicData,
    encode_public,
)
from shared.purse.profiles import CardProfile, Number, ProveOrder

CEILING_FEN = 100_000
"""Highest balance unless the issuer says otherwise: the 1,000 yuan of an EP."""
TTN_MAX = 0xFFFF_FFFF
PROOF_SIZE = 10
LOG_SIZE = LOG_DEPTH * LOG_RECORD_SIZE
KEYS_MAX = 16

_CARD_MARK = b"\xc1\x01"
_PSAM_MARK = b"\xc2\x01"
_DYNAMIC = Struct(f">2sIHH3s{PROOF_SIZE}s{PROOF_SIZE}s{PROOF_SIZE}s{CAPP_SIZE}s{LOG_SIZE}s")
_STATIC = Struct(">IBBB")
_SLOT = Struct(">BBBB16s")
_PSAM = Struct(f">2sI6s{PSAM_PUBLIC_SIZE}sB")
_CRC = 4


class CardMemory(Protocol):
    """Non-volatile memory of one card or PSAM.

    `store` returns when `image` is durable; it may raise CardLost before or after that.
    """

    def load(self) -> bytes: ...

    def store(self, image: bytes, /) -> None: ...


class RamMemory:
    """A memory for tests and simulators: durable as long as the object lives."""

    def __init__(self, image: bytes) -> None:
        self.image = image

    def load(self) -> bytes:
        return self.image

    def store(self, image: bytes, /) -> None:
        self.image = image


@dataclass(frozen=True, slots=True)
class CardKey:
    """A purchase or load key of a card: the id that INIT names, the version and algorithm that INIT answers."""

    key_id: int
    version: int
    key: Key
    algorithm: int = ALGORITHM_3DES


@dataclass(frozen=True, slots=True)
class CardKeys:
    """DPKs, DLKs and the DTK of one card."""

    purchase: tuple[CardKey, ...]
    load: tuple[CardKey, ...]
    tac: Key


@dataclass(frozen=True, slots=True)
class PsamMaster:
    """A purchase master: its algorithm and how many levels of diversification lie between it and a card."""

    key: Key
    levels: int = 1
    algorithm: int = ALGORITHM_3DES


@dataclass(slots=True)
class CardImage:
    """A card's memory while it has power. `proof_*`: number 2, MAC 4, TAC 4; number 0 = none."""

    balance_fen: int
    online: int
    offline: int
    overdraft: bytes
    proof_load: bytes
    proof_plain: bytes
    proof_capp: bytes
    capp: bytes
    log: bytes
    ceiling_fen: int
    log_number: Number
    prove_number: Number
    prove_order: ProveOrder
    aid: bytes
    public: bytes
    holder: bytes
    keys: CardKeys
    fixed: bytes = field(repr=False)
    """The part that never changes, encoded once."""

    def encode(self) -> bytes:
        body = (
            _DYNAMIC.pack(
                _CARD_MARK, self.balance_fen, self.online, self.offline, self.overdraft,
                self.proof_load, self.proof_plain, self.proof_capp, self.capp, self.log,
            )
            + self.fixed
        )  # fmt: skip
        return body + crc32(body).to_bytes(_CRC, "big")


@dataclass(slots=True)
class PsamImage:
    """A PSAM's memory while it has power. `next_ttn` is the number that the next 8070 gives."""

    next_ttn: int
    psam_id: bytes
    public: bytes
    masters: dict[int, PsamMaster]
    fixed: bytes = field(repr=False)

    def encode(self) -> bytes:
        body = _PSAM.pack(_PSAM_MARK, self.next_ttn, self.psam_id, self.public, len(self.masters)) + self.fixed
        return body + crc32(body).to_bytes(_CRC, "big")


def new_card_image(
    profile: CardProfile,
    public: PublicData,
    keys: CardKeys,
    *,
    opening_balance_fen: int = 0,
    holder: bytes = bytes(HOLDER_SIZE),
    ceiling_fen: int = CEILING_FEN,
) -> bytes:
    """A personalised card with its opening balance; LayoutError when something does not fit."""
    if not 0 <= opening_balance_fen <= ceiling_fen <= 0xFFFF_FFFF:
        raise LayoutError("opening balance or ceiling out of bounds")
    fixed = _card_fixed(profile, encode_public(profile.form, public), keys, holder, ceiling_fen)
    body = (
        _DYNAMIC.pack(
            _CARD_MARK, opening_balance_fen, 0, 0, bytes(3), bytes(PROOF_SIZE), bytes(PROOF_SIZE), bytes(PROOF_SIZE),
            CardCounters().encode(), bytes(LOG_SIZE),
        )
        + fixed
    )  # fmt: skip
    return body + crc32(body).to_bytes(_CRC, "big")


def new_psam_image(
    psam_id: bytes, masters: Mapping[int, PsamMaster], *, serial: bytes | None = None, first_ttn: int = 1
) -> bytes:
    """A personalised PSAM: file 0016, purchase masters by key version, a 10-byte serial for 0015."""
    number = psam_id.rjust(10, b"\0") if serial is None else serial
    if len(psam_id) != 6 or len(number) != 10 or not 0 < len(masters) <= KEYS_MAX:
        raise LayoutError("a PSAM has a 6-byte id, a 10-byte serial and 1 to 16 masters")
    if not 0 <= first_ttn <= TTN_MAX:
        raise LayoutError("the transaction number has 4 bytes")
    fixed = b"".join(_psam_slot(version, masters[version]) for version in sorted(masters))
    public = number + b"\x01\x01" + bytes(2)
    return PsamImage(first_ttn, psam_id, public, dict(masters), fixed).encode()


def decode_card_image(raw: bytes) -> CardImage:
    """LayoutError for another version, a torn or damaged image."""
    body = _checked(raw, _CARD_MARK, _DYNAMIC.size)
    _, balance, online, offline, overdraft, load, plain, capp_proof, capp, log = _DYNAMIC.unpack_from(body)
    fixed = body[_DYNAMIC.size :]
    reader = _Reader(fixed)
    ceiling, conventions, purchases, loads = _STATIC.unpack(reader.take(_STATIC.size))
    aid, public, holder = reader.short(), reader.short(), reader.short()
    keys = CardKeys(
        tuple(_card_key(reader) for _ in range(purchases)),
        tuple(_card_key(reader) for _ in range(loads)),
        Key(reader.take(16)),
    )
    reader.end()
    return CardImage(
        balance, online, offline, overdraft, load, plain, capp_proof, capp, log, ceiling,
        Number(conventions & 1), Number(conventions >> 1 & 1), ProveOrder(conventions >> 2 & 1),
        aid, public, holder, keys, fixed,
    )  # fmt: skip


def decode_psam_image(raw: bytes) -> PsamImage:
    """LayoutError for another version, a torn or damaged image."""
    body = _checked(raw, _PSAM_MARK, _PSAM.size)
    _, next_ttn, psam_id, public, count = _PSAM.unpack_from(body)
    fixed = body[_PSAM.size :]
    reader = _Reader(fixed)
    masters: dict[int, PsamMaster] = {}
    for _ in range(count):
        version, algorithm, levels, _rfu, octets = _SLOT.unpack(reader.take(_SLOT.size))
        masters[version] = PsamMaster(Key(octets), levels, algorithm)
    reader.end()
    return PsamImage(next_ttn, psam_id, public, masters, fixed)


def _card_fixed(profile: CardProfile, public: bytes, keys: CardKeys, holder: bytes, ceiling_fen: int) -> bytes:
    if len(keys.purchase) > KEYS_MAX or len(keys.load) > KEYS_MAX or len(keys.tac.octets) != 16:
        raise LayoutError("at most 16 keys of a kind, 16 bytes each")
    conventions = profile.log_number.value | profile.prove_number.value << 1 | profile.prove_order.value << 2
    parts = [_STATIC.pack(ceiling_fen, conventions, len(keys.purchase), len(keys.load))]
    parts += [_short(profile.aid), _short(public), _short(holder)]
    parts += [_card_slot(key) for key in keys.purchase + keys.load]
    return b"".join(parts) + keys.tac.octets


def _card_slot(slot: CardKey) -> bytes:
    return _SLOT.pack(slot.key_id, slot.version, slot.algorithm, 0, _two_key(slot.key))


def _card_key(reader: _Reader) -> CardKey:
    key_id, version, algorithm, _rfu, octets = _SLOT.unpack(reader.take(_SLOT.size))
    return CardKey(key_id, version, Key(octets), algorithm)


def _psam_slot(version: int, master: PsamMaster) -> bytes:
    if not 1 <= master.levels <= 3:
        raise LayoutError("a PSAM key has one to three levels of diversification")
    return _SLOT.pack(version, master.algorithm, master.levels, 0, _two_key(master.key))


def _two_key(key: Key) -> bytes:
    if len(key.octets) != 16:
        raise LayoutError("card and PSAM keys have 16 bytes")
    return key.octets


def _short(value: bytes) -> bytes:
    if len(value) > 255:
        raise LayoutError("a field of an image has at most 255 bytes")
    return bytes((len(value),)) + value


def _checked(raw: bytes, mark: bytes, least: int) -> bytes:
    body, crc = raw[:-_CRC], raw[-_CRC:]
    if len(body) < least or raw[:2] != mark:
        raise LayoutError("not an image of this kind and version")
    if crc32(body).to_bytes(_CRC, "big") != crc:
        raise LayoutError("the image is damaged")
    return body


class _Reader:
    """Takes fields off the front; LayoutError at the end of the bytes."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._at = 0

    def take(self, size: int) -> bytes:
        part = self._raw[self._at : self._at + size]
        if len(part) != size:
            raise LayoutError("the image ends too early")
        self._at += size
        return part

    def short(self) -> bytes:
        return self.take(self.take(1)[0])

    def end(self) -> None:
        if self._at != len(self._raw):
            raise LayoutError("the image goes on too long")
