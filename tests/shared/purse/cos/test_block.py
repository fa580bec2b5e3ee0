"""Application block and unblock, card block, and what is left to say to each."""

import pytest

from tests.shared.purse import full_card
from tests.shared.purse.full_card import DAMK, DPK, DTK, SUBSIDY_AID
from tests.shared.purse.issuer import AID

BLOCK, FOR_EVER, UNBLOCK, CARD = "841E0000", "841E0001", "84180000", "84160000"


@pytest.fixture
def desk():
    return full_card.desk()


def test_a_blocked_application_hears_select_challenge_and_unblock(desk):
    assert desk.maintain(BLOCK, b"", DAMK) == "9000"
    assert desk.sw("805C000204") == "6985"
    assert desk.sw("00B095001E") == "6985"
    assert desk.sw("00A40000020015") == "6985"
    assert f"{desk.init(1, 2, 0).sw:04X}" == "6985"
    desk.card.reset()
    assert desk.select(AID) == "6A81"
    assert desk.pin() == "6985"
    assert desk.select(SUBSIDY_AID) == "9000"
    assert desk.balance() == 3000
    assert desk.select(AID) == "6A81"
    assert desk.maintain(UNBLOCK, b"", DAMK) == "9000"
    assert desk.balance() == 5000
    desk.spend(DPK, DTK, 1)


def test_a_block_ends_what_was_begun(desk):
    desk.init(1, 2, 0)
    desk.maintain(BLOCK, b"", DAMK)
    desk.maintain(UNBLOCK, b"", DAMK)
    assert desk.sw("805401000F" + "00" * 15) == "6901"


def test_three_wrong_unblocks_close_for_ever(desk):
    desk.maintain(BLOCK, b"", DAMK)
    assert desk.maintain(UNBLOCK, b"", DAMK, spoil=True) == "6988"
    assert desk.maintain(UNBLOCK, b"", DAMK) == "9000"
    desk.maintain(BLOCK, b"", DAMK)
    words = [desk.maintain(UNBLOCK, b"", DAMK, spoil=True) for _ in range(3)]
    assert words == ["6988", "6988", "9303"]
    assert desk.maintain(UNBLOCK, b"", DAMK) == "9303"
    assert desk.select(AID) == "9303"
    assert desk.sw("805C000204") == "9303"
    assert desk.select(SUBSIDY_AID) == "9000"


def test_failures_survive_the_field(desk):
    desk.maintain(BLOCK, b"", DAMK)
    for _ in range(2):
        desk.maintain(UNBLOCK, b"", DAMK, spoil=True)
    desk.card.reset()
    desk.select(AID)
    assert desk.maintain(UNBLOCK, b"", DAMK, spoil=True) == "9303"


def test_a_permanent_block(desk):
    assert desk.maintain(FOR_EVER, b"", DAMK) == "9000"
    assert desk.maintain(UNBLOCK, b"", DAMK) == "9303"


def test_a_blocked_card_answers_one_word(desk):
    assert desk.maintain(CARD, b"", DAMK) == "9000"
    for raw in ("805C000204", "0084000008", "00A40000023F0000", "8418000004" "00000000", "FF000000"):
        assert desk.sw(raw) == "6A81"
    desk.card.reset()
    assert desk.select(AID) == "6A81"


def test_refusals(desk):
    assert desk.maintain(UNBLOCK, b"", DAMK) == "6985"
    assert desk.maintain("841E0002", b"", DAMK) == "6A86"
    assert desk.maintain("84180001", b"", DAMK) == "6A86"
    assert desk.maintain("84160001", b"", DAMK) == "6A86"
    assert desk.maintain(BLOCK, b"\0", DAMK) == "6700"
    assert desk.sw("841E000004" "00000000") == "6984"
    desk.challenge()
    assert desk.sw("841E000002" "0000") == "6987"
    desk.run("00A40000023F0000")
    assert desk.maintain(BLOCK, b"", full_card.key(0x62)) == "6985"
    desk.select(SUBSIDY_AID)
    assert desk.maintain(BLOCK, b"", DAMK) == "9403"
