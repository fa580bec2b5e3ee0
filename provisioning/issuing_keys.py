"""The keys that an issuing machine writes onto a card: from the sealed store, or out of a token, a card at a time.

A body is personalised under its delivery's transport key, so a card's own new keys must be in this process while it is
written; the masters need not. Refuses to make a PSAM from a token: its purchase master would have to come out.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from provisioning.keeper import CardKeyName, Keeper
from provisioning.keeper_pkcs11 import Pkcs11Keeper
from provisioning.keeper_software import keeper_of
from provisioning.key_store import KeyKind, KeyStore
from provisioning.levels import CARD_MASTERS, CardKeySet, card_keys
from shared.errors import ConfigFault

MUST_BE = CARD_MASTERS[:3]
"""A card without one of these sells nothing."""


@dataclass(frozen=True, slots=True)
class IssuingKeys:
    """of_card: version and 8-byte serial → the card's keys; KeyFault. keeper: for what needs no key here."""

    keeper: Keeper
    of_card: Callable[[int, bytes], CardKeySet] = field(repr=False)

    def algorithm(self, version: int) -> int:
        """Selector of the cards of a version; KeyFault. By the TAC master, which stays when a version is retired."""
        return self.keeper.suite(KeyKind.TAC, version).selector


def of_store(school: KeyStore) -> IssuingKeys:
    """From a store that is open."""
    return IssuingKeys(keeper_of(school), lambda version, serial: card_keys(school, version, [serial])[0])


def of_token(keeper: Pkcs11Keeper) -> IssuingKeys:
    """From a token that is logged in."""

    def of_card(version: int, serial: bytes) -> CardKeySet:
        names = [CardKeyName(kind, version, serial) for kind in CARD_MASTERS]
        must, may = names[: len(MUST_BE)], names[len(MUST_BE) :]
        held = (keeper.card_key(name) if version in keeper.versions(name.kind) else None for name in may)
        return CardKeySet(*map(keeper.card_key, must), *held)

    return IssuingKeys(keeper, of_card)


def require_purchase_masters(school: KeyStore) -> None:
    """ConfigFault when they are in a token: they do not come out of it, and a PSAM needs them whole."""
    if not school.versions(KeyKind.PURCHASE):
        told = "the purchase masters are in a token and do not come out: write PSAMs before the move"
        raise ConfigFault(f"消费主密钥在密码设备里，出不来：PSAM 须在移入之前写 / {told}")
