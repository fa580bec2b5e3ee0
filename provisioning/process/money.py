"""What a posting stands on: TAC batches, MAC1 check and MAC2 of load, unload and overdraft, MAC3 of an unload. Pure.

Refuses MAC2 for a wrong MAC1, cards of another issuer, algorithms that are not built, and a type byte of another kind
of transaction: a load key never works on a purchase or an unload.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Protocol

from provisioning.keeper.keeper import CardKeyName, Keeper, UnknownKey
from provisioning.keys.store import KeyKind
from provisioning.process.refusal import U32, Reason, Refused, exact
from shared.purse.crypto import TYPE_EP_LOAD, TYPE_UNLOAD, load_session_seed, require_suite, require_supported
from shared.purse.load_auth import LoadAuth, SessionMac, grant, mac1_fits, mac3_fits
from shared.purse.overdraft_auth import OverdraftAuth, grant_overdraft, overdraft_mac1_fits
from shared.purse.tac import CHALLENGE_SIZE, ITEM_SIZE, OPERATOR, WITNESS, TacChecker, TacVerdict, mac_of
from shared.wire import codec
from shared.wire.keyproc import Op

_LOAD_TYPES = (bytes, int, int, bytes, int, int, int, int, bytes, bytes)
_LOAD_BOUNDS = (10, 0xFF, 0xFF, 4, 0xFFFF, U32, U32, 0xFF, 6, 4)
_OVERDRAFT_TYPES = (bytes, int, int, bytes, int, int, int, int, bytes, bytes)
_OVERDRAFT_BOUNDS = (10, 0xFF, 0xFF, 4, 0xFFFF, U32, 0xFF_FFFF, 0xFF_FFFF, 6, 4)
_MAC_SIZE = 4


class MoneyCounts(Protocol):
    """What is counted here."""

    tac_items: int
    tac_wrong: int
    load_checks: int
    load_mac2: int
    unload_mac2: int
    overdraft_mac2: int


class _Auth(Protocol):
    """What all transactions with a MAC1 have."""

    @property
    def card(self) -> bytes: ...
    @property
    def key_version(self) -> int: ...
    @property
    def algorithm(self) -> int: ...
    @property
    def rnd(self) -> bytes: ...
    @property
    def counter(self) -> int: ...


class MoneyOperations:
    """Over one keeper and one issuer (2 B). Not thread-safe."""

    def __init__(self, keeper: Keeper, issuer: bytes, counts: MoneyCounts) -> None:
        self._keeper = keeper
        self._issuer = issuer
        self._counts = counts
        masters = {(issuer, v): partial(keeper.tac_keys, v) for v in keeper.versions(KeyKind.TAC)}
        cards = {OPERATOR: self._operator_mac, WITNESS: self._witness_mac}
        self._checker = TacChecker(masters, terminals=self._terminal_mac, cards=cards)

    def answers(self) -> dict[str, Callable[[Sequence[Any]], object]]:
        """What answers which operation."""
        return {
            Op.TAC: self._tac,
            Op.LOAD_CHECK: self._load_check,
            Op.LOAD_MAC2: self._load_mac2,
            Op.UNLOAD_CHECK: self._unload_check,
            Op.UNLOAD_MAC2: self._unload_mac2,
            Op.UNLOAD_MAC3: self._unload_mac3,
            Op.OVERDRAFT_CHECK: self._overdraft_check,
            Op.OVERDRAFT_MAC2: self._overdraft_mac2,
        }

    def _tac(self, arguments: Sequence[Any]) -> bytes:
        (items,) = codec.fields(arguments, bytes, what="TAC")
        verdicts = self._checker.check(items)
        self._counts.tac_items += len(items) // ITEM_SIZE
        self._counts.tac_wrong += verdicts.count(TacVerdict.WRONG)
        return verdicts

    def _terminal_mac(self, version: int, device: bytes, covered: bytes) -> bytes | None:
        try:
            return self._keeper.terminal_mac(version, device, covered)
        except UnknownKey:
            return None

    def _operator_mac(self, version: int, card: bytes, challenge: bytes) -> bytes | None:
        return self._said(card, challenge, lambda: self._keeper.operator_answer(version, card, challenge))

    def _witness_mac(self, version: int, card: bytes, challenge: bytes) -> bytes | None:
        name = CardKeyName(KeyKind.INTERNAL_AUTH, version, card[2:])
        return self._said(card, challenge, lambda: self._keeper.encrypt_block(name, challenge))

    def _said(self, card: bytes, challenge: bytes, answer: Callable[[], bytes]) -> bytes | None:
        """Of a card of ours, over a challenge; None where there is no such key."""
        if card[:2] != self._issuer or len(challenge) != CHALLENGE_SIZE:
            return None
        try:
            return mac_of(answer())
        except UnknownKey:
            return None

    def _load_check(self, arguments: Sequence[Any]) -> bool:
        self._counts.load_checks += 1
        auth = _load(arguments, TYPE_EP_LOAD)
        with self._session(KeyKind.LOAD, auth) as mac:
            return mac1_fits(mac, auth)

    def _load_mac2(self, arguments: Sequence[Any]) -> bytes:
        auth, time_s = _load(arguments[:-1], TYPE_EP_LOAD), _time(arguments[-1:])
        with self._session(KeyKind.LOAD, auth) as mac:
            mac2 = _granted(grant(mac, auth, time_s))
        self._counts.load_mac2 += 1
        return mac2

    def _unload_check(self, arguments: Sequence[Any]) -> bool:
        auth = _load(arguments, TYPE_UNLOAD)
        with self._session(KeyKind.UNLOAD, auth) as mac:
            return mac1_fits(mac, auth)

    def _unload_mac2(self, arguments: Sequence[Any]) -> bytes:
        auth, time_s = _load(arguments[:-1], TYPE_UNLOAD), _time(arguments[-1:])
        with self._session(KeyKind.UNLOAD, auth) as mac:
            mac2 = _granted(grant(mac, auth, time_s))
        self._counts.unload_mac2 += 1
        return mac2

    def _unload_mac3(self, arguments: Sequence[Any]) -> bool:
        auth = _load(arguments[:-2], TYPE_UNLOAD)
        time_s, mac3 = exact(arguments[-2:], U32, _MAC_SIZE, types=(int, bytes))
        with self._session(KeyKind.UNLOAD, auth) as mac:
            return mac3_fits(mac, auth, time_s, mac3)

    def _overdraft_check(self, arguments: Sequence[Any]) -> bool:
        auth = _overdraft(arguments)
        with self._session(KeyKind.OVERDRAFT, auth) as mac:
            return overdraft_mac1_fits(mac, auth)

    def _overdraft_mac2(self, arguments: Sequence[Any]) -> bytes:
        auth, time_s = _overdraft(arguments[:-1]), _time(arguments[-1:])
        with self._session(KeyKind.OVERDRAFT, auth) as mac:
            mac2 = _granted(grant_overdraft(mac, auth, time_s))
        self._counts.overdraft_mac2 += 1
        return mac2

    @contextmanager
    def _session(self, kind: KeyKind, auth: _Auth) -> Iterator[SessionMac]:
        """The session of this transaction, closed at the end whatever happens."""
        require_supported(auth.algorithm)
        if auth.card[:2] != self._issuer:
            raise Refused(Reason.UNKNOWN_KEY)
        name = CardKeyName(kind, auth.key_version, auth.card[2:])
        require_suite(auth.algorithm, self._keeper.suite(kind, auth.key_version))
        session = self._keeper.session(name, load_session_seed(auth.rnd, auth.counter))
        try:
            yield session.mac
        finally:
            session.close()


def _load(arguments: Sequence[Any], kind: int) -> LoadAuth:
    auth = LoadAuth._make(exact(arguments, *_LOAD_BOUNDS, types=_LOAD_TYPES))
    if auth.type != kind:
        raise Refused(Reason.WRONG_USE)
    return auth


def _overdraft(arguments: Sequence[Any]) -> OverdraftAuth:
    return OverdraftAuth._make(exact(arguments, *_OVERDRAFT_BOUNDS, types=_OVERDRAFT_TYPES))


def _time(arguments: Sequence[Any]) -> int:
    (time_s,) = exact(arguments, U32, types=(int,))
    return int(time_s)


def _granted(mac2: bytes | None) -> bytes:
    if mac2 is None:
        raise Refused(Reason.WRONG_MAC1)
    return mac2
