"""SMS in PDU mode (3GPP TS 23.040, 27.005): what is sent in UCS-2, in parts where it is long; what comes. Pure."""

from typing import NamedTuple

from cloud.watch.notify.channels.parts import header, parts_of
from shared.errors import WireFault

_SUBMIT, _RELATIVE, _REPORT, _HEADER = 0x01, 0x10, 0x20, 0x40
_DAY = 0xA7
"""Validity of one day."""
_UCS2 = 0x08
_INTERNATIONAL, _UNKNOWN = 0x91, 0x81
_KINDS, _DELIVER, _STATUS = 0x03, 0x00, 0x02
_STAMP = 7
_GSM = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The default alphabet (TS 23.038)."""


class Submit(NamedTuple):
    """One part for AT+CMGS. length: octets without the service centre's address."""

    length: int
    octets: bytes


class Deliver(NamedTuple):
    """A message that came. number: digits, with a plus where it is international."""

    number: str
    text: str


class StatusReport(NamedTuple):
    """What became of a part. reference: the modem's number of it. is_final: nothing more comes of it."""

    reference: int
    number: str
    has_arrived: bool
    is_final: bool


def submits(number: str, text: str, group: int) -> list[Submit]:
    """The parts of a message. group: 0..255, of its parts alone. ValueError: no number, or more than PARTS_MAX."""
    parts = parts_of(text)
    first = _SUBMIT | _RELATIVE | _REPORT | (_HEADER if len(parts) > 1 else 0)
    found = []
    for at, part in enumerate(parts, 1):
        data = header(group, len(parts), at) + part.encode("utf-16-be")
        pdu = bytes((first, 0)) + _address(number) + bytes((0, _UCS2, _DAY, len(data))) + data
        found.append(Submit(len(pdu), b"\0" + pdu))
    return found


def incoming(octets: bytes) -> Deliver | StatusReport:
    """What a modem hands over. WireFault: it is neither, or cut short."""
    try:
        return _incoming(octets)
    except (IndexError, UnicodeDecodeError) as fault:
        raise WireFault("a PDU that is cut short, or not of this kind") from fault


def _incoming(octets: bytes) -> Deliver | StatusReport:
    at = 1 + octets[0]
    kind = octets[at] & _KINDS
    if kind == _STATUS:
        reference = octets[at + 1]
        number, at = _number(octets, at + 2)
        status = octets[at + 2 * _STAMP]
        return StatusReport(reference, number, status < 0x20, status < 0x20 or status >= 0x40)
    if kind != _DELIVER:
        raise WireFault("a PDU of another kind")
    has_header = bool(octets[at] & _HEADER)
    number, at = _number(octets, at + 1)
    coding, length = octets[at + 1], octets[at + 2 + _STAMP]
    data = octets[at + 3 + _STAMP :]
    return Deliver(number, _text(coding, length, data, has_header=has_header))


def _address(number: str) -> bytes:
    digits = number.removeprefix("+")
    if not digits.isdecimal():
        raise ValueError("not a number")
    padded = digits + "F" * (len(digits) % 2)
    swapped = "".join(padded[n + 1] + padded[n] for n in range(0, len(padded), 2))
    return bytes((len(digits), _INTERNATIONAL if number.startswith("+") else _UNKNOWN)) + bytes.fromhex(swapped)


def _number(octets: bytes, at: int) -> tuple[str, int]:
    length, kind = octets[at], octets[at + 1]
    end = at + 2 + (length + 1) // 2
    raw = octets[at + 2 : end].hex()
    digits = "".join(raw[n + 1] + raw[n] for n in range(0, len(raw), 2))[:length]
    return ("+" if kind == _INTERNATIONAL else "") + digits, end


def _text(coding: int, length: int, data: bytes, *, has_header: bool) -> str:
    skip = 1 + data[0] if has_header else 0
    if coding & 0x0C == _UCS2:
        if len(data) < length:
            raise WireFault("a text that is cut short")
        return data[skip:length].decode("utf-16-be")
    septets = _septets(data, length)[-(-skip * 8 // 7) :]
    return "".join(_GSM[one] for one in septets)


def _septets(data: bytes, count: int) -> list[int]:
    """Seven bits each, the lowest first."""
    bits = int.from_bytes(data, "little")
    if len(data) * 8 < count * 7:
        raise WireFault("a text that is cut short")
    return [bits >> (7 * n) & 0x7F for n in range(count)]
