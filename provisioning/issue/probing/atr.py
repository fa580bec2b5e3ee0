"""The answer to reset of a card (ISO 7816-3), as far as an order is decided by it. Pure."""

from dataclasses import dataclass

from shared.errors import WireFault
from shared.words.voice import Text

_TS = (0x3B, 0x3F)
_FI = (372, 372, 558, 744, 1116, 1488, 1860, 0, 0, 512, 768, 1024, 1536, 2048, 0, 0)
_DI = (0, 1, 2, 4, 8, 16, 32, 64, 12, 20, 0, 0, 0, 0, 0, 0)
_DEFAULT = 0x11
_NEAR = (0x80, 0x01)
"""TD1 and TD2 of the ATR that PC/SC makes for a contactless card."""


@dataclass(frozen=True, slots=True)
class Atr:
    """protocols: T= numbers, in its order. fi, di: clock and divisor of TA1, 0 reserved. is_near: contactless."""

    protocols: tuple[int, ...]
    fi: int
    di: int
    history: bytes
    is_near: bool

    @property
    def cycles(self) -> float:
        """Clocks a bit; 0 when it is reserved."""
        return self.fi / self.di if self.fi and self.di else 0.0


def parse(raw: bytes) -> Atr:
    """WireFault when it is none: a wrong first byte, too short, too long, a wrong check byte."""
    if len(raw) < 2 or raw[0] not in _TS:
        raise WireFault(Text("ATR 首字节不对", "the ATR begins otherwise"))
    at, more, ta1, protocols, tds = 2, raw[1] >> 4, _DEFAULT, [], []
    first = True
    while more:
        size = bin(more & 0b0111).count("1")
        block = raw[at : at + size + (more >> 3)]
        if len(block) < size + (more >> 3):
            raise WireFault(Text("ATR 太短", "the ATR is too short"))
        if first and more & 1:
            ta1 = block[0]
        at, first = at + len(block), False
        more = block[-1] >> 4 if more & 8 else 0
        if len(block) > size:
            protocols.append(block[-1] & 15)
            tds.append(block[-1])
    history = raw[at : at + (raw[1] & 15)]
    end = at + len(history)
    needs_check = any(protocol for protocol in protocols)
    if len(history) < raw[1] & 15 or len(raw) != end + needs_check:
        raise WireFault(Text("ATR 长度不对", "the ATR has another length"))
    if needs_check and _folded(raw[1:]):
        raise WireFault(Text("ATR 校验不对", "the ATR's check byte is wrong"))
    known = tuple(dict.fromkeys(one for one in protocols if one != 15)) or (0,)
    return Atr(known, _FI[ta1 >> 4], _DI[ta1 & 15], history, tuple(tds[:2]) == _NEAR)


def _folded(octets: bytes) -> int:
    check = 0
    for octet in octets:
        check ^= octet
    return check
