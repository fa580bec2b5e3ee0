"""A PSAM in software: terminal id, purchase masters of several versions, and the terminal transaction number.

Holds no load, TAC or control key. The transaction number moves on durably before 8070's answer leaves, so it never
repeats; a number may be left out. Undiversified use is refused: a key says how many factors 8070 must bring.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from struct import Struct

from shared.purse import crypto
from shared.purse.apdu import CommandApdu, Sw
from shared.purse.commands import PSAM_APPLICATION, SFI_HOLDER, SFI_PUBLIC
from shared.purse.cos import FID_MF, read_from, status
from shared.purse.errors import ApduError, CardLost
from shared.purse.images import TTN_MAX, CardMemory, PsamImage, PsamMaster, decode_psam_image

ATR = bytes.fromhex("3B8180018080")
MAC2_TRIES = 3
"""Wrong MAC2s in one session before the session is gone."""

_INIT = Struct(">4sHIB7sBB")
_FACTOR = 8
_OK = Sw.OK.to_bytes(2, "big")


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
        self._session: _Session | None = None

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
        self._session = None

    def transmit(self, apdu: bytes, /) -> bytes:
        """One command, one answer. CardLost without power, or when the memory lost it."""
        image = self._image
        if image is None:
            raise CardLost("the PSAM has no power")
        try:
            command = CommandApdu.decode(apdu)
        except ApduError:
            return status(Sw.WRONG_LENGTH)
        match (command.cla, command.ins):
            case (0x80, 0x70):
                return self._init_purchase(command, image)
            case (0x80, 0x72):
                return self._credit_purchase(command)
            case (0x00, 0xA4):
                return self._select(command)
            case (0x00, 0xB0):
                return _read_binary(command, image)
            case (0x00, 0x84):
                return self._get_challenge(command)
            case _:
                return status(Sw.INS_UNKNOWN if command.cla in (0x00, 0x80) else Sw.CLA_UNKNOWN)

    def _select(self, command: CommandApdu) -> bytes:
        self._session = None
        if (command.p1, command.p2) != (0x00, 0x00):
            return status(Sw.WRONG_P1P2)
        if command.data == FID_MF.to_bytes(2, "big"):
            self._selected = False
        elif command.data == PSAM_APPLICATION.to_bytes(2, "big"):
            self._selected = True
        else:
            return status(Sw.FILE_NOT_FOUND)
        return _OK

    def _get_challenge(self, command: CommandApdu) -> bytes:
        if command.le not in (4, 8):
            return status(Sw.WRONG_LENGTH)
        return self._random_bytes(command.le) + _OK

    def _init_purchase(self, command: CommandApdu, image: PsamImage) -> bytes:
        self._session = None
        if not self._selected:
            return status(Sw.CONDITIONS)
        if len(command.data) < _INIT.size:
            return status(Sw.WRONG_LENGTH)
        rnd, counter, amount, kind, date_time, version, algorithm = _INIT.unpack_from(command.data)
        master = image.masters.get(version)
        if master is None:
            return status(Sw.REFERENCE_NOT_FOUND)
        if not crypto.is_supported(algorithm) or not crypto.is_supported(master.algorithm):
            return status(Sw.WRONG_DATA)
        factors = command.data[_INIT.size :]
        if len(factors) != master.levels * _FACTOR:
            return status(Sw.WRONG_LENGTH)
        if image.next_ttn >= TTN_MAX:
            return status(Sw.COUNTER_FULL)
        ttn = self._take_ttn(image)
        session = crypto.purchase_session_key(_card_key(master, factors), rnd, counter, ttn)
        self._session = _Session(crypto.purchase_mac2(session, amount))
        mac1 = crypto.purchase_mac1(session, amount, kind, image.psam_id, date_time)
        return ttn.to_bytes(4, "big") + mac1 + _OK

    def _take_ttn(self, image: PsamImage) -> int:
        """The next number, durably used up. If the store raises, only a new power_on wakes the PSAM."""
        ttn = image.next_ttn
        image.next_ttn = ttn + 1
        self._image = None
        self._memory.store(image.encode())
        self._image = image
        return ttn

    def _credit_purchase(self, command: CommandApdu) -> bytes:
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


def _card_key(master: PsamMaster, factors: bytes) -> crypto.Key:
    """The card's DPK: factors come card first, and the last one is applied first."""
    levels = [factors[at : at + _FACTOR] for at in range(0, len(factors), _FACTOR)]
    return crypto.diversify(master.key, *reversed(levels))


def _read_binary(command: CommandApdu, image: PsamImage) -> bytes:
    files = {0x80 | SFI_PUBLIC: image.public, 0x80 | SFI_HOLDER: image.psam_id}
    content = files.get(command.p1)
    return status(Sw.FILE_NOT_FOUND) if content is None else read_from(content, command)
