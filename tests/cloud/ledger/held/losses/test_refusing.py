"""A lost card's balance waits for a terminal no longer once that reports to use a hotlist that names the card."""

from dataclasses import replace

import pytest

from cloud.fleet.making import Maker
from cloud.ledger.checks.verify import verify
from cloud.ledger.desk.door import DeskLedger
from cloud.ledger.desk.replacing import Wish
from cloud.ledger.fleet.documents.door import DocumentLedger
from cloud.ledger.held.losses.waiting import has_refused
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.ledger import Ledger
from cloud.ledger.read.reader import Reader
from cloud.ledger.records.values import Now
from cloud.words.losses import card_json
from shared.fleet.document import Head
from shared.ids import PsamId, StorageId
from shared.wire.messages import DeviceStatus, EpochRequest, EpochStatus
from tests.cloud.fleet.documents import Signer, in_use
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import BOX, FAR, NOW, OPENING, OTHER_BOX, POS, POS2, Box

CARD = c.card(1)


def at(s: int) -> Now:
    return Now(NOW.unix_ms + s * 1000, NOW.campus_s + s)


def wish(n: int, label: str = "0001") -> Wish:
    return Wish(n.to_bytes(16, "big"), "王芳", label, "丢失")


class Site:
    """Three tills that have sold; a hotlist of before the report."""

    def __init__(self, opened: OpenedLedger) -> None:
        self.ledger, self.desk = Ledger(opened), DeskLedger(opened)
        self.documents = DocumentLedger(opened)
        self._maker = Maker(self.documents, Signer())
        fresh = replace(c.inventory(9).cards[8], opening_fen=0)
        self.ledger.import_inventory(replace(c.inventory(8, number=2), cards=(*c.inventory().cards, fresh)), NOW)
        for device in (POS, POS2, FAR):
            box = OTHER_BOX if device == FAR else BOX
            asked = EpochRequest(1, device, StorageId(b"T" * 8), PsamId(c.psam(device[-1])), 0)
            assert self.ledger.assign_epoch(box, asked, NOW).epoch == 1
        self.before = self.made(NOW)

    def made(self, now: Now) -> Head:
        self._maker.look(self.documents.versions()[0], now)
        (wanted,) = self.documents.wanted()
        return wanted.head

    def lose(self, now: Now) -> Head:
        self.desk.report_lost(wish(now.unix_ms), now)
        return self.made(now)

    def heard(self, device: bytes, now: Now, last: int = 0) -> None:
        rows = (EpochStatus(1, c.psam(device[-1]), 1, last, 0, 0),)
        status = DeviceStatus(c.device(device[-1]), rows, 1, 1, 100, True, 1, 1)
        self.ledger.store_status(OTHER_BOX if device == FAR else BOX, status, now.unix_ms)

    def says(self, device: bytes, head: Head, now: Now, seq: int = 0) -> None:
        box = OTHER_BOX if device == FAR else BOX
        self.documents.reported(box, in_use(c.device(device[-1]), head, seq), now)

    def waiting(self, now: Now) -> dict[str, tuple[bool, bool]]:
        """Till → accepts, silent."""
        (found,) = Reader(self.ledger.database).lost_cards(now)
        told = card_json(found)["waiting"]
        return {one["terminal"]: (one["accepts"], one["silent"]) for one in told}


@pytest.fixture
def site(opened: OpenedLedger) -> Site:
    return Site(opened)


def test_each_terminal_that_refuses_it_is_waited_for_no_longer(site: Site) -> None:
    head = site.lose(at(10))
    for device in (POS, POS2, FAR):
        site.heard(device, at(11))
    assert site.waiting(at(11)) == dict.fromkeys(("pos-01", "pos-02", "pos-03"), (True, False))
    site.says(POS, head, at(12))
    site.says(POS2, site.before, at(12))
    assert site.waiting(at(12))["pos-01"] == (False, True), "its STATUS is of before"
    site.heard(POS, at(13))
    assert sorted(site.waiting(at(13))) == ["pos-02", "pos-03"], "an older hotlist refuses nobody"
    site.says(POS, head, at(14))
    assert sorted(site.waiting(at(14))) == ["pos-02", "pos-03"], "said again at the next connect, it is nothing new"


