"""Two persons write a terminal off for a card: its balance waits for it no longer, and what may be lost is booked."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import pytest

from cloud.ledger.books.entry import EntryKind
from cloud.ledger.cards.life import DeedKind, add_deed
from cloud.ledger.checks.verify import verify
from cloud.ledger.desk.door import DeskLedger
from cloud.ledger.desk.replacing import Wish
from cloud.ledger.funds.documents import enter
from cloud.ledger.held.door import HeldLedger
from cloud.ledger.held.losses import standing
from cloud.ledger.held.losses.door import LossLedger
from cloud.ledger.held.losses.standing import LostCard
from cloud.ledger.held.two_persons import ProposalRefused
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.ledger import Ledger
from cloud.ledger.read.reader import Reader
from cloud.ledger.records.values import Now
from cloud.store.db import Database
from cloud.words.losses import explain_lines, list_lines
from shared.ids import PsamId, StorageId
from shared.wire.messages import EPOCH_MAX, DeviceStatus, EpochRequest, EpochStatus
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import BOX, DAY_S, NOW, OPENING, POS, POS2, Box

CARD, NEW = c.card(1), c.card(8)


class Site(NamedTuple):
    """A ledger with two terminals that have sold, and a third, pos-03, that was never given an epoch."""

    ledger: Ledger
    desk: DeskLedger
    two: LossLedger

    def heard(self, device: bytes, last: int, now: Now) -> None:
        rows = (EpochStatus(1, c.psam(device[-1]), 1, last, 0, 0),)
        self.ledger.store_status(BOX, DeviceStatus(c.device(device[-1]), rows, 1, 1, 100, True, 1, 1), now.unix_ms)

    def lost(self, now: Now) -> LostCard:
        (found,) = Reader(self.ledger.database).lost_cards(now)
        return found

    def look(self, now: Now) -> None:
        while self.ledger.find_differences(now):
            pass


def later(days: int) -> Now:
    """NOW is a Thursday."""
    return Now(NOW.unix_ms + days * DAY_S * 1000 + 1000, NOW.campus_s + days * DAY_S + 1)


def wish(n: int, label: str = "0001") -> Wish:
    return Wish(n.to_bytes(16, "big"), "王芳", label, "丢失")


@pytest.fixture
def site(opened: OpenedLedger, ledger: Ledger) -> Site:
    for device in (POS, POS2):
        asked = EpochRequest(1, device, StorageId(b"T" * 8), PsamId(c.psam(device[-1])), 0)
        assert ledger.assign_epoch(BOX, asked, NOW).epoch == 1
    made = Site(ledger, DeskLedger(opened), LossLedger(opened))
    for device in (POS, POS2):
        made.heard(device, 0, NOW)
    return made


def bring_fresh(site: Site) -> None:
    """A new card of the stock, 0009."""
    fresh = replace(c.inventory(9).cards[8], opening_fen=0)
    site.ledger.import_inventory(replace(c.inventory(8, number=2), cards=(*c.inventory().cards, fresh)), NOW)


def lose(site: Site) -> None:
    """Reported lost, and replaced."""
    bring_fresh(site)
    site.desk.report_lost(wish(1), NOW)
    site.desk.replace_lost(wish(2), "0009", NOW)


def sign(site: Site, *names: str, now: Now = NOW) -> int:
    made = site.two.propose_write_off("0001", names, "李明", "终端已报废", now)
    assert not site.two.confirm_write_off(made.number, "赵红", now).again
    return made.number


def provided_or_lost(site: Site) -> set[str]:
    """Those of the two accounts that hold anything."""
    return {"loss-after-report", "loss-provision"} & c.balances(site.ledger).keys()


def true(site: Site, *, ok: bool = True) -> None:
    report = verify(site.ledger, c.check_tac)
    assert report.ok is ok, report.first_broken


def test_the_balance_is_released_when_every_terminal_is_written_off(site: Site) -> None:
    lose(site)
    said = site.desk.release(wish(3), NOW)
    assert (said.purse_fen, said.waits) == (0, 3)
    sign(site, "pos-01")
    assert site.desk.release(wish(4), NOW).waits == 2
    sign(site, "pos-02", "pos-03")
    said = site.desk.release(wish(5), NOW)
    assert (said.purse_fen, said.left_fen, said.waits) == (OPENING, 0, 0)
    balances = c.balances(site.ledger)
    assert (balances["loss-after-report"], balances["loss-provision"]) == (OPENING, -OPENING)
    true(site)
    (check,) = [one for one in verify(site.ledger, c.check_tac).checks if one.name == "losses"]
    assert check.warns


def test_what_the_old_card_spends_after_that_is_paid_by_what_was_provided(site: Site) -> None:
    lose(site)
    sign(site, "pos-01", "pos-02", "pos-03")
    site.desk.release(wish(3), NOW)
    Box(site.ledger).send(c.stored(c.purchase(1, CARD, 0, 300, OPENING)))
    assert c.purse(site.ledger, CARD) == -300
    site.look(NOW)
    balances = c.balances(site.ledger)
    assert c.purse(site.ledger, CARD) == 0
    assert (balances["loss-after-report"], balances["loss-provision"]) == (OPENING, -OPENING + 300)
    one = site.lost(NOW)
    assert (one.borne_fen, one.provided_fen, one.left_fen) == (300, OPENING - 300, 0)
    site.ledger.explain_difference(1, "李明", "已报案", NOW)
    true(site)


def test_what_the_holder_had_spent_before_and_comes_after_the_release_is_borne_too(site: Site) -> None:
    """pos-02 had told seq 1 when the card was reported, was written off, and brings it at last."""
    site.heard(POS2, 1, NOW)
    lose(site)
    sign(site, "pos-01", "pos-02", "pos-03")
    site.desk.release(wish(3), NOW)
    Box(site.ledger).send(c.stored(c.purchase(1, CARD, 0, 300, OPENING, at=POS2), POS2))
    site.look(NOW)
    assert c.purse(site.ledger, CARD) == 0
    assert site.lost(NOW).borne_fen == 300


def test_after_three_school_days_a_silent_terminals_write_off_stands_and_waits_for_two(site: Site) -> None:
    """Reported on a Thursday, and a weekend between: one is heard each day. What never began is silent, too."""
    lose(site)
    for days in (1, 4, 5, 6):
        site.heard(POS, 0, later(days))
        site.ledger._stands_ms = 0  # the hour between two looks is over
        site.look(later(days))
        assert [w.terminal.name for w in site.lost(later(days)).waiting] == ["pos-01", "pos-02", "pos-03"]
        assert site.lost(later(days)).due == ({POS2, c.FAR} if days >= 5 else set())
    told = [fact.told for fact in Reader(site.ledger.database).facts(50) if fact.code == "write-off-due"]
    assert [dict(one) for one in told] == [{"card": "0001", "terminal": "pos-02", "count": 2, "fen": OPENING}]
    made = site.two.propose_write_off("0001", ["pos-02"], "李明", "三日未联系", later(6))
    one = site.lost(later(6))
    assert (one.due, one.proposed) == ({c.FAR}, {POS2: made.number})
    site.two.confirm_write_off(made.number, "赵红", later(6))
    assert [w.terminal.name for w in site.lost(later(6)).waiting] == ["pos-01", "pos-03"]


def test_two_persons_and_no_less(site: Site) -> None:
    lose(site)
    made = site.two.propose_write_off("0001", ["pos-01"], "李明", "报废", NOW)
    with pytest.raises(ProposalRefused, match="另一人"):
        site.two.confirm_write_off(made.number, "李明", NOW)
    with pytest.raises(ProposalRefused, match="重叠"):
        site.two.propose_write_off("0001", ["pos-02", "pos-01"], "赵红", "报废", NOW)
    site.two.reject_write_off(made.number, "赵红", "仍在用", NOW)
    assert site.desk.release(wish(3), NOW).waits == 3
    again = sign(site, "pos-01")
    assert site.two.confirm_write_off(again, "赵红", NOW).again
    with pytest.raises(ProposalRefused, match="已销账"):
        site.two.propose_write_off("0001", ["pos-01"], "李明", "报废", NOW)
    true(site)


@pytest.mark.parametrize(
    ("label", "names", "said"),
    [("0002", ["pos-01"], "未挂失"), ("nobody", ["pos-01"], "没有这张卡"), ("0001", ["load-01"], "load-01"),
     ("0001", ["pos-99"], "pos-99"), ("0001", [], "1..")],
)  # fmt: skip
def test_what_cannot_be_written_off(site: Site, label: str, names: list[str], said: str) -> None:
    lose(site)
    with pytest.raises(ProposalRefused, match=said):
        site.two.propose_write_off(label, names, "李明", "报废", NOW)


def test_no_more_is_provided_than_is_left_on_the_card(site: Site) -> None:
    lose(site)
    first = site.two.propose_write_off("0001", ["pos-01"], "李明", "报废", NOW)
    Box(site.ledger).send(c.stored(c.purchase(1, CARD, 0, OPENING - 100, OPENING, at=POS2), POS2))
    site.two.confirm_write_off(first.number, "赵红", NOW)
    assert c.balances(site.ledger)["loss-provision"] == -100
    sign(site, "pos-02")
    assert c.balances(site.ledger)["loss-provision"] == -100


def test_a_kept_card_needs_completeness_alone(site: Site) -> None:
    """Unreadable, and at the desk: nobody can use it, so no terminal has to refuse it."""
    bring_fresh(site)
    said = site.desk.replace_broken(wish(1), "0009", None, later(0))
    assert (said.purse_fen, said.was_lost, [one[4] for one in said.owing]) == (0, False, [True, True])
    assert not site.lost(later(0)).is_lost
    site.heard(POS, 0, later(0))
    assert [w.terminal.name for w in site.lost(later(0)).waiting] == ["pos-02"]
    sign(site, "pos-02", now=later(0))
    assert site.desk.release(wish(2), later(0)).purse_fen == OPENING
    Box(site.ledger).send(c.stored(c.purchase(1, CARD, 0, 300, OPENING, at=POS2), POS2))
    site.look(later(0))
    assert (c.purse(site.ledger, CARD), site.lost(later(0)).borne_fen) == (0, 300)
    (fact,) = [fact for fact in Reader(site.ledger.database).facts(50) if fact.code == "loss-late"]
    assert (fact.level, dict(fact.told)["terminal"]) == ("urgent", "pos-02")
    true(site)


@pytest.mark.parametrize("known_by", ["record", "status", "order"])
def test_a_terminal_whose_epoch_a_ledger_put_back_never_gave_is_waited_for(
    opened: OpenedLedger, ledger: Ledger, known_by: str
) -> None:
    """Its box remembers the epoch that it was given after the backup: it sells on, and asks for none."""
    site, held = Site(ledger, DeskLedger(opened), LossLedger(opened)), HeldLedger(opened)
    bring_fresh(site)
    if known_by == "record":
        Box(ledger).send(c.stored(c.purchase(1, c.card(2), 0, 100, OPENING)))
    elif known_by == "status":
        site.heard(POS, 0, NOW)
    else:
        held.confirm_order(held.propose_epoch(POS, 17, "李明", "换板", NOW).number, "赵红", NOW)
    site.desk.replace_broken(wish(1), "0009", None, later(0))
    assert [(w.terminal.name, w.silent) for w in site.lost(later(0)).waiting] == [("pos-01", True)]
    assert site.desk.release(wish(2), later(0)).purse_fen == 0


@pytest.mark.parametrize("epoch", [2, EPOCH_MAX])
def test_a_genuine_sale_under_a_higher_epoch_silences_nobody(site: Site, epoch: int) -> None:
    """Its TAC says nothing about its epoch: a terminal's newest epoch is the one that its last STATUS names."""
    Box(site.ledger).send(c.stored(c.purchase(1, c.card(2), 0, 100, OPENING), epoch=epoch))
    bring_fresh(site)
    site.desk.replace_broken(wish(1), "0009", None, later(0))
    for device in (POS, POS2):
        site.heard(device, 0, later(0))
    assert site.lost(later(0)).waiting == ()
    assert site.desk.release(wish(2), later(0)).purse_fen == OPENING


