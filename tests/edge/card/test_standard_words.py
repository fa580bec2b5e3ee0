"""Our card answers each command of the standard with the standard's words, as a desk that we did not write asks.

Sources: JR/T 0025.1 and ISO 7816-4 as public COS manuals repeat their tables of words (pboc research, sections 1, 2).
"""

import os

import pytest

from shared.purse.cos.card import UserCard
from shared.purse.cos.images import RamMemory
from tests.edge.card import standard_des as des
from tests.edge.card.standard_desk import NOON, PURSE_NAME, TERMINAL, StandardDesk, h
from tests.shared.purse import full_card
from tests.shared.purse.full_card import DAMK, DCCK, DPUK, DRPK, SUBSIDY_AID

ED, EP = 1, 2


@pytest.fixture
def desk():
    """A card with ED and EP, all keys, and a second application; the first one is selected."""
    made = StandardDesk(UserCard(RamMemory(full_card.image()), os.urandom))
    assert made.select() == "9000"
    return made


# --- SELECT --------------------------------------------------------------------------------------------------------


def name_of(fci):
    assert fci[0] == 0x6F
    assert fci[1] == len(fci) - 2
    assert fci[2] == 0x84
    return fci[4 : 4 + fci[3]]


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (("00A40400", PURSE_NAME, 0), PURSE_NAME),
        (("00A40400", PURSE_NAME), PURSE_NAME),
        (("00A40400", PURSE_NAME[:5], 0), PURSE_NAME),
        (("00A40400", PURSE_NAME[:8], 0), PURSE_NAME),
        (("00A40400", SUBSIDY_AID[:5], 0), SUBSIDY_AID),
        (("00A40400", b"1PAY.SYS.DDF01", 0), b"1PAY.SYS.DDF01"),
        (("00A40000", h("3F00"), 0), b"1PAY.SYS.DDF01"),
        (("00A40000", b"", 0), b"1PAY.SYS.DDF01"),
        (("00A40000",), b"1PAY.SYS.DDF01"),
        (("00A40000", h("3F01"), 0), PURSE_NAME),
        (("00A40000", h("3F02"), 0), SUBSIDY_AID),
    ],
)
def test_select_by_whole_name_by_its_beginning_and_by_file_id(desk, command, name):
    assert name_of(desk.expect(*command)) == name


def test_the_next_application_with_the_same_beginning(desk):
    """P2 02 goes on from the one that is selected."""
    assert name_of(desk.expect("00A40400", b"", 0)) == b"1PAY.SYS.DDF01"
    assert desk.word("00A40402", PURSE_NAME[:5], 0) == "9000"
    assert desk.word("00A40402", PURSE_NAME[:5], 0) == "6A82"
    assert desk.balance() == 5_000


@pytest.mark.parametrize(
    ("command", "word"),
    [
        (("00A40400", h("A000000099"), 0), "6A82"),
        (("00A40400", PURSE_NAME + b"\1", 0), "6A82"),
        (("00A40000", h("3F77"), 0), "6A82"),
        (("00A40000", h("3F"), 0), "6A82"),
        (("00A40300", b"", 0), "6A86"),
        (("00A40100", h("3F01"), 0), "6A86"),
        (("00A40004", h("3F01"), 0), "6A86"),
        (("00A40401", PURSE_NAME, 0), "6A86"),
    ],
)
def test_select_refused_leaves_the_application(desk, command, word):
    assert desk.word(*command) == word
    assert desk.balance() == 5_000


def test_select_of_a_file_of_another_application(desk):
    desk.expect("00A40000", h("3F00"), 0)
    assert desk.word("00A40000", h("0015")) == "6A82"
    assert desk.word("00A40000", h("0005")) == "9000"


def test_a_short_le_gets_no_longer_answer(desk):
    """No answer is longer than Le: 6Cxx says how long it would be."""
    fci = desk.expect("00A40400", PURSE_NAME, 0)
    assert desk.word("00A40400", PURSE_NAME, 8) == f"6C{len(fci):02X}"
    assert desk.expect("00A40400", PURSE_NAME, len(fci)) == fci


