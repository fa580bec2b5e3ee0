"""ISO 7816-4 short APDUs, status words, and the one-method port to a card.

Refuses extended length. What a status word on a *debit* proves is decided here (`debit_verdict`): a word that is
not known to mean "not executed" is an unknown outcome, never "not debited" (pboc research, section 2).
"""

from __future__ import annotations

from collections.abc import Container
from enum import Enum, IntEnum
from typing import NamedTuple, Protocol

from shared.purse.errors import ApduError
from shared.words.voice import Text

MAX_DATA = 255
MAX_GET_RESPONSE = 16
"""A T=0 card that announces more parts than this is broken: the exchange ends as CardLost does, by an error."""


class CardChannel(Protocol):
    """A card, a PSAM, or what stands between. `transmit` raises CardLost when there is no answer."""

    def transmit(self, apdu: bytes, /) -> bytes: ...


class CommandApdu(NamedTuple):
    """One command. `le` is None (no data wanted) or 1..256."""

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes = b""
    le: int | None = None

    def encode(self) -> bytes:
        if len(self.data) > MAX_DATA or (self.le is not None and not 1 <= self.le <= 256):
            raise ApduError("not a short APDU")
        body = bytes((len(self.data),)) + self.data if self.data else b""
        tail = b"" if self.le is None else bytes((self.le & 0xFF,))
        return bytes((self.cla, self.ins, self.p1, self.p2)) + body + tail

    @classmethod
    def decode(cls, raw: bytes) -> CommandApdu:
        """Cases 1 to 4, short form; ApduError for anything else."""
        size = len(raw)
        if size < 4:
            raise ApduError("shorter than a header")
        cla, ins, p1, p2 = raw[:4]
        if size == 4:
            return cls(cla, ins, p1, p2)
        if size == 5:
            return cls(cla, ins, p1, p2, b"", raw[4] or 256)
        end = 5 + raw[4]
        if raw[4] == 0 or size not in (end, end + 1):
            raise ApduError("length byte and length differ")
        le = (raw[end] or 256) if size > end else None
        return cls(cla, ins, p1, p2, raw[5:end], le)


class ResponseApdu(NamedTuple):
    """One answer: data and the 16-bit status word."""

    data: bytes
    sw: int

    def encode(self) -> bytes:
        return self.data + self.sw.to_bytes(2, "big")

    @classmethod
    def decode(cls, raw: bytes) -> ResponseApdu:
        if not 2 <= len(raw) <= 258:
            raise ApduError("no status word")
        return cls(raw[:-2], raw[-2] << 8 | raw[-1])

    @classmethod
    def of_any(cls, raw: bytes) -> ResponseApdu:
        """The same for flows, which judge by status word: bytes that are no answer have the word 0000."""
        return cls.decode(raw) if 2 <= len(raw) <= 258 else cls(b"", 0)


class Sw(IntEnum):
    """The status words of section 2 that this package sends or decides by."""

    OK = 0x9000
    DATA_CORRUPT = 0x6281
    KEY_CHECKSUM = 0x6283
    AUTH_ID_WRONG = 0x6300
    MEMORY_FAILED = 0x6581
    WRONG_LENGTH = 0x6700
    SM_UNKNOWN = 0x6882
    ORDER = 0x6901
    FILE_KIND = 0x6981
    SECURITY = 0x6982
    LOCKED = 0x6983
    NO_CHALLENGE = 0x6984
    CONDITIONS = 0x6985
    NO_CURRENT_FILE = 0x6986
    SM_MISSING = 0x6987
    SM_WRONG = 0x6988
    WRONG_DATA = 0x6A80
    APP_BLOCKED = 0x6A81
    FILE_NOT_FOUND = 0x6A82
    RECORD_NOT_FOUND = 0x6A83
    NO_SPACE = 0x6A84
    WRONG_P1P2 = 0x6A86
    REFERENCE_NOT_FOUND = 0x6A88
    WRONG_OFFSET = 0x6B00
    INS_UNKNOWN = 0x6D00
    CLA_UNKNOWN = 0x6E00
    MAC_WRONG = 0x9302
    LOCKED_FOR_EVER = 0x9303
    BALANCE = 0x9401
    COUNTER_FULL = 0x9402
    KEY_NOT_FOUND = 0x9403
    NO_PROOF = 0x9406
    CAPP_LOCKED = 0x9407
    GREY_LOCKED = 0x9408


