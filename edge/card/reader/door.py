"""The door to PC/SC (pyscard): contexts, readers, connections, and its error codes as one error.

Uses the C calls, not pyscard's classes, whose exceptions lose the code. Every call blocks; who calls bounds it. A
transmit that "succeeds" without a status word is an error here, too: that is how a card pulled meanwhile looks.
"""

from __future__ import annotations

from types import ModuleType
from typing import NamedTuple

from shared.errors import ConfigFault, YktError
from shared.words.voice import Text

WITHOUT_PYSCARD = Text(
    "未安装 pyscard：真实读卡器需要附加依赖 cards，及 Debian 软件包 pcscd libpcsclite-dev swig gcc python3-dev\n"
    "（用 ./ykt 启动时自动安装）",
    "pyscard is not installed: real readers need the extra `cards` and the Debian packages pcscd libpcsclite-dev\n"
    "swig gcc python3-dev (./ykt installs them by itself)",
)


class PcscError(YktError):
    """A PC/SC call failed; `code` is its unsigned result."""

    def __init__(self, call: str, code: int) -> None:
        super().__init__(f"{call}: {code:08X}")
        self.code = code


def _scard() -> ModuleType:
    """pyscard's C calls; imported late, so that a terminal without readers needs neither it nor libpcsclite."""
    try:
        from smartcard import scard
    except ImportError as missing:
        raise ConfigFault(WITHOUT_PYSCARD) from missing
    found: ModuleType = scard
    return found


class State(NamedTuple):
    """Of a reader, without touching what lies in it. atr: empty without a card; is_held: by somebody exclusively;
    changes: how often a card has come or gone there, as pcscd counts."""

    atr: bytes
    is_held: bool
    changes: int = 0


_COUNT_BITS = 16
"""The upper half of a reader's state counts its events."""


class Connection:
    """One card, powered, held by us alone."""

    def __init__(self, scard: ModuleType, handle: object, protocol: int) -> None:
        self._scard = scard
        self._handle = handle
        self.is_t0 = protocol == scard.SCARD_PROTOCOL_T0
        self._header = scard.SCARD_PCI_T0 if self.is_t0 else scard.SCARD_PCI_T1

    def transmit(self, apdu: bytes) -> bytes:
        """At least a status word. PcscError; then nobody knows what the card did."""
        code, answer = self._scard.SCardTransmit(self._handle, self._header, list(apdu))
        if code != 0 or len(answer) < 2:
            raise PcscError("SCardTransmit", code & 0xFFFFFFFF)
        return bytes(answer)

    def close(self, *, lost: bool) -> None:
        """Let go of it; a card that is there is reset, so that nobody inherits a PIN that was verified. Never fails.

        lost: it is left alone. A reset that fails makes pcscd write "absent" over what its own watch of the reader
        knows; a card put in before the next look would then be absent until it is taken out again.
        """
        how = self._scard.SCARD_LEAVE_CARD if lost else self._scard.SCARD_RESET_CARD
        self._scard.SCardDisconnect(self._handle, how)


class Context:
    """A line to pcscd; for one thread at a time."""

    def __init__(self) -> None:
        """ConfigFault without pyscard, PcscError without pcscd."""
        self._scard = _scard()
        code, self._context = self._scard.SCardEstablishContext(self._scard.SCARD_SCOPE_SYSTEM)
        _check("SCardEstablishContext", code)

    def readers(self) -> tuple[str, ...]:
        """The names of all readers, with or without a card."""
        code, names = self._scard.SCardListReaders(self._context, [])
        if code & 0xFFFFFFFF == 0x8010002E:  # no reader at all
            return ()
        _check("SCardListReaders", code)
        return tuple(names)

    def state(self, reader: str) -> State:
        """What pcscd knows of a reader now. PcscError."""
        unaware = (reader, self._scard.SCARD_STATE_UNAWARE)
        code, states = self._scard.SCardGetStatusChange(self._context, 0, [unaware])
        _check("SCardGetStatusChange", code)
        _, flags, atr = states[0]
        there = flags & self._scard.SCARD_STATE_PRESENT
        held = bool(flags & self._scard.SCARD_STATE_EXCLUSIVE)
        return State(bytes(atr) if there else b"", held, flags >> _COUNT_BITS & 0xFFFF)

    def connect(self, reader: str) -> Connection:
        """The card in this reader, powered; T=1 where it has both. PcscError."""
        protocols = self._scard.SCARD_PROTOCOL_T0 | self._scard.SCARD_PROTOCOL_T1
        code, handle, protocol = self._scard.SCardConnect(
            self._context, reader, self._scard.SCARD_SHARE_EXCLUSIVE, protocols
        )
        _check("SCardConnect", code)
        return Connection(self._scard, handle, protocol)

    def close(self) -> None:
        """Never fails."""
        self._scard.SCardReleaseContext(self._context)


def _check(call: str, code: int) -> None:
    if code != 0:
        raise PcscError(call, code & 0xFFFFFFFF)
