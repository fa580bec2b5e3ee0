"""Parameters, lengths and Le of every command of the card, as ISO 7816-4 and the purse standard have them.

A refusal by parameters comes before anything is read, counted or spent.
"""

import pytest

from shared.purse import commands
from shared.purse.cos.card import COMMANDS
from shared.purse.cos.images import blank_card_image
from tests.shared.purse import full_card
from tests.shared.purse.full_card import DAMK, DAY, DCCK, DLK, DPK, DPUK, DTK, PIN
from tests.shared.purse.issuer import STAMP, Desk, encrypt, mac


@pytest.fixture
def desk():
    return full_card.desk()


@pytest.mark.parametrize(
    ("what", "raw"),
    [
        ("GET CHALLENGE P1", "0084010008"),
        ("GET CHALLENGE P2", "0084000108"),
        ("EXTERNAL AUTHENTICATE P1", "0082010008" + "00" * 8),
        ("INTERNAL AUTHENTICATE P1", "0088030008" + "00" * 8),
        ("VERIFY P1", "0020010003" "123456"),
        ("CHANGE PIN P1", "805E020007" "123456FF123456"),
        ("READ BINARY P1, bit 7", "00B0D5001E"),
        ("READ BINARY P1, bit 6", "00B0B5001E"),
        ("UPDATE BINARY P1", "00D6B50001" "00"),
        ("READ RECORD P2", "00B201BD00"),
        ("APPEND RECORD P1", "00E201B801" "00"),
        ("APPEND RECORD P2", "00E200B901" "00"),
        ("GET BALANCE P1", "805C010204"),
        ("GET BALANCE P2", "805C000304"),
        ("INITIALIZE P1", "805006020B" + "00" * 11),
        ("INITIALIZE P2", "805001030B" + "00" * 11),
        ("INITIALIZE FOR CASH of EP", "805002020B" + "00" * 11),
        ("INITIALIZE FOR CAPP of ED", "805003010B" + "00" * 11),
        ("GET TRANSACTION PROVE P1", "805A010602" "0001"),
        ("APPLICATION BLOCK P1", "841E010004" "00000000"),
        ("APPLICATION UNBLOCK P1", "8418010004" "00000000"),
        ("CARD BLOCK P1", "8416010004" "00000000"),
        ("PIN UNBLOCK P2", "842400010C" + "00" * 12),
        ("ERASE DF P1", "800E010000"),
        ("SELECT P1", "00A40100023F0000"),
        ("SELECT P2", "00A4040C023F0000"),
    ],
)  # fmt: skip
def test_other_parameters_are_6a86(desk, what, raw):
    assert desk.sw(raw) == "6A86", what
    assert desk.pin() == "9000"
    assert desk.prove(DCCK) == "9000"


@pytest.mark.parametrize(
    "raw",
    ["0084000001AA08", "805C000201AA04", "00B0950001AA1E", "00B201BC01AA00", "0082000007" + "00" * 7, "805A000601AA"],
)
def test_data_where_none_belongs_is_6700(desk, raw):
    desk.challenge()
    assert desk.sw(raw) == "6700"


def test_short_identifier_zero_is_no_file():
    """FID 0020 has SFI 0, which ISO 7816-4 keeps for the current file."""
    desk = Desk(blank_card_image())
    desk.run("80E000200728001EF0F0FFFF")
    assert desk.sw("00B080001E") == "6A82"
    desk.run("00A40000020020")
    assert len(desk.data("00B000001E")) == 30


def test_records_may_be_appended_with_either_form_of_p2():
    """ISO has 000 in the low bits; terminals in the field send 100."""
    desk = Desk(blank_card_image())
    desk.run("80E00006072C0040F0F0FFFF", "00E2003003" "F70111", "00E2003403" "F70122")
    assert (desk.data("00B2013400"), desk.data("00B2023400")) == (b"\xf7\1\x11", b"\xf7\1\x22")


def test_a_log_may_be_kept_behind_the_pin(desk):
    """Read right F1, the bank's 0018."""
    desk.prove(DCCK)
    desk.run("80E00019072E0A17F1EFFFFF")
    assert desk.select() == "9000"
    assert desk.sw("00B201CC00") == "6982"
    assert desk.pin() == "9000"
    assert desk.sw("00B201CC00") == "6A83"


# --- Le ------------------------------------------------------------------------------------------------------------


def test_a_short_le_is_asked_again_and_costs_nothing(desk):
    """6Cxx of ISO 7816-4 in the middle of a purchase: the same command with the right Le goes on."""
    assert desk.sw("805C000203") == "6C04"
    desk.pin()
    assert desk.sw(commands.init_purchase(commands.PurchaseForm.CAPP, 1, 10, bytes(6))[:-1] + b"\x0e") == "6C0F"
    opened = desk.init(3, 2, 10, term=bytes(6)).data
    assert desk.sw(commands.update_capp(DAY[0], DAY)) == "9000"
    session = encrypt(DPK, opened[11:15] + opened[4:6] + b"\0\7")
    mac1 = mac(session, b"\0\0\0\x0a\x09" + bytes(6) + STAMP)
    debit = commands.debit(7, STAMP, mac1)
    assert desk.sw(debit[:-1] + b"\x04") == "6C08"
    assert desk.balance() == 5_000
    assert desk.sw(debit) == "6901"


