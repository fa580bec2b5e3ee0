"""Published logs of real cards, replayed: our card is issued by the same commands and answers the same bytes.

Sources: pboc research, table 5a, rows 5 to 11; keys, numbers and answers are the published ones.
"""

import pytest

from shared.purse.cos.images import blank_card_image
from tests.shared.purse.issuer import Desk, Dice

KEY = "00112233445566778899AABBCCDDEEFF"


def wallet(dice, load, purchase, tac, version_alg="0001", key_id="01", term_pin="1234"):
    """An application with one EP by FMCOS commands, on an open card."""
    desk = Desk(blank_card_image(), dice)
    desk.run(
        "80E03F010D380800F0F095FFFF1122334455",
        "00A40000023F0100",
        "80E00000073F018F95F0FFFF",
        "80D401000D39F0F0AAFF1122334455667788",
        f"80D401{key_id}153EF0F0{version_alg}{purchase}",
        f"80D401{key_id}153FF0F0{version_alg}{load}",
        f"80D401001534F0F0{version_alg}{tac}",
        f"80D40100073AF0EFAAFF{term_pin}",
        "80E00018072E0A17F0EFFFFF",
        "80E00002072F0208F000FF18",
        "0020000002" + term_pin,
    )  # fmt: skip
    return desk


def test_a_load_and_a_purchase_of_a_real_fmcos_card():
    """Rows 5, 6 and 7."""
    desk = wallet(Dice("C903814D", "E0B84748", "584633C9"), KEY, KEY, KEY, key_id="01")
    opened = desk.data("805000020B" "01" "00002000" "001122334455" "10")
    assert opened.hex().upper() == "00000000" "0000" "00" "01" "C903814D" "03976C22"
    assert desk.data("805200000B" "20161216105800" "8AFA5718" "04").hex().upper() == "FA00066D"
    opened = desk.data("805000020B" "01" "00002000" "001122334455" "10")
    assert opened[8:12].hex().upper() == "E0B84748"
    opened = desk.data("805001020B" "01" "00000001" "001122334455" "0F")
    assert opened[11:].hex().upper() == "584633C9"
    answer = desk.data("805401000F" "00000000" "20161216134600" "D45737C5" "08")
    assert answer.hex().upper() == "8AF270DC" "66B54A6B"
    assert desk.balance() == 0x1FFF


def test_the_second_init_of_that_card_on_an_empty_purse():
    """Row 6: the same load begun twice has another MAC1 and nothing else changed."""
    desk = wallet(Dice("C903814D", "E0B84748"), KEY, KEY, KEY)
    desk.data("805000020B" "01" "00002000" "001122334455" "10")
    assert desk.data("805000020B" "01" "00002000" "001122334455" "10")[12:].hex().upper() == "EA411F90"


def test_another_real_card_with_algorithm_01():
    """Row 8: log record starts with 0001, the number after +1."""
    load, tac = "3F" * 8 + "1122334455667788", "34" * 8 + "1122334455667788"
    desk = wallet(Dice("4E066548"), load, "3E" * 16, tac, key_id="00")
    opened = desk.data("805000020B" "00" "00000010" "666666666666" "10")
    assert opened[12:].hex().upper() == "0D39ADBB"
    assert desk.data("805200000B" "20240411212121" "097E98FE" "04").hex().upper() == "A802863E"
    record = desk.data("00B201C400")
    assert record.hex().upper() == "0001" "000000" "00000010" "02" "666666666666" "20240411212121"


def test_a_third_card_in_the_middle_of_its_life():
    """Row 9: online counter 0017, balance 1A before the load."""
    load, tac = "3F01" * 8, "34" * 16
    dice = Dice(*["00000000"] * 0x17, "06B825D7")
    desk = wallet(dice, load, "3E" * 16, tac)
    for amount in (0x1A, *[0] * 0x16):
        desk.load(bytes.fromhex(load), bytes.fromhex(tac), amount)
    opened = desk.data("805000020B" "01" "00000001" "112233445566" "10")
    assert opened.hex().upper() == "0000001A" "0017" "00" "01" "06B825D7" "684C81CE"
    assert desk.data("805200000B" "20170310110734" "9C8A0625" "04").hex().upper() == "16EAD516"


@pytest.mark.parametrize(
    ("key", "number", "answer"),
    [("0102030405060708", "BB83BFF3", "74B0047DD681D96C"),
     ("FFFFFFFFFFFFFFFF", "53FD1F262EC4E6E2", "A0DBBFC1192FF24A"),
     ("FFFFFFFFFFFFFFFF", "06CEE4F2", "FEC63184B307AEFD")],
)  # fmt: skip
def test_external_authentication(key, number, answer):
    """Rows 10 and 11."""
    desk = Desk(blank_card_image(), Dice(number))
    desk.run("80E00000073F018F95F0FFFF", f"80D401000D39F0F0AAFF{key}")
    desk.challenge(len(number) // 2)
    assert desk.sw("0082000008" + answer) == "9000"


def test_internal_authentication():
    """Row 10."""
    desk = Desk(blank_card_image())
    desk.run("80E00000073F018F95F0FFFF")
    for kind in ("30", "31", "32"):
        desk.run(f"80D401000D{kind}F0F00001" "1122334455667788")
    assert desk.data("0088000008" "0102030405060708").hex().upper() == "178F59F8578E0D3F"
    assert desk.data("0088010008" "178F59F8578E0D3F").hex() == "0102030405060708"
    assert desk.data("0088020008" "0102030405060708").hex().upper() == "A82A8CEB"
    assert desk.sw("0088030008" "0102030405060708") == "6A86"
    assert desk.sw("0088000107" "01020304050607") == "6A88"
    assert desk.sw("0088000007" "01020304050607") == "6700"
    assert desk.sw("00880000") == "6700"


def test_a_key_under_line_protection_as_published():
    """Row 4's arithmetic on the user card: cipher and MAC are built by hand, and the key works afterwards."""
    key = bytes.fromhex(KEY)
    desk = Desk(blank_card_image())
    desk.run("80E00000073F018F95F0FFFF", f"80D401001539F0F0AAFF{KEY}")
    field = bytes.fromhex("30F0F00001" "1122334455667788")
    assert desk.maintain("84D40101", field, key, hidden=True) == "9000"
    assert desk.data("0088000108" "0102030405060708").hex().upper() == "178F59F8578E0D3F"
