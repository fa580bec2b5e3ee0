"""A reader with a card in its field, over PC/SC: the CardChannel of a real POS.

One laying is one card: once lost it stays lost, and the next laying is a new one. Retries are bounded and happen only
where nothing can have been done: while connecting, and at a first SELECT. Every other failure is CardLost.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

from edge.card.reader.bounded import Stuck, Worker
from edge.card.reader.door import Connection, Context, PcscError, State
from edge.card.reader.faults import MAY_PASS, Meaning, of_connect
from shared.errors import ConfigFault
from shared.purse.apdu import CardChannel, T0Channel, WholeChannel
from shared.purse.errors import ApduError, CardLost
from shared.words.voice import Text

CONNECT_TRIES = 10
CONNECT_PAUSE_S = 0.03
CONNECT_S = 3.0
"""Powering a card on, all tries together: an ISO card may take a second for its ATR."""
ANSWER_S = 3.0
"""One command, on T=0 with all its parts. The slowest of a purse, EEPROM and all, takes 0.1 s; a reader's own time-out
is above 1 s."""
LOOK_S = 1.0
"""A question to pcscd alone: it knows the answer."""
FIRST_TRIES = 3
_SELECT = 0xA4


class NoCard(CardLost):
    """Nothing can be reached in the field; `why` says it for the display."""

    def __init__(self, why: Meaning) -> None:
        super().__init__(why.value)
        self.why = why

    @property
    def may_come(self) -> bool:
        """Is it worth waiting for a card, or has somebody to mend the reader first?"""
        return self.why not in (Meaning.NO_READER, Meaning.NO_SERVICE, Meaning.STUCK)


class Reader:
    """One reader by its PC/SC name. Holds a thread and, while cards lie in it, one line to pcscd."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._worker = Worker(f"reader {name}")
        self._context: Context | None = None
        self._open: Connection | None = None
        """The connection that is not closed yet, ours or one that came too late; the worker's thread alone sets it."""

    def lay(self) -> LaidCard:
        """The card that lies there now, powered. NoCard."""
        return LaidCard(self, self.connect())

    def look(self) -> State:
        """What pcscd knows of the field, without touching the card. NoCard: nothing can be asked, it says why."""
        try:
            return self._worker.call(self._look, LOOK_S)
        except Stuck:
            raise NoCard(Meaning.STUCK) from None
        except PcscError as error:
            raise NoCard(of_connect(error.code)) from error

    def connect(self) -> Connection:
        """CONNECT_TRIES and CONNECT_S at the most; NoCard with the last reason."""
        until_s = time.monotonic() + CONNECT_S
        for attempt in range(1, CONNECT_TRIES + 1):
            try:
                return self._worker.call(self._connect, until_s - time.monotonic())
            except Stuck:
                raise NoCard(Meaning.STUCK) from None
            except PcscError as error:
                why = of_connect(error.code)
            if why not in MAY_PASS or attempt == CONNECT_TRIES or time.monotonic() + CONNECT_PAUSE_S > until_s:
                raise NoCard(why)
            time.sleep(CONNECT_PAUSE_S)
        raise NoCard(Meaning.AGAIN)

    def transmit(self, connection: Connection, apdu: bytes, until_s: float) -> bytes:
        """One exchange; CardLost for whatever goes wrong, and when the monotonic clock says until_s."""
        try:
            return self._worker.call(lambda: connection.transmit(apdu), until_s - time.monotonic())
        except (PcscError, Stuck) as error:
            raise CardLost(str(error)) from error

    def release(self, connection: Connection, *, lost: bool) -> None:
        """Let go of a card. A reader that is stuck lets go at the next connect after it came back."""
        with suppress(Stuck):
            self._worker.call(lambda: self._let_go(connection, lost=lost), CONNECT_S)

    def close(self) -> None:
        """Give the reader back."""
        with suppress(Stuck):
            self._worker.call(self._leave, CONNECT_S)
        self._worker.close()

    def _connect(self) -> Connection:
        if self._open is not None:
            self._let_go(self._open, lost=True)
        if self._context is None:
            self._context = Context()
        try:
            self._open = self._context.connect(self.name)
        except PcscError as error:
            if of_connect(error.code) is Meaning.NO_SERVICE:
                self._leave()
            raise
        return self._open

    def _look(self) -> State:
        if self._context is None:
            self._context = Context()
        try:
            return self._context.state(self.name)
        except PcscError as error:
            if of_connect(error.code) is Meaning.NO_SERVICE:
                self._leave()
            raise

    def _leave(self) -> None:
        """The line to pcscd ends: it is asked for anew, of a pcscd that may be another one."""
        context, self._context = self._context, None
        if context is not None:
            context.close()

    def _let_go(self, connection: Connection, *, lost: bool) -> None:
        if self._open is connection:
            self._open = None
            connection.close(lost=lost)


