"""A key process whose token goes and comes back: it says so and opens it again by itself, never with a refused PIN."""

import json
import shutil
import time
from pathlib import Path

import pytest

from cloud.keys.client import KeyClient, KeyProcessAway
from provisioning.custody import chain as custody_chain
from provisioning.keeper import token as token_files
from provisioning.keeper.keeper import KeeperAway
from provisioning.keeper.pkcs11 import Pkcs11Keeper
from provisioning.keeper.pkcs11_door import PinRefused, TokenFault
from provisioning.keeper.reopening import REOPEN_S, ReopeningKeeper
from provisioning.keeper.software import keeper_of
from provisioning.keys.levels import MASTERS, new_root, region_of, school_of
from provisioning.keys.store import KeyKind
from provisioning.plan import numbers
from provisioning.process.operations import KeyOperations
from shared.purse.load_auth import LoadAuth
from shared.wire import codec
from shared.wire.keyproc import Op
from tests.patience import PATIENCE_S
from tests.provisioning.running_keys import needs_softhsm, running

AUTH = LoadAuth(numbers.card(1, 1, 7), 1, 0, bytes(4), 0, 0, 100, 2, bytes(6), bytes(4))
SCHOOLS = [school_of(region_of(new_root(bytes([n]).__mul__), 1), 1) for n in (1, 2)]


@pytest.fixture
def data(token_campus, tmp_path) -> Path:
    shutil.copytree(token_campus / "keys", tmp_path / "d/keys")
    shutil.copy(token_campus / "campus.json", tmp_path / "d")
    return tmp_path / "d"


def until_answered(client: KeyClient) -> None:
    last = time.monotonic() + PATIENCE_S
    while time.monotonic() < last:
        try:
            client.load_check(AUTH)
        except KeyProcessAway:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the token was never opened again")


@needs_softhsm
def test_a_token_that_has_gone_is_said_to_be_away_and_not_wrong(data) -> None:
    ask = codec.dumps([Op.LOAD_CHECK, *AUTH])
    with token_files.open_token(data, None, None) as token:
        operations = KeyOperations(Pkcs11Keeper(token), 1)
        assert codec.loads(operations.answer(ask)) == [True, False]
        token._session.logout()
        assert codec.loads(operations.answer(ask)) == [False, "keeper-away"]


@pytest.mark.process
@needs_softhsm
def test_a_token_that_comes_back_is_opened_again(data) -> None:
    tokens = data / "keys/token/tokens"
    with running(data, "--keeper", "pkcs11") as keys, KeyClient(keys.path, timeout_s=PATIENCE_S) as client:
        assert keys.status()["token"] == "here"
        for round_ in (1, 2):
            assert client.load_check(AUTH) is False
            tokens.rename(data / "pulled")
            with pytest.raises(KeyProcessAway):
                client.load_check(AUTH)
            keys.status(lambda now: now["token"] == "away")
            (data / "pulled").rename(tokens)
            until_answered(client)
            keys.status(lambda now, times=round_: (now["token"], now["reopened"]) == ("here", times))
        assert keys.end() == 0
    raw = (data / "keys/custody.log").read_bytes()
    assert custody_chain.faults(raw) == []
    assert [json.loads(line)["act"] for line in raw.splitlines()[-3 * len(MASTERS) :]] == ["opened"] * 3 * len(MASTERS)


@pytest.mark.process
@needs_softhsm
def test_a_refused_pin_is_not_offered_again(data) -> None:
    tokens, pin = data / "keys/token/tokens", data / "keys/token.pin"
    with running(data, "--keeper", "pkcs11") as keys, KeyClient(keys.path, timeout_s=PATIENCE_S) as client:
        tokens.rename(data / "pulled")
        with pytest.raises(KeyProcessAway):
            client.load_check(AUTH)
        right = pin.read_bytes()
        pin.write_bytes(b"0" * 32)
        (data / "pulled").rename(tokens)
        seen = ""
        last = time.monotonic() + PATIENCE_S
        while seen != "pin-refused" and time.monotonic() < last:
            with pytest.raises(KeyProcessAway):
                client.load_check(AUTH)
            seen = keys.status()["token"]
        assert seen == "pin-refused"
        pin.write_bytes(right)
        with pytest.raises(KeyProcessAway):
            client.load_check(AUTH)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Flaky:
    """A keeper that fails when it is told to; everything else is a real one's."""

    def __init__(self, school=SCHOOLS[0]) -> None:
        self._keeper = keeper_of(school)
        self.is_dead = self.is_closed = False

    def __getattr__(self, name):
        return getattr(self._keeper, name)

    def encrypt_block(self, *_arguments) -> bytes:
        if self.is_dead:
            raise TokenFault("token: gone")
        return bytes(8)

    def close(self) -> None:
        self.is_closed = True


def reopening(answers):
    """A keeper whose reopenings give these, one behind the other: a keeper, or a fault."""
    first, clock, tries = Flaky(), Clock(), []

    def reopen():
        tries.append(clock.now)
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return ReopeningKeeper(first, reopen, clock), first, clock, tries


def ask(keeper) -> bytes:
    return keeper.encrypt_block(("a name",), bytes(8))


def test_it_is_opened_again_no_more_often_than_it_says() -> None:
    keeper, first, clock, tries = reopening([TokenFault("still gone"), Flaky()])
    first.is_dead = True
    with pytest.raises(KeeperAway):
        ask(keeper)
    assert (first.is_closed, keeper.state, tries) == (True, "away", [])
    for _ in range(5):
        with pytest.raises(KeeperAway):
            ask(keeper)
    assert len(tries) == 1
    assert keeper.versions(KeyKind.TAC) == (1,)
    clock.now += REOPEN_S
    assert ask(keeper) == bytes(8)
    assert (len(tries), keeper.state, keeper.reopened) == (2, "here", 1)


def test_it_does_not_come_back_with_other_masters_or_a_refused_pin() -> None:
    other = Flaky(SCHOOLS[1])
    keeper, first, clock, tries = reopening([other, PinRefused("no"), Flaky()])
    first.is_dead = True
    for _ in range(2):
        with pytest.raises(KeeperAway):
            ask(keeper)
    assert (other.is_closed, keeper.state, len(tries)) == (True, "away", 1)
    clock.now += REOPEN_S
    with pytest.raises(PinRefused):
        ask(keeper)
    clock.now += 100 * REOPEN_S
    with pytest.raises(KeeperAway):
        ask(keeper)
    assert (keeper.state, len(tries)) == ("pin-refused", 2)


def test_a_closed_one_stays_closed() -> None:
    keeper, first, _, tries = reopening([Flaky()])
    keeper.close()
    with pytest.raises(KeeperAway):
        ask(keeper)
    assert (first.is_closed, tries) == (True, [])
