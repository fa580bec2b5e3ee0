"""What the small worlds have alike: a school's ledger with a till or two, its holders' cards, the way of a record into
the books, power that goes before a display, and how planted mistakes are tried.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar

import pytest

from cloud.ledger.checks.verify import verify
from cloud.ledger.ledger import Ledger
from cloud.ledger.records.values import Now, Received
from edge.terminal.store.book import Row
from shared.ids import CardId, DeviceId, PsamId, StoreId
from shared.inventory import CardRow, DeviceKind, DeviceRow, PsamRow
from shared.keys.terminal_mac import terminal_mac
from shared.purse.tac import TacChecker
from tests.cloud.ledger import campus as c
from tests.cloud.ledger import fresh
from tests.edge.terminal.conftest import DEVICE, PSAM_ID, TERMINAL_KEY
from tests.edge.terminal.supplied import PowerGoes
from tests.sim.world import Violation

STORE = StoreId(b"store-01")
CHECK = TacChecker({}, terminals=lambda _, __, covered: terminal_mac(TERMINAL_KEY, covered))
"""What terminals stand for; no card's TAC."""
Plant = Callable[[pytest.MonkeyPatch], None]
"""Puts a mistake into the product."""


class TillRow(NamedTuple):
    """A till of the school's."""

    device: DeviceId
    psam: PsamId
    name: str
    place: str
    merchant: str


ONE_TILL = (TillRow(DEVICE, PSAM_ID, "pos-01", "1号窗口", "一楼大伙"),)


class SmallWorld(Protocol):
    """One seed."""

    def run(self) -> object:
        """To its end; Violation."""


W = TypeVar("W", bound=SmallWorld)


def pupil_card(number: int) -> CardId:
    """Of one of the holders."""
    return CardId(b"\x53\x03" + number.to_bytes(8, "big"))


def make_ledger(path: Path, holders: int, tills: Sequence[TillRow] = ONE_TILL, funds_fen: int = 0) -> Ledger:
    """A school. funds_fen: of each card's online account."""
    ledger = fresh.in_file(path, imported=False)
    early, late = c.ISSUED - 2_000 * c.DAY_S, c.ISSUED + 5_000 * c.DAY_S
    numbers = range(1, holders + 1)
    ledger.import_inventory(
        replace(
            c.inventory(),
            cards=tuple(CardRow(pupil_card(n), f"{n:04d}", "campus", 1, 0, 1, n, early, late, 0) for n in numbers),
            psams=tuple(PsamRow(till.psam, till.device, early) for till in tills),
            devices=tuple(
                DeviceRow(till.device, DeviceKind.POS, c.BOX, till.name, till.place, till.merchant) for till in tills
            ),
        ),
        c.NOW,
    )  # fmt: skip
    for n in numbers if funds_fen else ():
        ledger.deposit(pupil_card(n), funds_fen, f"k{n}", c.NOW)
    return ledger


def book(ledger: Ledger, row: int, stored: bytes, now: Now, check: TacChecker = CHECK) -> None:
    """A record, as the box's outbox has it under this row, comes in."""
    ledger.receive([Received(c.BOX, c.PARTITION, STORE, row, (stored,))], check.check, now)


def require_verified(world: str, ledger: Ledger, check: TacChecker = CHECK) -> None:
    """The ledger's own word about its books."""
    report = verify(ledger, check.check)
    if not report.ok:
        raise Violation(world, report.first_broken)


def goes_dark(_: Row) -> None:
    """In the place of a till's shown log: the record is durable, and the power goes before the display."""
    raise PowerGoes


def mistakes_are_seen(
    plants: Sequence[Plant], world: Callable[[int, Path], SmallWorld], seeds: int,
    faults: tuple[type[BaseException], ...] = (Violation,),
) -> Callable[..., None]:  # fmt: skip
    """A test for each: one of the first seeds of this world ends in one of these faults."""

    @pytest.mark.parametrize("plant", plants, ids=lambda plant: plant.__name__)
    def test(plant: Plant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        plant(monkeypatch)
        with pytest.raises(faults):
            play(world, seeds, tmp_path)

    return test


def play(world: Callable[[int, Path], W], seeds: int, folder: Path) -> list[W]:
    """The first seeds, to their ends; the worlds."""
    worlds = []
    for seed in range(seeds):
        worlds.append(world(seed, folder))
        worlds[-1].run()
    return worlds
