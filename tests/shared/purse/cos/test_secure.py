"""Files under line protection: read, write, append; tries of the maintenance key; the 9303 rule."""

import pytest

from shared.purse.cos.images import blank_card_image
from tests.shared.purse import full_card
from tests.shared.purse.full_card import DAMK, TRIP
from tests.shared.purse.issuer import Desk, decrypt, encrypt, mac


@pytest.fixture
def desk():
    return full_card.desk()


def test_file_0015_is_written_under_the_maintenance_key_only(desk):
    assert desk.sw("00D6950A0401020304") == "6987"
    assert desk.maintain("04D6950A", b"\1\2\3\4", DAMK) == "9000"
    assert desk.data("00B0950A04").hex() == "01020304"
    assert desk.maintain("04D6950A", b"\1\2\3\4", DAMK, size=4) == "9000"
    assert desk.maintain("04D6951C", b"\1\2\3\4", DAMK) == "6A84"
    assert desk.maintain("04D6951E", b"\1", DAMK) == "6B00"
    assert desk.maintain("04D6950A", b"", DAMK) == "6700"


def test_three_wrong_macs_close_the_application_for_ever(desk):
    words = [desk.maintain("04D6950A", b"\1", DAMK, spoil=True) for _ in range(4)]
    assert words == ["6988", "6988", "9303", "9303"]
    assert desk.sw("805C000204") == "9303"


def test_a_right_mac_resets_the_count_even_when_the_data_is_wrong(desk):
    for _ in range(3):
        assert desk.maintain("04D6950A", b"\1", DAMK, spoil=True) == "6988"
        assert desk.maintain("04D6951C", b"\1\2\3\4", DAMK) == "6A84"
    assert desk.maintain("04D6950A", b"\1", DAMK) == "9000"


def test_records_of_0017_by_tag_and_number(desk):
    changed = TRIP[:3] + b"\xee" + TRIP[4:]
    assert desk.maintain("04DC22B8", changed, DAMK) == "9000"
    assert desk.data("00B222B800") == desk.data("00B202BC00") == changed
    assert desk.maintain("04DC02BC", TRIP, DAMK) == "9000"
    assert desk.maintain("04DC29B8", TRIP, DAMK) == "6A83"
    assert desk.maintain("04DC22B8", TRIP[:-1], DAMK) == "6A80"
    assert desk.maintain("04DC04BC", TRIP, DAMK) == "6A84"
    assert desk.maintain("04DC22BD", TRIP, DAMK) == "6A86"
    assert desk.sw("04B222BD00") == "6A86"


def test_logs_are_the_cards_own(desk):
    assert desk.sw("00DC01C417" + "00" * 23) == "6981"
    assert desk.sw("00E200C017" + "00" * 23) == "6982"
    assert desk.maintain("04E200C0", bytes(23), DAMK) == "6982"


@pytest.fixture
def files():
    """An open directory with every kind of file, plain, with MAC, and encrypted: as a public terminal makes them."""
    desk = Desk(blank_card_image())
    desk.run(
        "80E03FFF" "0D380800F0F094FFFF" + b"files".hex(), "00A40000023FFF00", "80E00001073F020094F0FFFF",
        "80D401001536F0F0FF33" + DAMK.hex(),
    )  # fmt: skip
    for fid, kind, size in ((2, 0x28, "0050"), (6, 0x2C, "0050"), (10, 0x2E, "0210"), (13, 0x2A, "0310")):
        desk.run(f"80E000{fid:02X}07{kind:02X}{size}F0F0FFFF")
        desk.run(f"80E000{fid + 1:02X}07{kind | 0x80:02X}{size}F0F0FF7F")
        if fid != 13:
            desk.run(f"80E000{fid + 2:02X}07{kind | 0xC0:02X}{size}F0F0FF7F")
    return desk


DATA = bytes(range(16))


def protected_read(desk, header, le, *, hidden=False):
    head = bytes.fromhex(header)
    start = desk.challenge()
    command = head + b"\4" + mac(DAMK, head + b"\4", start) + bytes((le,))
    answer = desk.data(command)
    body, code = answer[:-4], answer[-4:]
    assert code == mac(DAMK, body, start)
    if not hidden:
        return body
    clear = decrypt(DAMK, body)
    return clear[1 : 1 + clear[0]]