@pytest.mark.parametrize("epoch", [2, EPOCH_MAX])
def test_a_higher_epoch_makes_no_write_off_due(site: Site, epoch: int) -> None:
    Box(site.ledger).send(c.stored(c.purchase(1, c.card(2), 0, 100, OPENING), epoch=epoch))
    lose(site)
    site.heard(POS, 0, later(6))
    assert site.lost(later(6)).due == {POS2, c.FAR}


def test_a_balance_that_was_released_while_a_terminal_was_waited_for_is_found(opened: OpenedLedger, site: Site) -> None:
    """As an older program, or another one, would book it."""
    lose(site)
    sign(site, "pos-01", "pos-02")
    key = b"r" * 16
    with opened.writing(NOW) as writing:
        enter(writing, EntryKind.LOSS_RELEASED, (CARD, c.card(9), OPENING, 0, 0, 0, 0), key)
        add_deed(writing, DeedKind.RELEASED, CARD, "王芳", key)
    assert f"terminal {c.FAR.hex()} was waited for" in verify(site.ledger, c.check_tac).first_broken


def test_a_write_off_ends_with_its_report_and_what_was_not_spent_of_its_provision_is_taken_back(site: Site) -> None:
    """Lost, written off everywhere, found; lost again, it may be used at every terminal as before."""
    bring_fresh(site)
    site.desk.report_lost(wish(1), NOW)
    sign(site, "pos-01", "pos-02", "pos-03")
    site.desk.cancel_lost(wish(2), NOW)
    assert not provided_or_lost(site)
    true(site)
    site.desk.report_lost(wish(3), NOW)
    said = site.desk.replace_lost(wish(4), "0009", NOW)
    assert (said.purse_fen, said.left_fen, said.waits) == (0, OPENING, 3)
    assert site.lost(NOW).written_off == 0
    sign(site, "pos-01", "pos-02", "pos-03")
    assert c.balances(site.ledger)["loss-provision"] == -OPENING
    assert site.desk.release(wish(5), NOW).purse_fen == OPENING
    true(site)


