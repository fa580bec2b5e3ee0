"""Host side of an overdraft change 修改透支限额 on an ED: check MAC1, answer MAC2, check the TAC. In the key process.

As with a load, MAC2 is made only together with the check of MAC1. The balance as read includes the limit, so after
the change it has moved by the difference.
"""

from __future__ import annotations

from functools import partial
from hmac import compare_digest
from typing import NamedTuple

from shared.clocks.clock import date_time_bcd
from shared.purse.crypto import (
    Key,
    load_session_key,
    overdraft_mac1_input,
    overdraft_mac2_input,
    overdraft_tac_input,
    require_suite,
    session_mac,
)
from shared.purse.load_auth import SessionMac


class OverdraftAuth(NamedTuple):
    """What INIT FOR UPDATE answered and what is wanted. `balance_fen` as read; limits 3 bytes; terminal id 6."""

    card: bytes
    key_version: int
    algorithm: int
    rnd: bytes
    counter: int
    balance_fen: int
    old_limit_fen: int
    new_limit_fen: int
    terminal_id: bytes
    mac1: bytes

    @property
    def balance_after_fen(self) -> int:
        """What GET BALANCE answers after the change."""
        return self.balance_fen - self.old_limit_fen + self.new_limit_fen


def overdraft_mac1_fits(mac: SessionMac, auth: OverdraftAuth) -> bool:
    """Did the card that shares this session make MAC1?"""
    return compare_digest(mac(overdraft_mac1_input(auth.balance_fen, auth.old_limit_fen, auth.terminal_id)), auth.mac1)


def grant_overdraft(mac: SessionMac, auth: OverdraftAuth, time_s: int) -> bytes | None:
    """4-byte MAC2 for the host time (s since 2000), or None when MAC1 is wrong."""
    if not overdraft_mac1_fits(mac, auth):
        return None
    return mac(overdraft_mac2_input(auth.new_limit_fen, auth.terminal_id, date_time_bcd(time_s)))


def overdraft_mac1_is_right(duk: Key, auth: OverdraftAuth) -> bool:
    """As `overdraft_mac1_fits`, with the card's key at hand. UnsupportedAlgorithm for a selector that is not built."""
    return overdraft_mac1_fits(_session(duk, auth), auth)


def authorise_overdraft(duk: Key, auth: OverdraftAuth, time_s: int) -> bytes | None:
    """As `grant_overdraft`, with the card's key at hand."""
    return grant_overdraft(_session(duk, auth), auth, time_s)


def overdraft_tac_of(auth: OverdraftAuth, time_s: int) -> bytes:
    """The TAC input of this change, 23 bytes."""
    stamp = date_time_bcd(time_s)
    return overdraft_tac_input(auth.balance_after_fen, auth.counter, auth.new_limit_fen, auth.terminal_id, stamp)


def _session(duk: Key, auth: OverdraftAuth) -> SessionMac:
    require_suite(auth.algorithm, duk.suite)
    return partial(session_mac, load_session_key(duk, auth.rnd, auth.counter))