def test_the_debit_goes_through_when_it_is_asked_again_at_once(desk):
    opened = desk.init(1, 2, 10).data
    session = encrypt(DPK, opened[11:15] + opened[4:6] + b"\0\7")
    debit = commands.debit(7, STAMP, mac(session, b"\0\0\0\x0a\x06" + bytes.fromhex("112233445566") + STAMP))
    assert desk.sw(debit[:-1] + b"\x04") == "6C08"
    assert len(desk.data(debit)) == 8
    assert desk.balance() == 4_990


def test_a_short_le_keeps_the_challenge(desk):
    start = desk.challenge()
    assert desk.sw("805C000202") == "6C04"
    assert desk.sw(bytes.fromhex("0082000008") + encrypt(DCCK, start)) == "9000"


@pytest.mark.parametrize(("block", "word"), [("841E0000", "6985"), ("84160000", "6A81")])
def test_what_is_blocked_says_so_whatever_the_le(desk, block, word):
    assert desk.maintain(block, b"", DAMK) == "9000"
    assert desk.sw("805C000203") == word


def test_every_answer_has_the_length_that_a_short_le_is_told(desk):
    desk.pin()
    wanted = {
        "805C000201": "6C04", "805A000602000101": "6C08", "805000010B" + "00" * 11 + "01": "6C10",
        "805001020B" + "00" * 11 + "01": "6C0F", "805004010701" + "00" * 6 + "01": "6C13",
        "805200000B" + "00" * 11 + "01": "6C04", "805403000B" + "00" * 11 + "01": "6C04",
        "805800000E" + "00" * 14 + "01": "6C04", "805401000F" + "00" * 15 + "01": "6C08",
    }  # fmt: skip
    assert {raw: desk.sw(raw) for raw in wanted} == wanted
    assert len(desk.init(0, 1, 0).data) == 16
    assert len(desk.init(5, 1, 0).data) == 16
    assert len(desk.init(4, 1, None).data) == 19
    assert len(desk.load(DLK, DTK, 1)[1]) == 4


# --- order and ends ------------------------------------------------------------------------------------------------


def test_a_third_wrong_pin_unblock_closes_the_application(desk):
    words = [desk.maintain("84240000", PIN, DPUK, hidden=True, spoil=True) for _ in range(4)]
    assert words == ["6988", "6988", "9303", "9303"]
    assert desk.select() == "9303"
    assert desk.select(full_card.SUBSIDY_AID) == "9000"


def test_a_right_pin_unblock_gives_the_tries_back(desk):
    for _ in range(3):
        assert desk.maintain("84240000", PIN, DPUK, hidden=True, spoil=True) == "6988"
        assert desk.maintain("84240000", PIN, DPUK, hidden=True) == "9000"


def test_without_selection_every_command_of_a_purse_is_refused(desk):
    """Under the MF there is no purse, no PIN, no log."""
    desk.run("00A40000023F0000")
    assert desk.sw("805C000204") == "6A82"
    assert f"{desk.init(1, 2, 1).sw:04X}" == "6A82"
    assert desk.sw("805A0006020001") == "6985"
    assert desk.sw("00B201C400") == "6A82"
    assert desk.pin() == "9403"
    for second_half in ("805200000B" + "00" * 11, "805401000F" + "00" * 15, "805800000E" + "00" * 14):
        assert desk.sw(second_half) == "6901"


@pytest.mark.parametrize("known", sorted(COMMANDS))
def test_no_command_is_heard_under_another_class(desk, known):
    """CLA 04 and 84: 6882 where a command knows no secure messaging, 6987 where it must; CLA 90 is nobody's."""
    cla, ins = known >> 8, known & 0xFF
    assert desk.sw(bytes((0x90, ins, 0, 0))) == "6E00"
    for other in {0x00, 0x04, 0x80, 0x84} - {cla}:
        if other << 8 | ins not in COMMANDS:
            protected = "6882" if other & 4 else "6987"
            word = protected if (other ^ 4) << 8 | ins in COMMANDS else "6D00"
            assert desk.sw(bytes((other, ins, 0, 0))) == word


def test_the_maintenance_key_protects_no_command_of_another_header(desk):
    """The MAC covers CLA INS P1 P2 Lc: a MAC for one command opens no other."""
    raw = desk.protected("841E0000", b"", DAMK)
    assert desk.sw(bytes((0x84, 0x16)) + raw[2:]) == "6988"
    assert desk.balance() == 5_000
