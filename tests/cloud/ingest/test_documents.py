"""A card is reported lost at a command line, and a box hears of it: real ingest, keys, broker, both databases."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cloud.commands.fleet.cards import Deed, act
from compose.parts.standing import Standing
from shared.fleet.delta import decode_delta
from shared.fleet.document import CAMPUS, DocumentKind, Head, digest_of, page_count, table_of
from shared.fleet.hotlist import Hotlist
from shared.ids import CardId, hotlist_index
from shared.keys.document_key import DocumentKey, Keyring
from shared.wire.fleet_lane import Held, HeldRow, OfferedDelta, OfferedHead, Page, PagesWanted, Reported, Verdict
from tests.cloud.campus import Campus, run_part
from tests.cloud.field import FieldBox
from tests.cloud.ingest.test_process import ingest_part
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.process
HOTLIST = DocumentKind.HOTLIST, CAMPUS


@dataclass
class Site:
    """A campus with its ingest; dsn None: SQLite."""

    campus: Campus
    keyring: Keyring
    port: int
    dsn: str | None

    def box(self) -> FieldBox:
        return FieldBox(self.campus, self.campus.bodies()[0].box, self.port)

    def card(self, at: int) -> CardId:
        return self.campus.inventory.cards[at].card

    def does(self, step: str, at: int) -> float:
        """When it was committed."""
        deed = Deed(step, self.campus.inventory.cards[at].label, "王芳", "丢失")
        assert act(self.campus.data, self.dsn, deed, as_json=True) == 0
        return time.monotonic()

    def told(self) -> dict:
        where = ("--dsn", self.dsn) if self.dsn else ()
        return json.loads(run_part("cloud", "documents", "--data", self.campus.data, *where, "--json"))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def site(request, provisioned: Campus, campus: Campus, keys_socket: Path, embedded, tmp_path: Path) -> Iterator[Site]:
    dsn = None if request.param == "sqlite" else request.getfixturevalue("postgres")
    more = ("--dsn", dsn) if dsn else ()
    if dsn:
        run_part("cloud", "import", "--data", campus.data, *more)
    known = json.loads((provisioned.data / "campus.json").read_text())
    keyring = Keyring(campus.inventory.campus, bytes.fromhex(known["campus_key"]))
    with Standing(ingest_part(campus, keys_socket, embedded.port, *more), tmp_path):
        yield Site(campus, keyring, embedded.port, dsn)


def fetched(site: Site, box: FieldBox) -> tuple[Head, bytes]:
    """The newest hotlist, as a box takes it that holds nothing."""
    box.say(Held(()))
    key, offered = box.document(), box.document()
    assert isinstance(key, DocumentKey)
    assert site.keyring.add(key)
    assert isinstance(offered, OfferedHead)
    head = site.keyring.opened(offered.head)
    assert head is not None
    box.say(PagesWanted(*HOTLIST, head.generation, tuple(range(page_count(head.length)))))
    pages = [box.document() for _ in range(page_count(head.length))]
    body = b"".join(page.data for page in pages if isinstance(page, Page))
    assert (digest_of(body), table_of(body)) == (head.digest, offered.table)
    return head, body


def followed(site: Site, box: FieldBox, body: bytes) -> tuple[Head, bytes]:
    """The next one, as the delta that a box takes live."""
    offered = box.document()
    assert isinstance(offered, OfferedDelta)
    head = site.keyring.opened(offered.head)
    assert head is not None
    after = decode_delta(offered.delta).apply(body)
    assert digest_of(after) == head.digest
    return head, after


def holds(head: Head) -> Held:
    return Held((HeldRow(head.kind, head.scope, head.generation, head.digest, head.as_of),))


def test_a_lost_card_reaches_a_box_and_is_undone_as_fast(site: Site) -> None:
    card = site.card(3)
    with site.box() as box:
        head, body = fetched(site, box)
        assert not Hotlist(body).contains(card, hotlist_index(card))
        box.say(holds(head))
        at_s = site.does("report-lost", 3)
        lost, body = followed(site, box, body)
        print(f"down after {time.monotonic() - at_s:.3f} s")  # noqa: T201  # a rate is a row of tests/bench
        assert Hotlist(body).contains(card, hotlist_index(card))
        box.say(holds(lost))
        site.does("cancel-report", 3)
        found, body = followed(site, box, body)
        assert not Hotlist(body).contains(card, hotlist_index(card))
        assert (lost.generation, found.generation) == (head.generation + 1, head.generation + 2)
        device = site.campus.bodies()[0].device
        said = Reported(device, *HOTLIST, found.generation, found.digest, 1, 5, 0, found.generation, Verdict.IN_USE)
        box.say(said)
        box.say(holds(found))
        told = until_told(site, device.hex())
        assert (told["wanted"], told["reported"], told["seq"]) == (found.generation, found.generation, 5)


def until_told(site: Site, device: str) -> dict:
    last = time.monotonic() + PATIENCE_S
    while True:
        (row,) = (row for row in site.told()["terminals"] if row["device"] == device)
        if row["standing"] == "in-use":
            return row
        assert time.monotonic() < last, row
