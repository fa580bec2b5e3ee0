"""A city card 城市卡 at our terminal: its authentication id goes through the PSAM into MAC1, its key has two levels.

Card and PSAM are strangers' (public terminals' 80CA, 8070 of two factors, record 09 of file 0017), then our own.
"""

import os

import pytest

from edge.terminal.taps.steps import End
from shared.purse.apdu import WholeChannel
from shared.purse.cos.card import UserCard
from shared.purse.cos.images import (
    Application,
    CardKey,
    CardKeys,
    PsamMaster,
    RamMemory,
    new_psam_image,
    personalised_card_image,
)
from shared.purse.cos.psam import Psam
from shared.purse.crypto import Key
from shared.purse.files import PublicData, PublicForm, parse_public
from shared.purse.profiles import PROFILES
from shared.purse.reasons import Reason
from shared.records import PROVEN
from tests.edge.card import standard_des as des
from tests.edge.card.standard_card import OK, ORDER, StandardCard, StandardPsam

OPENING, PRICE = 50_000, 1250
PUBLIC = bytes.fromhex("5303 4510 0000 0000 01 01 0000 2025110000004711 20250901 20290731 0102")
SERIAL, CITY = PUBLIC[12:20], bytes.fromhex("4510FF0000000000")
CODE = bytes.fromhex("8588D32B7688D32B76")
RECORD = bytes.fromhex("092E00") + bytes(45)


class CityCard(StandardCard):
    """MAC1 of a purchase covers the code, too."""

    code = CODE

    def _do(self, cla, ins, p1, p2, data):
        if (cla, ins) == (0x80, 0xCA):
            return self.code + OK
        return super()._do(cla, ins, p1, p2, data)

    def _debit(self, begun, data):
        kind, amount, term, rnd, before, _ = begun
        ttn, when, mac1 = data[:4], data[4:11], data[11:]
        session = des.purchase_session(self.keys[0], rnd, before.to_bytes(2, "big"), ttn)
        if mac1 != des.mac(session, des.fen(amount), bytes((kind,)), term, when, self.code):
            return bytes.fromhex("9302")
        plain = des.mac(session, des.fen(amount), bytes((kind,)), term, when)
        return super()._debit(begun, ttn + when + plain)


class CityPsam(StandardPsam):
    """Two levels; no 8070 before it has seen a code, which it takes into one MAC1."""

    code = None
    wrong = False

    def _do(self, head, data, le):
        if head == "80ca0000" and len(data) == 9:
            self.code = data
            return bytes.fromhex("6300") if self.wrong else OK
        return super()._do(head, data, le)

    def _init(self, data):
        code, self.code = self.code, None
        if code is None or data[28:] != CITY:
            return ORDER
        rnd, offline, amount, kind, when = data[:4], data[4:6], data[6:10], data[10:11], data[11:18]
        ttn = self.ttn.to_bytes(4, "big")
        key = des.card_key(des.card_key(self.master, CITY), data[20:28])
        session = des.purchase_session(key, rnd, offline, ttn)
        self._mac2 = des.mac(session, amount)
        return ttn + des.mac(session, amount, kind, self.term, when, code) + OK


@pytest.fixture
def keys(school):
    return [
        des.card_key(des.card_key(master.octets, CITY), SERIAL)
        for master in (school.purchase, school.loads, school.tac)
    ]


@pytest.fixture
def till(kit, school):
    bench = kit.Bench(school, profile="moc-city").connect()
    bench.counter.psam = WholeChannel(CityPsam(kit.psam_id, school.purchase.octets))
    return bench


def sell(till, card):
    card.power_on()
    return till.sell(None, PRICE, card=WholeChannel(card))


def taken(till):
    return [record.tac for record in till.written().values() if record.kind in PROVEN]


def test_a_strangers_card_and_psam(till, keys):
    card = CityCard(PUBLIC, keys, OPENING, None, RECORD)
    for _ in range(2):
        assert sell(till, card).end is End.DONE
    assert card.money == OPENING - 2 * PRICE
    assert len(taken(till)) == 2
    assert card.records[0x09] == RECORD


