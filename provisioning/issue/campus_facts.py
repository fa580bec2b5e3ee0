"""What a campus's own public files say to those who issue for it: its signed inventory, and a new one beside the old.

Refuses an inventory that the campus key did not sign. A new inventory has all rows of the old one, in their order, and
the next number; it replaces the file whole.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from provisioning.custody.journal import alone_in, write_private
from provisioning.keys.store import KeyKind, KeyStore
from shared import inventory
from shared.errors import ConfigFault
from shared.inventory import CardRow, Inventory, PsamRow
from shared.words.voice import Text

FILE = "inventory.bin"
NEXT_PLAN = "plan.next.json"
"""A plan that is being carried into the campus, with the numbers that it gives: `plan apply`, which may be cut."""


@dataclass(frozen=True, slots=True)
class CampusFacts:
    """A campus folder and its inventory."""

    data: Path
    inventory: Inventory

    @property
    def next_card(self) -> int:
        """The first card number that the inventory has not, and that no plan on its way into it gives."""
        given = _given_cards(self.data / NEXT_PLAN)
        return max((*given, *(row.hotlist_index for row in self.inventory.cards)), default=0) + 1

    @property
    def region(self) -> int:
        """Of its cards' serials; ConfigFault when it has no card yet."""
        if not self.inventory.cards:
            raise ConfigFault(Text("清单中还没有卡：用 --region 指明", "the inventory has no card: give --region"))
        return int.from_bytes(self.inventory.cards[0].card[2:4], "big")

    def with_rows(self, cards: list[CardRow], psams: list[PsamRow], now_s: int) -> Inventory:
        """The next inventory; rows that it has already are not taken again, but for the holder's class, which may
        change. ConfigFault for a known card changed."""
        known = {row.card: row for row in self.inventory.cards}
        for row in cards:
            if replace(known.get(row.card, row), group=row.group) != row:
                raise ConfigFault(
                    Text(
                        f"卡 {row.card.hex()} 已在清单中，且不同",
                        f"card {row.card.hex()} is in the inventory with other data",
                    )
                )
        labels = {row.label for row in self.inventory.cards}
        fresh = tuple(row for row in cards if row.card not in known)
        for row in fresh:
            if row.label in labels:
                raise ConfigFault(
                    Text(f"卡面号 {row.label[:32]!r} 已有卡", f"the label {row.label[:32]!r} has a card already")
                )
        psam_ids = {row.psam for row in self.inventory.psams}
        new_psams = tuple(row for row in psams if row.psam not in psam_ids)
        old, groups = self.inventory, {row.card: row.group for row in cards if row.group}
        kept = tuple(replace(row, group=groups.get(row.card, row.group)) for row in old.cards)
        return replace(old, number=old.number + 1, issued=now_s, cards=kept + fresh, psams=old.psams + new_psams)

    def publish(self, made: Inventory, school: KeyStore) -> None:
        """Inside `changing`: sign it with the campus key and put it in place."""
        key = school.one(KeyKind.SIGNING, 1).for_use(KeyKind.SIGNING)
        path = self.data / FILE
        write_private(path, inventory.seal(made, Ed25519PrivateKey.from_private_bytes(key)))


def _given_cards(note: Path) -> list[int]:
    if not note.exists():
        return []
    try:
        return [int(number) for number in json.loads(note.read_bytes())["given"]["cards"].values()]
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError) as fault:
        raise ConfigFault(Text(f"{note.name}: 已损坏", f"{note.name}: is damaged")) from fault


@contextmanager
def changing(data: Path) -> Iterator[CampusFacts]:
    """The campus for who makes its next inventory: of two at once the second would take the first one's rows back.

    As read_campus; JournalBusy when another command makes one.
    """
    with alone_in(data):
        yield read_campus(data)


def read_campus(data: Path) -> CampusFacts:
    """The campus in `data`. ConfigFault, WireFault (wrong signature), OSError."""
    try:
        key = bytes.fromhex(json.loads((data / "campus.json").read_bytes())["campus_key"])
    except (ValueError, RecursionError, KeyError, TypeError) as fault:
        raise ConfigFault(Text("campus.json: 无法读懂", "campus.json: cannot be understood")) from fault
    raw = (data / FILE).read_bytes()
    return CampusFacts(data, inventory.open_sealed(raw, Ed25519PublicKey.from_public_bytes(key)))
