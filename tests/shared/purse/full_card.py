"""A personalised card with everything: EP and ED, PIN, keepers, a subsidy application beside the main one."""

from dataclasses import replace

from shared.purse.cos.images import Application, CardKey, CardKeys, personalised_card_image
from shared.purse.crypto import Key
from shared.purse.files import PublicData
from shared.purse.profiles import CAMPUS
from tests.shared.purse.issuer import AID, Desk

SUBSIDY_AID = bytes.fromhex("D156000001") + b"SUBSIDY"
PIN = bytes.fromhex("123456")
DAY, TRIP, CITY = (bytes((tag, 6, 0, 1, 2, 3, 4, 5)) for tag in (0x21, 0x22, 0x23))


def key(number):
    return bytes((number,)) * 8 + bytes(range(number, number + 8))


DPK, DLK, DTK, DULK, DUK = (key(n) for n in (0x3E, 0x3F, 0x34, 0x3D, 0x3C))
DPK_2, DTK_2 = key(0x40), key(0x50)
DAMK, DCCK, DPUK, DRPK = (key(n) for n in (0x36, 0x39, 0x37, 0x38))
SUBSIDY_DPK, SUBSIDY_DLK, SUBSIDY_DTK = (key(n) for n in (0x71, 0x72, 0x73))


def public(serial, expiry="20290731"):
    return PublicData(
        issuer=b"\x53\x03", serial=serial.to_bytes(8, "big"), city=b"\x45\x10", industry=b"\0\1",
        start=bytes.fromhex("20250901"), expiry=bytes.fromhex(expiry),
    )  # fmt: skip


def main_keys(pin=PIN):
    one = lambda octets: (CardKey(1, 1, Key(octets)),)  # noqa: E731 - a table of four
    return CardKeys(
        (CardKey(1, 1, Key(DPK)), CardKey(2, 2, Key(DPK_2))), one(DLK), Key(DTK), one(DULK), one(DUK),
        (CardKey(2, 2, Key(DTK_2)),), Key(DAMK), Key(DCCK), Key(DPUK), Key(DRPK), pin,
    )  # fmt: skip


def subsidy(profile):
    keys = CardKeys((CardKey(1, 1, Key(SUBSIDY_DPK)),), (CardKey(1, 1, Key(SUBSIDY_DLK)),), Key(SUBSIDY_DTK))
    return Application(profile, public(4711, "20260131"), keys, 3_000, fid=0x3F02)


def image(**changed):
    """A whole card; keyword arguments change the main application."""
    settings = {
        "keys": main_keys(), "opening_balance_fen": 5_000, "records": (DAY, TRIP, CITY), "ed_ceiling_fen": 50_000,
        "pin_for_load": True,
    } | changed  # fmt: skip
    main = Application(CAMPUS, public(4711), **settings)
    return personalised_card_image(
        [main, subsidy(replace(CAMPUS, name="subsidy-test", aid=SUBSIDY_AID))],
        card_public=bytes(40), control=Key(key(0x61)), maintenance=Key(key(0x62)),
    )  # fmt: skip


def desk(memory=None, dice=None, **changed):
    """A powered card with its main application selected."""
    made = Desk(image(**changed), dice, memory)
    assert made.select(AID) == "9000"
    return made