_SW_TEXT = {
    Sw.OK: Text("成功", "done"),
    Sw.DATA_CORRUPT: Text("数据可能损坏", "data may be corrupt"),
    Sw.KEY_CHECKSUM: Text("文件或密钥校验错", "file or key checksum wrong"),
    Sw.AUTH_ID_WRONG: Text("认证识别码错误", "authentication code wrong"),
    Sw.MEMORY_FAILED: Text("写存储器失败", "writing the memory failed"),
    Sw.WRONG_LENGTH: Text("长度错误", "wrong length"),
    Sw.SM_UNKNOWN: Text("不支持安全报文", "no secure messaging for this command"),
    Sw.ORDER: Text("命令顺序错误", "command out of order"),
    Sw.FILE_KIND: Text("文件类型不符", "wrong kind of file"),
    Sw.SECURITY: Text("安全状态不满足", "security status not met"),
    Sw.LOCKED: Text("密钥已锁定", "key locked"),
    Sw.NO_CHALLENGE: Text("未取随机数", "no challenge asked"),
    Sw.CONDITIONS: Text("使用条件不满足", "conditions not met"),
    Sw.NO_CURRENT_FILE: Text("没有当前文件", "no current file"),
    Sw.SM_MISSING: Text("缺少安全报文", "secure messaging missing"),
    Sw.SM_WRONG: Text("安全报文错误", "secure messaging wrong"),
    Sw.WRONG_DATA: Text("数据域错误", "wrong data"),
    Sw.APP_BLOCKED: Text("应用或功能锁定", "application blocked or not supported"),
    Sw.FILE_NOT_FOUND: Text("未找到文件", "file not found"),
    Sw.RECORD_NOT_FOUND: Text("未找到记录", "record not found"),
    Sw.NO_SPACE: Text("空间不足", "no space"),
    Sw.WRONG_P1P2: Text("参数错误", "wrong P1 or P2"),
    Sw.REFERENCE_NOT_FOUND: Text("未找到引用数据", "referenced data not found"),
    Sw.WRONG_OFFSET: Text("偏移越界", "offset outside the file"),
    Sw.INS_UNKNOWN: Text("不支持的指令", "unknown instruction"),
    Sw.CLA_UNKNOWN: Text("不支持的类别", "unknown class"),
    Sw.MAC_WRONG: Text("MAC 错误", "MAC wrong"),
    Sw.LOCKED_FOR_EVER: Text("应用永久锁定", "locked for ever"),
    Sw.BALANCE: Text("余额不足", "balance too low"),
    Sw.COUNTER_FULL: Text("交易计数器达到最大值", "counter at its maximum"),
    Sw.KEY_NOT_FOUND: Text("密钥不支持", "key not found"),
    Sw.NO_PROOF: Text("所需 MAC 不可用", "proof not available"),
    Sw.CAPP_LOCKED: Text("复合应用锁定", "CAPP record locked"),
    Sw.GREY_LOCKED: Text("电子钱包灰锁", "purse grey-locked"),
}


_WITH_MAC = 0x04
"""Bit of the classes 04 and 84: the command comes under secure messaging."""
_CLASSES = frozenset((0x00, 0x04, 0x80, 0x84))


def word_of_unheard(command: CommandApdu, known: Container[int]) -> Sw:
    """Why a card that knows these (CLA and INS) does not know this one: its class, its protection, or its instruction.

    6E00; 6882 where the command is known without secure messaging only; 6987 where with it only; else 6D00.
    """
    if command.cla not in _CLASSES:
        return Sw.CLA_UNKNOWN
    if (command.cla ^ _WITH_MAC) << 8 | command.ins not in known:
        return Sw.INS_UNKNOWN
    return Sw.SM_UNKNOWN if command.cla & _WITH_MAC else Sw.SM_MISSING


