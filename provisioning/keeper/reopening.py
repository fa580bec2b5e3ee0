"""A token that goes and comes back: the keeper is opened again by itself, at most every REOPEN_S seconds.

While it is away every operation is KeeperAway, which clients take as *ask later*; keys of cards that the TAC checker
has already go on serving. Refuses to come back with the masters of another campus or with one missing that may not be
(those of a version that was retired meanwhile may), and never offers a PIN twice that a token has refused: a few wrong
ones lock a token for good.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

from provisioning.keeper.keeper import CardKeyName, Keeper, KeeperAway, Session, known
from provisioning.keeper.pkcs11_door import PinRefused
from provisioning.keys.levels import HELD, MASTERS
from provisioning.keys.store import KeyKind
from shared.errors import ConfigFault, KeyFault
from shared.purse.crypto import Key, Suite

REOPEN_S = 2.0
HERE = "here"
"""The state of one that is open."""
Answer = TypeVar("Answer")
Held = tuple[tuple[KeyKind, int, bytes], ...]
"""Kind, version and check value of every master."""


def _nothing(_kind: KeyKind, _version: int) -> bool:
    return False


class ReopeningKeeper:
    """See provisioning.keeper.keeper.Keeper. reopen: opens the token and its keeper anew; clock: seconds, monotonic.

    may_go: is this master one that may be missing when the token comes back?
    """

    def __init__(
        self,
        keeper: Keeper,
        reopen: Callable[[], Keeper],
        clock: Callable[[], float],
        may_go: Callable[[KeyKind, int], bool] = _nothing,
    ) -> None:
        self._keeper: Keeper | None = keeper
        self._reopen = reopen
        self._clock = clock
        self._may_go = may_go
        self._held = frozenset(held_by(keeper))
        masters = [(kind, version) for kind, version, _ in self._held if kind in MASTERS]
        self._suites = {(kind, version): keeper.suite(kind, version) for kind, version in masters}
        self._tried_at = clock() - REOPEN_S
        self._is_barred = False
        self.reopened = 0

    def __repr__(self) -> str:
        return f"ReopeningKeeper({self.state})"

    @property
    def state(self) -> str:
        """For STATUS: here, away, or pin-refused, which only a restart ends."""
        if self._keeper is not None:
            return HERE
        return "pin-refused" if self._is_barred else "away"

    def versions(self, kind: KeyKind) -> tuple[int, ...]:
        """Of what it was opened with: which masters there are does not change while the token is away."""
        return tuple(sorted(version for held, version, _ in self._held if held is kind))

    def suite(self, kind: KeyKind, version: int) -> Suite:
        return known(self._suites.get((kind, version)), kind, version)

    def check_value(self, kind: KeyKind, version: int) -> bytes:
        return self._ask(lambda keeper: keeper.check_value(kind, version))

    def session(self, name: CardKeyName, seed: bytes) -> Session:
        return self._ask(lambda keeper: keeper.session(name, seed))

    def protect_mac(self, name: CardKeyName, challenge: bytes, command: bytes) -> bytes:
        return self._ask(lambda keeper: keeper.protect_mac(name, challenge, command))

    def protect_field(self, name: CardKeyName, field: bytes) -> bytes:
        return self._ask(lambda keeper: keeper.protect_field(name, field))

    def protect_key(self, control: CardKeyName, head: bytes, new: CardKeyName) -> bytes:
        return self._ask(lambda keeper: keeper.protect_key(control, head, new))

    def folded_mac(self, name: CardKeyName, data: bytes) -> bytes:
        return self._ask(lambda keeper: keeper.folded_mac(name, data))

    def encrypt_block(self, name: CardKeyName, block: bytes) -> bytes:
        return self._ask(lambda keeper: keeper.encrypt_block(name, block))

    def tac_keys(self, version: int, factors: Sequence[bytes]) -> list[Key]:
        return self._ask(lambda keeper: keeper.tac_keys(version, factors))

    def own_key(self, name: CardKeyName) -> Key:
        return self._ask(lambda keeper: keeper.own_key(name))

    def terminal_mac(self, version: int, device: bytes, covered: bytes) -> bytes:
        return self._ask(lambda keeper: keeper.terminal_mac(version, device, covered))

    def operator_answer(self, version: int, card: bytes, challenge: bytes) -> bytes:
        return self._ask(lambda keeper: keeper.operator_answer(version, card, challenge))

    def close(self) -> None:
        self._is_barred = True
        self._let_go()

    def _ask(self, question: Callable[[Keeper], Answer]) -> Answer:
        keeper = self._keeper or self._opened()
        try:
            return question(keeper)
        except KeeperAway:
            self._let_go()
            raise

    def _opened(self) -> Keeper:
        now = self._clock()
        if self._is_barred or now - self._tried_at < REOPEN_S:
            raise KeeperAway("the token is away")
        self._tried_at = now
        try:
            keeper = self._reopen()
        except PinRefused:
            self._is_barred = True
            raise
        except (ConfigFault, KeyFault, OSError) as fault:
            raise KeeperAway(f"the token is away: {type(fault).__name__}") from fault
        held = frozenset(held_by(keeper))
        if not all(self._may_go(kind, version) for kind, version, _ in self._held - held):
            keeper.close()
            raise KeeperAway("the token came back with other masters")
        self._held &= held
        self._keeper = keeper
        self.reopened += 1
        return keeper

    def _let_go(self) -> None:
        if self._keeper is not None:
            keeper, self._keeper = self._keeper, None
            keeper.close()


def held_by(keeper: Keeper) -> Held:
    """Every master of a keeper; KeeperAway."""
    held = ((kind, version) for kind in HELD for version in keeper.versions(kind))
    return tuple((kind, version, keeper.check_value(kind, version)) for kind, version in held)
