"""Everything twice: processes on one folder, a box on a cloned card, an ingest from a copied folder."""

import shutil
from pathlib import Path

import pytest

from compose.servers.ports import free_port
from tests.attack.books import require_books
from tests.attack.place import Place, asked, command

pytestmark = pytest.mark.process
IN_USE = 2


def _refused_beside(place: Place, name: str) -> None:
    """A second one on the same folder ends at once with wrong use, and the first does not notice."""
    words = list(place.words(name))
    if "--tcp-port" in words:
        words[words.index("--tcp-port") + 1] = free_port()
    place.begin(f"{name}-again", *words)
    assert place.wait(f"{name}-again") == IN_USE, place.said(f"{name}-again")
    assert place.is_up(name)
    place.until_posted(5)


def _cloned_box(place: Place) -> int:
    """An SD card is cloned and both are on line: the same box, store and rows, and each has terminals of its own.

    The port of the clone.
    """
    place.kill("edge-canteen")
    clone = place.room / "clone"
    (clone / "boxes").mkdir(parents=True)
    shutil.copytree(place.outbox().parent, clone / "boxes" / "canteen")
    port = free_port()
    words = list(place.words("edge-canteen"))
    words[words.index("--data") + 1] = clone
    words[words.index("--tcp-port") + 1] = port
    place.begin("clone", *words)
    place.start("edge-canteen")
    place.until("the clone is ready", lambda: place.is_ready("clone"))
    return port


def test_everything_twice(room: Path) -> None:
    with Place(room) as place:
        place.open()
        place.until_posted(15)
        for name in ("ingest", "edge-canteen", "pos-1"):
            _refused_beside(place, name)
        port = _cloned_box(place)
        place.kill("pos-2")
        place.reach["pos-2"] = port
        place.start("pos-2")
        place.until("pos-2 sells at the clone", lambda: place.status("pos-2").get("state") == "joined")
        begun = place.shown()
        place.until_shown(40)
        place.until("what was sold at both is in the books", lambda: place.posted() >= begun + 30)
        place.close_shop()
        place.until("the clone settled", lambda: place.status("clone").get("unsettled") == 0)
        require_books(place)


def _other_machine(place: Place) -> None:
    """Two ingests with one name at the broker, each with a ledger of its own: the folder was copied."""
    copy = place.room / "copy"
    place.kill("ingest")
    shutil.copytree(place.data, copy)
    words = list(place.words("ingest"))
    words[words.index("--data") + 1] = copy
    place.start("ingest")
    place.begin("ingest-copy", *words)


def test_an_ingest_from_a_copied_folder(room: Path) -> None:
    """They take each other's sessions over, and both say so. Nothing is lost to the one whose books go on."""
    with Place(room) as place:
        place.open("pos-1", "pos-2", "pos-4")
        place.until_posted(15)
        _other_machine(place)
        both = ("ingest", "ingest-copy")
        place.until("both were taken over", lambda: all(place.status(name).get("taken_over") for name in both))
        place.until_shown(20)
        assert all(place.is_up(name) for name in both)
        place.kill("ingest-copy")
        place.until_posted(20)
        place.close_shop()
        _close_what_the_copy_alone_had(place)
        require_books(place)


def _close_what_the_copy_alone_had(place: Place) -> None:
    """Boxes bear witness of the copy's own links: two persons have to see to them, if it had any."""
    if asked(place.ledger, "SELECT count(*) FROM put_back WHERE last > 0") != [(0,)]:
        where = ("cloud", "put-back", "--data", place.data)
        command(*where, "propose", "--who", "A", "--reason", "a copy")
        command(*where, "confirm", "--proposal", 1, "--who", "B")