def test_what_a_void_gives_back_to_a_provision_of_a_found_card_is_taken_back_too(site: Site) -> None:
    site.desk.report_lost(wish(1), NOW)
    sign(site, "pos-01")
    made = c.purchase(1, CARD, 0, 300, OPENING)
    box = Box(site.ledger)
    box.send(c.stored(made))
    site.desk.cancel_lost(wish(2), NOW)
    assert c.balances(site.ledger)["loss-after-report"] == 300
    box.send(c.void(2, made))
    site.look(NOW)
    assert not provided_or_lost(site)


def test_a_proposal_of_before_the_card_was_found_is_not_confirmed(site: Site) -> None:
    site.desk.report_lost(wish(1), NOW)
    made = site.two.propose_write_off("0001", ["pos-01"], "李明", "报废", NOW)
    site.desk.cancel_lost(wish(2), NOW)
    with pytest.raises(ProposalRefused, match="已解挂"):
        site.two.confirm_write_off(made.number, "赵红", NOW)
    site.desk.report_lost(wish(3), NOW)
    with pytest.raises(ProposalRefused, match="已解挂"):
        site.two.confirm_write_off(made.number, "赵红", NOW)
    sign(site, "pos-01")
    true(site)


def test_terminals_of_a_card_that_was_lost_twice_are_told_as_due_twice(site: Site) -> None:
    told = []
    for turn, days in enumerate((0, 10)):
        site.desk.report_lost(wish(2 * turn + 1), later(days))
        site.ledger._stands_ms = 0
        site.look(later(days + 6))
        told.append(len([one for one in Reader(site.ledger.database).facts(50) if one.code == "write-off-due"]))
        site.desk.cancel_lost(wish(2 * turn + 2), later(days + 6))
    assert told == [1, 2]