def test_torn_at_the_debit(till, keys):
    card = CityCard(PUBLIC, keys, OPENING, None, RECORD, dies=0x54)
    assert sell(till, card).end is End.UNKNOWN
    card.dies = None
    assert sell(till, card).end is End.DONE
    assert card.money == OPENING - PRICE
    assert len(taken(till)) == 1


def test_a_code_that_the_psam_does_not_take(till, keys):
    till.counter.psam._channel.wrong = True
    card = CityCard(PUBLIC, keys, OPENING, None, RECORD)
    result = sell(till, card)
    assert (result.end, result.reason, card.money) == (End.DECLINED, Reason.FOREIGN_CARD, OPENING)


def test_a_psam_that_knows_no_codes(till, keys, kit, school):
    till.counter.psam = WholeChannel(StandardPsam(kit.psam_id, school.purchase.octets))
    result = sell(till, CityCard(PUBLIC, keys, OPENING, None, RECORD))
    assert (result.end, result.reason) == (End.DECLINED, Reason.PSAM_REFUSED)


@pytest.mark.parametrize("code", [b"", CODE[:8]])
def test_a_card_whose_code_is_none(till, keys, code):
    card = CityCard(PUBLIC, keys, OPENING, None, RECORD)
    card.code = code
    result = sell(till, card)
    assert (result.end, result.reason, card.money) == (End.DECLINED, Reason.CARD_DATA, OPENING)


def our_card(keys, code):
    profile = PROFILES["moc-city"]
    made = CardKeys((CardKey(1, 1, Key(keys[0])),), (CardKey(1, 1, Key(keys[1])),), Key(keys[2]))
    public: PublicData = parse_public(PublicForm.CITY, PUBLIC)
    image = personalised_card_image(
        [Application(profile, public, made, OPENING, records=(RECORD,), split_logs=True, home=b"\x51\0")],
        auth_id=code,
    )
    return UserCard(RamMemory(image), os.urandom)


def our_psam(kit, school):
    image = new_psam_image(kit.psam_id, {1: PsamMaster(school.purchase, levels=2)})
    psam = Psam(RamMemory(image), os.urandom)
    psam.power_on()
    psam.transmit(bytes.fromhex("00A40000021001"))
    return psam


def test_our_own_card_at_a_strangers_psam_and_the_other_way_round(till, keys, kit, school):
    assert sell(till, our_card(keys, CODE)).end is End.DONE
    till.counter.psam = our_psam(kit, school)
    strange = CityCard(PUBLIC, keys, OPENING, None, RECORD)
    assert sell(till, strange).end is End.DONE
    assert sell(till, our_card(keys, CODE)).end is End.DONE
    assert len(taken(till)) == 3


def test_our_psam_takes_a_code_for_one_begin(kit, school):
    """9 bytes, once; another card's MAC1 is not spoiled by it."""
    psam = our_psam(kit, school)
    asked = bytes.fromhex("8070000024") + bytes(18) + b"\1\0" + SERIAL + CITY

    def mac1():
        granted = psam.transmit(asked)
        assert granted[-2:] == OK
        key = des.card_key(des.card_key(school.purchase.octets, CITY), SERIAL)
        session = des.purchase_session(key, bytes(4), bytes(2), granted[:4])
        return granted[4:8], session

    assert psam.transmit(bytes.fromhex("80CA000009") + CODE) == OK
    given, session = mac1()
    assert given == des.mac(session, bytes(4), b"\0", kit.psam_id, bytes(7), CODE)
    given, session = mac1()
    assert given == des.mac(session, bytes(4), b"\0", kit.psam_id, bytes(7))
    assert psam.transmit(bytes.fromhex("80CA000008") + CODE[:8]) == bytes.fromhex("6700")
    assert psam.transmit(bytes.fromhex("80CA010009") + CODE) == bytes.fromhex("6A86")
