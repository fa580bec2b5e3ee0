"""Of a lost card's balance that goes at once which no terminal that is waited for could still bring by its caps."""

from dataclasses import replace

import pytest

from cloud.fleet.making import Maker
from cloud.fleet.pushing import Pusher
from cloud.ledger.books.entry import EntryKind
from cloud.ledger.checks.verify import verify
from cloud.ledger.desk.door import DeskLedger
from cloud.ledger.desk.replacing import Wish
from cloud.ledger.fleet.documents.door import DocumentLedger
from cloud.ledger.fleet.parameters.door import ParameterLedger
from cloud.ledger.fleet.parameters.rows import PushKind
from cloud.ledger.funds.documents import kept_back_fen
from cloud.ledger.held.losses.exposure import VERSIONS_MAX
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.ledger import Ledger
from cloud.ledger.read.reader import Reader
from cloud.ledger.records.values import Now
from cloud.parameters.campus_file import read_file
from cloud.words.losses import explain_lines
from shared.fleet.document import DocumentKind, Head, device_scope
from shared.ids import DeviceId, PsamId, StorageId
from shared.wire import codec
from shared.wire.messages import DeviceStatus, EpochRequest, EpochStatus
from tests.cloud.fleet.documents import Signer, in_use
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import BOX, DAY_S, FAR, NOW, OPENING, OTHER_BOX, POS, POS2, Box, balances, purse

OLD, NEW, FRESH = c.card(1), c.card(9), "0009"
CAP_FEN = 30_00
TEXT = """
format = 1
[classes]
"学生" = 1
"教师" = 2
[[meal]]
number = 1
name = "早餐"
from = "05:00"
[[limit]]
day = "CAP"
[[limit]]
classes = ["教师"]
day = "90.00"
"""


def at(s: float) -> Now:
    return Now(NOW.unix_ms + int(s * 1000), NOW.campus_s + int(s))


def wish(n: int) -> Wish:
    return Wish(n.to_bytes(16, "big"), "王芳", "0001", "丢失")


class Site:
    """Three tills with a cap, all of them heard and complete; the card is reported lost 10 s later."""

    def __init__(self, opened: OpenedLedger) -> None:
        self.ledger, self.desk = Ledger(opened), DeskLedger(opened)
        self.signer, self.documents = Signer(), DocumentLedger(opened)
        self.parameters = ParameterLedger(opened)
        self._maker, self._pusher = Maker(self.documents, self.signer), Pusher(opened, self.signer)
        fresh = replace(c.inventory(9).cards[8], opening_fen=0)
        self.ledger.import_inventory(replace(c.inventory(8, number=2), cards=(*c.inventory().cards, fresh)), NOW)
        self.push()
        for device in (POS, POS2, FAR):
            asked = EpochRequest(1, device, StorageId(b"T" * 8), PsamId(c.psam(device[-1])), 0)
            self.ledger.assign_epoch(self.box(device), asked, NOW)
            self.uses(device)
            self.heard(device, NOW)
        self.desk.report_lost(wish(1), at(10))
        self._maker.look(self.documents.versions()[0], at(10))
        self.listed = self.newest(DocumentKind.HOTLIST)

    def push(self, cap: str = "30.00") -> None:
        file = read_file(TEXT.replace("CAP", cap))
        self._pusher.push(file, PushKind.PUSH, "王芳", self._pusher.targets(file, None), NOW)

    def newest(self, kind: DocumentKind, device: bytes = b"") -> Head:
        heads = [one.head for one in self.documents.wanted() if one.head.kind is kind]
        return next(one for one in heads if not device or one.scope == device_scope(DeviceId(device)))

    def uses(self, device: bytes, **changed: object) -> None:
        head = self.newest(DocumentKind.PARAMETERS, device)
        self.documents.reported(self.box(device), replace(in_use(DeviceId(device), head), **changed), NOW)

    def refuses(self, device: bytes, now: Now) -> None:
        self.documents.reported(self.box(device), in_use(DeviceId(device), self.listed), now)
        self.heard(device, at((now.unix_ms - NOW.unix_ms) / 1000 + 1))

    def heard(self, device: bytes, now: Now, last: int = 0, open_slots: int = 0) -> None:
        rows = (EpochStatus(1, c.psam(device[-1]), 1, last, 0, open_slots),)
        status = DeviceStatus(c.device(device[-1]), rows, 1, 1, 100, True, 1, 1)
        self.ledger.store_status(self.box(device), status, now.unix_ms)

    def box(self, device: bytes) -> str:
        return OTHER_BOX if device == FAR else BOX

    def replaced(self, now: Now) -> tuple[int, int, int]:
        said = self.desk.replace_lost(wish(2), FRESH, now)
        return said.purse_fen, said.left_fen, said.waits


@pytest.fixture
def site(opened: OpenedLedger) -> Site:
    return Site(opened)