class LaidCard:
    """A card in the field of a reader, until it is lost or the block ends: a CardChannel that hides T=0, 61xx, 6Cxx."""

    def __init__(self, reader: Reader, connection: Connection) -> None:
        self._reader = reader
        self._connection: Connection | None = connection
        self._is_fresh = True

    @property
    def channel(self) -> CardChannel:
        return self

    def transmit(self, apdu: bytes, /) -> bytes:
        """CardLost when no whole answer came; then for every further command, too."""
        first = self._is_fresh and apdu[1] == _SELECT
        answer = self._first(apdu) if first else self._once(apdu)
        self._is_fresh = False
        return answer

    def close(self) -> None:
        """The card is reset and let go."""
        self._release(lost=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _first(self, apdu: bytes) -> bytes:
        """A connect may succeed on a slot whose card has just left; a SELECT does no harm twice."""
        for _ in range(FIRST_TRIES - 1):
            with suppress(CardLost):
                return self._once(apdu)
            self._connection = self._reader.connect()
        return self._once(apdu)

    def _once(self, apdu: bytes) -> bytes:
        connection = self._connection
        if connection is None:
            raise CardLost("the card has left")
        exchange = _Exchange(self._reader, connection)
        try:
            return (T0Channel if connection.is_t0 else WholeChannel)(exchange).transmit(apdu)
        except ApduError as nonsense:
            self._release(lost=False)
            raise CardLost(str(nonsense)) from nonsense
        except CardLost:
            self._release(lost=True)
            raise

    def _release(self, *, lost: bool) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            self._reader.release(connection, lost=lost)


class _Exchange:
    """The bare line of one connection for one command."""

    def __init__(self, reader: Reader, connection: Connection) -> None:
        self._reader = reader
        self._connection = connection
        self._until_s = time.monotonic() + ANSWER_S

    def transmit(self, apdu: bytes, /) -> bytes:
        return self._reader.transmit(self._connection, apdu, self._until_s)


@dataclass(frozen=True, slots=True)
class FoundReader:
    """A reader of this machine; `atr` is that of the card in it, empty without one."""

    name: str
    atr: bytes
    is_held: bool
    """Another program, or another till, has the card for itself."""


def found_readers() -> tuple[FoundReader, ...]:
    """All readers of this machine; ConfigFault without pyscard or pcscd, or when it does not answer in CONNECT_S."""
    worker = Worker("readers")
    try:
        return worker.call(_look, CONNECT_S)
    except PcscError as error:
        raise ConfigFault(f"{of_connect(error.code).value} ({error})") from error
    except Stuck as stuck:
        raise ConfigFault(Meaning.STUCK.value) from stuck
    finally:
        worker.close()


def require_readers(names: Iterable[str]) -> None:
    """ConfigFault, with what there is, when one of these is not here or nothing can be asked at all."""
    found = [reader.name for reader in found_readers()]
    for name in names:
        if name not in found:
            raise ConfigFault(_no_reader(name, found))


def _no_reader(name: str, found: Sequence[str]) -> Text:
    if not found:
        return Text(f"没有读卡器 {name}；本机一台也没有", f"no reader {name}; there is none here")
    zh, en = "、".join(found), ", ".join(found)
    return Text(f"没有读卡器 {name}；本机有：{zh}", f"no reader {name}; there are: {en}")


def _look() -> tuple[FoundReader, ...]:
    context = Context()
    try:
        states = ((name, context.state(name)) for name in context.readers())
        return tuple(FoundReader(name, state.atr, state.is_held) for name, state in states)
    finally:
        context.close()
