"""Host side of a load 圈存 and of an unload 圈提: check the card's MAC1, answer MAC2. Runs next to the keys.

Refuses to make a MAC2 for a MAC1 that is not the card's: the two are one step here, so no caller can forget.
"""

from __future__ import annotations

from typing import NamedTuple

from shared.clock import date_time_bcd
from shared.purse.crypto import Key, load_mac1, load_mac2, load_session_key, require_supported, unload_mac3


class LoadAuth(NamedTuple):
    """What MAC1 covers, and how its key is found. `type` 03: an unload, under DULK. `terminal_id` 6 bytes, fen."""

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


def mac3_is_right(dulk: Key, auth: LoadAuth, time_s: int, mac3: bytes) -> bool:
    """Did the card make this MAC3, so that the unload which `authorise` granted for `time_s` has happened?"""
    require_supported(auth.algorithm)
    after = auth.balance_fen - auth.amount_fen
    if after < 0:
        return False
    session = load_session_key(dulk, auth.rnd, auth.counter)
    return unload_mac3(session, after, auth.counter, auth.amount_fen, auth.terminal_id, date_time_bcd(time_s)) == mac3


def _session(dlk: Key, auth: LoadAuth) -> tuple[Key, bytes]:
    require_supported(auth.algorithm)
    session = load_session_key(dlk, auth.rnd, auth.counter)
    return session, load_mac1(session, auth.balance_fen, auth.amount_fen, auth.type, auth.terminal_id)
