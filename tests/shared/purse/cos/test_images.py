"""Images of card and PSAM: frozen head, round trip, and refusal of damage."""

import pytest

from shared.purse.cos.images import (
    CardKey,
    CardKeys,
    PsamMaster,
    decode_card_image,
    decode_psam_image,
    new_card_image,
    new_psam_image,
)
from shared.purse.crypto import Key
from shared.purse.errors import LayoutError
from shared.purse.profiles import CAMPUS

SECRET = b"0123456789SECRET"
CARD_V1 = bytes.fromhex(
    "c10100000ea6000200010000000002ccccccccdddddddd000000000000000000000001aaaaaaaabbbbbbbb212e0001000000000000000000"
    "00000000000000000000000000000000000000000000000000000000000000000000000001000000000004e2095100000000232025112422"
    "4530000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "000000000000000000000000000000000000000000000000000000000000000000000000000000000000004e2003020109a0000000038698"
    "07011e5303451000010000010100000000000000001267202509012029073101022700005a68616e67000000000000000000000000000000"
    "0000000000000000000000000000000005010100001111111111111111111213141516171802020000222222222222222222232425262728"
    "29010100003333333333333333333435363738393a44444444444444444445464748494a4b328dd6b7"
)
"""A card as version 1 left it: number 4711, 37.50 yuan, one CAPP purchase and two loads."""
PSAM_V1 = bytes.fromhex(
    "c2010000000751000000002300000000510000000023010100000201000100555555555555555555565758595a5b5c020002006666666666"
    "666666666768696a6b6c6dd7af7b6b"
)


def test_a_card_image_comes_back(school):
    raw = school.memory(4711, balance=0x01020304, ceiling=0x7FFFFFFF).image
    assert raw[:5].hex() == "c102000002"
    image = decode_card_image(raw)
    assert image.encode() == raw
    assert image.keys == school.keys(school.public(4711))
    image.balance_fen, image.offline, image.online = 7, 8, 9
    again = decode_card_image(image.encode())
    assert (again.balance_fen, again.offline, again.online) == (7, 8, 9)


def test_a_psam_image_comes_back():
    raw = new_psam_image(bytes.fromhex("510000000023"), {2: PsamMaster(Key(SECRET), 2), 1: PsamMaster(Key(SECRET))})
    assert raw[:12].hex() == "c20200000001510000000023"
    image = decode_psam_image(raw)
    assert image.encode() == raw
    assert (image.masters[2].levels, image.masters[1].levels) == (2, 1)


def test_a_version_1_psam_goes_on():
    image = decode_psam_image(PSAM_V1)
    assert (image.next_ttn, image.psam_id.hex(), image.control) == (7, "510000000023", None)
    assert {version: master.levels for version, master in image.masters.items()} == {1: 1, 2: 2}
    assert image.encode()[:2].hex() == "c202"
    assert decode_psam_image(image.encode()).masters == image.masters
    for at in (0, 5, 40, len(PSAM_V1) - 1):
        with pytest.raises(LayoutError):
            decode_psam_image(PSAM_V1[:at] + bytes((PSAM_V1[at] ^ 1,)) + PSAM_V1[at + 1 :])


def test_a_psam_image_with_a_control_key_comes_back():
    raw = new_psam_image(bytes(6), {1: PsamMaster(Key(SECRET))}, control=Key(SECRET))
    image = decode_psam_image(raw)
    assert (image.control, image.tries, image.encode()) == (Key(SECRET), 3, raw)
    assert "SECRET" not in repr(image)
    with pytest.raises(LayoutError):
        new_psam_image(bytes(6), {1: PsamMaster(Key(SECRET))}, control=Key(bytes(8)))


@pytest.mark.parametrize("kind", ["card", "psam"])
def test_every_flipped_byte_and_every_cut_is_noticed(school, kind):
    if kind == "card":
        raw, decode = school.memory().image, decode_card_image
    else:
        raw, decode = new_psam_image(bytes(6), {1: PsamMaster(Key(SECRET))}), decode_psam_image
    for at in range(len(raw)):
        with pytest.raises(LayoutError):
            decode(raw[:at])
        with pytest.raises(LayoutError):
            decode(raw[:at] + bytes((raw[at] ^ 0x40,)) + raw[at + 1 :])


def test_card_and_psam_are_not_mistaken_for_each_other(school):
    with pytest.raises(LayoutError):
        decode_psam_image(school.memory().image)


def test_images_show_no_key(school):
    keys = CardKeys((CardKey(1, 1, Key(SECRET)),), (CardKey(1, 1, Key(SECRET)),), Key(SECRET))
    card = decode_card_image(new_card_image(CAMPUS, school.public(1), keys))
    psam = decode_psam_image(new_psam_image(bytes(6), {1: PsamMaster(Key(SECRET))}))
    assert "SECRET" not in repr(card)
    assert "SECRET" not in repr(psam)


def test_what_does_not_fit_is_refused(school):
    public, keys = school.public(1), school.keys(school.public(1))
    short = CardKeys((CardKey(1, 1, Key(bytes(8))),), keys.load, keys.tac)
    many = CardKeys(keys.purchase * 9, keys.load, keys.tac)
    for call in (
        lambda: new_card_image(CAMPUS, public, keys, opening_balance_fen=100_001),
        lambda: new_card_image(CAMPUS, public, keys, opening_balance_fen=-1),
        lambda: new_card_image(CAMPUS, public, keys, holder=bytes(256)),
        lambda: new_card_image(CAMPUS, public, short),
        lambda: new_card_image(CAMPUS, public, many),
        lambda: new_psam_image(bytes(5), {1: PsamMaster(Key(SECRET))}),
        lambda: new_psam_image(bytes(6), {}),
        lambda: new_psam_image(bytes(6), {1: PsamMaster(Key(SECRET), levels=4)}),
        lambda: new_psam_image(bytes(6), {1: PsamMaster(Key(SECRET))}, first_ttn=1 << 32),
    ):
        with pytest.raises(LayoutError):
            call()
