"""Card files as data: 0015 public data, 0016 holder, 0018 log records, and the FCI around 0015.

Used to personalise a card and to read one. Refuses bytes of another length; it judges no dates and no keys.
Layouts: pboc research section 1 (FMCOS manual A-1..A-3; MoC city form).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from struct import Struct

from shared.purse.errors import LayoutError

PUBLIC_SIZE = 30
PUBLIC_SIZE_TOLL = 43
HOLDER_SIZE = 39
LOG_RECORD_SIZE = 23
LOG_DEPTH = 10
PSAM_PUBLIC_SIZE = 14
MF_NAME = b"1PAY.SYS.DDF01"

_FCIS = 256
"""What was read off so many FCIs is remembered: a card shows the same one at every tap."""
_ENABLED = 1

_CITY = Struct(">2s2s2s2sBB2s8s4s4sBB")
_BANK = Struct(">8sBB10s4s4sBB")
_TOLL = Struct(">8sBB2s8s4s4s15x")
_LOG = Struct(">H3sIB6s7s")
_HOLDER = Struct(">BB20s16sB")


class PublicForm(Enum):
    """How file 0015 is laid out."""

    CITY = "city"
    BANK = "bank"
    TOLL = "toll"


@dataclass(frozen=True, slots=True)
class PublicData:
    """File 0015. City form: issuer 2, city 2, industry 2, serial 8. Bank form: issuer 8, serial 10, the rest empty.
    Toll form: issuer 8, network 2 (as `interop`), serial 8; what follows the dates (plate and vehicle) is not read.

    `start` and `expiry` are BCD YYYYMMDD, so that bytes compare like dates. `enabled` in the bank form: which of ED
    and EP there are (应用类型标识; real cards with both say 03); `is_enabled` judges it.
    """

    issuer: bytes
    serial: bytes
    start: bytes
    expiry: bytes
    city: bytes = b""
    industry: bytes = b""
    interop: bytes = bytes(2)
    enabled: int = 1
    version: int = 1
    card_type: int = 0
    subtype: int = 0


def encode_public(form: PublicForm, data: PublicData) -> bytes:
    """30 bytes, toll 43; LayoutError when a field has the wrong length for the form."""
    if form is PublicForm.TOLL:
        return _encode_toll(data)
    if form is PublicForm.CITY:
        _lengths((data.issuer, 2), (data.city, 2), (data.industry, 2), (data.interop, 2), (data.serial, 8))
    else:
        _lengths((data.issuer, 8), (data.serial, 10))
    _lengths((data.start, 4), (data.expiry, 4))
    if form is PublicForm.CITY:
        return _CITY.pack(
            data.issuer, data.city, data.industry, bytes(2), data.enabled, data.version, data.interop,
            data.serial, data.start, data.expiry, data.card_type, data.subtype,
        )  # fmt: skip
    return _BANK.pack(
        data.issuer, data.enabled, data.version, data.serial, data.start, data.expiry, data.card_type, data.subtype
    )


def public_size(form: PublicForm) -> int:
    """Bytes of file 0015 in this form."""
    return PUBLIC_SIZE_TOLL if form is PublicForm.TOLL else PUBLIC_SIZE


def is_enabled(form: PublicForm, data: PublicData) -> bool:
    """May it be used at all? City form: 01. Bank form: the byte names the purses there are, in any way but 00."""
    return data.enabled != 0 if form is PublicForm.BANK else data.enabled == _ENABLED


def _encode_toll(data: PublicData) -> bytes:
    _lengths((data.issuer, 8), (data.interop, 2), (data.serial, 8), (data.start, 4), (data.expiry, 4))
    return _TOLL.pack(data.issuer, data.card_type, data.version, data.interop, data.serial, data.start, data.expiry)


def parse_public(form: PublicForm, raw: bytes) -> PublicData:
    """The fields of 30 bytes, toll 43; LayoutError otherwise."""
    if len(raw) != public_size(form):
        raise LayoutError(f"file 0015 has {public_size(form)} bytes")
    if form is PublicForm.TOLL:
        issuer, kind, version, network, serial, start, expiry = _TOLL.unpack(raw)
        return PublicData(issuer, serial, start, expiry, b"", b"", network, 1, version, kind, 0)
    if form is PublicForm.CITY:
        issuer, city, industry, _, enabled, version, interop, serial, start, expiry, kind, sub = _CITY.unpack(raw)
        return PublicData(issuer, serial, start, expiry, city, industry, interop, enabled, version, kind, sub)
    issuer, enabled, version, serial, start, expiry, kind, sub = _BANK.unpack(raw)
    return PublicData(issuer, serial, start, expiry, b"", b"", bytes(2), enabled, version, kind, sub)


def encode_holder(name: str, id_number: str = "", *, card_type: int = 0, staff: int = 0, id_type: int = 5) -> bytes:
    """File 0016, 39 bytes: type, staff, name 20 (GB18030, cut at a whole character), id number 16, id type."""
    raw_id = id_number.encode("ascii", "replace")[:16]
    return _HOLDER.pack(card_type, staff, _cut(name, 20), raw_id, id_type)


def holder_name(raw: bytes) -> str:
    """The name in a file 0016; what cannot be decoded shows as replacement characters."""
    return raw[2:22].rstrip(b"\0").decode("gb18030", "replace")


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One record of file 0018. `number` follows the profile's log convention; `date_time` is 7 BCD bytes."""

    number: int
    amount_fen: int
    kind: int
    terminal_id: bytes
    date_time: bytes
    overdraft: bytes = bytes(3)

    def encode(self) -> bytes:
        return _LOG.pack(self.number, self.overdraft, self.amount_fen, self.kind, self.terminal_id, self.date_time)


