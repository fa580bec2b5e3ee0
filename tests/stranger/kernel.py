"""The purse kernel that the stranger's terminal was promised: a card and a PSAM, sold from by our flows."""

import os
from pathlib import Path

from edge.files.deck import Deck
from edge.files.memory import FileMemory
from shared.clocks.clock import CampusTime
from shared.ids import PsamId
from shared.purse.caps import MealClock
from shared.purse.cos.card import UserCard
from shared.purse.cos.psam import Psam
from shared.purse.effects import drive
from shared.purse.flows.till import identify, open_psam, purchase
from shared.purse.outcomes import CardIdentity, PsamIdentity, Purchased, PurchaseOrder
from shared.purse.profiles import PROFILES

PROFILE = PROFILES["campus"]


class Kernel:
    """One card in the field of one body. sell: what docs/records.md calls the fields of a purchase."""

    def __init__(self, data: Path, body: str, label: str) -> None:
        found = Deck(data).find(label)
        assert found is not None
        self._memory = FileMemory(found.path), FileMemory(data / "terminals" / body / "psam.bin")
        self.card, self._psam = UserCard(self._memory[0], os.urandom), Psam(self._memory[1], os.urandom)
        self._id = found.card
        self._psam.power_on()
        opened = drive(open_psam(), psam=self._psam)
        assert isinstance(opened, PsamIdentity)
        self.psam: PsamId = opened.psam_id

    def card_id(self) -> bytes:
        """Which card lies in the field."""
        return bytes(self._id)

    def sell(self, amount_fen: int, time_s: int) -> dict[str, object]:
        """Debit it."""
        self.card.power_on()
        who = drive(identify(PROFILE, CampusTime(time_s, True)), card=self.card)
        assert isinstance(who, CardIdentity), who
        order = PurchaseOrder(amount_fen, time_s, self.psam, MealClock(time_s // 86_400, 1, True), None)
        done = drive(
            purchase(order, who), card=self.card, psam=self._psam, persist=lambda _: None, lookup=lambda *_: False
        )
        assert isinstance(done, Purchased), done
        p = done.purchase
        return {
            "ttn": p.ttn, "card": bytes(p.card_id), "counter": p.counter, "type": p.type, "purse": p.purse,
            "amount_fen": p.amount_fen, "balance_fen": p.balance_fen, "time": p.time_s, "key_version": p.key_version,
            "algorithm": p.algorithm, "tac": done.tac, "overdraft": p.overdraft,
            "price_adjust_fen": p.price_adjust_fen, "kind": 8 if p.trip else 1, "flags": 0,
        }  # fmt: skip

    def close(self) -> None:
        """Give the files back."""
        for one in self._memory:
            one.close()


def balance_fen(data: Path, label: str) -> int:
    """What the card says."""
    found = Deck(data).find(label)
    assert found is not None
    return found.balance_fen()
