"""A blank card becomes a personal one by commands alone, and what issuing refuses."""

import pytest

from shared.purse.cos.images import blank_card_image, decode_card_image
from shared.purse.crypto import Key
from tests.shared.purse.issuer import AID, Desk

TRANSPORT = bytes(range(16))
CONTROL = bytes.fromhex("393939393939393940414243444546FF")
_KINDS = (0x34, 0x36, 0x37, 0x38, 0x3C, 0x3D, 0x3E, 0x3F)
KEYS = {kind: bytes((kind,)) * 8 + bytes(range(kind, kind + 8)) for kind in _KINDS}
MONEY = (0x34, 0x3C, 0x3D, 0x3E, 0x3F)
PUBLIC = bytes.fromhex("5303451000010000010100005303100000471100202509012029073101FF")
HOLDER = bytes(39)
RECORD = bytes.fromhex("2106000102030405")


def field(kind, octets):
    """The field of WRITE KEY."""
    head = "F0F00101" if kind in MONEY else "F0F00233"
    return bytes((kind,)) + bytes.fromhex(head) + octets


def personalise(desk):
    """All of a campus card through APDUs: nothing in the clear but file contents."""
    desk.run("00A40000023F0000")
    assert desk.prove(TRANSPORT) == "9000"
    desk.run("80E00005" "07A80028F0F0FFFF", "80E03F01" "11380C00F0EF95FFFF" + AID.hex())
    assert desk.select() == "9000"
    desk.run("80E00000" "073F030095F0FFFF")
    assert desk.maintain("84D40100", field(0x39, CONTROL), TRANSPORT, hidden=True) == "9000"
    for kind, octets in KEYS.items():
        number = "01" if kind in MONEY[1:] else "00"
        assert desk.maintain("84D401" + number, field(kind, octets), CONTROL, hidden=True) == "9000"
    pin = bytes.fromhex("3AF0EF0133123456")
    assert desk.maintain("84D40100", pin, CONTROL, hidden=True) == "9000"
    desk.run(
        "80E00015" "07A8001EF0F0FFFF", "80E00016" "07A80027F0F0FFFF", "80E00017" "07AC0040F0F0FFFF",
        "80E00018" "072E0A17F0EFFFFF", "80E0001A" "072E0A17F0EFFFFF", "80E00010" "072E0A17F0EFFFFF",
        "80E00001" "072F0208F100FF18", "80E00002" "102F0208F000FF18" "1A10035103" "000186A0",
    )  # fmt: skip
    for header, content in (("04D69500", PUBLIC), ("04D69600", HOLDER), ("04DC01BC", RECORD)):
        assert desk.maintain(header, content, KEYS[0x36]) == "9000"


@pytest.fixture
def desk():
    desk = Desk(blank_card_image(Key(TRANSPORT)))
    personalise(desk)
    desk.card.reset()
    return desk


def test_the_issued_card_works(desk):
    answer = desk.data(b"\x00\xa4\x04\x00\x09" + AID)
    assert answer.endswith(b"\x9f\x0c\x1e" + PUBLIC)
    assert desk.pin() == "9000"
    desk.load(KEYS[0x3F], KEYS[0x34], 5000)
    desk.load(KEYS[0x3F], KEYS[0x34], 700, purse=1)
    desk.spend(KEYS[0x3E], KEYS[0x34], 1250, p1=3, kind=9, records=[RECORD[:3] + b"\xff" + RECORD[4:]])
    desk.unload(KEYS[0x3D], 200)
    assert (desk.balance(1), desk.balance(2)) == (500, 3750)
    assert desk.data("00B221B800") == RECORD[:3] + b"\xff" + RECORD[4:]
    assert desk.data("00B201D400")[9] == 2
    assert desk.data("00B2018400")[9] == 9
    assert [desk.data(f"00B20{n}C400")[9] for n in (1, 2)] == [3, 1]
    assert desk.sw("00B203C400") == "6A83"


