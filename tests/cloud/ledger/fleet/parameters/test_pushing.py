"""A push is whole or nothing, equal bytes are no push, and what refuses more is for two persons and ends by itself."""

import pytest

from cloud.fleet.pushing import Pusher
from cloud.ledger.checks.book_chain import check_book_chain
from cloud.ledger.fleet.documents.door import DocumentLedger
from cloud.ledger.fleet.parameters.allowed import allowed
from cloud.ledger.fleet.parameters.door import ParameterLedger
from cloud.ledger.fleet.parameters.rows import Push, PushKind
from cloud.ledger.fleet.parameters.spent import Refused
from cloud.ledger.held.door import HeldLedger
from cloud.ledger.held.two_persons import ProposalRefused
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.ledger import Ledger
from cloud.ledger.read.reader import Reader
from cloud.ledger.records.values import Now
from cloud.parameters.campus_file import CampusFile, read_file
from shared.errors import ConfigFault, KeyFault, RuleBroken
from shared.fleet.document import DocumentKind, device_scope
from shared.fleet.parameters import Limits, ParameterBody, decode_parameters
from tests.cloud.fleet.documents import Signer
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import DAY_S, FAR, LOADER, NOW, POS, POS2, T0, Box, purchase

TEXT = """
format = 1
title = "秋季"
[classes]
"学生" = 1
[[meal]]
number = 1
name = "早餐"
from = "05:00"
[[meal]]
number = 2
name = "午餐"
from = "10:30"
[[limit]]
single = "SINGLE"
[[limit]]
terminals = ["pos-01"]
classes = ["学生"]
meals = ["午餐"]
meal = "MEAL"
[[holiday]]
name = "国庆"
first = 2026-10-01
last = 2026-10-07
"""


def campus_file(single: str = "50.00", meal: str = "60.00") -> CampusFile:
    return read_file(TEXT.replace("SINGLE", single).replace("MEAL", meal))


def later(days: float) -> Now:
    return Now(NOW.unix_ms + int(days * DAY_S) * 1000, NOW.campus_s + int(days * DAY_S))


class Office:
    """Who pushes, with a signer beside."""

    def __init__(self, opened: OpenedLedger) -> None:
        self.signer = Signer()
        self.opened = opened
        self.parameters, self.held = ParameterLedger(opened), HeldLedger(opened)
        self.pusher = Pusher(opened, self.signer)

    def push(self, file: CampusFile, *devices: bytes, kind: PushKind = PushKind.PUSH, now: Now = NOW) -> Push | None:
        return self.pusher.push(file, kind, "王芳", self.pusher.targets(file, devices or None), now)

    def propose(self, file: CampusFile, *devices: bytes, days: int = 30, now: Now = NOW) -> int:
        return self.held.propose_tighter(file, devices, days, (3, 40_00), "王芳", "控费", now).number

    def wanted(self, device: bytes) -> ParameterBody:
        """As its head, which everybody would believe, says."""
        (one,) = [w for w in DocumentLedger(self.opened).wanted() if w.document.scope == device_scope(device)]
        assert self.signer.opened(one.signed) == one.head
        return decode_parameters(DocumentLedger(self.opened).body(one.document))

    def generation(self, device: bytes) -> int:
        kinds = (w for w in DocumentLedger(self.opened).wanted() if w.document.scope == device_scope(device))
        return next((w.head.generation for w in kinds if w.head.kind is DocumentKind.PARAMETERS), 0)


@pytest.fixture
def office(opened: OpenedLedger) -> Office:
    return Office(opened)


def test_each_terminal_gets_its_own_signed_document(office: Office) -> None:
    made = office.push(campus_file())
    assert made is not None
    assert (made.number, made.made) == (1, {POS: 1, POS2: 1, FAR: 1, LOADER: 1})
    assert office.wanted(POS).limits_of(1, 2) == Limits(50_00, 60_00)
    assert office.wanted(POS2).limits_of(1, 2) == Limits(50_00)
    assert office.wanted(LOADER).limits == ()
    assert office.parameters.history()[0][1].text == campus_file().text
    with office.opened.database.reading():
        assert check_book_chain(office.opened.database).broken == ""


def test_a_push_that_changes_nothing_is_none(office: Office) -> None:
    office.push(campus_file())
    assert office.push(campus_file(), now=later(1)) is None
    assert (len(office.parameters.history()), office.generation(POS)) == (1, 1)


def test_only_what_changes_gets_a_new_generation(office: Office) -> None:
    office.push(campus_file())
    made = office.push(campus_file(meal="70.00"))
    assert made is not None
    assert (made.made, len(made.targets), office.generation(POS2)) == ({POS: 2}, 4, 1)


