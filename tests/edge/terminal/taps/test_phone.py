"""Offline codes at a till: taken once, on record before they are shown, and every way to eat for nothing refused."""

from contextlib import suppress

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.terminal.store.flash import flash_size, format_flash
from edge.terminal.taps.display import Face, last_before
from edge.terminal.taps.offline_code import CODE_AGE_MAX_S
from edge.terminal.taps.steps import End
from shared.errors import StoreFault, WireFault
from shared.fleet.wallets import Wallets
from shared.ids import StorageId
from shared.keys.offline_code import CODE_DIGITS, Use, is_signed_use
from shared.keys.terminal_mac import mac_input, terminal_mac
from shared.purse.cos.torn import Tear
from shared.purse.reasons import Reason
from shared.records import Kind, Stored, encode
from tests.edge.terminal.codes import CARD, DAY_S, LISTED, OTHER, CodeTill, forged
from tests.edge.terminal.conftest import DEVICE, NOON_S, PSAM_ID, TERMINAL_KEY
from tests.edge.terminal.taps.test_sale import torn_debit
from tests.edge.terminal.test_power_cut import Fuse, FusedFlash, PowerCut


@pytest.fixture
def till(school):
    return CodeTill(school)


def refused(till, digits, fen=1250):
    """The reason; nothing was written, and nothing shown but a refusal."""
    before = len(till.codes())
    result = till.pay(digits, fen)
    assert (result.end, len(till.codes()), till.displays[-1].face) == (End.DECLINED, before, Face.DECLINED)
    return result.reason


@pytest.mark.parametrize("net", [True, False])
def test_a_code_is_a_record_and_then_shown(till, net):
    till.net = net
    phone = till.phone()
    assert till.pay(phone.shows(till.now_s - 5)).end is End.DONE
    assert [row.kind for row in till.shown] == [Kind.CODE]
    assert (till.displays[-1].face, till.displays[-1].title.zh) == (Face.DONE, "成功 付款码 ¥12.50")
    (record,) = till.codes()
    assert (record.card, record.certificate, record.use, record.age_s) == (CARD, 77, 1, 5)
    assert (record.amount_fen, record.time, record.key_version) == (1250, till.now_s, 1)
    use = Use(record.use, record.made_s, record.nonce)
    assert is_signed_use(phone.certificate.phone.public, 77, use, record.signature), "the ledger checks it anew"
    stored = Stored(DEVICE, till.firmware.body.flash.epochs[-1].epoch, PSAM_ID, encode(record)).to_bytes()
    assert record.mac == terminal_mac(TERMINAL_KEY, mac_input(stored[:-4]))


def test_a_use_is_taken_once_whatever_its_code_looks_like(till):
    phone = till.phone()
    digits = phone.shows(till.now_s)
    assert till.pay(digits).end is End.DONE
    assert refused(till, digits) is Reason.CODE_USED
    assert refused(till, phone.shows(till.now_s, 1), 300) is Reason.CODE_USED
    assert till.pay(phone.shows(till.now_s, 2)).end is End.DONE


def test_a_power_cut_forgets_no_use_and_no_sum(till):
    digits = till.phone().shows(till.now_s)
    till.pay(digits, 30_00)
    till.firmware.close()
    till.power_on()
    assert refused(till, digits, 100) is Reason.CODE_USED
    assert refused(till, till.phone(78, OTHER).shows(till.now_s), 20_01) is Reason.CODE_DAY_SUM
    till.connect()
    assert till.pay(till.phone(79, OTHER).shows(till.now_s), 20_00).end is End.DONE


def test_a_new_epoch_forgets_no_use_either(till):
    digits = till.phone().shows(till.now_s)
    till.pay(digits)
    flash = till.firmware.body.flash
    flash.settle(flash.epochs[-1], 1)
    flash.begin_epoch(flash.epochs[-1].epoch + 1, PSAM_ID)
    till.firmware.body.codes._taken = None
    assert refused(till, digits) is Reason.CODE_USED


def test_one_that_nobody_was_told_of_is_told_and_no_second_one(till):
    till.net = False
    phone = till.phone()
    digits = phone.shows(till.now_s)
    till.pay(digits, tell=False)
    till.was_dark()
    till.power_on()
    assert "付款码已收，卡尾号 4711" in last_before(till.firmware.body.untold.row).title.zh
    result = till.pay(phone.shows(till.now_s, 2))
    assert (result.end, len(till.shown), till.displays[-1].face) == (End.DONE, 1, Face.EARLIER)
    assert refused(till, digits) is Reason.CODE_USED
    till.net = True
    till.connect()
    assert len(till.codes()) == 1