def test_the_image_of_the_issued_card_comes_back(desk):
    image = decode_card_image(desk.memory.image)
    assert image.encode() == desk.memory.image
    assert (image.public, image.holder, image.capp, image.ceiling_fen) == (PUBLIC, HOLDER, RECORD, 100_000)
    assert repr(image.application.slot(0x3E, 1)) == "KeySlot(3E, 01, hidden)"
    assert KEYS[0x3E].hex() not in repr(image.application)


def test_the_issued_card_is_closed_without_the_transport_key(desk):
    assert desk.sw("80E03F02" "0D380100F0F095FFFF1122334455") == "6982"
    assert desk.sw("800E0000") == "6982"
    assert desk.sw("80D4010115" "3EF0F00001" + "00" * 16) == "6982"
    assert desk.prove(bytes(16)) == "63C2"


def test_a_second_version_stands_beside_the_first(desk):
    desk.select()
    new_dpk, new_dtk = bytes(range(40, 56)), bytes(range(60, 76))
    assert desk.maintain("84D40102", b"\x3e" + bytes.fromhex("F0F00201") + new_dpk, CONTROL, hidden=True) == "9000"
    assert desk.maintain("84D40102", b"\x34" + bytes.fromhex("F0F00201") + new_dtk, CONTROL, hidden=True) == "9000"
    desk.pin()
    desk.load(KEYS[0x3F], KEYS[0x34], 100)
    desk.spend(KEYS[0x3E], KEYS[0x34], 10)
    desk.spend(new_dpk, new_dtk, 10, key_id=2)
    assert desk.init(1, 2, 0, 2).data[9] == 2


def test_a_key_is_replaced_whole_or_bare_but_never_in_the_clear(desk):
    desk.select()
    old, new = KEYS[0x3E], bytes(range(16))
    assert desk.sw("80D43E0115" "3EF0F00201" + new.hex()) == "6987"
    assert desk.sw("80D43E0110" + new.hex()) == "6987"
    assert desk.maintain("84D43E01", b"\xfe" + bytes.fromhex("F0F00201") + new, CONTROL, hidden=True) == "9000"
    assert desk.init(1, 2, 0).data[9] == 2
    assert desk.maintain("84D43E01", old, CONTROL, hidden=True) == "9000"
    desk.spend(old, KEYS[0x34], 0)
    assert desk.maintain("84D43E09", field(0x3E, new), CONTROL, hidden=True) == "9403"
    assert desk.maintain("84D40101", field(0x3E, new), CONTROL, hidden=True) == "6A89"
    assert desk.maintain("84D43F01", field(0x3E, new), CONTROL, hidden=True) == "6A86"
    assert desk.maintain("84D40108", field(0x55, new), CONTROL, hidden=True) == "6A80"
    assert desk.maintain("84D40108", field(0x3E, new[:8]), CONTROL, hidden=True) == "6700"
    assert desk.maintain("84D40108", b"\x39\xf0\xf0\x02\x00" + new, CONTROL, hidden=True) == "6A80"


def test_a_wrong_key_message_costs_a_try_and_three_lock_the_key(desk):
    desk.select()
    for _ in range(2):
        assert desk.maintain("84D40108", field(0x3E, CONTROL), CONTROL, hidden=True, spoil=True) == "6988"
    assert desk.maintain("84D40108", b"\x00", CONTROL, hidden=True) == "6700"  # a right MAC gives all tries back
    for _ in range(3):
        assert desk.maintain("84D40108", field(0x3E, CONTROL), CONTROL, hidden=True, spoil=True) == "6988"
    assert desk.maintain("84D40108", field(0x3E, CONTROL), CONTROL, hidden=True) == "6983"
    assert desk.sw("84D4010804" "00000000") == "6984"


def test_a_right_mac_around_no_field_costs_no_try(desk):
    desk.select()
    for _ in range(5):
        assert desk.maintain("84D40108", b"no cipher", CONTROL) == "6A80"
    assert desk.maintain("84D40108", field(0x3E, CONTROL), CONTROL, hidden=True) == "9000"