def test_without_a_key_process_nothing_is_pushed(office: Office) -> None:
    office.signer.is_away = True
    with pytest.raises(KeyFault):
        office.push(campus_file())
    office.signer = Signer(kinds=(DocumentKind.HOTLIST,))
    office.pusher = Pusher(office.opened, office.signer)
    with pytest.raises(ConfigFault, match="文件密钥"):
        office.push(campus_file())
    assert (office.parameters.history(), office.generation(POS)) == ([], 0)


def test_a_canary_gets_it_alone_and_the_others_wait(office: Office) -> None:
    file = campus_file()
    made = office.pusher.push(file, PushKind.CANARY, "王芳", office.pusher.targets(file), NOW, [POS])
    assert made is not None
    assert (made.made, set(made.left)) == ({POS: 1}, {POS2, FAR, LOADER})
    begun, kept = office.parameters.push_of(1)
    rest = office.push(kept, *begun.left, kind=PushKind.CONTINUE)
    assert rest is not None
    assert set(rest.made) == {POS2, FAR, LOADER}


def test_what_was_pushed_before_can_be_pushed_again(office: Office) -> None:
    office.push(campus_file())
    office.push(campus_file(single="80.00", meal="90.00"))
    former, file = office.parameters.push_of(1)
    with pytest.raises(ConfigFault, match="须两人"):
        office.push(file, *former.targets, kind=PushKind.ROLLBACK)
    office.push(campus_file(single="90.00", meal="90.00"))
    assert office.parameters.push_of(3)[1].text != file.text
    with pytest.raises(ConfigFault):
        office.parameters.push_of(9)


def test_what_refuses_more_is_for_two_persons_and_ends_by_itself(office: Office) -> None:
    office.push(campus_file())
    tight = campus_file(single="30.00", meal="70.00")
    with pytest.raises(ConfigFault, match="须两人"):
        office.push(tight)
    number = office.propose(tight, POS, POS2)
    with pytest.raises(ProposalRefused):
        office.pusher.confirm(number, "王芳", NOW)
    assert office.generation(POS) == 1
    _, made = office.pusher.confirm(number, "李明", NOW)
    assert made is not None
    assert (made.kind, made.made, office.generation(FAR)) == (PushKind.TRIAL, {POS: 2, POS2: 2}, 1)
    assert office.wanted(POS).limits_of(1, 2) == Limits(30_00, 70_00)
    assert office.pusher.confirm(number, "李明", NOW)[1] is None, "again is success, and nothing else"
    assert (office.parameters.end_due(later(29.9)), office.generation(POS)) == (0, 2)
    office.signer.is_away = True
    assert office.parameters.end_due(later(30)) == 2
    office.signer.is_away = False
    assert office.generation(POS) == 3
    assert office.wanted(POS).limits_of(1, 2) == Limits(50_00, 70_00), "what was eased stays"
    assert (office.wanted(POS2).limits_of(1, 2), office.parameters.end_due(later(60))) == (Limits(50_00), 0)
    assert [one.kind for one, _ in office.parameters.history()] == [PushKind.PUSH, PushKind.TRIAL, PushKind.END]


def test_what_is_pushed_meanwhile_ends_a_trial_and_may_not_make_it_last(office: Office) -> None:
    office.push(campus_file())
    tight = campus_file(single="30.00")
    office.pusher.confirm(office.propose(tight, POS, POS2), "李明", NOW)
    with pytest.raises(ConfigFault, match="须两人"):
        office.push(campus_file(single="30.00", meal="65.00"), POS)
    office.push(campus_file(single="55.00"), POS)
    assert (office.generation(POS), office.parameters.end_due(later(31))) == (3, 1)
    assert office.wanted(POS).limits_of(1, 2).single_fen == 55_00


def test_a_proposal_that_is_rejected_or_foreign_changes_nothing(office: Office) -> None:
    office.push(campus_file())
    number = office.propose(campus_file(single="30.00"), POS)
    office.held.reject_tighter(number, "李明", "不必", NOW)
    with pytest.raises(ProposalRefused):
        office.pusher.confirm(number, "赵强", NOW)
    for days in (0, 367):
        with pytest.raises(ProposalRefused):
            office.propose(campus_file(single="30.00"), POS, days=days)
    move = office.held.propose_move(POS, c.OTHER_BOX, "王芳", "装修", NOW)
    with pytest.raises(ProposalRefused):
        office.pusher.confirm(move.number, "李明", NOW)
    assert office.generation(POS) == 1


def test_a_faster_push_leaves_nothing_of_a_slower_one(office: Office) -> None:
    office.push(campus_file())
    number = office.propose(campus_file(single="30.00"), POS2, POS)
    slow = office.pusher._made(office.pusher.targets(campus_file(single="30.00")), NOW, T0 + DAY_S)
    office.push(campus_file(meal="90.00"))
    with pytest.raises(ConfigFault, match="请重试"):
        office.held.confirm_tighter(number, "李明", slow, T0 + DAY_S, NOW)
    assert (office.generation(POS2), len(office.parameters.history())) == (1, 2)
    assert office.pusher.confirm(number, "李明", NOW)[1] is not None