def test_transparent_files(files):
    files.run("00A40000020002", "00D6000010" + DATA.hex())
    assert files.data("00B0000010") == DATA
    files.run("00A40000020003")
    assert files.sw("00D6000010" + DATA.hex()) == "6987"
    assert files.maintain("04D60000", DATA, DAMK) == "9000"
    assert files.sw("00B0000010") == "6987"
    assert protected_read(files, "04B00000", 0x10) == DATA
    files.run("00A40000020004")
    assert files.maintain("04D60000", DATA, DAMK, hidden=True) == "9000"
    assert protected_read(files, "04B00000", 0x10, hidden=True) == DATA


def test_variable_records(files):
    record = b"\xf7\x10" + DATA
    files.run("00DC013412" + record.hex())
    assert files.data("00B2013412") == record
    assert files.maintain("04DC013C", record, DAMK) == "9000"
    assert protected_read(files, "04B2013C", 0x12) == record
    assert files.maintain("04DC0144", record, DAMK, hidden=True) == "9000"
    assert protected_read(files, "04B20144", 0x12, hidden=True) == record
    assert files.sw("00DC033412" + record.hex()) == "6A83"
    for number in (2, 3, 4):
        files.run(f"00DC0{number}3412" + record.hex())
    assert files.sw("00E2003412" + record.hex()) == "6A84"
    assert files.sw("00DC013402" "F705") == "6A80"


def test_cyclic_and_fixed_records(files):
    for n in range(3):
        files.run("00E2005010" + bytes((n,)).hex() * 16)
    assert [files.data(f"00B20{n}5400")[0] for n in (1, 2)] == [2, 1]
    assert files.sw("00B2035400") == "6A83"
    assert files.maintain("04E20058", DATA, DAMK) == "9000"
    assert protected_read(files, "04B2015C", 0) == DATA
    assert files.maintain("04E20060", DATA, DAMK, hidden=True) == "9000"
    assert protected_read(files, "04B20164", 0, hidden=True) == DATA
    assert files.sw("00E200500F" + "00" * 15) == "6700"
    for _ in range(3):
        files.run("00E2006810" + DATA.hex())
    assert files.sw("00E2006810" + DATA.hex()) == "6A84"
    files.run("00DC026C10" + "AB" * 16)
    assert files.data("00B2026C10") == b"\xab" * 16


def test_a_full_field_padded_by_a_whole_block_is_taken_too(files):
    """Terminals in the field pad always; the standard only when it is needed."""
    field = bytes.fromhex("0701020304050607")
    body = encrypt(DAMK, field + b"\x80" + bytes(7))
    files.run("00A40000020004")
    assert files.maintain("04D60000", body, DAMK) == "9000"
    assert protected_read(files, "04B00000", 7, hidden=True) == field[1:]
    assert files.maintain("04D60000", encrypt(DAMK, field), DAMK) == "9000"
    assert files.maintain("04D60000", encrypt(DAMK, field + bytes(8)), DAMK) == "6A80"


def test_kinds_do_not_mix(files):
    assert files.sw("00B201" "14" "00") == "6981"
    assert files.sw("00B0860010") == "6981"
    assert files.sw("00B09F0010") == "6A82"
    assert files.sw("00B201FC00") == "6A82"
    files.run("00A40000023FFF00")
    assert files.sw("00B0000010") == "6986"


def test_the_access_byte_names_the_key():
    """Bits 2-1 and 4-3 name the keys for writing and reading, complemented."""
    desk = Desk(blank_card_image())
    desk.run(
        "80E03FFF" "0D380800F0F094FFFF" + b"files".hex(), "00A40000023FFF00", "80E00001073F020094F0FFFF",
        "80D401001536F0F0FF33" + bytes(16).hex(), "80D401021536F0F0FF33" + DAMK.hex(),
        "80E0000207A80010F0F0FFFD",
    )  # fmt: skip
    assert desk.maintain("04D68200", b"\1", bytes(16)) == "6988"
    assert desk.maintain("04D68200", b"\1", DAMK) == "9000"
