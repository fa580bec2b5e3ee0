"""Client of the key process: asks for operations over its local socket, holds no key (DESIGN 10).

Blocking, one connection, bounded in time; a connection that died is made anew once per call. Refuses to guess:
an answer that is not exactly what was asked for is a KeyFault, and never a verdict.
"""

import socket
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cloud.key_faults import KeyProcessAway, KeyRefused
from shared.errors import KeyFault, WireFault
from shared.purse.load_auth import LoadAuth
from shared.purse.tac import ITEM_SIZE
from shared.wire import codec
from shared.wire.keyproc import FRAME_MAX, LENGTH, Op

TIMEOUT_S = 2.0
"""Longest that one call may take, connecting included; at the bound it is KeyProcessAway."""
ITEMS_MAX = 16_384
"""TAC items per request, below FRAME_MAX; more are asked for in turn."""
_MAC2_SIZE = 4


class KeyClient:
    """Asks the key process at `path`. Not thread-safe: it belongs to the ledger thread."""

    def __init__(self, path: Path, timeout_s: float = TIMEOUT_S) -> None:
        self._path = path
        self._timeout_s = timeout_s
        self._socket: socket.socket | None = None

    def check_tac(self, items: bytes) -> bytes:
        """One TacVerdict byte per 41-byte item (shared.purse.tac), in order. KeyFault when refused or away."""
        step = ITEMS_MAX * ITEM_SIZE
        return b"".join(self._check_tac(items[at : at + step]) for at in range(0, len(items), step))

    def load_check(self, auth: LoadAuth) -> bool:
        """Is MAC1 of this load the card's own? KeyFault when refused or away."""
        answer = self._ask(Op.LOAD_CHECK, *auth)
        if not isinstance(answer, bool):
            raise KeyFault("load check: the answer is not yes or no")
        return answer

    def load_mac2(self, auth: LoadAuth, time_s: int) -> bytes:
        """4-byte MAC2 for this host time (s since 2000). KeyFault when refused (MAC1 is wrong) or away."""
        answer = self._ask(Op.LOAD_MAC2, *auth, time_s)
        if not isinstance(answer, bytes) or len(answer) != _MAC2_SIZE:
            raise KeyFault("load: the answer is not a MAC2")
        return answer

    def close(self) -> None:
        """Let the connection go. Idempotent; the next call connects again."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _check_tac(self, items: bytes) -> bytes:
        answer = self._ask(Op.TAC, items)
        if not isinstance(answer, bytes) or len(answer) != len(items) // ITEM_SIZE:
            raise KeyFault("TAC: not one verdict per item")
        return answer

    def _ask(self, *request: object) -> Any:  # noqa: ANN401  # each public method checks its own type
        body = codec.dumps(list(request))
        if len(body) > FRAME_MAX:
            raise KeyFault(f"request of {len(body)} bytes")
        return _result(self._exchange(LENGTH.pack(len(body)) + body))

    def _exchange(self, frame: bytes) -> bytes:
        """One question and its answer; a second connection only when the first one was an old one."""
        until = time.monotonic() + self._timeout_s
        if self._socket is not None:
            try:
                return self._speak(self._socket, frame, until)
            except OSError:
                self.close()  # the key process was restarted in between: its operations may be asked twice
        try:
            return self._speak(self._connected(until), frame, until)
        except OSError as fault:
            self.close()
            raise KeyProcessAway(f"key process: {type(fault).__name__}") from fault

    def _connected(self, until: float) -> socket.socket:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(_left(until))
        self._socket.connect(str(self._path))
        return self._socket

    def _speak(self, peer: socket.socket, frame: bytes, until: float) -> bytes:
        peer.settimeout(_left(until))
        peer.sendall(frame)
        (size,) = LENGTH.unpack(_read(peer, LENGTH.size, until))
        if not 0 < size <= FRAME_MAX:
            raise ConnectionError("an answer of impossible length")
        return _read(peer, size, until)


def _result(raw: bytes) -> Any:  # noqa: ANN401  # straight from CBOR
    try:
        granted, result = codec.fields(codec.loads(raw), bool, object, what="key process")
    except WireFault as fault:
        raise KeyFault("key process: malformed answer") from fault
    if not granted:
        raise KeyRefused(str(result)[:200])
    return result


def _read(peer: socket.socket, size: int, until: float) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        peer.settimeout(_left(until))
        part = peer.recv(size - len(parts))
        if not part:
            raise ConnectionError("closed in the middle of an answer")
        parts += part
    return bytes(parts)


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError("no time left")
    return left
