"""Host side of an overdraft change 修改透支限额 on an ED: check MAC1, answer MAC2, check the TAC. In the key process.

As with a load, MAC2 is made only together with the check of MAC1. The balance as read includes the limit, so after
the change it has moved by the difference.
"""

from __future__ import annotations

from typing import NamedTuple

from shared.clock import date_time_bcd
from shared.purse.crypto import (
    Key,
    load_session_key,
    overdraft_mac1,
    overdraft_mac2,
    overdraft_tac_input,
    require_supported,
)


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


def overdraft_mac1_is_right(duk: Key, auth: OverdraftAuth) -> bool:
    """Did a card with this overdraft key make MAC1? UnsupportedAlgorithm for a selector that is not built."""
    return _mac1(_session(duk, auth), auth) == auth.mac1


def authorise_overdraft(duk: Key, auth: OverdraftAuth, time_s: int) -> bytes | None:
    """4-byte MAC2 for the host time (s since 2000), or None when MAC1 is wrong."""
    session = _session(duk, auth)
    if _mac1(session, auth) != auth.mac1:
        return None
    return overdraft_mac2(session, auth.new_limit_fen, auth.terminal_id, date_time_bcd(time_s))


def overdraft_tac_of(auth: OverdraftAuth, time_s: int) -> bytes:
    """The TAC input of this change, 23 bytes."""
    stamp = date_time_bcd(time_s)
    return overdraft_tac_input(auth.balance_after_fen, auth.counter, auth.new_limit_fen, auth.terminal_id, stamp)


def _session(duk: Key, auth: OverdraftAuth) -> Key:
    require_supported(auth.algorithm)
    return load_session_key(duk, auth.rnd, auth.counter)


def _mac1(session: Key, auth: OverdraftAuth) -> bytes:
    return overdraft_mac1(session, auth.balance_fen, auth.old_limit_fen, auth.terminal_id)