def test_all_of_it_is_released_when_all_tills_refuse_it(site: Site) -> None:
    head = site.lose(at(10))
    for device in (POS, POS2, FAR):
        site.says(device, head, at(11))
        site.heard(device, at(12))
    assert site.waiting(at(12)) == {}
    said = site.desk.replace_lost(wish(2), "0009", at(13))
    assert (said.purse_fen, said.left_fen, said.waits) == (OPENING, 0, 0)
    assert verify(site.ledger, c.check_tac).ok


def test_one_till_away_holds_it_back(site: Site) -> None:
    head = site.lose(at(10))
    for device in (POS, POS2):
        site.says(device, head, at(11))
        site.heard(device, at(12))
    said = site.desk.replace_lost(wish(2), "0009", at(13))
    assert (said.purse_fen, said.left_fen, said.waits) == (0, OPENING, 1)
    site.says(FAR, site.made(at(14)), at(14))
    site.heard(FAR, at(15))
    assert site.desk.release(wish(3), at(16)).purse_fen == OPENING
    assert verify(site.ledger, c.check_tac).ok


def test_what_it_sold_before_it_refused_must_have_come(site: Site) -> None:
    """Seq 1 was written before the hotlist took effect: a STATUS that does not name it is of before."""
    head = site.lose(at(10))
    site.says(POS, head, at(11), seq=2)
    site.heard(POS, at(12), last=0)
    assert site.waiting(at(12))["pos-01"] == (False, True)
    site.heard(POS, at(13), last=2)
    assert site.waiting(at(13))["pos-01"] == (False, False), "it owes two records"
    Box(site.ledger).send(*(c.stored(c.purchase(n, c.card(n + 1), 0, 300, OPENING)) for n in (1, 2)))
    assert "pos-01" not in site.waiting(at(14))


def test_a_till_that_sells_on_owes_nothing_of_a_card_that_it_refuses(site: Site) -> None:
    """At lunch some record is always on its way: what was written after the list took effect is of other cards."""
    head = site.lose(at(10))
    Box(site.ledger).send(*(c.stored(c.purchase(n, c.card(n + 1), 0, 300, OPENING)) for n in (1, 2)))
    site.says(POS, head, at(11), seq=2)
    site.heard(POS, at(12), last=4)
    assert "pos-01" not in site.waiting(at(12))
    site.says(POS2, head, at(11), seq=1)
    site.heard(POS2, at(12), last=4)
    assert site.waiting(at(12))["pos-02"] == (False, False), "one of them may be of this card"


def test_a_fork_and_a_card_that_was_found_meanwhile_refuse_nothing(site: Site) -> None:
    head = site.lose(at(10))
    site.says(POS, site.before, at(11))
    assert not refuses(site, POS)
    site.says(POS, head, at(12))
    assert refuses(site, POS)
    site.desk.cancel_lost(wish(5), at(13))
    site.made(at(13))
    again = site.lose(at(14))
    assert not refuses(site, POS), "it goes on by way of a list that does not name the card"
    site.says(POS, again, at(15))
    assert refuses(site, POS)


def test_who_loses_his_hotlist_accepts_the_card_again_and_yet_has_refused_it(site: Site) -> None:
    head = site.lose(at(10))
    site.says(POS, head, at(11))
    site.heard(POS, at(12))
    assert "pos-01" not in site.waiting(at(12))
    site.says(POS, site.before, at(13))
    site.heard(POS, at(14))
    assert site.waiting(at(14))["pos-01"] == (True, False)
    assert refuses(site, POS), "what was released while it refused was released in order"


def refuses(site: Site, device: bytes) -> bool:
    with site.ledger.database.reading():
        return has_refused(site.ledger.database, device, CARD)
