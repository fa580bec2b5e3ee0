"""A PSAM in software: terminal id, purchase masters of several versions, and the terminal transaction number.

Holds no load or TAC key. The transaction number moves on durably before 8070's answer leaves, so it never repeats; a
number may be left out. Undiversified use is refused: a key says how many factors 8070 must bring. Masters are added,
replaced and, with a usage byte of 0, dropped by 84D4 under its control key. No 801A / 80FA: the campus lets no PSAM
compute with its keys freely.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from struct import Struct
from typing import ClassVar

from shared.purse import crypto
from shared.purse.apdu import CommandApdu, Sw, word_of_unheard
from shared.purse.commands import AUTH_ID_SIZE, PSAM_APPLICATIONS, SFI_HOLDER, SFI_PUBLIC
from shared.purse.cos.cardfs import FID_MF
from shared.purse.cos.images import CardMemory
from shared.purse.cos.psam_image import CONTROL_TRIES, MASTERS_MAX, TTN_MAX, PsamImage, PsamMaster, decode_psam_image
from shared.purse.errors import ApduError, CardLost, LayoutError
from shared.purse.files import MF_NAME, encode_directory_fci
from shared.purse.profiles import AID_PURSE

ATR = bytes.fromhex("3B8180018080")
MAC2_TRIES = 3
"""Wrong MAC2s in one session before the session is gone."""

_INIT = Struct(">4sHIB7sBB")
_FIELD = Struct(">BBB16s")
_FACTOR = 8
_FID = 2
_ANSWER = 8
"""Of 8070: number and MAC1."""
_MAC = 4
_NO_USE = 0
"""A key with this usage byte does nothing any more: its place is freed."""
_PURCHASE_USAGE = 2
"""Low five bits of a usage byte; the high three say how many levels of diversification."""
_OK = Sw.OK.to_bytes(2, "big")
_DIRECTORIES = {
    (0x00, 0x00): {b"": MF_NAME, FID_MF.to_bytes(2, "big"): MF_NAME} | {
        fid.to_bytes(2, "big"): AID_PURSE for fid in PSAM_APPLICATIONS
    },
    (0x04, 0x00): {MF_NAME: MF_NAME, AID_PURSE: AID_PURSE},
}
"""What SELECT by file id and by name finds: the name of MF or purse application."""
_SHORT = 0x80
_UNUSED_P1 = 0x60


@dataclass(slots=True)
class _Session:
    """Between 8070 and 8072: what the card's MAC2 has to be."""

    mac2: bytes
    tries: int = MAC2_TRIES