@pytest.mark.parametrize("table", ["parameter_file", "parameter_push", "parameter_made", "parameter_trial"])
def test_what_was_pushed_is_never_edited(office: Office, table: str) -> None:
    office.push(campus_file())
    office.pusher.confirm(office.propose(campus_file(single="30.00"), POS), "李明", NOW)
    with pytest.raises(RuleBroken), office.opened.database.writing():
        office.opened.database.run(f"DELETE FROM {table}")  # noqa: S608


def test_the_calendar_is_that_of_the_file_that_was_pushed_last(office: Office) -> None:
    assert office.parameters.calendar().spans == ()
    office.push(campus_file())
    assert [span.name for span in office.parameters.calendar().spans] == ["国庆"]


# --- what it would have refused ------------------------------------------------------------------------------------


def test_a_proposal_says_what_the_last_days_would_have_been(office: Office, ledger: Ledger, box: Box) -> None:
    """Card 1 eats three times at lunch, 12 + 12 + 12; card 2 once over 40 at the other window."""
    balance, rows = c.OPENING, []
    for seq, minute in enumerate((0, 10, 20), 1):
        rows.append(purchase(seq, c.card(1), seq - 1, 12_00, balance, time=T0 + minute * 60))
        balance -= 12_00
    box.send(*map(c.stored, rows), c.stored(purchase(1, c.card(2), 0, 40_00, c.OPENING, at=POS2), POS2))
    bodies = {POS: ParameterBody(limits=()), POS2: ParameterBody()}
    file = campus_file(single="24.00", meal="25.00")
    for one in office.pusher.targets(file):
        bodies[one.position.device] = one.after
    found = office.parameters.would_refuse({POS: bodies[POS], POS2: bodies[POS2]}, Now(NOW.unix_ms, T0 + DAY_S))
    assert found == [Refused(POS, 2, 1, 3, 12_00, 1), Refused(POS2, 2, 1, 1, 40_00, 1)]
    assert office.parameters.would_refuse({POS: bodies[POS]}, Now(NOW.unix_ms, T0 + 9 * DAY_S)) == []


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ('day = "14.99"\nmeal = "14.99"', "pos-01：首餐之前 其他卡类 只剩 ¥14.99，低于一餐 ¥15.00"),
        ('meals = ["午餐"]\nmeal = "9.00"\nsingle = "9.00"', "pos-01：午餐 其他卡类 只剩 ¥9.00"),
        ('single = "7.00"\nmeal_count = 2', "只剩 ¥14.00"),
    ],
)
def test_a_knob_never_goes_below_a_meal(office: Office, more: str, told: str) -> None:
    office.push(campus_file())
    tight = read_file(f"{campus_file('7.00', '60.00').text}\n[[limit]]\n{more}\n")
    with pytest.raises(ConfigFault, match=told):
        office.propose(tight, POS)
    assert (office.wanted(POS).limits_of(1, 2).single_fen, Reader(office.opened.database).proposals()) == (50_00, [])


def test_what_was_below_a_meal_before_is_no_reason(office: Office) -> None:
    """A kiosk of water: its first document says so, and what else is tightened there does not touch it."""
    kiosk = '\n[[limit]]\nday = "5.00"\nmeal = "5.00"\nsingle = "SINGLE"\n'
    office.push(read_file(campus_file().text + kiosk.replace("SINGLE", "5.00")))
    assert office.propose(read_file(campus_file().text + kiosk.replace("SINGLE", "2.00")), POS) == 1


def test_no_rung_goes_below_a_meal(office: Office) -> None:
    office.push(campus_file())
    with pytest.raises(ConfigFault, match="旧名单 其他卡类 只剩 ¥10"):
        office.push(read_file(campus_file(meal="50.00").text + '\n[[rung]]\nage_hours = 24\nday = "10.00"\n'), POS2)


def test_what_a_class_is_let_do_is_told_by_place_and_where_none_is(office: Office, opened: OpenedLedger) -> None:
    with opened.database.reading():
        assert allowed(opened.database, 1)[0] == []
    office.push(campus_file(), POS, POS2)
    with opened.database.reading():
        (here, there), unsaid = allowed(opened.database, 1)
        (same,), _ = allowed(opened.database, 7)
    assert [(one.name, one.limits) for one in here.meals] == [
        ("", Limits(single_fen=50_00)), ("早餐", Limits(single_fen=50_00)),
        ("午餐", Limits(single_fen=50_00, meal_fen=60_00)),
    ]  # fmt: skip
    assert {one.limits for one in there.meals} == {Limits(single_fen=50_00)}
    assert (here.merchants, there.merchants) == (("一楼大伙",), ("面点",))
    assert same.merchants == ("一楼大伙", "面点")
    assert unsaid == ("面点",)  # another terminal of it has none yet
