"""What an error of PC/SC means to a till: only of a connect. An error of a transmit always means the same.

After a transmit that failed, whatever its code, nobody knows what the card did: that is CardLost, and of a debit it is
an unknown outcome, never "not debited". Codes as seen with pcscd 2.3 (pboc research, part 6) and PC/SC's own list.
"""

from __future__ import annotations

from enum import Enum

from shared.words.voice import Text


class Meaning(Enum):
    """Of a connect that failed."""

    ABSENT = Text("没有卡", "no card")
    AGAIN = Text("卡尚未就绪", "the card is not ready yet")
    BUSY = Text("读卡器正被别的程序占用", "another program holds the reader")
    NO_READER = Text("没有这台读卡器", "there is no such reader")
    NO_SERVICE = Text("读卡服务 pcscd 没有运行", "pcscd is not running")
    STUCK = Text("读卡器没有反应", "the reader does not react")
    FOREIGN = Text("卡无法使用", "this card cannot be used")


_OF_CONNECT = {
    0x80100003: Meaning.NO_SERVICE,  # the context is of a pcscd that has gone
    0x80100009: Meaning.NO_READER,
    0x8010000B: Meaning.BUSY,
    0x8010000C: Meaning.ABSENT,
    0x8010000F: Meaning.FOREIGN,  # neither T=0 nor T=1
    0x80100010: Meaning.AGAIN,
    0x80100013: Meaning.NO_SERVICE,
    0x80100016: Meaning.AGAIN,
    0x80100017: Meaning.NO_READER,
    0x8010001D: Meaning.NO_SERVICE,
    0x8010001E: Meaning.NO_SERVICE,
    0x8010002E: Meaning.NO_READER,
    0x8010002F: Meaning.AGAIN,  # comm data lost
    0x80100065: Meaning.FOREIGN,  # an ATR that cannot be understood
    0x80100066: Meaning.AGAIN,  # unresponsive: half in the reader
    0x80100067: Meaning.AGAIN,  # unpowered: being put in
    0x80100068: Meaning.AGAIN,  # was reset
    0x80100069: Meaning.ABSENT,
}


def of_connect(code: int) -> Meaning:
    """The meaning of a connect's code; one that we do not know may pass by itself."""
    return _OF_CONNECT.get(code, Meaning.AGAIN)


MAY_PASS = frozenset((Meaning.AGAIN, Meaning.BUSY, Meaning.NO_SERVICE))
"""Worth another try at once; the others need somebody to do something."""
