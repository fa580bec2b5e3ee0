"""The desk's line to the key process's *desk* socket: what changes a card, and never its money. Holds no key.

None means that it is away or would not answer; a Denial that it refuses. Bound: TIMEOUT_S a question, connecting
included; one connection per question, for a desk asks seldom.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path

from shared.errors import WireFault
from shared.purse.effects import CentreAnswer, CentreQuestion, Denial
from shared.purse.upkeep import ExternalAuthAsk, InternalAuthAsk, PinReloadAsk, UpkeepAsk
from shared.wire import codec
from shared.wire.keyproc import AWAY, FRAME_MAX, LENGTH, Op
from shared.wire.upkeep_frames import to_frame
from shared.words.voice import Text

TIMEOUT_S = 3.0
REFUSED = Denial(Text("密钥进程拒绝", "the key process refuses"))
NOT_HERE = Denial(Text("卡务台不得为此求密钥", "a desk asks no key for this"))


@dataclass(frozen=True, slots=True)
class DeskKeys:
    """path: the socket; version: of the card's keys."""

    path: Path
    version: int

    def ask(self, question: CentreQuestion) -> CentreAnswer:
        """bytes or bool, a Denial, or None when no answer came."""
        words = self._words(question)
        if words is None:
            return NOT_HERE
        try:
            granted, result = codec.fields(codec.loads(self._exchange(codec.dumps(words))), bool, object, what="keys")
        except (OSError, WireFault):
            return None
        if not granted:
            return None if result == AWAY else REFUSED
        return result if isinstance(result, bytes | bool) else None

    def _words(self, question: CentreQuestion) -> list[object] | None:
        match question:
            case UpkeepAsk(card, challenge, operation):
                return [Op.UPKEEP, card, self.version, challenge, to_frame(operation)]
            case PinReloadAsk(card, pin):
                return [Op.PIN_RELOAD, card, self.version, pin]
            case ExternalAuthAsk(card, challenge):
                return [Op.EXTERNAL_AUTH, card, self.version, challenge]
            case InternalAuthAsk(card, data, answer):
                return [Op.INTERNAL_AUTH, card, self.version, data, answer]
            case _:
                return None

    def _exchange(self, body: bytes) -> bytes:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as peer:
            peer.settimeout(TIMEOUT_S)
            peer.connect(str(self.path))
            peer.sendall(LENGTH.pack(len(body)) + body)
            (size,) = LENGTH.unpack(_read(peer, LENGTH.size))
            if not 0 < size <= FRAME_MAX:
                raise ConnectionError("an answer of impossible length")
            return _read(peer, size)


def _read(peer: socket.socket, size: int) -> bytes:
    found = bytearray()
    while len(found) < size:
        part = peer.recv(size - len(found))
        if not part:
            raise ConnectionError("closed in the middle of an answer")
        found += part
    return bytes(found)
