"""PINs, authentication, challenges: tries, words, and that cutting the power never buys another try."""

import pytest

from shared.purse.cos.images import RamMemory
from shared.purse.cos.torn import Tear, TearingMemory
from shared.purse.errors import CardLost
from tests.shared.purse import full_card
from tests.shared.purse.full_card import DCCK, DLK, DPUK, DRPK, DTK, PIN
from tests.shared.purse.issuer import fold, mac


@pytest.fixture
def desk():
    return full_card.desk()


def reload_pin(pin, key=DRPK):
    body = bytes.fromhex(pin) + mac(fold(key), bytes.fromhex(pin))
    return bytes((0x80, 0x5E, 0, 0, len(body))) + body


def test_a_load_needs_the_pin(desk):
    assert f"{desk.init(0, 2, 100).sw:04X}" == "6982"
    assert desk.pin() == "9000"
    desk.load(DLK, DTK, 100)
    desk.card.reset()
    desk.select()
    assert f"{desk.init(0, 2, 100).sw:04X}" == "6982"


def test_ed_needs_the_pin_and_ep_purchases_do_not(desk):
    assert desk.sw("805C000104") == "6982"
    assert f"{desk.init(1, 1, 0).sw:04X}" == "6982"
    assert f"{desk.init(1, 2, 0).sw:04X}" == "9000"
    desk.pin()
    assert desk.balance(1) == 0


def test_another_application_starts_without_the_pin(desk):
    desk.pin()
    desk.select(full_card.SUBSIDY_AID)
    desk.select()
    assert desk.sw("805C000104") == "6982"


def test_tries_count_down_and_come_back(desk):
    assert desk.pin("654321") == "63C2"
    assert desk.pin("6543") == "63C1"
    assert desk.pin() == "9000"
    assert [desk.pin("654321") for _ in range(4)] == ["63C2", "63C1", "63C0", "6983"]
    assert desk.pin() == "6983"
    desk.card.reset()
    desk.select()
    assert desk.pin() == "6983"


def test_pin_words(desk):
    assert desk.pin(key_id=7) == "9403"
    assert desk.sw("0020000001" "12") == "6700"
    assert desk.sw("0020000009" + "12" * 9) == "6700"
    assert desk.sw("0020010003" "123456") == "6A86"
    assert desk.pin("123456FFFF") == "9000"


def test_change(desk):
    assert desk.sw("805E010007" "654321FF133713") == "63C2"
    assert desk.sw("805E010009" "123456FF1337133713") == "9000"
    assert desk.pin() == "63C2"
    assert desk.pin("1337133713") == "9000"
    assert desk.sw("805E010003" "123456") == "6700"
    assert desk.sw("805E010004" "FF123456") == "6700"
    assert desk.sw("805E020004" "FF123456") == "6A86"
    assert desk.sw("805E010707" "123456FF123456") == "9403"


def test_reload_gives_a_new_pin_to_a_locked_one(desk):
    for _ in range(3):
        desk.pin("0000")
    assert desk.sw(reload_pin("778899", bytes(16))) == "9302"
    assert desk.sw(reload_pin("778899")) == "9000"
    assert desk.pin() == "63C2"
    assert desk.pin("778899") == "9000"
    assert desk.sw("805E000005" "0000000000") == "6700"
    assert desk.sw("805E000706" "000000000000") == "9403"


def test_three_wrong_reloads_lock_the_reload_key(desk):
    for _ in range(3):
        assert desk.sw(reload_pin("778899", bytes(16))) == "9302"
    assert desk.sw(reload_pin("778899")) == "6983"
    assert desk.pin() == "9000"


def test_unblock(desk):
    for _ in range(3):
        desk.pin("0000")
    assert desk.maintain("84240000", b"\x65\x43\x21", DPUK, hidden=True) == "6A80"
    assert desk.pin() == "6983"
    assert desk.maintain("84240000", PIN, DPUK, hidden=True, spoil=True) == "6988"
    assert desk.maintain("84240000", PIN, DPUK, hidden=True) == "9000"
    assert desk.pin() == "9000"
    assert desk.maintain("84240001", PIN, DPUK, hidden=True) == "6A86"
    assert desk.maintain("84240700", PIN, DPUK, hidden=True) == "9403"


