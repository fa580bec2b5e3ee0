"""Wanted beside reported: what a terminal says it uses is held against what was made, and kept as it was said."""

from dataclasses import replace

import pytest

from cloud.fleet.making import Maker
from cloud.ledger.fleet.documents.door import BEHIND_MS, DocumentLedger
from cloud.ledger.fleet.documents.standing import DocumentState, TerminalRow
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.ledger import Ledger
from cloud.ledger.read.reader import Reader
from cloud.ledger.records.values import Now
from shared.fleet.cards import operators_body
from shared.fleet.document import CAMPUS, DocumentKind, Head
from shared.wire.fleet_lane import Held, HeldRow, Reported, Verdict
from shared.wire.messages import DeviceStatus, EpochStatus
from tests.cloud.fleet.documents import Signer, in_use
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import BOX, NOW, OTHER_BOX, POS

HOTLIST = DocumentKind.HOTLIST, CAMPUS


def at(ms: int) -> Now:
    return Now(NOW.unix_ms + ms, NOW.campus_s + ms // 1000)


class Site:
    """A ledger whose hotlist has two generations."""

    def __init__(self, opened: OpenedLedger) -> None:
        self.ledger = Ledger(opened)
        self.documents = DocumentLedger(opened)
        self._maker = Maker(self.documents, Signer())
        self.first = self.made(NOW)
        self.second = self.listed(2, at(1000))

    def made(self, now: Now) -> Head:
        self._maker.look(self.documents.versions()[0], now)
        (wanted,) = self.documents.wanted()
        return wanted.head

    def listed(self, card: int, now: Now) -> Head:
        self.ledger.set_hotlisted(c.card(card), True, now)
        return self.made(now)

    def says(self, said: Reported, now: Now = NOW, box: str = BOX) -> None:
        self.documents.reported(box, said, now)  # type: ignore[arg-type]

    def of(self, device: bytes) -> TerminalRow:
        (row,) = (row for row in self.documents.standing().terminals if row.device == device)
        assert Reader(self.ledger.database).fleet.documents_of(device) == [row], "alone it stands as among all"
        return row

    def told(self) -> list[str]:
        return [one.code for one in Reader(self.ledger.database).facts() if one.code.startswith("document")]

    def heard(self, now: Now) -> None:
        rows = (EpochStatus(1, c.psam(1), 1, 0, 0, 0),)
        self.ledger.store_status(BOX, DeviceStatus(POS, rows, 1, 1, 100, True, 1, 1), now.unix_ms)


@pytest.fixture
def site(opened: OpenedLedger) -> Site:
    return Site(opened)


def test_what_was_never_said_is_unknown(site: Site) -> None:
    row = site.of(POS)
    assert (row.standing, row.wanted, row.known, row.behind_ms) == (DocumentState.UNKNOWN, 2, None, 0)
    assert not site.documents.standing().is_red


def test_behind_since_the_first_generation_that_it_lacks(site: Site) -> None:
    site.listed(3, at(5000))
    site.says(in_use(POS, site.first), at(6000))
    row = site.of(POS)
    assert (row.standing, row.behind_ms) == (DocumentState.BEHIND, at(1000).unix_ms)
    assert not site.documents.standing().is_red


def test_in_use_is_what_has_our_digest(site: Site) -> None:
    site.says(in_use(POS, site.second))
    assert site.of(POS).standing is DocumentState.IN_USE
    assert site.told() == []


@pytest.mark.parametrize(
    ("change", "how", "fact"),
    [
        ({"digest": b"x" * 32}, DocumentState.FORK, "document-fork"),
        ({"generation": 9}, DocumentState.AHEAD, "document-ahead"),
    ],
)
def test_what_we_never_made_is_red_and_told_once(
    site: Site, change: dict[str, object], how: DocumentState, fact: str
) -> None:  # fmt: skip
    said = replace(in_use(POS, site.second), **change)  # type: ignore[arg-type]
    site.says(said)
    site.says(said, at(1000))
    assert site.of(POS).standing is how
    assert site.documents.standing().is_red
    assert site.told() == [fact]


def test_a_refusal_is_red_until_it_takes_something_newer(site: Site) -> None:
    refused = replace(in_use(POS, site.first), offered=2, verdict=Verdict.WRONG_SIGNATURE)
    site.says(refused)
    assert site.of(POS).standing is DocumentState.REFUSED
    site.says(replace(refused, verdict=Verdict.BUSY))
    assert site.of(POS).standing is DocumentState.BEHIND, "it may be offered again"
    site.says(replace(refused, verdict=Verdict.STORED))
    assert site.of(POS).standing is DocumentState.STORED
    site.says(in_use(POS, site.second))
    assert site.of(POS).standing is DocumentState.IN_USE


def test_another_boxs_word_is_not_kept_and_told_once(site: Site) -> None:
    for _ in range(2):
        site.says(in_use(POS, site.second), box=OTHER_BOX)
    assert site.of(POS).standing is DocumentState.UNKNOWN
    assert [one.code for one in Reader(site.ledger.database).facts()].count("spoken-for") == 1


def test_who_is_heard_and_behind_for_long_is_told_once_for_a_generation(site: Site) -> None:
    site.says(in_use(POS, site.first))
    assert site.documents.tell_behind(at(1000 + BEHIND_MS)) == 0, "it is away"
    site.heard(at(BEHIND_MS))
    assert site.documents.tell_behind(at(999 + BEHIND_MS)) == 0
    assert site.documents.tell_behind(at(1000 + BEHIND_MS)) == 1
    assert site.documents.tell_behind(at(1001 + BEHIND_MS)) == 0
    assert site.told() == ["document-behind"]


def test_what_a_box_holds_is_what_it_said_last(site: Site) -> None:
    row = HeldRow(*HOTLIST, 1, site.first.digest, site.first.as_of)
    site.documents.held(BOX, Held((row, row._replace(kind=DocumentKind.PARAMETERS))), NOW)
    site.documents.held(BOX, Held((row,)), NOW)
    found = {one.box: (one.wanted, one.held) for one in site.documents.standing().boxes}
    assert found == {BOX: (2, row), OTHER_BOX: (2, None)}


@pytest.mark.parametrize(
    ("generation", "fact"), [(2, "document-fork"), (3, "document-ahead"), (1, "")], ids=["fork", "ahead", "ours"]
)
def test_what_a_box_holds_and_we_never_made_is_told_once(site: Site, generation: int, fact: str) -> None:
    digest = site.first.digest if generation == 1 else b"x" * 32
    held = Held((HeldRow(*HOTLIST, generation, digest, 0),))
    assert site.documents.held(BOX, held, NOW) is bool(fact)
    assert site.documents.held(BOX, held, NOW) is False
    assert site.told() == ([fact] if fact else [])


def test_who_has_no_use_for_a_list_of_cards_is_not_red(site: Site) -> None:
    kind = DocumentKind.OPERATORS
    head = replace(site.first, kind=kind)
    Maker(site.documents, Signer()).make((kind, CAMPUS), operators_body([]), "王芳", NOW)
    said = replace(in_use(POS, head), generation=0, digest=bytes(32), offered=1, verdict=Verdict.UNSUPPORTED)
    site.says(said)
    (row,) = [one for one in site.documents.standing().terminals if one.device == POS and one.which[0] is kind]
    assert (row.standing, row.standing.is_red) == (DocumentState.UNUSED, False)
    site.says(replace(said, verdict=Verdict.MALFORMED))
    (row,) = [one for one in site.documents.standing().terminals if one.device == POS and one.which[0] is kind]
    assert row.standing is DocumentState.REFUSED
