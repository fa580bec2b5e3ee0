"""Image format 2, and version 1 that is still opened."""

import pytest

from shared.purse.cos.card import UserCard
from shared.purse.cos.cardfs import CARD_SPACE, Directory, Ef, KeyKind, KeySlot, Purse, Stored, decode_card
from shared.purse.cos.images import Application, RamMemory, blank_card_image, decode_card_image, personalised_card_image
from shared.purse.crypto import Key
from shared.purse.errors import LayoutError
from shared.purse.profiles import AID_PURSE, CAMPUS
from tests.shared.purse import full_card
from tests.shared.purse.cos.test_images import CARD_V1
from tests.shared.purse.issuer import Desk


def v1_key(number):
    return bytes((number,)) * 8 + bytes(range(number, number + 8))


def test_frozen_bytes_of_a_blank_card():
    raw = blank_card_image(Key(bytes(range(16))), auth_id=bytes(range(9)))
    assert raw.hex() == (
        "c102" "00" "09000102030405060708" "01" "0035"
        "3f00" "0000" "f2" "ff" "00" "00" "01" "f2" "0300" "01" "00" "0e315041592e5359532e4444463031"
        "3900f0f10f331000" "000102030405060708090a0b0c0d0e0f" "741c5638"
    )  # fmt: skip


def test_an_image_comes_back_as_it_was():
    raw = full_card.image(split_logs=True)
    card = decode_card(raw)
    assert card.encode() == raw
    assert [stored.open().fid for stored in card.directories] == [0x3F00, 0x3F01, 0x3F02]
    assert card.encode() == raw
    assert [stored.name for stored in card.directories[1:]] == [AID_PURSE, full_card.SUBSIDY_AID]


def test_every_flipped_byte_and_every_cut_is_noticed():
    raw = full_card.image()
    for at in range(0, len(raw), 3):
        with pytest.raises(LayoutError):
            decode_card_image(raw[:at])
        with pytest.raises(LayoutError):
            decode_card_image(raw[:at] + bytes((raw[at] ^ 0x40,)) + raw[at + 1 :])


def test_a_directory_that_lies_is_refused():
    raw = decode_card(full_card.image()).directories[1].raw
    for spoiled in (raw[:-1], raw + b"\0", raw[:3], raw[:40]):
        with pytest.raises(LayoutError):
            Stored(spoiled).open()


def test_a_directory_that_lies_answers_a_word_in_the_field():
    card = decode_card(full_card.image())
    card.directories[1] = Stored(card.directories[1].raw + b"\0")
    desk = Desk(card.encode())
    assert desk.select() == "6283"
    assert desk.select(full_card.SUBSIDY_AID) == "9000"
    with pytest.raises(LayoutError):
        decode_card_image(card.encode())


def test_a_key_is_found_only_where_a_slot_begins():
    directory = Directory(1, b"x", 0, 0, 0)
    directory.put(KeySlot(KeyKind.PIN, 0, 0, 0, 0, 0, bytes((KeyKind.LOAD, 1)) * 4))
    assert directory.slot(KeyKind.LOAD, 1) is None
    directory.put(KeySlot(KeyKind.LOAD, 1, 0, 0, 9, 0, bytes(16)))
    assert directory.slot(KeyKind.LOAD, 1).first == 9
    directory.put(KeySlot(KeyKind.LOAD, 1, 0, 0, 8, 0, bytes(16)))
    assert [slot.first for slot in directory.slots(KeyKind.LOAD)] == [8]
    assert len(directory.keys) == 48


def test_values_show_no_secret():
    directory = Directory(1, b"x", 0, 0, 0, files=[Ef(0x28, 1, 0, 0, 0, 6, b"SECRET")])
    directory.put(KeySlot(KeyKind.LOAD, 1, 0, 0, 9, 0, b"SECRET" * 2))
    shown = repr(directory) + repr(directory.slot(KeyKind.LOAD, 1)) + repr(decode_card(full_card.image()))
    assert "SECRET" not in shown
    assert "SECRET" not in repr(full_card.main_keys(b"SECRET"))


def test_a_version_1_image_goes_on():
    image = decode_card_image(CARD_V1)
    assert (image.balance_fen, image.offline, image.online, image.ceiling_fen) == (3750, 1, 2, 20_000)
    assert (image.aid, len(image.public), len(image.holder), len(image.capp), len(image.log)) == (
        AID_PURSE, 30, 39, 48, 23,
    )  # fmt: skip
    assert [key.version for key in image.keys.purchase] == [1, 2]
    assert image.ep.proof(9) == (1, b"\xaa" * 4, b"\xbb" * 4)
    assert image.ep.proof(2) == (2, b"\xcc" * 4, b"\xdd" * 4)
    assert image.ep.proof(6) is None
    desk = Desk(CARD_V1)
    assert desk.select() == "9000"
    assert desk.data("805A000902000108") == b"\xaa" * 4 + b"\xbb" * 4
    desk.spend(v1_key(0x22), v1_key(0x44), 50, key_id=2)
    desk.load(v1_key(0x33), v1_key(0x44), 300)
    assert desk.memory.image[:2].hex() == "c102"
    desk.card.reset()
    desk.select()
    assert desk.balance() == 4000
    assert desk.data("00B203C400").hex() == "0001000000000004e20951000000002320251124224530"


@pytest.mark.parametrize("at", [0, 1, 2, 300, 330, 400])
def test_a_damaged_version_1_image_does_not_wake(at):
    with pytest.raises(LayoutError):
        decode_card_image(CARD_V1[:at] + bytes((CARD_V1[at] ^ 1,)) + CARD_V1[at + 1 :])
    with pytest.raises(LayoutError):
        decode_card_image(CARD_V1[:at])


def test_makers_refuse_what_does_not_fit():
    keys = full_card.main_keys()
    public = full_card.public(1)
    for call in (
        lambda: blank_card_image(auth_id=bytes(8)),
        lambda: personalised_card_image([Application(CAMPUS, public, keys, holder=b"")]),
        lambda: personalised_card_image([Application(CAMPUS, public, keys, home=b"1")]),
        lambda: personalised_card_image([Application(CAMPUS, public, full_card.main_keys(b"1"))]),
        lambda: personalised_card_image(
            [Application(CAMPUS, public, keys, fid=n, records=(b"\x21\xfe" + bytes(254),) * 4) for n in range(6)]
        ),
        lambda: decode_card_image(blank_card_image()).balance_fen,
    ):
        with pytest.raises(LayoutError):
            call()


def test_a_full_card_stays_in_its_room():
    image = decode_card_image(full_card.image())
    image.ep.prove(9, 1, bytes(4), bytes(4))
    assert len(image.encode()) <= image.card.allotted <= CARD_SPACE
    assert Purse(2, 0, 0, 0, 0).own_fen == 0
    assert UserCard(RamMemory(image.encode()), bytes).power_on()
