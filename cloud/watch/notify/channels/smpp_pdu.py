"""SMPP 3.4 as far as texts need it: frames, a bind, a text in UCS-2, receipts and answers. Pure.

Nothing that comes is believed: a frame has at most PDU_MAX octets, and what is cut short is a WireFault.
"""

import re
import struct
from typing import NamedTuple

from cloud.watch.notify.channels.parts import header, parts_of
from shared.errors import WireFault

PDU_MAX = 4096
NACK, BIND, SUBMIT, DELIVER = 0x80000000, 0x00000009, 0x00000004, 0x00000005
UNBIND, ENQUIRE = 0x00000006, 0x00000015
ANSWER = 0x80000000
"""The answer to a command is the command with this bit."""
SEQUENCE_MAX = 0x7FFFFFFF
SYSTEM_ID_MAX, PASSWORD_MAX, ADDRESS_MAX = 15, 8, 20
_HEAD = struct.Struct(">4L")
_VERSION = 0x34
_INTERNATIONAL, _UNKNOWN, _E164 = 1, 0, 1
_HAS_HEADER, _KIND, _RECEIPT = 0x40, 0x3C, 0x04
_UCS2 = 0x08
_ONE_DAY = b"000001000000000R\0"
_WANTS_RECEIPT = 1
_RECEIPTED_ID, _STATE, _PAYLOAD = 0x001E, 0x0427, 0x0424
_STATES = {2: True, 3: False, 4: False, 5: False, 8: False}
_STATS = {"DELIVRD": True, "EXPIRED": False, "DELETED": False, "UNDELIV": False, "REJECTD": False}
_ID, _STAT = re.compile(r"\bid:(\S+)"), re.compile(r"\bstat:(\w+)")
_HEX = re.compile(r"[0-9A-Fa-f]{1,64}")
_DIGITS = re.compile(rf"\+?[0-9]{{1,{ADDRESS_MAX}}}")


class Pdu(NamedTuple):
    """One frame."""

    command: int
    status: int
    sequence: int
    body: bytes = b""


class Receipt(NamedTuple):
    """What became of a part. is_there None: that is not its last word. address: whose it was."""

    number: str
    is_there: bool | None
    address: str = ""


class Text(NamedTuple):
    """Somebody has written. address: with a plus where it is international."""

    address: str
    text: str


def encoded(pdu: Pdu) -> bytes:
    """The frame on the wire."""
    return _HEAD.pack(_HEAD.size + len(pdu.body), pdu.command, pdu.status, pdu.sequence) + pdu.body


def framed(octets: bytes) -> tuple[Pdu, bytes] | None:
    """The first frame and what is behind it; None: more must come. WireFault: no frame has that length."""
    if len(octets) < _HEAD.size:
        return None
    length, command, status, sequence = _HEAD.unpack_from(octets)
    if not _HEAD.size <= length <= PDU_MAX:
        raise WireFault("a frame of an impossible length")
    if len(octets) < length:
        return None
    return Pdu(command, status, sequence, octets[_HEAD.size : length]), octets[length:]


def bind(system_id: str, password: str) -> bytes:
    """The body of a bind_transceiver."""
    return _text_z(system_id) + _text_z(password) + b"\0" + bytes((_VERSION, 0, 0)) + b"\0"


def submits(source: str, number: str, text: str, group: int) -> list[bytes]:
    """The bodies of a message's parts. group: 0..255, of its parts alone. ValueError: no number, or too long."""
    if not _DIGITS.fullmatch(number):
        raise ValueError("not a number")
    parts = parts_of(text)
    found = []
    for at, part in enumerate(parts, 1):
        data = header(group, len(parts), at) + part.encode("utf-16-be")
        kind = _HAS_HEADER if len(parts) > 1 else 0
        found.append(
            b"\0" + _address(source) + _address(number) + bytes((kind, 0, 0)) + b"\0" + _ONE_DAY
            + bytes((_WANTS_RECEIPT, 0, _UCS2, 0, len(data))) + data
        )  # fmt: skip
    return found


def number_of(body: bytes) -> str:
    """The number that a gateway gave a part, of its answer. WireFault: none."""
    number = _Octets(body).text_z()
    if not number:
        raise WireFault("no number of the part")
    return number


def delivered(body: bytes) -> Receipt | Text:
    """What a gateway hands over. WireFault: it is neither, or cut short."""
    octets = _Octets(body)
    octets.text_z()
    international, _ = octets.take(2)
    address = octets.text_z()
    octets.take(2)
    octets.text_z()
    kind, _, _ = octets.take(3)
    octets.text_z()
    octets.text_z()
    _, _, coding, _, length = octets.take(5)
    data, more = octets.take(length), octets.options()
    data = data or more.get(_PAYLOAD, b"")
    whose = ("+" if international == _INTERNATIONAL else "") + address
    if kind & _KIND == _RECEIPT:
        return _receipt(data.decode("latin-1"), more, whose)
    data = data[1 + data[0] :] if kind & _HAS_HEADER and data else data
    return Text(whose, _decoded(coding, data))


def plain(number: str) -> str:
    """A gateway's number without what varies where it writes the same again: zeros before it, small letters."""
    return (number.upper().lstrip("0") or "0") if _HEX.fullmatch(number) else number


def forms(number: str) -> tuple[str, ...]:
    """How a number that a receipt says may stand in the answer: as it is; there in hexadecimal and here in decimal; or
    the other way round. Gateways do all three."""
    found = [plain(number)]
    if number.isascii() and number.isdecimal():
        found.append(f"{int(number):X}")
    if _HEX.fullmatch(number):
        found.append(str(int(number, 16)))
    return tuple(dict.fromkeys(found))


def _receipt(text: str, more: dict[int, bytes], address: str) -> Receipt:
    number, stat = _ID.search(text), _STAT.search(text)
    found = more.get(_RECEIPTED_ID, b"").rstrip(b"\0").decode("latin-1") or (number[1] if number else "")
    if not found:
        raise WireFault("a receipt of nothing")
    state = more.get(_STATE, b"")
    is_there = _STATES.get(state[0]) if state else _STATS.get(stat[1].upper()) if stat else None
    return Receipt(found, is_there, address)


def _decoded(coding: int, data: bytes) -> str:
    try:
        return data.decode("utf-16-be" if coding == _UCS2 else "latin-1")
    except UnicodeDecodeError as fault:
        raise WireFault("a text that is cut short") from fault


def _text_z(text: str) -> bytes:
    return text.encode("ascii") + b"\0"


def _address(number: str) -> bytes:
    digits = number.removeprefix("+")
    return bytes((_INTERNATIONAL if number.startswith("+") else _UNKNOWN, _E164)) + _text_z(digits)


class _Octets:
    """Read from the front; WireFault at the end."""

    def __init__(self, octets: bytes) -> None:
        self._left = octets

    def take(self, count: int) -> bytes:
        if len(self._left) < count:
            raise WireFault("a frame that is cut short")
        found, self._left = self._left[:count], self._left[count:]
        return found

    def text_z(self) -> str:
        found, zero, self._left = self._left.partition(b"\0")
        if not zero:
            raise WireFault("a text without its end")
        return found.decode("latin-1")

    def options(self) -> dict[int, bytes]:
        """Optional parameters, by tag."""
        found = {}
        while self._left:
            tag, length = struct.unpack(">2H", self.take(4))
            found[tag] = self.take(length)
        return found