def parse_log(raw: bytes) -> LogRecord:
    """The fields of 23 bytes; a card may keep something of its own behind them. LayoutError for fewer."""
    if len(raw) < LOG_RECORD_SIZE:
        raise LayoutError(f"a log record has {LOG_RECORD_SIZE} bytes")
    number, overdraft, amount, kind, terminal_id, date_time = _LOG.unpack_from(raw)
    return LogRecord(number, amount, kind, terminal_id, date_time, overdraft)


def encode_fci(name: bytes, public: bytes, version: int = 1) -> bytes:
    """FCI of a purse ADF: 6F [84 name] [A5 [9F08 version] [9F0C file 0015]]."""
    inner = b"\x9f\x08\x01" + bytes((version, 0x9F, 0x0C, len(public))) + public
    body = bytes((0x84, len(name))) + name + bytes((0xA5, len(inner))) + inner
    return bytes((0x6F, len(body))) + body


def encode_directory_fci(name: bytes, *, has_directory_file: bool = False) -> bytes:
    """FCI of a directory without a public file: 6F [84 name], and for the MF [A5 [88 01]], its file of applications."""
    body = bytes((0x84, len(name))) + name + (b"\xa5\x03\x88\x01\x01" if has_directory_file else b"")
    return bytes((0x6F, len(body))) + body


@lru_cache(maxsize=_FCIS)
def name_from_fci(fci: bytes) -> bytes | None:
    """The name of the application that an FCI is of (6F, 84), or None where it says none."""
    template = _object(fci, 0x6F)
    return None if template is None else _object(template, 0x84)


@lru_cache(maxsize=_FCIS)
def public_from_fci(fci: bytes) -> bytes | None:
    """What an FCI holds as file 0015 (6F, A5, 9F0C), or None: other objects may stand around it, in any order.

    A card puts there what its issuer wants, so the size says whether it is the file; READ BINARY gets it else.
    """
    template = _object(fci, 0x6F)
    proprietary = None if template is None else _object(template, 0xA5)
    return None if proprietary is None else _object(proprietary, 0x9F0C)


def _object(raw: bytes, wanted: int) -> bytes | None:
    """The value of the first data object with this tag; None when there is none before the end or a broken one.

    BER-TLV of ISO 7816-4: tags of several bytes, lengths up to 65535, 00 between objects. Every step moves on.
    """
    at = 0
    while at < len(raw):
        if raw[at] == 0:
            at += 1
            continue
        end = _end_of_tag(raw, at)
        size, start = _length_at(raw, end)
        if start + size > len(raw) or start == end:
            return None
        if int.from_bytes(raw[at:end], "big") == wanted:
            return raw[start : start + size]
        at = start + size
    return None


def _end_of_tag(raw: bytes, at: int) -> int:
    end = at + 1
    if raw[at] & 0x1F == 0x1F:
        while end < len(raw) and raw[end] & 0x80:
            end += 1
        end += 1
    return end


def _length_at(raw: bytes, at: int) -> tuple[int, int]:
    """The length that stands here and where its value begins: here still, when no length stands here."""
    first = raw[at] if at < len(raw) else 0xFF
    if first < 0x80:
        return first, at + 1
    start = at + 1 + (first & 0x7F)
    if first not in (0x81, 0x82) or start > len(raw):
        return 0, at
    return int.from_bytes(raw[at + 1 : start], "big"), start


def _lengths(*fields: tuple[bytes, int]) -> None:
    for value, size in fields:
        if len(value) != size:
            raise LayoutError(f"a field of file 0015 has {size} bytes, got {len(value)}")


def _cut(text: str, size: int) -> bytes:
    kept = text
    while len(kept.encode("gb18030")) > size:
        kept = kept[:-1]
    return kept.encode("gb18030")