# --- files ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "word"),
    [
        (("00B09500", b"", 30), "9000"),
        (("00B09500", b"", 0), "9000"),
        (("00B0951D", b"", 1), "9000"),
        (("00B0951D", b"", 2), "6C01"),
        (("00B0951E", b"", 1), "6B00"),
        (("00B09500", b"", 31), "6C1E"),
        (("00B09C00", b"", 1), "6A82"),
        (("00B09800", b"", 1), "6981"),
        (("00B09700", b"", 1), "6981"),
        (("00B00000", b"", 1), "6986"),
        (("00B201AC", b"", 0), "6981"),
        (("00B20104", b"", 0), "6986"),
        (("00B201BC", b"", 8), "9000"),
        (("00B201BC", b"", 9), "6C08"),
        (("00B221B8", b"", 0), "9000"),
        (("00B299B8", b"", 0), "6A83"),
        (("00B204BC", b"", 0), "6A83"),
        (("00B200C4", b"", 0), "6A83"),
        (("00B201C4", b"", 0), "6A83"),
        (("00B201E4", b"", 0), "6A82"),
        (("00B201BD", b"", 0), "6A86"),
        (("00D69500", b"\0"), "6987"),
        (("00D69600", b"\0"), "6987"),
        (("00D60000", b"\0"), "6986"),
        (("00D69C00", b"\0"), "6A82"),
        (("00DC01C4", bytes(23)), "6981"),
        (("00DC01BC", bytes(8)), "6987"),
        (("00E200C0", bytes(23)), "6982"),
        (("00E20001", bytes(8)), "6A86"),
        (("00E20100", bytes(8)), "6A86"),
    ],
)
def test_words_of_files(desk, command, word):
    assert desk.word(*command) == word


def test_a_protected_write_by_the_clauses(desk):
    """04D6 and 04DC with a MAC alone, read back in the clear; then each way to get it wrong."""
    assert desk.protected("04D69602", "张三".encode("gb18030"), DAMK)[1] == "9000"
    assert desk.expect("00B09602", b"", 4).decode("gb18030") == "张三"
    record = h("2106000A0B0C0D0E")
    assert desk.protected("04DC01BC", record, DAMK)[1] == "9000"
    assert desk.expect("00B221B8", b"", 0) == record
    assert desk.protected("04D69626", b"\1\2", DAMK)[1] == "6A84"
    assert desk.protected("04D69627", b"\1", DAMK)[1] == "6B00"
    assert desk.protected("04DC05BC", record, DAMK)[1] == "6A83"
    assert desk.word("04D69600", bytes(5)) == "6984"
    assert desk.protected("04D69600", b"\1", DAMK, spoil=True)[1] == "6988"
    desk.expect("00840000", b"", 4)
    assert desk.word("04D69600", b"\1\2") == "6987"


def test_three_wrong_macs_in_a_row_close_the_application(desk):
    """9303 with the third; a right one between gives the tries back."""
    words = [desk.protected("04D69600", b"\1", DAMK, spoil=bad)[1] for bad in (1, 1, 0, 1, 1, 1)]
    assert words == ["6988", "6988", "9000", "6988", "6988", "9303"]
    assert desk.select() == "9303"
    assert desk.select(SUBSIDY_AID) == "9000"


def test_a_short_challenge_and_a_long_one(desk):
    for size in (4, 8):
        start = desk.expect("00840000", b"", size)
        code = des.line_mac(DAMK, start, h("04D6960005") + b"\7")
        assert desk.word("04D69600", b"\7" + code) == "9000"
    for size in (1, 3, 5, 7, 9, 16):
        assert desk.word("00840000", b"", size) == "6700"


# --- proofs of identity --------------------------------------------------------------------------------------------


