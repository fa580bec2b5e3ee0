"""Planted defects that only the laws of voids, of the ledger's own word and of the cards see: see defects.py."""

from collections.abc import Callable, Sequence
from typing import Any

from cloud.ledger.books.chart import OF_A_CARD
from cloud.ledger.ledger import Ledger
from cloud.ledger.read.shown import story as read_story
from cloud.ledger.read.shown.story import Story
from cloud.ledger.receive import receive as receiving
from cloud.ledger.receive import voids as void_cases
from cloud.store.db import Row
from shared.purse.cos.images import decode_card_image
from tests.sim.ingest_part import IngestPart, SimDatabase
from tests.sim.terminal_part import TerminalPart
from tests.sim.truth import CardTruth, purses_of

RAW_FEN = 5_000
"""What is put onto a card with raw keys, each time."""


class DeafToVoids(IngestPart):
    """A void is kept as a case and never decided: its holder waits for ever."""

    def open(self, database: Any, at: Callable[[str], None]) -> Ledger:
        ledger = super().open(database, at)
        receive = ledger.receive

        def deaf(*values: Any) -> Any:
            settle, receiving.settle_voids = receiving.settle_voids, lambda *_: None
            try:
                return receive(*values)
            finally:
                receiving.settle_voids = settle

        ledger.receive = deaf  # type: ignore[method-assign]  # the defect
        return ledger


class TrustsAPin(IngestPart):
    """Whatever a terminal's key has signed is given back, whoever stood for it, however much it is."""

    def open(self, database: Any, at: Callable[[str], None]) -> Ledger:
        ledger = super().open(database, at)
        receive = ledger.receive

        def trusting(*values: Any) -> Any:
            rule, void_cases._held_for = void_cases._held_for, lambda *_: None
            try:
                return receive(*values)
            finally:
                void_cases._held_for = rule

        ledger.receive = trusting  # type: ignore[method-assign]  # the defect
        return ledger


class UnchainedDatabase(SimDatabase):
    """The hash of a batch is not what its records and entries make."""

    def insert(self, table: str, columns: str, rows: Sequence[Row]) -> None:
        if table == "batch":
            at = columns.split(", ").index("hash")
            rows = [(*row[:at], bytes(32), *row[at + 1 :]) for row in rows]
        super().insert(table, columns, rows)


class BreaksItsChain(IngestPart):
    """Sums and keys are right, and nothing proves any more that they were not edited."""

    form = UnchainedDatabase


class ForgetsTheOldest(IngestPart):
    """A card's story begins where its last few movements do, as if nothing had been before."""

    def story(self, ledger: Ledger, label: str) -> Story | None:
        before, read_story._before = read_story._before, lambda *_: (0, (0,) * len(OF_A_CARD))
        try:
            return super().story(ledger, label)
        finally:
            read_story._before = before


class InventsARow(IngestPart):
    """A row that no record makes: a card that closes is said not to."""

    def closing(self, ledger: Ledger) -> str:
        with ledger.database.writing():
            ledger.database.run("INSERT INTO purse_apart SELECT card, 0, 1, 2, 0, 0, NULL, 0, 0 FROM card LIMIT 1")
        return super().closing(ledger)


class FindsWithoutRecord(IngestPart):
    """A finding of which no record tells."""

    def closing(self, ledger: Ledger) -> str:
        with ledger.database.writing():
            ledger.database.run(
                "INSERT INTO finding SELECT 1000, card, 0, 2, 7, NULL, NULL, 1, 0, 0, 1, 0 FROM card LIMIT 1"
            )
        return super().closing(ledger)


class CardWithoutCounters(TerminalPart):
    """A card whose money moves and whose counter does not, now and then."""

    def card_changes(self, card: CardTruth, image: bytes) -> None:
        before, after = purses_of(card.image)[0], purses_of(image)[0]
        if after[0] != before[0] and after[0] % 50 == 0:
            image = image.replace(_bytes(after), _bytes((after[0], *before[1:])), 1)
        super().card_changes(card, image)


class RawKeys(TerminalPart):
    """Somebody has the cards' load keys: now and then a card has more than it left the last field with."""

    def card_changes(self, card: CardTruth, image: bytes) -> None:
        super().card_changes(card, image)
        if purses_of(image)[0][2] % 3 == 2:
            self.world.after(1.0, self._load, card)

    def _load(self, card: CardTruth) -> None:
        if card.busy:
            self.world.after(1.0, self._load, card)
            return
        image = decode_card_image(card.image)
        image.balance_fen += RAW_FEN
        card.store(image.encode())


def _bytes(purse: tuple[int, int, int]) -> bytes:
    """Balance, online and offline counter as an image of format 2 has them."""
    balance_fen, online, offline = purse
    return balance_fen.to_bytes(4, "big") + online.to_bytes(2, "big") + offline.to_bytes(2, "big")
