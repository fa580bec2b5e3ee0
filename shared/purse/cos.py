"""A user card in software: the card operating system of an electronic purse, APDU bytes in and out.

Enforces the standard's order, counters, floor, ceiling and MACs with the standard's status words, and answers a
change of money only after its memory said that it is durable. Knows no clock. Personalisation is done by writing an
image (`images.new_card_image`), not by 80E0/80D4. Any bytes get a status word; only a lost card raises.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from struct import Struct

from shared.purse import crypto
from shared.purse.apdu import CommandApdu, Sw
from shared.purse.caps import CAPP_SIZE
from shared.purse.commands import COUNTER_MAX, SFI_CAPP, SFI_HOLDER, SFI_LOG, SFI_PUBLIC
from shared.purse.errors import ApduError, CardLost
from shared.purse.files import LOG_RECORD_SIZE, MF_NAME, encode_fci
from shared.purse.images import LOG_SIZE, CardImage, CardKey, CardMemory, decode_card_image
from shared.purse.profiles import Number, ProveOrder

ATR = bytes.fromhex("3B8180018080")
"""T=1 offered, no historical bytes."""
FID_MF = 0x3F00
FID_ADF = 0x3F01

_EP = 0x02
_INIT_DATA = Struct(">BI6s")
_INIT_PURCHASE_ANSWER = Struct(">IH3sBB4s")
_INIT_LOAD_ANSWER = Struct(">IHBB4s4s")
_DEBIT_DATA = Struct(">I7s4s")
_CREDIT_DATA = Struct(">7s4s")
_LOG = Struct(">H3sIB6s7s")
_PROOF = Struct(">H4s4s")
_LOCK_FLAG = 2
_OK = Sw.OK.to_bytes(2, "big")


def status(sw: int) -> bytes:
    """The two bytes of a status word."""
    return sw.to_bytes(2, "big")


@dataclass(slots=True)
class _PurchaseSession:
    """Between 8050 01/03 and 8054; `record` is what 80DC left for file 0017."""

    kind: int
    key: CardKey
    amount_fen: int
    terminal_id: bytes
    rnd: bytes
    record: bytes | None = None


@dataclass(slots=True)
class _LoadSession:
    """Between 8050 00 and 8052."""

    key: CardKey
    amount_fen: int
    terminal_id: bytes
    session: crypto.Key


_Session = _PurchaseSession | _LoadSession | None


class UserCard:
    """One card. `random_bytes(n)` gives n bytes; `memory` is durable when its `store` returns."""

    def __init__(self, memory: CardMemory, random_bytes: Callable[[int], bytes]) -> None:
        self._memory = memory
        self._random_bytes = random_bytes
        self._image: CardImage | None = None
        self._selected = False
        self._session: _Session = None

    def power_on(self) -> bytes:
        """Power or reset: reads the memory, forgets selection and session, answers the ATR.

        LayoutError if the memory holds no sound image.
        """
        self.power_off()
        self._image = decode_card_image(self._memory.load())
        return ATR

    def reset(self) -> bytes:
        """The same as power_on: a reset loses every session."""
        return self.power_on()

    def power_off(self) -> None:
        self._image = None
        self._selected = False
        self._session = None

    def transmit(self, apdu: bytes, /) -> bytes:
        """One command, one answer. CardLost without power, or when the memory lost it."""
        image = self._image
        if image is None:
            raise CardLost("the card has no power")
        try:
            command = CommandApdu.decode(apdu)
        except ApduError:
            self._session = None
            return status(Sw.WRONG_LENGTH)
        if command.cla == 0x80:
            return self._purse_command(command, image)
        self._session = None
        if command.cla == 0x00:
            return self._file_command(command, image)
        return status(Sw.CLA_UNKNOWN)

    def _purse_command(self, command: CommandApdu, image: CardImage) -> bytes:
        # Only 80DC may stand between INIT and its second half: every other command takes the session away.
        session, self._session = self._session, None
        match command.ins:
            case 0x50:
                return self._initialize(command, image)
            case 0xDC:
                return self._update_capp(command, image, session)
            case 0x54:
                return self._debit(command, image, session)
            case 0x52:
                return self._credit(command, image, session)
            case 0x5A:
                return self._prove(command, image)
            case 0x5C:
                return self._get_balance(command, image)
            case _:
                return status(Sw.INS_UNKNOWN)

    def _file_command(self, command: CommandApdu, image: CardImage) -> bytes:
        match command.ins:
            case 0xA4:
                return self._select(command, image)
            case 0xB0:
                return self._read_binary(command, image)
            case 0xB2:
                return self._read_record(command, image)
            case 0x84:
                return self._get_challenge(command)
            case _:
                return status(Sw.INS_UNKNOWN)

    # --- files ---------------------------------------------------------------------------------------------------

    def _select(self, command: CommandApdu, image: CardImage) -> bytes:
        if command.p1 == 0x04 and command.p2 == 0x00:
            return self._select_df(command.data == image.aid, command.data == MF_NAME, image)
        if command.p1 == 0x00 and command.p2 == 0x00:
            fid = int.from_bytes(command.data, "big") if len(command.data) == 2 else None
            return self._select_df(fid == FID_ADF, fid == FID_MF, image)
        return status(Sw.WRONG_P1P2)

    def _select_df(self, is_adf: bool, is_mf: bool, image: CardImage) -> bytes:
        if is_adf:
            self._selected = True
            return encode_fci(image.aid, image.public) + _OK
        if is_mf:
            self._selected = False
            return bytes((0x6F, len(MF_NAME) + 7, 0x84, len(MF_NAME))) + MF_NAME + b"\xa5\x03\x88\x01\x01" + _OK
        return status(Sw.FILE_NOT_FOUND)

    def _read_binary(self, command: CommandApdu, image: CardImage) -> bytes:
        files = {0x80 | SFI_PUBLIC: image.public, 0x80 | SFI_HOLDER: image.holder}
        content = files.get(command.p1) if self._selected else None
        if content is None:
            return status(Sw.FILE_NOT_FOUND)
        return read_from(content, command)

    def _read_record(self, command: CommandApdu, image: CardImage) -> bytes:
        if not self._selected or command.p2 >> 3 not in (SFI_CAPP, SFI_LOG):
            return status(Sw.FILE_NOT_FOUND)
        if command.p2 >> 3 == SFI_LOG:
            record = _log_record(image, command)
        else:
            record = image.capp if _names_capp(command, image) else b""
        if not record:
            return status(Sw.RECORD_NOT_FOUND)
        if command.le not in (None, 256, len(record)):
            return bytes((0x6C, len(record)))
        return record + _OK

    def _get_balance(self, command: CommandApdu, image: CardImage) -> bytes:
        if not self._selected or command.p2 != _EP:
            return status(Sw.FILE_NOT_FOUND)
        return image.balance_fen.to_bytes(4, "big") + _OK

    def _get_challenge(self, command: CommandApdu) -> bytes:
        if command.le not in (4, 8):
            return status(Sw.WRONG_LENGTH)
        return self._random_bytes(command.le) + _OK

    # --- INIT ----------------------------------------------------------------------------------------------------

    def _initialize(self, command: CommandApdu, image: CardImage) -> bytes:
        if not self._selected or command.p2 != _EP:
            return status(Sw.FILE_NOT_FOUND)
        if command.p1 not in (0x00, 0x01, 0x03):
            return status(Sw.WRONG_P1P2)
        if len(command.data) != _INIT_DATA.size:
            return status(Sw.WRONG_LENGTH)
        key_id, amount, terminal_id = _INIT_DATA.unpack(command.data)
        if command.p1 == 0x00:
            return self._init_load(image, key_id, amount, terminal_id)
        kind = crypto.TYPE_EP_PURCHASE if command.p1 == 0x01 else crypto.TYPE_CAPP_PURCHASE
        return self._init_purchase(image, kind, key_id, amount, terminal_id)

    def _init_purchase(self, image: CardImage, kind: int, key_id: int, amount: int, terminal_id: bytes) -> bytes:
        key = _find(image.keys.purchase, key_id)
        if key is None:
            return status(Sw.KEY_NOT_FOUND)
        if image.offline >= COUNTER_MAX:
            return status(Sw.COUNTER_FULL)
        if amount > image.balance_fen:
            return status(Sw.BALANCE)
        rnd = self._random_bytes(4)
        self._session = _PurchaseSession(kind, key, amount, terminal_id, rnd)
        answer = _INIT_PURCHASE_ANSWER.pack(
            image.balance_fen, image.offline, image.overdraft, key.version, key.algorithm, rnd
        )
        return answer + _OK

    def _init_load(self, image: CardImage, key_id: int, amount: int, terminal_id: bytes) -> bytes:
        key = _find(image.keys.load, key_id)
        if key is None:
            return status(Sw.KEY_NOT_FOUND)
        if image.online >= COUNTER_MAX:
            return status(Sw.COUNTER_FULL)
        if image.balance_fen + amount > image.ceiling_fen:
            return status(Sw.CONDITIONS)
        rnd = self._random_bytes(4)
        session = crypto.load_session_key(key.key, rnd, image.online)
        mac1 = crypto.load_mac1(session, image.balance_fen, amount, crypto.TYPE_EP_LOAD, terminal_id)
        self._session = _LoadSession(key, amount, terminal_id, session)
        answer = _INIT_LOAD_ANSWER.pack(image.balance_fen, image.online, key.version, key.algorithm, rnd, mac1)
        return answer + _OK

    # --- the second halves ---------------------------------------------------------------------------------------

    def _update_capp(self, command: CommandApdu, image: CardImage, session: _Session) -> bytes:
        if not isinstance(session, _PurchaseSession) or session.kind != crypto.TYPE_CAPP_PURCHASE:
            return status(Sw.ORDER)
        self._session = session
        if command.p2 >> 3 != SFI_CAPP:
            return status(Sw.FILE_NOT_FOUND)
        if not _names_capp(command, image):
            return status(Sw.RECORD_NOT_FOUND)
        if image.capp[_LOCK_FLAG]:
            return status(Sw.CAPP_LOCKED)
        if len(command.data) != CAPP_SIZE:
            return status(Sw.WRONG_LENGTH)
        if command.data[:2] != image.capp[:2]:
            return status(Sw.WRONG_DATA)
        session.record = command.data
        return _OK

    def _debit(self, command: CommandApdu, image: CardImage, session: _Session) -> bytes:
        if not isinstance(session, _PurchaseSession):
            return status(Sw.ORDER)
        if (command.p1, command.p2) != (0x01, 0x00):
            return status(Sw.WRONG_P1P2)
        if len(command.data) != _DEBIT_DATA.size:
            return status(Sw.WRONG_LENGTH)
        if session.kind == crypto.TYPE_CAPP_PURCHASE and session.record is None:
            return status(Sw.CONDITIONS)
        ttn, date_time, mac1 = _DEBIT_DATA.unpack(command.data)
        key = crypto.purchase_session_key(session.key.key, session.rnd, image.offline, ttn)
        if mac1 != crypto.purchase_mac1(key, session.amount_fen, session.kind, session.terminal_id, date_time):
            return status(Sw.MAC_WRONG)
        return self._commit_debit(image, session, key, ttn, date_time)

    def _commit_debit(
        self, image: CardImage, session: _PurchaseSession, key: crypto.Key, ttn: int, date_time: bytes
    ) -> bytes:
        amount, kind, terminal_id = session.amount_fen, session.kind, session.terminal_id
        mac2 = crypto.purchase_mac2(key, amount)
        tac = crypto.tac(image.keys.tac, crypto.purchase_tac_input(amount, kind, terminal_id, ttn, date_time))
        before = image.offline
        image.balance_fen -= amount
        image.offline = before + 1
        if session.record is not None:
            image.capp = session.record
            image.proof_capp = _proof(image, before, mac2, tac)
        else:
            image.proof_plain = _proof(image, before, mac2, tac)
        _append_log(image, before, amount, kind, terminal_id, date_time)
        self._commit(image)
        return tac + mac2 + _OK

    def _credit(self, command: CommandApdu, image: CardImage, session: _Session) -> bytes:
        if not isinstance(session, _LoadSession):
            return status(Sw.ORDER)
        if (command.p1, command.p2) != (0x00, 0x00):
            return status(Sw.WRONG_P1P2)
        if len(command.data) != _CREDIT_DATA.size:
            return status(Sw.WRONG_LENGTH)
        date_time, mac2 = _CREDIT_DATA.unpack(command.data)
        amount, kind, terminal_id = session.amount_fen, crypto.TYPE_EP_LOAD, session.terminal_id
        if mac2 != crypto.load_mac2(session.session, amount, kind, terminal_id, date_time):
            return status(Sw.MAC_WRONG)
        before = image.online
        balance = image.balance_fen + amount
        tac_input = crypto.load_tac_input(balance, before, amount, kind, terminal_id, date_time)
        tac = crypto.tac(image.keys.tac, tac_input)
        image.balance_fen = balance
        image.online = before + 1
        image.proof_load = _proof(image, before, mac2, tac)
        _append_log(image, before, amount, kind, terminal_id, date_time)
        self._commit(image)
        return tac + _OK

    def _prove(self, command: CommandApdu, image: CardImage) -> bytes:
        if not self._selected:
            return status(Sw.CONDITIONS)
        if len(command.data) != 2:
            return status(Sw.WRONG_LENGTH)
        proofs = {
            crypto.TYPE_EP_LOAD: image.proof_load,
            crypto.TYPE_EP_PURCHASE: image.proof_plain,
            crypto.TYPE_CAPP_PURCHASE: image.proof_capp,
        }
        proof: tuple[int, bytes, bytes] = _PROOF.unpack(proofs.get(command.p2, bytes(_PROOF.size)))
        number, mac, tac = proof
        if not any(mac + tac) or number != int.from_bytes(command.data, "big"):
            return status(Sw.NO_PROOF)
        return (mac + tac if image.prove_order is ProveOrder.MAC_TAC else tac + mac) + _OK

    def _commit(self, image: CardImage) -> None:
        """One store for all of it. Without power meanwhile: if the store raises, only a new power_on wakes the card."""
        self._image = None
        self._memory.store(image.encode())
        self._image = image


def read_from(content: bytes, command: CommandApdu) -> bytes:
    """READ BINARY of a transparent file: 6B00 beyond its end, 6Cxx when fewer bytes are left than wanted."""
    left = len(content) - command.p2
    if left <= 0:
        return status(Sw.WRONG_OFFSET)
    wanted = left if command.le in (None, 256) else command.le or 0
    if wanted > left:
        return bytes((0x6C, left))
    return content[command.p2 : command.p2 + wanted] + _OK


def _find(keys: tuple[CardKey, ...], key_id: int) -> CardKey | None:
    for key in keys:
        if key.key_id == key_id:
            return key if crypto.is_supported(key.algorithm) else None
    return None


def _names_capp(command: CommandApdu, image: CardImage) -> bool:
    """By number 1, or by the record's tag."""
    by_number = command.p2 & 7 == 4
    return command.p1 == 1 if by_number else command.p2 & 7 == 0 and command.p1 == image.capp[0]


def _log_record(image: CardImage, command: CommandApdu) -> bytes:
    if command.p2 & 7 != 4 or command.p1 == 0:
        return b""
    start = (command.p1 - 1) * LOG_RECORD_SIZE
    record = image.log[start : start + LOG_RECORD_SIZE]
    return record if any(record) else b""


def _append_log(image: CardImage, before: int, amount: int, kind: int, terminal_id: bytes, date_time: bytes) -> None:
    number = before + (image.log_number is Number.AFTER)
    record = _LOG.pack(number, image.overdraft, amount, kind, terminal_id, date_time)
    image.log = (record + image.log)[:LOG_SIZE]


def _proof(image: CardImage, before: int, mac: bytes, tac: bytes) -> bytes:
    return _PROOF.pack(before + (image.prove_number is Number.AFTER), mac, tac)