def test_what_stays_provided_for_a_found_card_is_found(opened: OpenedLedger, site: Site) -> None:
    site.desk.report_lost(wish(1), NOW)
    sign(site, "pos-01")
    with opened.writing(NOW) as writing:
        add_deed(writing, DeedKind.FOUND, CARD, "王芳", b"f" * 16)
    assert f"{OPENING} fen are provided for it" in verify(site.ledger, c.check_tac).first_broken


def test_what_is_frozen_in_the_subsidy_purse_alone_waits_as_well(site: Site) -> None:
    """It is waited for, told apart, due and provided for as the main purse is."""
    bring_fresh(site)
    made = replace(c.inventory(10).cards[9], opening_fen=0, subsidy_fen=800)
    site.ledger.import_inventory(replace(c.inventory(8, number=3), cards=(*c.inventory().cards, made)), NOW)
    site.desk.report_lost(wish(1, "0010"), NOW)
    one = site.lost(NOW)
    assert (one.left_fen, one.subsidy_left_fen, one.is_open, len(one.waiting)) == (0, 800, True, 3)
    assert "卡内余款冻结 ¥0.00，补助钱包 ¥8.00" in "".join(list_lines([one]))
    assert "pos-03" in "".join(explain_lines(one))
    assert site.desk.replace_lost(wish(2, "0010"), "0009", NOW).was_lost
    site.look(later(6))
    told = [dict(one.told) for one in Reader(site.ledger.database).facts(50) if one.code == "write-off-due"]
    assert [(one["card"], one["fen"]) for one in told] == [("0010", 800)]


def bring_many(site: Site, count: int) -> list[str]:
    """Cards with a balance, from 0011 on."""
    first, labels = 11, [f"{n:04}" for n in range(11, 11 + count)]
    made = [replace(c.inventory(n).cards[n - 1], label=label) for n, label in enumerate(labels, first)]
    site.ledger.import_inventory(replace(c.inventory(8, number=4), cards=(*c.inventory().cards, *made)), NOW)
    return labels