def test_an_open_card_issues_as_fmcos_terminals_do():
    """The order of a public terminal: key file with a right that nobody could raise yet, then keys, then files."""
    desk = Desk(blank_card_image())
    desk.run(
        "00A40000023F0000", "80E00000073F00F001F4FFFF", "80D401010D39F0F40FFFFFFFFFFFFFFFFFFF",
        "80D401020D39F0F404FFFFFFFFFFFFFFFFFF", "80E03F0110380FFFF4F481FFFF" + b"tlulock1".hex(),
        "00A40000023F0100", "80E00000073F00F081F4FFFF", "80D401010D30F0F40598FFFFFFFFFFFFFFFF",
        "80E0000107" "28000DF0F4FFF1", "00A4000002000100", "00D600000D" + b"appForTlulock".hex(),
    )  # fmt: skip
    assert desk.data("00B000000D") == b"appForTlulock"
    desk.card.reset()
    desk.run("00A40000023F0100")
    assert desk.prove(b"\xff" * 8) == "6A88"
    desk.run("00A40000023F0000")
    assert desk.prove(b"\xff" * 8, 2) == "9000"
    assert desk.sw("800E000000") == "9000"
    assert desk.sw("00A40000023F0100") == "6A82"


def test_create_refusals():
    desk = Desk(blank_card_image())
    assert desk.sw("80E03F01" "08380800F0F095FFFF") == "6700"
    desk.run("80E03F01" "0D380800F0F095FFFF1122334455")
    assert desk.sw("80E03F01" "0D380800F0F095FFFF1122334456") == "6A89"
    assert desk.sw("80E03F02" "0D380800F0F095FFFF1122334455") == "6A8A"
    assert desk.sw("80E00001" "072F0208F000FF18") == "6A80"
    desk.run("00A40000023F0100")
    assert desk.sw("80E03F02" "0D380800F0F095FFFF1122334456") == "6985"
    assert desk.sw("80D401000D39F0F0AAFF1122334455667788") == "6A82"
    desk.run("80E00000073F003095F0FFFF")
    assert desk.sw("80E00000073F003095F0FFFF") == "6A89"
    desk.run("80D401001534F0F00001" + "11" * 16, "80D401011534F0F00001" + "11" * 16)
    assert desk.sw("80D401021534F0F00001" + "11" * 16) == "6A84"
    desk.run("80E00015" "0728001EF0F0FFFF")
    assert desk.sw("80E00015" "0728001EF0F0FFFF") == "6A89"
    assert desk.sw("80E00016" "07290020F0F0FFFF") == "6A80"
    assert desk.sw("80E00016" "07280000F0F0FFFF") == "6A80"
    assert desk.sw("80E00016" "07280800F0F0FFFF") == "6A84"
    assert desk.sw("80E00016" "062800F0F0FFFF") == "6700"
    assert desk.sw("80E00016") == "6700"
    assert desk.sw("80E00003" "072F0208F000FF18") == "6A80"
    assert desk.sw("80E00002" "082F0208F000FF1800") == "6700"
    assert desk.sw("800E0100") == "6A86"


def test_the_card_is_never_larger_than_its_room():
    desk = Desk(blank_card_image())
    desk.run("80E03F01" "0D380000F0F095FFFF1122334455", "00A40000023F0100")
    made = 0
    while desk.sw(f"80E00{0x100 + made:03X}" "072803E8F0F0FFFF") == "9000":
        made += 1
    assert made == 8
    assert desk.sw("80E00200" "072803E8F0F0FFFF") == "6A84"
    assert len(desk.memory.image) <= 8192


def test_erasing_takes_money_and_keys_away():
    desk = Desk(blank_card_image())
    desk.run("80E03F01" "0D380000F0F095FFFF1122334455", "00A40000023F0100", "80E00002072F0208F000FF18")
    assert desk.balance() == 0
    desk.run("800E0000")
    assert desk.sw("805C000204") == "6A82"
    desk.run("80E00002072F0208F000FF18")

