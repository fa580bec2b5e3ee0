"""Host side of a load 圈存 and of an unload 圈提: check the card's MAC1, answer MAC2. Runs next to the keys.

Refuses to make a MAC2 for a MAC1 that is not the card's: the two are one step here, so no caller can forget.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from hmac import compare_digest
from typing import NamedTuple

from shared.clocks.clock import date_time_bcd
from shared.purse.crypto import (
    TYPE_UNLOAD,
    Key,
    load_mac1_input,
    load_mac2_input,
    load_session_key,
    load_tac_input,
    require_suite,
    session_mac,
)

MAC3_SIZE = 4


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


SessionMac = Callable[[bytes], bytes]
"""4-byte MAC under the session key of (rnd, counter), wherever that key stands."""


def mac1_fits(mac: SessionMac, auth: LoadAuth) -> bool:
    """Did the card that shares this session make MAC1?"""
    expected = mac(load_mac1_input(auth.balance_fen, auth.amount_fen, auth.type, auth.terminal_id))
    return compare_digest(expected, auth.mac1)


def grant(mac: SessionMac, auth: LoadAuth, time_s: int) -> bytes | None:
    """4-byte MAC2 for the host time (s since 2000), or None when MAC1 is wrong."""
    if not mac1_fits(mac, auth):
        return None
    return mac(load_mac2_input(auth.amount_fen, auth.type, auth.terminal_id, date_time_bcd(time_s)))


def mac3_fits(mac: SessionMac, auth: LoadAuth, time_s: int, mac3: bytes) -> bool:
    """Did the card make this MAC3, so that the unload which was granted for `time_s` has happened?"""
    after = auth.balance_fen - auth.amount_fen
    if after < 0:
        return False
    when = date_time_bcd(time_s)
    covered = load_tac_input(after, auth.counter, auth.amount_fen, TYPE_UNLOAD, auth.terminal_id, when)
    return compare_digest(mac(covered), mac3)


def mac1_is_right(dlk: Key, auth: LoadAuth) -> bool:
    """As `mac1_fits`, with the card's key at hand. UnsupportedAlgorithm for a selector that is not built."""
    return mac1_fits(session_of(dlk, auth), auth)


def authorise(dlk: Key, auth: LoadAuth, time_s: int) -> bytes | None:
    """As `grant`, with the card's key at hand."""
    return grant(session_of(dlk, auth), auth, time_s)


def mac3_halves(proof: bytes) -> tuple[bytes, ...]:
    """What may be MAC3 in the answer of a debit (4 bytes) or of 805A (8, in which half cards differ); else nothing."""
    whole = len(proof) in (MAC3_SIZE, 2 * MAC3_SIZE)
    return tuple(proof[at : at + MAC3_SIZE] for at in range(0, len(proof), MAC3_SIZE)) if whole else ()


def mac3_is_right(dulk: Key, auth: LoadAuth, time_s: int, mac3: bytes) -> bool:
    """As `mac3_fits`, with the card's key at hand."""
    return mac3_fits(session_of(dulk, auth), auth, time_s, mac3)


def session_of(key: Key, auth: LoadAuth) -> SessionMac:
    """The session of this load or unload under the card's key."""
    require_suite(auth.algorithm, key.suite)
    return partial(session_mac, load_session_key(key, auth.rnd, auth.counter))