def test_pin_verify_change_reload_and_unblock(desk):
    assert [desk.pin(one) for one in ("111111", "222222", "123456", "111111")] == ["63C2", "63C1", "9000", "63C2"]
    assert desk.word("805E0100", h("123456FF654321")) == "9000"
    assert desk.pin("123456") == "63C2"
    assert desk.pin("654321") == "9000"
    new = h("112233")
    code = des.mac(des.folded(DRPK), new)
    assert desk.word("805E0000", new + code) == "9000"
    assert [desk.pin(one) for one in ("654321", "654321", "654321", "112233")] == ["63C2", "63C1", "63C0", "6983"]
    assert desk.protected("84240000", new, DPUK, hidden=True)[1] == "9000"
    assert desk.pin("112233") == "9000"
    assert desk.word("805E0000", h("999999") + bytes(4)) == "9302"


@pytest.mark.parametrize(
    ("command", "word"),
    [
        (("00200100", h("123456")), "6A86"),
        (("00200000", h("12")), "6700"),
        (("00200005", h("123456")), "9403"),
        (("805E0200", h("123456FF654321")), "6A86"),
        (("805E0100", h("123456654321")), "6700"),
        (("00820000", bytes(8)), "6984"),
        (("00880009", bytes(8)), "6A88"),
        (("00880500", bytes(8)), "6A86"),
    ],
)
def test_words_of_proofs(desk, command, word):
    assert desk.word(*command) == word
    assert desk.pin() == "9000"


def test_external_authentication(desk):
    assert desk.prove_to_card(DCCK) == "9000"
    assert [desk.prove_to_card(bytes(16)) for _ in range(4)] == ["63C2", "63C1", "63C0", "6983"]
    desk.expect("00840000", b"", 8)
    assert desk.word("00820009", bytes(8)) == "6A88"
    desk.expect("00840000", b"", 8)
    assert desk.word("00820000", bytes(7)) == "6700"


def test_a_challenge_is_spent_by_whatever_comes_next(desk):
    challenge = desk.expect("00840000", b"", 8)
    desk.balance()
    assert desk.word("00820000", des.ecb(DCCK, challenge)) == "6984"


# --- blocks --------------------------------------------------------------------------------------------------------


def test_a_block_for_a_while(desk):
    assert desk.protected("841E0000", b"", DAMK)[1] == "9000"
    for command in (("805C0002", b"", 4), ("80500102", b"\1" + bytes(4) + TERMINAL, 15), ("00B09500", b"", 30)):
        assert desk.word(*command) == "6985"
    assert desk.select() == "6A81"
    assert desk.select(SUBSIDY_AID) == "9000"
    assert desk.select() == "6A81"
    assert desk.protected("84180000", b"", DAMK, spoil=True)[1] == "6988"
    assert desk.protected("84180000", b"", DAMK)[1] == "9000"
    assert desk.balance() == 5_000
    assert desk.protected("84180000", b"", DAMK)[1] == "6985"


def test_three_wrong_unblocks_are_for_ever(desk):
    assert desk.protected("841E0000", b"", DAMK)[1] == "9000"
    assert [desk.protected("84180000", b"", DAMK, spoil=True)[1] for _ in range(3)] == ["6988", "6988", "9303"]
    assert desk.protected("84180000", b"", DAMK)[1] == "9303"
    assert desk.select() == "9303"


def test_a_block_for_ever_and_a_card_block(desk):
    assert desk.protected("841E0001", b"", DAMK)[1] == "9000"
    assert desk.select() == "9303"
    assert desk.word("805C0002", b"", 4) == "9303"
    assert desk.protected("84180000", b"", DAMK)[1] == "9303"
    assert desk.select(SUBSIDY_AID) == "9000"


def test_a_blocked_card_says_6a81_to_everything(desk):
    assert desk.protected("84160000", b"", DAMK)[1] == "9000"
    assert desk.select() == "6A81"
    assert desk.word("00840000", b"", 8) == "6A81"
    desk.chip.power_on()
    assert desk.word("00A40000", h("3F00"), 0) == "6A81"


@pytest.mark.parametrize(
    ("head", "size", "word"),
    [("841E0002", 4, "6A86"), ("841E0100", 4, "6A86"), ("84180001", 4, "6A86"), ("84160001", 4, "6A86"),
     ("841E0000", 5, "6700"), ("841E0000", 3, "6987"), ("84160000", 3, "6987"), ("84240001", 12, "6A86")],
)  # fmt: skip
def test_words_of_blocks(desk, head, size, word):
    desk.expect("00840000", b"", 4)
    assert desk.word(head, bytes(size)) == word
    assert desk.balance() == 5_000


