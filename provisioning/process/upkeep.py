"""What a card desk may have done to a card: protected commands, PIN reload, authentication both ways. Pure.

An operation is named and its command is made here (shared.purse.upkeep), so nothing else can be protected. A new key
of the card goes from the keeper into the cryptogram; nobody who asks sees it. Refuses cards of another issuer.
"""

from collections.abc import Callable, Sequence
from hmac import compare_digest
from typing import Any, Protocol

from provisioning.keeper.keeper import CardKeyName, Keeper
from provisioning.keys.store import KeyKind
from provisioning.process.refusal import Reason, Refused, exact
from shared.purse.crypto import require_suite
from shared.purse.upkeep import PIN_MAX, PIN_MIN, WITH_VERSION, ProtectedCommand, plan
from shared.wire.keyproc import Op
from shared.wire.upkeep_frames import from_frame

_CARD, _BLOCK, _VERSION = 10, 8, 0xFF
_CHALLENGES = (4, 8)
_MAC_SIZE = 4
_PINS = tuple(range(PIN_MIN, PIN_MAX + 1))


class UpkeepCounts(Protocol):
    """What is counted here."""

    upkeep: int
    authentications: int


class UpkeepOperations:
    """Over one keeper and one issuer (2 B). Not thread-safe."""

    def __init__(self, keeper: Keeper, issuer: bytes, counts: UpkeepCounts) -> None:
        self._keeper = keeper
        self._issuer = issuer
        self._counts = counts

    def answers(self) -> dict[str, Callable[[Sequence[Any]], object]]:
        """What answers which operation."""
        return {
            Op.UPKEEP: self._upkeep,
            Op.PIN_RELOAD: self._pin_reload,
            Op.EXTERNAL_AUTH: self._external_auth,
            Op.INTERNAL_AUTH: self._internal_auth,
        }

    def _upkeep(self, arguments: Sequence[Any]) -> bytes:
        types = (bytes, int, bytes, list)
        card, version, challenge, frame = exact(arguments, _CARD, _VERSION, _CHALLENGES, 0, types=types)
        command = plan(from_frame(frame))
        name = self._name(KeyKind(command.use.value), version, card)
        field = self._field(command, name)
        head = command.header + bytes((len(field) + _MAC_SIZE,)) + field
        protected = head + self._keeper.protect_mac(name, challenge, head)
        self._counts.upkeep += 1
        return protected

    def _field(self, command: ProtectedCommand, name: CardKeyName) -> bytes:
        if command.writes is not None:
            new = CardKeyName(KeyKind[command.writes.type.name], command.writes.version, name.factor)
            if command.writes.type in WITH_VERSION:  # the card would run the new key by this byte
                require_suite(command.writes.algorithm, self._keeper.suite(new.kind, new.version))
            return self._keeper.protect_key(name, command.field, new)
        return self._keeper.protect_field(name, command.field) if command.is_hidden else command.field

    def _pin_reload(self, arguments: Sequence[Any]) -> bytes:
        card, version, pin = exact(arguments, _CARD, _VERSION, _PINS, types=(bytes, int, bytes))
        mac = self._keeper.folded_mac(self._name(KeyKind.PIN_RELOAD, version, card), pin)
        self._counts.upkeep += 1
        return mac

    def _external_auth(self, arguments: Sequence[Any]) -> bytes:
        card, version, challenge = exact(arguments, _CARD, _VERSION, _CHALLENGES, types=(bytes, int, bytes))
        name = self._name(KeyKind.CONTROL, version, card)
        self._counts.authentications += 1
        return self._keeper.encrypt_block(name, challenge.ljust(_BLOCK, b"\0"))

    def _internal_auth(self, arguments: Sequence[Any]) -> bool:
        types = (bytes, int, bytes, bytes)
        card, version, asked, answer = exact(arguments, _CARD, _VERSION, _BLOCK, _BLOCK, types=types)
        name = self._name(KeyKind.INTERNAL_AUTH, version, card)
        self._counts.authentications += 1
        return compare_digest(self._keeper.encrypt_block(name, asked), answer)

    def _name(self, kind: KeyKind, version: int, card: bytes) -> CardKeyName:
        if card[:2] != self._issuer:
            raise Refused(Reason.UNKNOWN_KEY)
        return CardKeyName(kind, version, card[2:])
