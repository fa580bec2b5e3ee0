"""The keys that an issuing machine writes onto a card: from the sealed store, or out of a token, a card at a time.

A body is personalised under its delivery's transport key, so a card's own new keys must be in this process while it is
written; the masters need not.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from provisioning.keeper.keeper import CardKeyName, Keeper
from provisioning.keeper.software import keeper_of
from provisioning.keys.levels import CARD_MASTERS, CardKeySet, card_keys
from provisioning.keys.store import KeyKind, KeyStore

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


def of_keeper(keeper: Keeper) -> IssuingKeys:
    """From a keeper: a token, or a token and the store beside it."""

    def of_card(version: int, serial: bytes) -> CardKeySet:
        names = [CardKeyName(kind, version, serial) for kind in CARD_MASTERS]
        must, may = names[: len(MUST_BE)], names[len(MUST_BE) :]
        held = (keeper.own_key(name) if version in keeper.versions(name.kind) else None for name in may)
        return CardKeySet(*map(keeper.own_key, must), *held)

    return IssuingKeys(keeper, of_card)