def test_the_holders_own_card_is_not_charged_for_what_his_phone_has_paid(till, school):
    memory = school.memory()
    till.pay(till.phone().shows(till.now_s), tell=False)
    till.was_dark()
    till.power_on()
    assert till.sell(memory).end is End.DONE
    assert Face.EARLIER in [one.face for one in till.displays]
    assert [one.kind for one in till.written().values()] == [Kind.CODE]


def test_a_card_that_is_not_settled_keeps_its_holders_phone_from_paying_twice(till, school):
    memory = school.memory()
    assert torn_debit(till, memory, Tear.AFTER).end is End.UNKNOWN
    assert till.pay(till.phone().shows(till.now_s)).end is End.UNKNOWN
    assert (till.displays[-1].face, till.codes()) == (Face.AGAIN, [])
    assert till.pay(till.phone(78, OTHER).shows(till.now_s)).end is End.DONE
    assert [one.kind for one in till.written().values()] == [Kind.UNPROVEN, Kind.CODE], "the others' sale ends its wait"


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Wallets(0, 0, 0), Reason.CODE_OFF),
        (Wallets(2, 30_00, 50_00, frozenset({7, 77})), Reason.CODE_ENDED),
        (Wallets(2, 12_49, 50_00), Reason.CODE_LIMIT),
        (Wallets(2, 12_49, 12_49), Reason.CODE_LIMIT),
    ],
)
def test_what_the_school_says_counts_at_once(till, limits, reason):
    till.allow(limits)
    assert refused(till, till.phone().shows(till.now_s)) is reason


def test_a_school_may_allow_fewer_uses_than_a_certificate_has(till):
    till.allow(Wallets(1, 30_00, 50_00))
    assert refused(till, till.phone().shows(till.now_s, 2)) is Reason.CODE_LIMIT


def test_without_the_document_none_is_taken(school):
    till = CodeTill(school, limits=None)
    assert refused(till, till.phone().shows(till.now_s)) is Reason.CODE_OFF


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"campus": 2}, Reason.CODE_FOREIGN), ({"key_version": 2}, Reason.CODE_FOREIGN),
        ({"signer": Ed25519PrivateKey.from_private_bytes(bytes(32))}, Reason.CODE_FOREIGN),
        ({"card": LISTED}, Reason.HOTLISTED),
        ({"until_s": NOON_S - 1, "from_s": NOON_S - DAY_S}, Reason.CODE_EXPIRED),
        ({"from_s": NOON_S + 60}, Reason.CODE_EXPIRED), ({"one_fen": 12_49}, Reason.CODE_LIMIT),
    ],
)  # fmt: skip
def test_what_the_campus_has_not_certified_for_now_pays_nothing(till, changed, reason):
    assert refused(till, till.phone(**changed).shows(till.now_s)) is reason


BETTER = [{"one_fen": 29_99}, {"until_s": NOON_S + 2 * DAY_S}, {"card": OTHER}, {"number": 1}]


@pytest.mark.parametrize("changed", BETTER)
def test_a_certificate_cannot_be_improved(till, changed):
    assert refused(till, forged(till.phone(), **changed).shows(till.now_s)) is Reason.CODE_FOREIGN


def test_another_phones_certificate_is_of_no_use(till):
    thief = till.phone()
    thief.key = till.phone(key=0xBAD).key
    assert refused(till, thief.shows(till.now_s)) is Reason.CODE_FORM


@pytest.mark.parametrize("age_s", [-CODE_AGE_MAX_S - 1, CODE_AGE_MAX_S + 1])
def test_a_code_of_another_moment_is_refused(till, age_s):
    assert refused(till, till.phone().shows(till.now_s - age_s)) is Reason.CODE_STALE


@pytest.mark.parametrize("age_s", [-CODE_AGE_MAX_S, CODE_AGE_MAX_S])
def test_clocks_may_differ_by_two_minutes(till, age_s):
    assert till.pay(till.phone().shows(till.now_s - age_s)).end is End.DONE
    assert [one.age_s for one in till.codes()] == [age_s]


def test_a_till_that_lost_its_clock_takes_none_until_it_is_told_the_time(school):
    till = CodeTill(school, clock_set=False)
    digits = till.phone().shows(till.now_s)
    till.firmware.body.clock.is_set = False
    assert refused(till, digits) is Reason.CODE_NO_CLOCK


