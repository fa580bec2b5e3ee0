"""Client of the key process: asks for operations over its local socket, holds no key (DESIGN 10).

Blocking, one connection, bounded in time; a connection that died is made anew once per call. Refuses to guess:
an answer that is not exactly what was asked for is a KeyFault, and never a verdict.
"""

import socket
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cloud.keys.faults import KeyProcessAway, KeyRefused
from shared.errors import KeyFault, WireFault
from shared.fleet.document import SIGNATURE_SIZE, Head, SignedHead
from shared.keys.document_key import DocumentKey, document_key
from shared.keys.offline_code import Certificate, Phone
from shared.purse.load_auth import LoadAuth
from shared.purse.overdraft_auth import OverdraftAuth
from shared.purse.tac import ITEM_SIZE
from shared.purse.upkeep import ExternalAuthAsk, InternalAuthAsk, PinReloadAsk, UpkeepAsk
from shared.wire import codec
from shared.wire.keyproc import AWAY, FRAME_MAX, LENGTH, SIGNS, Op
from shared.wire.upkeep_frames import to_frame

TIMEOUT_S = 2.0
"""Longest that one call may take, connecting included; at the bound it is KeyProcessAway."""
ITEMS_MAX = 16_384
"""TAC items per request, below FRAME_MAX; more are asked for in turn."""
_MAC_SIZE, _BLOCK_SIZE, _KCV_SIZE = 4, 8, 3


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
        return self._yes(Op.LOAD_CHECK, *auth)

    def load_mac2(self, auth: LoadAuth, time_s: int) -> bytes:
        """4-byte MAC2 for this host time (s since 2000). KeyFault when refused (MAC1 is wrong) or away."""
        return self._octets(_MAC_SIZE, Op.LOAD_MAC2, *auth, time_s)

    def unload_check(self, auth: LoadAuth) -> bool:
        """Is MAC1 of this unload the card's own? KeyFault when refused or away."""
        return self._yes(Op.UNLOAD_CHECK, *auth)

    def unload_mac2(self, auth: LoadAuth, time_s: int) -> bytes:
        """4-byte MAC2 of an unload for this host time. KeyFault when refused (MAC1 is wrong) or away."""
        return self._octets(_MAC_SIZE, Op.UNLOAD_MAC2, *auth, time_s)

    def unload_mac3(self, auth: LoadAuth, time_s: int, mac3: bytes) -> bool:
        """Has the card debited itself for MAC2 of this host time? KeyFault when refused or away."""
        return self._yes(Op.UNLOAD_MAC3, *auth, time_s, mac3)

    def overdraft_check(self, auth: OverdraftAuth) -> bool:
        """Is MAC1 of this overdraft change the card's own? KeyFault when refused or away."""
        return self._yes(Op.OVERDRAFT_CHECK, *auth)

    def overdraft_mac2(self, auth: OverdraftAuth, time_s: int) -> bytes:
        """4-byte MAC2 of an overdraft change. KeyFault when refused (MAC1 is wrong) or away."""
        return self._octets(_MAC_SIZE, Op.OVERDRAFT_MAC2, *auth, time_s)

    def upkeep(self, ask: UpkeepAsk, key_version: int) -> bytes:
        """The whole protected command (APDU) of an operation on a card. KeyFault when refused or away."""
        frame = to_frame(ask.operation)
        return self._octets(None, Op.UPKEEP, ask.card, key_version, ask.challenge, frame)

    def pin_reload(self, ask: PinReloadAsk, key_version: int) -> bytes:
        """4-byte MAC over a new PIN. KeyFault when refused or away."""
        return self._octets(_MAC_SIZE, Op.PIN_RELOAD, ask.card, key_version, ask.pin)

    def external_auth(self, ask: ExternalAuthAsk, key_version: int) -> bytes:
        """8-byte cryptogram of a card's challenge. KeyFault when refused or away."""
        return self._octets(_BLOCK_SIZE, Op.EXTERNAL_AUTH, ask.card, key_version, ask.challenge)

    def internal_auth(self, ask: InternalAuthAsk, key_version: int) -> bool:
        """Did this card's own key make the answer? KeyFault when refused or away."""
        return self._yes(Op.INTERNAL_AUTH, ask.card, key_version, ask.data, ask.answer)

    def sign_document(self, head: Head) -> SignedHead:
        """The head with its kind's signature. KeyFault when refused (another role's kind, no such key) or away."""
        op = next((one for one, kinds in SIGNS.items() if head.kind in kinds), Op.SIGN_ORDER)
        raw = head.encode()
        return SignedHead(raw, self._octets(SIGNATURE_SIZE, op, raw))

    def sign_trust(self, covered: bytes) -> bytes:
        """Signature of a snapshot or timestamp of firmware releases. KeyFault when refused or away."""
        return self._octets(SIGNATURE_SIZE, Op.SIGN_TRUST, covered)

    def certify_phone(self, phone: Phone) -> Certificate:
        """A phone's certificate for offline codes. KeyFault when refused (beyond a bound, no key) or away."""
        return Certificate(phone, self._octets(SIGNATURE_SIZE, Op.CERTIFY_PHONE, phone.encode()))

    def document_keys(self) -> list[DocumentKey]:
        """The public half of every document key that the key process holds. KeyFault when refused or away."""
        answer = self._ask(Op.DOCUMENT_KEYS)
        try:
            rows = [codec.fields(row, int, int, bytes, bytes, what="document key") for row in answer]
            return [document_key(*row) for row in rows]
        except (TypeError, WireFault) as fault:
            raise KeyFault("key process: no list of document keys") from fault

    def check_value(self, kind: str, version: int) -> bytes:
        """3-byte KCV of a master. KeyFault when refused (there is none) or away."""
        return self._octets(_KCV_SIZE, Op.KCV, kind, version)

    def masters(self) -> list[tuple[str, int, bytes]]:
        """Kind, version and KCV of every master that the keeper holds. KeyFault when refused or away."""
        answer = self._ask(Op.STATUS)
        try:
            return [codec.fields(row, str, int, bytes, what="status") for row in answer]
        except (TypeError, WireFault) as fault:
            raise KeyFault("key process: no list of masters") from fault

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

    def _yes(self, op: str, *arguments: object) -> bool:
        answer = self._ask(op, *arguments)
        if not isinstance(answer, bool):
            raise KeyFault(f"{op}: the answer is not yes or no")
        return answer

    def _octets(self, size: int | None, op: str, *arguments: object) -> bytes:
        answer = self._ask(op, *arguments)
        if not isinstance(answer, bytes) or size not in (None, len(answer)):
            raise KeyFault(f"{op}: the answer is not {size} bytes")
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
        reason = str(result)[:200]
        raise KeyProcessAway(reason) if reason == AWAY else KeyRefused(reason)
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