# --- class and instruction -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("apdu", "word"),
    [
        ("00F0000000", "6D00"),
        ("80F0000000", "6D00"),
        ("C0A40400", "6E00"),
        ("A05C000204", "6E00"),
        ("FFB0950000", "6E00"),
        ("0420000003123456", "6882"),
        ("0484000008", "6882"),
        ("04A4000002" "3F00", "6882"),
        ("845C000204", "6882"),
        ("845001020B" + "00" * 11, "6882"),
        ("845401000F" + "00" * 15, "6882"),
        ("801E000004" "00000000", "6987"),
        ("8018000004" "00000000", "6987"),
        ("8016000004" "00000000", "6987"),
        ("8024000004" "00000000", "6987"),
        ("00", "6700"),
        ("00A404", "6700"),
        ("00A4040009A000", "6700"),
        ("00A4040002A00000000386980701", "6700"),
        ("00A4040000000002", "6700"),
    ],
)
def test_class_instruction_and_length(desk, apdu, word):
    """04 and 84 are the classes of secure messaging: 6882 where a command knows none, 6987 where it must be there."""
    assert desk.raw(apdu)[1] == word
    assert desk.balance() == 5_000


# --- the purse's words ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "data", "word"),
    [
        ("80500102", b"\1" + des.fen(5_001) + TERMINAL, "9401"),
        ("80500102", b"\1" + des.fen(0xFFFFFFFF) + TERMINAL, "9401"),
        ("80500302", b"\1" + des.fen(5_001) + TERMINAL, "9401"),
        ("80500102", b"\7" + des.fen(1) + TERMINAL, "9403"),
        ("80500302", b"\7" + des.fen(1) + TERMINAL, "9403"),
        ("80500002", b"\7" + des.fen(1) + TERMINAL, "9403"),
        ("80500501", b"\7" + des.fen(1) + TERMINAL, "9403"),
        ("80500401", b"\7" + TERMINAL, "9403"),
        ("80500102", b"\1" + des.fen(1) + TERMINAL[:5], "6700"),
        ("80500401", b"\1" + TERMINAL[:5], "6700"),
        ("80500402", b"\1" + TERMINAL, "6A86"),
        ("80500202", b"\1" + des.fen(1) + TERMINAL, "6A86"),
        ("80500301", b"\1" + des.fen(1) + TERMINAL, "6A86"),
        ("80500502", b"\1" + des.fen(1) + TERMINAL, "6A86"),
        ("80500103", b"\1" + des.fen(1) + TERMINAL, "6A86"),
        ("80500702", b"\1" + des.fen(1) + TERMINAL, "6A86"),
        ("80520000", NOON + bytes(4), "6901"),
        ("80540100", bytes(4) + NOON + bytes(4), "6901"),
        ("80540300", NOON + bytes(4), "6901"),
        ("80580000", bytes(3) + NOON + bytes(4), "6901"),
        ("80DC21B8", bytes(8), "6901"),
        ("805A0006", h("0001"), "9406"),
        ("805A0006", h("000001"), "6700"),
        ("805A0106", h("0001"), "6A86"),
    ],
)
def test_words_of_the_purse(desk, head, data, word):
    assert desk.pin() == "9000"
    assert desk.word(head, data) == word
    assert (desk.balance(ED), desk.balance(EP)) == (0, 5_000)


def test_what_wants_the_pin(desk):
    """Loads, and all of the ED; an EP is spent without."""
    for head, data in (("80500002", b"\1" + des.fen(1) + TERMINAL), ("80500101", b"\1" + bytes(4) + TERMINAL),
                       ("80500401", b"\1" + TERMINAL), ("80500501", b"\1" + bytes(4) + TERMINAL)):  # fmt: skip
        assert desk.word(head, data) == "6982"
    assert desk.word("805C0001", b"", 4) == "6982"
    assert desk.begin(1, EP, 1)[1] == "9000"
