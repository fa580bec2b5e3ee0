"""Unload and overdraft on the host's side: nothing is granted to a MAC1 that is not the card's."""

from dataclasses import dataclass

import pytest

from shared.clocks.clock import date_time_bcd
from shared.purse import crypto
from shared.purse.crypto import Key
from shared.purse.errors import UnsupportedAlgorithm
from shared.purse.load_auth import LoadAuth, authorise, mac3_is_right
from shared.purse.overdraft_auth import OverdraftAuth, authorise_overdraft, overdraft_mac1_is_right, overdraft_tac_of

KEY = Key(bytes.fromhex("0F1E2D3C4B5A69788796A5B4C3D2E1F0"))
TERM = bytes.fromhex("510000000023")
RND = bytes.fromhex("E07742B9")
CARD = bytes.fromhex("53032025110000004711")
TIME_S = 817_339_530


@dataclass
class Unload:
    """A card's own arithmetic of an unload of 20.00 from 98.75."""

    session = crypto.load_session_key(KEY, RND, 19)
    mac1 = crypto.load_mac1(session, 9875, 2000, 3, TERM)
    auth = LoadAuth(CARD, 1, 0, RND, 19, 9875, 2000, 3, TERM, mac1)
    mac3 = crypto.unload_mac3(session, 7875, 19, 2000, TERM, date_time_bcd(TIME_S))


def test_an_unload_is_granted_and_proven():
    want = crypto.load_mac2(Unload.session, 2000, 3, TERM, date_time_bcd(TIME_S))
    assert authorise(KEY, Unload.auth, TIME_S) == want
    assert mac3_is_right(KEY, Unload.auth, TIME_S, Unload.mac3)


def test_mac3_of_anything_else_is_wrong():
    auth, mac3 = Unload.auth, Unload.mac3
    assert not mac3_is_right(KEY, auth, TIME_S + 1, mac3)
    assert not mac3_is_right(KEY, auth, TIME_S, bytes(4))
    assert not mac3_is_right(Key(bytes(16)), auth, TIME_S, mac3)
    assert not mac3_is_right(KEY, auth._replace(amount_fen=2001), TIME_S, mac3)
    assert not mac3_is_right(KEY, auth._replace(amount_fen=9876), TIME_S, mac3)


def overdraft(**changed):
    session = crypto.load_session_key(KEY, RND, 19)
    mac1 = crypto.overdraft_mac1(session, 9875, 5000, TERM)
    return OverdraftAuth(CARD, 1, 0, RND, 19, 9875, 5000, 20000, TERM, mac1)._replace(**changed)


def test_an_overdraft_change_is_granted():
    auth = overdraft()
    assert overdraft_mac1_is_right(KEY, auth)
    want = crypto.overdraft_mac2(crypto.load_session_key(KEY, RND, 19), 20000, TERM, date_time_bcd(TIME_S))
    assert authorise_overdraft(KEY, auth, TIME_S) == want
    assert auth.balance_after_fen == 24875
    assert overdraft_tac_of(auth, TIME_S)[:9] == bytes.fromhex("0000612b0013004e20")


@pytest.mark.parametrize("changed", [{"balance_fen": 9874}, {"old_limit_fen": 1}, {"counter": 20}, {"mac1": bytes(4)}])
def test_a_wrong_mac1_gets_nothing(changed):
    auth = overdraft(**changed)
    assert not overdraft_mac1_is_right(KEY, auth)
    assert authorise_overdraft(KEY, auth, TIME_S) is None


def test_an_algorithm_that_is_not_built_is_refused():
    with pytest.raises(UnsupportedAlgorithm):
        authorise_overdraft(KEY, overdraft(algorithm=4), TIME_S)
    with pytest.raises(UnsupportedAlgorithm):
        mac3_is_right(KEY, Unload.auth._replace(algorithm=4), TIME_S, Unload.mac3)