def lose_many(site: Site, count: int) -> list[str]:
    """Reported one second after the other."""
    labels = bring_many(site, count)
    for n, label in enumerate(labels):
        site.desk.report_lost(wish(100 + n, label), Now(NOW.unix_ms + 1000 * n, NOW.campus_s + n))
    return labels


def test_an_old_frozen_balance_is_listed_before_newer_cards_without_one(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And whatever is not listed is told by its label."""
    monkeypatch.setattr(standing, "CARDS_MAX", 2)
    bring_fresh(site)
    lose_many(site, 1)
    empty = replace(c.inventory(10).cards[9], opening_fen=0)
    site.ledger.import_inventory(replace(c.inventory(8, number=5), cards=(*c.inventory().cards, empty)), NOW)
    for n, label in enumerate(("0010", "0009")):
        site.desk.report_lost(wish(n, label), later(n + 1))
    reader = Reader(site.ledger.database)
    assert [one.label for one in reader.lost_cards(later(3))] == ["0011", "0009"]
    while site.ledger.find_differences(later(3)):
        pass
    assert [one.label for one in reader.lost_cards(later(3))] == ["0011", "0009"], "folded"
    one = reader.lost_card("0010", later(3))
    assert one is not None
    assert (one.label, one.is_lost, one.is_open) == ("0010", True, False)
    assert reader.lost_card("0002", later(3)) is None


def test_kept_cards_of_which_nothing_is_left_push_no_lost_one_out(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setattr(standing, "CARDS_MAX", 1)
    bring_fresh(site)
    empty = replace(c.inventory(10).cards[9], opening_fen=0)
    site.ledger.import_inventory(replace(c.inventory(8, number=5), cards=(*c.inventory().cards, empty)), NOW)
    site.desk.report_lost(wish(1, "0001"), NOW)
    site.look(NOW)
    assert site.desk.replace_broken(wish(2, "0010"), "0009", None, later(1)).left_fen == 0
    assert [one.label for one in Reader(site.ledger.database).lost_cards(later(1))] == ["0001"]


def test_a_look_tells_what_is_due_of_a_few_cards_at_a_time(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A posting never waits for all of them; none is left out, whenever it was lost."""
    monkeypatch.setattr(standing, "CARDS_A_LOOK", 2)
    labels = lose_many(site, 5)
    while site.ledger.find_differences(NOW):
        pass
    site.ledger._stands_ms = 0
    told = []
    for _ in range(3):
        more = site.ledger.find_differences(later(6))
        with site.ledger.database.reading():
            told += site.ledger.database.run("SELECT COUNT(DISTINCT card) FROM write_off_due")
    assert told == [(2,), (4,), (len(labels),)]
    assert not more


class Asked:
    """How often a database is asked."""

    def __init__(self, database: Database, patch: pytest.MonkeyPatch) -> None:
        self.times = 0
        for door in (database.ask, database.run):
            patch.setattr(database, door.__name__, partial(self._count, door))

    def _count(self, door: Callable[..., object], *given: object) -> object:
        self.times += 1
        return door(*given)


def asked(site: Site) -> tuple[int, int]:
    """Of a list, and of a look that has nothing new to tell."""
    numbers = []
    for door in (lambda: Reader(site.ledger.database).lost_cards(later(6)), lambda: site.look(later(6))):
        site.look(later(6))
        site.ledger._stands_ms = 0
        with pytest.MonkeyPatch.context() as patch:
            counted = Asked(site.ledger.database, patch)
            door()
        numbers.append(counted.times)
    listing, looking = numbers
    return listing, looking


def test_many_lost_cards_ask_the_database_no_oftener_than_a_few(site: Site) -> None:
    """Neither a list nor a look, in whose transaction records wait; also when something is provided for each card."""
    labels, few = bring_many(site, 20), (0, 0)
    for n, label in enumerate(labels, 1):
        site.desk.report_lost(wish(n, label), NOW)
        made = site.two.propose_write_off(label, ["pos-01"], "李明", "终端已报废", later(1))
        site.two.confirm_write_off(made.number, "赵红", later(1))
        few = asked(site) if n == 2 else few
    found = Reader(site.ledger.database).lost_cards(later(6))
    assert [one.written_off for one in found] == [1] * len(labels)
    assert asked(site) == few