def test_no_digit_of_a_code_can_be_another(till):
    digits = till.phone().shows(till.now_s)
    for at in range(2, CODE_DIGITS, 7):
        changed = digits[:at] + str((int(digits[at]) + 1) % 10) + digits[at + 1 :]
        assert isinstance(refused(till, changed), Reason), at
    assert till.pay(digits).end is End.DONE


@pytest.mark.parametrize("typed", ["80", "80" + "0" * 487, "80" + "9" * 487, "80" + "1" * 488, "80x", "80" + "²" * 487])
def test_what_is_no_code_is_said(till, typed):
    assert refused(till, typed) is Reason.CODE_FORM


@pytest.mark.parametrize("typed", ["", "62" + "0" * 17, "134567890123456789", "0x80"])
def test_what_is_no_code_of_ours_is_nobodys(till, typed):
    with pytest.raises(WireFault):
        till.pay(typed)


@pytest.mark.parametrize(("fen", "reason"), [(0, Reason.AMOUNT), (30_01, Reason.CODE_LIMIT)])
def test_a_sum_has_bounds(till, fen, reason):
    assert refused(till, till.phone().shows(till.now_s), fen) is reason


def test_a_days_sum_at_a_till_begins_anew_with_the_day(till):
    for number, fen in ((77, 30_00), (78, 19_99)):
        assert till.pay(till.phone(number).shows(till.now_s), fen).end is End.DONE
    assert refused(till, till.phone(79).shows(till.now_s), 2) is Reason.CODE_DAY_SUM
    till.mono_s += DAY_S
    tomorrow = till.phone(80, from_s=till.now_s, until_s=till.now_s + DAY_S)
    assert till.pay(tomorrow.shows(till.now_s), 2).end is End.DONE


def test_only_a_till_takes_codes(school):
    machine = CodeTill(school, kind="load")
    assert refused(machine, machine.phone().shows(machine.now_s)) is Reason.CODE_OFF


def test_a_medium_that_refuses_takes_nothing(till):
    till.port.write = _refuse
    result = till.pay(till.phone().shows(till.now_s))
    assert (result.end, till.shown) == (End.NOT_SELLING, [])


def _refuse(*_):
    raise StoreFault("no room")


def test_a_locked_till_takes_none(till):
    till.firmware.stop(till.now())
    assert till.pay(till.phone().shows(till.now_s)).end is End.NOT_SELLING


def test_it_counts_in_the_shift_and_cannot_be_void_here(till, school):
    memory = school.memory()
    till.sell(memory, 300)
    till.pay(till.phone(78, OTHER).shows(till.now_s))
    for result in (till.void(), till.void_with(memory), till.void_with(memory, seq=2)):
        assert (result.end, result.reason) == (End.DECLINED, Reason.VOID_CODE)
    slip = till.firmware.body.shifts.close(1, till.now_s)
    assert (slip.sales.times, slip.sales.fen, slip.net_fen) == (2, 1550, 1550)


def test_the_power_may_go_at_every_step(school):
    """Before and after each flash write, sync, log line and display: nothing shown is lost, no use is taken twice."""
    for blows_at in range(1, STEPS_MAX):
        till = CodeTill(school, port=_fused())
        fuse = till.port.fuse = Fuse(blows_at)
        till.counter.log = lambda row, till=till, fuse=fuse: (
            fuse.step("log: before"), till.shown.append(row), fuse.step("log: after"),
        )  # fmt: skip
        till.counter.show = lambda what, fuse=fuse: fuse.step("show")
        phone = till.phone()
        digits = phone.shows(till.now_s)
        with suppress(PowerCut):
            till.pay(digits)
        till.port.fuse = Fuse(None)
        if fuse.left is not None:
            assert blows_at > 3
            return
        shown = len(till.shown)
        till.port.crash(lambda size: 0)
        till.power_on()
        till.connect()
        assert len(till.codes()) >= min(shown, 1), fuse.where
        result = till.pay(digits)
        assert (result.end, len(till.codes())) == (End.DONE, 1), fuse.where
        assert till.pay(digits).reason is Reason.CODE_USED
    raise AssertionError("it never ends")


STEPS_MAX = 40


def _fused():
    port = FusedFlash(flash_size(64))
    format_flash(port, StorageId(b"storage1"), 64)
    return port