@pytest.mark.parametrize("away", [1, 2])
def test_what_tills_that_are_away_cannot_have_taken_goes_at_once(site: Site, away: int) -> None:
    for device in (POS, POS2, FAR)[away:]:
        site.refuses(device, at(11))
    assert site.replaced(at(13)) == (OPENING - away * CAP_FEN, away * CAP_FEN, away)
    for n, device in enumerate((POS, POS2)[:away]):
        site.refuses(device, at(14))
        left = (away - n - 1) * CAP_FEN
        assert site.desk.release(wish(10 + n), at(16)).left_fen == left
    assert -balances(site.desk)[f"online:{NEW.hex()}"] == OPENING
    assert verify(site.ledger, c.check_tac).ok


def test_a_release_says_what_it_kept_back(site: Site) -> None:
    """By its document; one of before, and what is no document, kept nothing back that anybody knows of."""
    for device in (POS2, FAR):
        site.refuses(device, at(11))
    site.replaced(at(13))
    with site.ledger.database.reading():
        sql = "SELECT document FROM posting WHERE kind = ? AND line = 0"
        ((document,),) = site.ledger.database.run(sql, (int(EntryKind.LOSS_RELEASED),))
    assert kept_back_fen(document) == CAP_FEN
    site.refuses(POS, at(14))
    site.desk.release(wish(3), at(16))
    with site.ledger.database.reading():
        (_, (document,)) = site.ledger.database.run(f"{sql} ORDER BY entry", (int(EntryKind.LOSS_RELEASED),))
    of_before = codec.dumps([int(EntryKind.LOSS_RELEASED), OLD, NEW, 1, 2, 3, b"key"])
    assert [kept_back_fen(one) for one in (document, of_before, b"", None, b"junk")] == [0] * 5


def test_what_it_takes_comes_out_of_what_was_kept_back(site: Site) -> None:
    """Above the last number that it had told: the school bears it, and all of the rest is the holder's."""
    for device in (POS2, FAR):
        site.refuses(device, at(11))
    assert site.replaced(at(13))[1] == CAP_FEN
    Box(site.ledger).send(c.stored(c.purchase(1, OLD, 0, 12_50, OPENING)))
    assert purse(site.desk, OLD) == CAP_FEN - 12_50, "it never falls below zero"
    while site.ledger.find_differences(at(20)):
        pass
    site.ledger.explain_difference(1, "李明", "已报案", at(20))
    site.refuses(POS, at(21))
    site.heard(POS, at(23), last=1)
    assert site.desk.release(wish(3), at(24)).purse_fen == CAP_FEN
    assert purse(site.desk, OLD) == 0
    assert verify(site.ledger, c.check_tac).ok


def test_what_goes_at_once_is_told_of_the_card_that_is_asked_for(site: Site) -> None:
    for device in (POS2, FAR):
        site.refuses(device, at(11))
    one = Reader(site.ledger.database).lost_card("0001", at(13))
    assert one is not None
    assert one.free_fen == OPENING - CAP_FEN
    assert "按限额可先转 ¥70.00：desk reissue --label 0001" in "\n".join(explain_lines(one))
    site.replaced(at(13))
    again = Reader(site.ledger.database).lost_card("0001", at(13))
    assert again is not None
    assert (again.free_fen, again.left_fen) == (0, CAP_FEN)


def test_each_day_that_it_is_away_is_a_day_of_its_cap(site: Site) -> None:
    for device in (POS2, FAR):
        site.refuses(device, at(11))
    assert site.replaced(at(2 * DAY_S))[1] == 3 * CAP_FEN


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda site: site.heard(POS, at(9), last=2),
        lambda site: site.heard(POS, at(9), open_slots=1),
        lambda site: site.uses(POS, digest=b"x" * 32),
        lambda site: site.uses(POS, generation=0),
        lambda site: [site.push(f"{31 + n}.00") for n in range(VERSIONS_MAX)],
    ],
    ids=["owes records", "has a slot open", "uses what we never made", "uses none", "is too far behind"],
)
def test_of_a_till_that_may_bring_anything_nothing_goes(site: Site, spoilt) -> None:
    for device in (POS2, FAR):
        site.refuses(device, at(11))
    spoilt(site)
    assert site.replaced(at(13)) == (0, OPENING, 1)


def test_it_may_have_turned_to_a_later_version_by_now(site: Site) -> None:
    for device in (POS2, FAR):
        site.refuses(device, at(11))
    site.push("45.00")
    assert site.replaced(at(13))[1] == 45_00


def test_the_cap_is_that_of_the_card_class(site: Site) -> None:
    """The desk has written another one onto the card: either may be what the till reads."""
    with site.desk.database.writing():
        site.desk.database.run("UPDATE card_life SET card_class = 2 WHERE card = ?", (OLD,))
    for device in (POS2, FAR):
        site.refuses(device, at(11))
    assert site.replaced(at(13))[1] == 90_00
