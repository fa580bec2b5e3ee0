"""A disk that is full while the ledger's acks come in: what cannot be settled durably is settled later, and once."""

from pathlib import Path

import pytest

from tests.attack.books import require_books
from tests.attack.place import Place
from tests.small_disk import moved_onto

pytestmark = pytest.mark.process
DISK = "20m"


def fill(file: Path) -> None:
    """Until not one more byte fits."""
    with file.open("wb", buffering=0) as out:
        for size in (1 << 16, 1):
            try:
                while out.write(bytes(size)) == size:
                    continue
            except OSError:
                continue


def test_the_disk_is_full_while_acks_come(room: Path) -> None:
    with moved_onto(room / "campus" / "boxes" / "canteen", DISK), Place(room) as place:
        place.open("pos-1", "pos-2", "pos-4")
        place.until_posted(10)
        place.kill("ingest")
        place.until_shown(40)
        filler = place.outbox().with_name("filler")
        fill(filler)
        place.start("ingest")
        place.until_posted(30)
        for _ in range(3):  # what room the box makes for itself is taken as well
            fill(filler.with_suffix(".more"))
            place.until_shown(4)
        place.kill("edge-canteen")
        place.start("edge-canteen")
        place.until_shown(8)
        assert place.status("pos-1").get("selling") is True, "terminals sell on, from their own rings"
        for file in filler.parent.glob("filler*"):
            file.unlink()
        place.until_posted(20)
        place.close_shop()
        require_books(place)
