"""Images of card and PSAM: frozen head, round trip, and refusal of damage."""

import pytest

from shared.purse.crypto import Key
from shared.purse.errors import LayoutError
from shared.purse.images import (
    CardKey,
    CardKeys,
    PsamMaster,
    decode_card_image,
    decode_psam_image,
    new_card_image,
    new_psam_image,
)
from shared.purse.profiles import CAMPUS

SECRET = b"0123456789SECRET"


def test_a_card_image_comes_back(school):
    raw = school.memory(4711, balance=0x01020304, ceiling=0x7FFFFFFF).image
    assert raw[:2].hex() == "c101"
    assert raw[2:9].hex() == "01020304000000"
    image = decode_card_image(raw)
    assert image.encode() == raw
    assert image.keys == school.keys(school.public(4711))
    image.balance_fen, image.offline, image.online = 7, 8, 9
    again = decode_card_image(image.encode())
    assert (again.balance_fen, again.offline, again.online) == (7, 8, 9)


def test_a_psam_image_comes_back():
    raw = new_psam_image(bytes.fromhex("510000000023"), {2: PsamMaster(Key(SECRET), 2), 1: PsamMaster(Key(SECRET))})
    assert raw[:12].hex() == "c20100000001510000000023"
    image = decode_psam_image(raw)
    assert image.encode() == raw
    assert (image.masters[2].levels, image.masters[1].levels) == (2, 1)


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
