"""What a software PSAM keeps in its memory: one compact image, written whole by one store.

Format 2 adds the control key and its tries; format 1 is still opened. A CRC-32 closes it; anything else is refused.
Holds purchase masters and a control key: it is a secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from struct import Struct, error
from zlib import crc32

from shared.purse.cos.cardfs import sealed_body
from shared.purse.crypto import Key, suite_of
from shared.purse.errors import LayoutError
from shared.purse.files import PSAM_PUBLIC_SIZE

TTN_MAX = 0xFFFF_FFFF
MASTERS_MAX = 16
CONTROL_TRIES = 3
_MARK_1, _MARK = b"\xc2\x01", b"\xc2\x02"
_HEAD = Struct(f">2sI6s{PSAM_PUBLIC_SIZE}sB")
_CONTROL = Struct(">BB16s")
_SLOT = Struct(">BBBB16s")
_CRC = 4


@dataclass(frozen=True, slots=True)
class PsamMaster:
    """A purchase master, and how many levels of diversification lie between it and a card.

    algorithm: the selector that it was written with; None: the one of its key's suite.
    """

    key: Key
    levels: int = 1
    algorithm: int | None = None

    @property
    def selector(self) -> int:
        return self.key.suite.selector if self.algorithm is None else self.algorithm


@dataclass(slots=True)
class PsamImage:
    """A PSAM's memory while it has power. `next_ttn` is the number that the next 8070 gives."""

    next_ttn: int
    psam_id: bytes
    public: bytes
    masters: dict[int, PsamMaster]
    control: Key | None = None
    tries: int = CONTROL_TRIES
    fixed: bytes = field(default=b"", repr=False)
    """Control key and masters, encoded once; empty after a change of them."""

    def encode(self) -> bytes:
        if not self.fixed:
            self.fixed = self._encode_fixed()
        head = _HEAD.pack(_MARK, self.next_ttn, self.psam_id, self.public, len(self.masters))
        body = head + self.fixed
        return body + crc32(body).to_bytes(_CRC, "big")

    def _encode_fixed(self) -> bytes:
        octets = b"" if self.control is None else _two_key(self.control)
        control = _CONTROL.pack(bool(octets), self.tries, octets)
        return control + b"".join(_slot(version, self.masters[version]) for version in sorted(self.masters))


def new_psam_image(
    psam_id: bytes,
    masters: Mapping[int, PsamMaster],
    *,
    serial: bytes | None = None,
    first_ttn: int = 1,
    control: Key | None = None,
) -> bytes:
    """A personalised PSAM: file 0016, purchase masters by key version, a 10-byte serial for 0015, a control key."""
    number = psam_id.rjust(10, b"\0") if serial is None else serial
    if len(psam_id) != 6 or len(number) != 10 or not 0 < len(masters) <= MASTERS_MAX:
        raise LayoutError("a PSAM has a 6-byte id, a 10-byte serial and 1 to 16 masters")
    if not 0 <= first_ttn <= TTN_MAX:
        raise LayoutError("the transaction number has 4 bytes")
    public = number + b"\x01\x01" + bytes(2)
    return PsamImage(first_ttn, psam_id, public, dict(masters), control).encode()


def decode_psam_image(raw: bytes) -> PsamImage:
    """LayoutError for another version, a torn or damaged image."""
    is_old = raw[:2] == _MARK_1
    body = sealed_body(raw, _MARK_1 if is_old else _MARK)
    try:
        image, at = _decode_head(body, is_old=is_old)
        count = body[_HEAD.size - 1]
        slots = [_SLOT.unpack_from(body, at + place * _SLOT.size) for place in range(count)]
    except (error, IndexError) as fault:
        raise LayoutError("the image ends too early") from fault
    if at + count * _SLOT.size != len(body):
        raise LayoutError("the image goes on too long")
    image.masters = {
        version: PsamMaster(Key(octets, suite_of(algorithm)), levels, algorithm)
        for version, algorithm, levels, _, octets in slots
    }
    return image


def _decode_head(body: bytes, *, is_old: bool) -> tuple[PsamImage, int]:
    _, next_ttn, psam_id, public, _ = _HEAD.unpack_from(body)
    image = PsamImage(next_ttn, psam_id, public, {})
    if is_old:
        return image, _HEAD.size
    has_control, image.tries, octets = _CONTROL.unpack_from(body, _HEAD.size)
    image.control = Key(octets) if has_control else None
    image.fixed = body[_HEAD.size :]
    return image, _HEAD.size + _CONTROL.size


def _slot(version: int, master: PsamMaster) -> bytes:
    if not 1 <= master.levels <= 3:
        raise LayoutError("a PSAM key has one to three levels of diversification")
    return _SLOT.pack(version, master.selector, master.levels, 0, _two_key(master.key))


def _two_key(key: Key) -> bytes:
    if len(key.octets) != 16:
        raise LayoutError("PSAM keys have 16 bytes")
    return key.octets