def sw_text(sw: int) -> Text:
    """The meaning of any status word."""
    if sw in _SW_TEXT:
        return _SW_TEXT[Sw(sw)]
    if sw & 0xFFF0 == 0x63C0:
        return Text(f"验证失败，剩余 {sw & 15} 次", f"verification failed, {sw & 15} tries left")
    if sw >> 8 in (0x61, 0x6C):
        return Text(f"应答长度 {sw & 0xFF}", f"answer has {sw & 0xFF} bytes")
    return Text(f"未知状态字 {sw:04X}", f"unknown status word {sw:04X}")


class DebitVerdict(Enum):
    """What the status word of a debit or credit proves about the purse."""

    DONE = "done"
    NOT_DONE = "not done"
    UNKNOWN = "unknown"


SW_NOT_EXECUTED = frozenset(
    (Sw.MAC_WRONG, Sw.BALANCE, Sw.COUNTER_FULL, Sw.WRONG_LENGTH, Sw.WRONG_P1P2, Sw.INS_UNKNOWN, Sw.CLA_UNKNOWN)
)
"""Words that every card we know sends only before it writes. 6901 is absent on purpose: a repeated debit gets it."""


def debit_verdict(sw: int, not_executed: frozenset[int] = SW_NOT_EXECUTED) -> DebitVerdict:
    """The status-word map of a profile applied to the answer of 8054 or 8052."""
    if sw == Sw.OK:
        return DebitVerdict.DONE
    return DebitVerdict.NOT_DONE if sw in not_executed else DebitVerdict.UNKNOWN


_FETCHED = frozenset((b"\x90", b"\x61", b"\x62", b"\x63"))
"""First bytes of the words under which GET RESPONSE gives what it was asked for."""


def says_mac_wrong(sw: int) -> bool:
    """Whether a PSAM's answer to a MAC2 says that it is wrong: 9302, 6988, or 63Cx with the tries that are left."""
    return sw in (Sw.MAC_WRONG, Sw.SM_WRONG) or sw & 0xFFF0 == 0x63C0


class WholeChannel:
    """Hides 61xx and 6Cxx: the caller sees one command and one answer. ISO 7816-4 allows both on any protocol.

    61xx says that the command was done. A refusal of GET RESPONSE says nothing of it: the answer then ends in 61xx.
    """

    def __init__(self, channel: CardChannel) -> None:
        self._channel = channel

    def transmit(self, apdu: bytes, /) -> bytes:
        """One exchange; ApduError if the card announces more than MAX_GET_RESPONSE parts."""
        raw, data, more = self._ask(apdu), b"", b""
        for _ in range(MAX_GET_RESPONSE):
            if more and raw[-2:-1] not in _FETCHED:
                return data + more
            if len(raw) < 2 or raw[-2] != 0x61:
                return data + raw
            data, more = data + raw[:-2], raw[-2:]
            raw = self._ask(bytes((0x00, 0xC0, 0x00, 0x00, raw[-1])))
        raise ApduError("endless GET RESPONSE")

    def _ask(self, apdu: bytes) -> bytes:
        """6Cxx: nothing was done, and asked with the right length it will be."""
        raw = self._channel.transmit(apdu)
        return self._channel.transmit(_with_le(apdu, raw[1])) if len(raw) == 2 and raw[0] == 0x6C else raw


class T0Channel:
    """A contact card on T=0, as WholeChannel. T=0 has no room for data and Le in one command: the Le is left out."""

    def __init__(self, channel: CardChannel) -> None:
        self._whole = WholeChannel(channel)

    def transmit(self, apdu: bytes, /) -> bytes:
        """One exchange; ApduError as WholeChannel."""
        return self._whole.transmit(_without_le(apdu))


def _without_le(apdu: bytes) -> bytes:
    """A command with data and Le loses its Le; every other one is as it was."""
    return apdu[:-1] if len(apdu) > 5 and len(apdu) == 6 + apdu[4] else apdu


def _with_le(apdu: bytes, le: int) -> bytes:
    command = CommandApdu.decode(apdu)
    return command._replace(le=le or 256).encode()