def test_external_authentication_and_its_tries(desk):
    assert desk.prove(DCCK, size=4) == "9000"
    assert desk.prove(DCCK, 5) == "6A88"
    assert [desk.prove(bytes(16)) for _ in range(4)] == ["63C2", "63C1", "63C0", "6983"]
    desk.challenge()
    assert desk.sw("0082000004" "00000000") == "6700"


def test_a_challenge_is_for_the_next_command_only(desk):
    desk.challenge()
    desk.balance()
    assert desk.sw("0082000008" + "00" * 8) == "6984"
    desk.challenge()
    desk.card.transmit(b"")
    assert desk.sw("0082000008" + "00" * 8) == "6984"
    assert desk.sw("0084000005") == "6700"


def test_the_issuer_may_add_files_and_the_holder_may_not(desk):
    desk.pin()
    assert desk.sw("80E000190728001EF0F0FFFF") == "6982"
    desk.prove(DCCK)
    assert desk.sw("80E000190728001EF0F0FFFF") == "9000"
    desk.run("00D6990002ABCD")
    assert desk.data("00B0990002").hex() == "abcd"


@pytest.mark.parametrize("ask", ["pin", "prove", "reload", "unblock", "maintain"])
@pytest.mark.parametrize("tear", [Tear.BEFORE, Tear.AFTER])
def test_a_cut_at_the_first_write_never_tells_right_from_wrong(ask, tear):
    """Right and wrong secrets meet the same store at the same place: the try is paid before the comparison."""
    for right in (True, False):
        ram = RamMemory(full_card.image())
        desk = full_card.desk(memory=TearingMemory(ram, lambda: tear))
        with pytest.raises(CardLost):
            attempt(desk, ask, right=right)
        paid = ram.image != full_card.image()
        assert paid is (tear is Tear.AFTER)


def attempt(desk, ask, *, right):
    wrong = bytes(16)
    match ask:
        case "pin":
            return desk.pin("123456" if right else "654321")
        case "prove":
            return desk.prove(DCCK if right else wrong)
        case "reload":
            return desk.sw(reload_pin("778899", DRPK if right else wrong))
        case "unblock":
            return desk.maintain("84240000", PIN, DPUK, hidden=True, spoil=not right)
        case _:
            return desk.maintain("841E0000", b"", full_card.DAMK, spoil=not right)


@pytest.mark.parametrize("ask", ["pin", "prove", "reload", "unblock", "maintain"])
def test_cutting_every_attempt_still_runs_out_of_tries(ask):
    """An attacker who always cuts after the first write has three attempts, no more."""
    ram = RamMemory(full_card.image())
    for _ in range(3):
        with pytest.raises(CardLost):
            attempt(full_card.desk(memory=TearingMemory(ram, lambda: Tear.AFTER)), ask, right=False)
    locked = attempt(full_card.desk(memory=ram), ask, right=True)
    assert locked == ("9303" if ask in ("maintain", "unblock") else "6983")


def test_a_right_reload_gives_the_reload_key_its_tries_back(desk):
    for _ in range(3):
        for _ in range(2):
            assert desk.sw(reload_pin("778899", bytes(16))) == "9302"
        assert desk.sw(reload_pin("778899")) == "9000"


def test_what_is_proven_to_an_application_is_not_proven_to_the_card(desk):
    """Read right 02 asks for the MF's state: its own control key gives it, the application's does not."""
    desk.prove(DCCK)
    desk.run("80E000190728001E02F0FFFF")
    assert desk.sw("00B0990001") == "6982"
    desk.run("00A40000023F0000")
    assert desk.prove(full_card.key(0x61)) == "9000"
    assert desk.select() == "9000"
    assert desk.sw("00B0990001") == "9000"
    desk.card.reset()
    assert desk.select() == "9000"
    assert desk.sw("00B0990001") == "6982"


def test_a_reset_forgets_file_challenge_and_session(desk):
    desk.run("00A40000020015")
    assert len(desk.data("00B0000001")) == 1
    desk.init(1, 2, 0)
    desk.card.reset()
    assert desk.sw("805401000F" + "00" * 15) == "6901"
    assert desk.sw("00B0000001") == "6986"
    desk.challenge()
    desk.card.reset()
    assert desk.sw("0082000008" + "00" * 8) == "6984"
