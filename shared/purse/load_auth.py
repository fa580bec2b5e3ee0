"""Host side of a load 圈存: check the card's MAC1, answer MAC2. Runs in the key process, next to the load keys.

Refuses to make a MAC2 for a MAC1 that is not the card's: the two are one step here, so no caller can forget.
"""

from __future__ import annotations

from typing import NamedTuple

from shared.clock import date_time_bcd
from shared.purse.crypto import Key, load_mac1, load_mac2, load_session_key, require_supported


class LoadAuth(NamedTuple):
    """What MAC1 of a load covers, and how its key is found. `terminal_id` is 6 bytes, amounts are fen."""

    card: bytes
    key_version: int
    algorithm: int
    rnd: bytes
    counter: int
    balance_fen: int
    amount_fen: int
    type: int
    terminal_id: bytes
    mac1: bytes


def mac1_is_right(dlk: Key, auth: LoadAuth) -> bool:
    """Did a card with this load key make MAC1? UnsupportedAlgorithm for a selector that is not built."""
    return _session(dlk, auth)[1] == auth.mac1


def authorise(dlk: Key, auth: LoadAuth, time_s: int) -> bytes | None:
    """4-byte MAC2 for the host time (s since 2000), or None when MAC1 is wrong."""
    session, expected = _session(dlk, auth)
    if expected != auth.mac1:
        return None
    return load_mac2(session, auth.amount_fen, auth.type, auth.terminal_id, date_time_bcd(time_s))


def _session(dlk: Key, auth: LoadAuth) -> tuple[Key, bytes]:
    require_supported(auth.algorithm)
    session = load_session_key(dlk, auth.rnd, auth.counter)
    return session, load_mac1(session, auth.balance_fen, auth.amount_fen, auth.type, auth.terminal_id)