class Psam:
    """One PSAM. `memory` is durable when its `store` returns; `random_bytes` serves GET CHALLENGE."""

    def __init__(self, memory: CardMemory, random_bytes: Callable[[int], bytes]) -> None:
        self._memory = memory
        self._random_bytes = random_bytes
        self._image: PsamImage | None = None
        self._selected = False
        self._file: bytes | None = None
        self._auth_id = b""
        self._session: _Session | None = None
        self._challenge = b""

    def power_on(self) -> bytes:
        """Power or reset: reads the memory, forgets selection and session, answers the ATR."""
        self.power_off()
        self._image = decode_psam_image(self._memory.load())
        return ATR

    def reset(self) -> bytes:
        """The same as power_on: a reset loses the session."""
        return self.power_on()

    def power_off(self) -> None:
        self._image = None
        self._selected = False
        self._file = None
        self._auth_id = b""
        self._session = None
        self._challenge = b""

    def transmit(self, apdu: bytes, /) -> bytes:
        """One command, one answer. CardLost without power, or when the memory lost it."""
        image = self._image
        if image is None:
            raise CardLost("the PSAM has no power")
        challenge, self._challenge = self._challenge, b""
        try:
            command = CommandApdu.decode(apdu)
        except ApduError:
            return status(Sw.WRONG_LENGTH)
        run = self.COMMANDS.get(command.cla << 8 | command.ins)
        if run is None:
            return status(word_of_unheard(command, self.COMMANDS))
        return run(self, command, image, challenge)

    def _select(self, command: CommandApdu, image: PsamImage, _challenge: bytes) -> bytes:
        """MF or application, answered by an FCI of their name; or a file, which leaves the application."""
        self._session = None
        found = _DIRECTORIES.get((command.p1, command.p2))
        if found is None:
            return status(Sw.WRONG_P1P2)
        file = _file(image, command.data[-1]) if command.p1 == 0 and command.data[:1] == b"\0" else None
        if file is not None and len(command.data) == _FID:
            self._file = file
            return _OK
        name = found.get(command.data)
        if name is None:
            return status(Sw.FILE_NOT_FOUND)
        fci = encode_directory_fci(name)
        if _is_short(command, len(fci)):
            return bytes((0x6C, len(fci)))
        self._selected, self._file = name is AID_PURSE, None
        return fci + _OK

    def _get_challenge(self, command: CommandApdu, _image: PsamImage, _challenge: bytes) -> bytes:
        if command.p1 or command.p2:
            return status(Sw.WRONG_P1P2)
        if command.data or command.le not in (4, 8):
            return status(Sw.WRONG_LENGTH)
        self._challenge = self._random_bytes(command.le)
        return self._challenge + _OK

    def _write_key(self, command: CommandApdu, image: PsamImage, challenge: bytes) -> bytes:
        """84D4: E(length || usage version algorithm key) and its MAC. A try is paid durably before the comparison."""
        self._session = None
        control = image.control
        if control is None or not self._selected:
            return status(Sw.KEY_NOT_FOUND)
        if not challenge or len(command.data) < _MAC:
            return status(Sw.SM_MISSING if challenge else Sw.NO_CHALLENGE)
        if not image.tries:
            return status(Sw.LOCKED)
        self._set_tries(image, image.tries - 1)
        hidden, mac = command.data[:-_MAC], command.data[-_MAC:]
        head = bytes((command.cla, command.ins, command.p1, command.p2, len(command.data)))
        if mac != crypto.secure_messaging_mac(control, challenge, head + hidden):
            return status(Sw.SM_WRONG)
        answer = _take_master(image, control, hidden)
        self._set_tries(image, CONTROL_TRIES)
        return answer

    def _set_tries(self, image: PsamImage, tries: int) -> None:
        image.tries, image.fixed = tries, b""
        self._commit(image)

    def _take_auth_id(self, command: CommandApdu, _image: PsamImage, _challenge: bytes) -> bytes:
        """80CA: a city card's 安全认证识别码 for the MAC1 of the next 8070. Right or wrong, only the card can tell."""
        if command.p1 or command.p2:
            return status(Sw.WRONG_P1P2)
        if len(command.data) != AUTH_ID_SIZE:
            return status(Sw.WRONG_LENGTH)
        self._auth_id = command.data
        return _OK

    def _init_purchase(self, command: CommandApdu, image: PsamImage, _challenge: bytes) -> bytes:
        self._session = None
        auth_id, self._auth_id = self._auth_id, b""
        if not self._selected:
            return status(Sw.CONDITIONS)
        if command.p1 or command.p2:
            return status(Sw.WRONG_P1P2)
        if len(command.data) < _INIT.size:
            return status(Sw.WRONG_LENGTH)
        rnd, counter, amount, kind, date_time, version, algorithm = _INIT.unpack_from(command.data)
        master = image.masters.get(version)
        if master is None:
            return status(Sw.REFERENCE_NOT_FOUND)
        if not crypto.is_supported(algorithm) or crypto.suite_of(algorithm) is not master.key.suite:
            return status(Sw.WRONG_DATA)
        factors = command.data[_INIT.size :]
        if len(factors) != master.levels * _FACTOR:
            return status(Sw.WRONG_LENGTH)
        if _is_short(command, _ANSWER):
            return bytes((0x6C, _ANSWER))
        if image.next_ttn >= TTN_MAX:
            return status(Sw.COUNTER_FULL)
        ttn = self._take_ttn(image)
        session = crypto.purchase_session_key(_card_key(master, factors), rnd, counter, ttn)
        self._session = _Session(crypto.purchase_mac2(session, amount))
        mac1 = crypto.purchase_mac1(session, amount, kind, image.psam_id, date_time, auth_id)
        return ttn.to_bytes(4, "big") + mac1 + _OK

    def _take_ttn(self, image: PsamImage) -> int:
        """The next number, durably used up."""
        ttn = image.next_ttn
        image.next_ttn = ttn + 1
        self._commit(image)
        return ttn

    def _commit(self, image: PsamImage) -> None:
        """If the store raises, only a new power_on wakes the PSAM."""
        self._image = None
        self._memory.store(image.encode())
        self._image = image

    def _credit_purchase(self, command: CommandApdu, _image: PsamImage, _challenge: bytes) -> bytes:
        session = self._session
        if session is None:
            return status(Sw.ORDER)
        if (command.p1, command.p2) != (0x00, 0x00):
            return status(Sw.WRONG_P1P2)
        if len(command.data) != 4:
            return status(Sw.WRONG_LENGTH)
        if command.data == session.mac2:
            self._session = None
            return _OK
        session.tries -= 1
        if not session.tries:
            self._session = None
        return status(Sw.MAC_WRONG)

    def _read_binary(self, command: CommandApdu, image: PsamImage, _challenge: bytes) -> bytes:
        if command.p1 & _SHORT:
            if command.p1 & _UNUSED_P1:
                return status(Sw.WRONG_P1P2)
            content = _file(image, command.p1 & ~_SHORT)
            return status(Sw.FILE_NOT_FOUND) if content is None else _read(content, command.p2, command)
        if self._file is None:
            return status(Sw.NO_CURRENT_FILE)
        return _read(self._file, command.p1 << 8 | command.p2, command)

    COMMANDS: ClassVar[dict[int, Callable[[Psam, CommandApdu, PsamImage, bytes], bytes]]] = {
        0x0084: _get_challenge,
        0x00A4: _select,
        0x00B0: _read_binary,
        0x8070: _init_purchase,
        0x8072: _credit_purchase,
        0x80CA: _take_auth_id,
        0x84D4: _write_key,
    }
    """By CLA and INS: command, image, the challenge of the command before. Each has a row in docs/conformance.md."""


