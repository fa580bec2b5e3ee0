"""Online payloads between a terminal and the cloud; the edge relays them unread.

Kind byte first. Load 圈存: the card's INIT FOR LOAD answer goes up, MAC2 or a refusal comes down. The load
key stays in the key process. A repeated request gets the same answer; (device, epoch, request) names it.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum

from shared.errors import WireFault
from shared.ids import CardId, card_id

LOAD_KIND = 1
_REQUEST = struct.Struct(">B10sHIIBBBB4s4s")
_ANSWER = struct.Struct(">BBI4sI")


class LoadResult(IntEnum):
    """Why a load is allowed or not; texts in zh and en stand at the terminal."""

    GRANTED = 0
    NO_FUNDS = 1
    WRONG_MAC = 2
    UNKNOWN_CARD = 3
    HOTLISTED = 4
    OVER_LIMIT = 5
    ALREADY_LOADED = 6
    NOT_NOW = 7
    WRONG_DEVICE = 8


@dataclass(frozen=True, slots=True)
class LoadRequest:
    """What INIT FOR LOAD answered, and what is asked for. amounts in fen; mac1 proves counter and balance."""

    card: CardId
    counter: int
    balance_fen: int
    amount_fen: int
    type: int
    key_version: int
    algorithm: int
    key_id: int
    rnd: bytes
    mac1: bytes

    def to_bytes(self) -> bytes:
        """33 bytes."""
        return _REQUEST.pack(
            LOAD_KIND, self.card, self.counter, self.balance_fen, self.amount_fen, self.type,
            self.key_version, self.algorithm, self.key_id, self.rnd, self.mac1,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class LoadAnswer:
    """GRANTED: host time (s since 2000) and MAC2 for 8052. Else both are zero. amount: what is granted."""

    result: LoadResult
    time: int = 0
    mac2: bytes = b"\0\0\0\0"
    amount_fen: int = 0

    def to_bytes(self) -> bytes:
        """14 bytes."""
        return _ANSWER.pack(LOAD_KIND, self.result, self.time, self.mac2, self.amount_fen)


def parse_request(raw: bytes) -> LoadRequest:
    """WireFault when malformed or of an unknown kind."""
    if len(raw) != _REQUEST.size or raw[0] != LOAD_KIND:
        raise WireFault("unknown online request")
    _, card, counter, balance, amount, kind, version, algorithm, key_id, rnd, mac1 = _REQUEST.unpack(raw)
    return LoadRequest(card_id(card), counter, balance, amount, kind, version, algorithm, key_id, rnd, mac1)


def parse_answer(raw: bytes) -> LoadAnswer:
    """WireFault when malformed or of an unknown kind or result."""
    if len(raw) != _ANSWER.size or raw[0] != LOAD_KIND or raw[1] > max(LoadResult):
        raise WireFault("unknown online answer")
    _, result, time, mac2, amount = _ANSWER.unpack(raw)
    return LoadAnswer(LoadResult(result), time, mac2, amount)