def status(sw: int) -> bytes:
    """The two bytes of a status word."""
    return sw.to_bytes(2, "big")


def _take_master(image: PsamImage, control: crypto.Key, hidden: bytes) -> bytes:
    """The master into the image, or out of it; the word when the field is none, or there is no place for one more."""
    try:
        field = crypto.secure_messaging_decrypt(control, hidden)
    except LayoutError:
        return status(Sw.WRONG_DATA)
    if len(field) != _FIELD.size:
        return status(Sw.WRONG_LENGTH)
    usage, version, algorithm, octets = _FIELD.unpack(field)
    levels = usage >> 5
    if usage == _NO_USE:
        image.masters.pop(version, None)
        return _OK
    if usage & 0x1F != _PURCHASE_USAGE or not 1 <= levels <= 3:
        return status(Sw.WRONG_DATA)
    if version not in image.masters and len(image.masters) >= MASTERS_MAX:
        return status(Sw.NO_SPACE)
    image.masters[version] = PsamMaster(crypto.Key(octets, crypto.suite_of(algorithm)), levels, algorithm)
    return _OK


def _card_key(master: PsamMaster, factors: bytes) -> crypto.Key:
    """The card's DPK: factors come card first, and the last one is applied first."""
    levels = [factors[at : at + _FACTOR] for at in range(0, len(factors), _FACTOR)]
    return crypto.diversify(master.key, *reversed(levels))


def _file(image: PsamImage, sfi: int) -> bytes | None:
    """0015 or 0016."""
    return {SFI_PUBLIC: image.public, SFI_HOLDER: image.psam_id}.get(sfi)


def _is_short(command: CommandApdu, size: int) -> bool:
    """Whether its Le has no room for so many bytes: asked again with 6Cxx, before anything is done."""
    return command.le is not None and command.le < size


def _read(content: bytes, offset: int, command: CommandApdu) -> bytes:
    """6B00 beyond the end, 6Cxx when fewer bytes are left than wanted."""
    left = len(content) - offset
    if left <= 0:
        return status(Sw.WRONG_OFFSET)
    wanted = left if command.le in (None, 256) else command.le or 0
    if wanted > left:
        return bytes((0x6C, left))
    return content[offset : offset + wanted] + _OK
