"""Our card and PSAM serve a till that we did not write, through real pcscd, on T=1 and on T=0."""

import os

import pytest

from edge.card.sim.place import CARD_READER, PSAM_READER
from edge.card.sim.t0 import T0Chip
from shared.ids import PsamId
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
from shared.purse.files import PublicData, encode_holder
from shared.purse.profiles import BANK_EP, CAMPUS
from tests.edge.card import standard_des as des
from tests.edge.card.standard_till import OK, TERMINAL, StandardTill, h

pytestmark = pytest.mark.process
OPENING = 50_000
SERIAL = h("2025110000004711")
PURCHASE_MASTER = h("A1B2C3D4E5F60718293A4B5C6D7E8F90")
DPK = des.card_key(PURCHASE_MASTER, SERIAL)
DLK, DTK = h("0F1E2D3C4B5A69788796A5B4C3D2E1F0"), h("5A5AA5A5C3C33C3C9696696966999966")
BANK_PUBLIC = h("0000000053030001 01 01 0000 2025110000004711 20250901 20290731 0000")
CITY_PUBLIC = h("5303 0001 0000 0000 01 01 0000 2025110000004711 20250901 20290731 0102")
NOON, LATER = h("20251124120000"), h("20251124120105")


def card_of(profile, public, *, pin=b""):
    """A card personalised with keys that the till knows."""
    keys = CardKeys((CardKey(1, 1, Key(DPK)),), (CardKey(1, 1, Key(DLK)),), Key(DTK), pin=pin)
    holder = encode_holder("张三", "20250001")
    image = personalised_card_image(
        [Application(profile, public, keys, OPENING, holder=holder, pin_for_load=bool(pin))]
    )
    return UserCard(RamMemory(image), os.urandom)


@pytest.fixture
def bank_card():
    return card_of(
        BANK_EP,
        PublicData(h("0000000053030001"), h("0000") + SERIAL, h("20250901"), h("20290731")),
        pin=h("123456"),
    )


@pytest.fixture
def campus_card():
    return card_of(
        CAMPUS,
        PublicData(h("5303"), SERIAL, h("20250901"), h("20290731"), h("0001"), h("0000"), card_type=1, subtype=2),
    )


@pytest.fixture(params=[False, True], ids=["T=1", "T=0"])
def at(request, readers):
    """Lays a chip into a reader and gives the till that is connected to it."""
    tills = []

    def lay(chip, name=CARD_READER):
        chip = T0Chip(chip) if request.param else chip
        put = readers.put_psam if name == PSAM_READER else lambda chip: readers.put(chip).close()
        put(chip)
        tills.append(StandardTill(name))
        return tills[-1]

    yield lay
    for till in tills:
        till.close()


def test_reads_pin_load_purchase_log_and_proofs_of_a_bank_card(at, bank_card):
    till = at(bank_card)
    fci = till.select_purse()
    public = till.expect("00B09500", le=30, size=30)
    assert public == BANK_PUBLIC
    assert fci[-33:] == h("9F0C1E") + public
    holder = till.expect("00B09600", le=0x27, size=0x27)
    assert holder[2:22].rstrip(b"\0").decode("gb18030") == "张三"
    assert till.expect("00B09602", le=4, size=4) == holder[2:6]
    assert till.balance() == OPENING

    assert till.say("80500002", b"\x01" + des.fen(5000) + TERMINAL, 0x10)[1] == 0x6982
    assert till.say("00200000", h("654321"))[1] == 0x63C2
    assert till.expect("00200000", h("123456")) == b""
    opened, tac = till.load(5000, DLK, DTK, NOON)
    assert opened[4:8] == h("0000 01 00")
    assert till.prove(2, 1)[0][4:] == tac

    opened, answer = till.buy(1250, DPK, DTK, LATER)
    assert opened[:11] == des.fen(OPENING + 5000) + h("0000 000000 01 00")
    assert till.prove(6, 1) == (answer[4:] + answer[:4], OK)
    assert till.prove(6, 2)[1] == 0x9406
    assert till.balance() == OPENING + 5000 - 1250

    newest, older = till.expect("00B201C4", le=0x17, size=23), till.expect("00B202C4", le=0, size=23)
    assert newest == h("0001 000000") + des.fen(1250) + b"\x06" + TERMINAL + LATER
    assert older == h("0001 000000") + des.fen(5000) + b"\x02" + TERMINAL + NOON
    assert till.say("00B203C4", le=0x17)[1] == 0x6A83


def test_a_composite_purchase_of_a_campus_card(at, campus_card):
    till = at(campus_card)
    assert till.select_purse()[-30:] == CITY_PUBLIC
    record = till.expect("00B221B8", le=0)
    assert (record[0], record[1], record[2]) == (0x21, len(record) - 2, 0)
    assert till.expect("00B201BC", le=0) == record
    written = record[:-1] + b"\x07"
    _, answer = till.buy(800, DPK, DTK, NOON, capp=(0x21, written))
    assert till.expect("00B221B8", le=0) == written
    assert till.prove(9, 1) == (answer[4:] + answer[:4], OK)
    assert till.balance() == OPENING - 800


def test_amount_nothing_begins_and_changes_nothing(at, campus_card):
    """How a till learns counter and balance after a torn debit."""
    till = at(campus_card)
    till.select_purse()
    opened = till.expect("80500302", b"\x01" + bytes(4) + TERMINAL, 0x0F, 15)
    assert opened[:6] == des.fen(OPENING) + h("0000")
    assert till.balance() == OPENING


def test_refusals_have_the_words_of_the_standard(at, bank_card):
    till = at(bank_card)
    assert till.say("00A40400", h("A000000099"), 0)[1] == 0x6A82
    till.select_purse()
    purse = b"\x01" + des.fen(1250) + TERMINAL
    assert till.say("80500102", b"\x05" + purse[1:], 0x0F)[1] == 0x9403
    assert till.say("80500102", b"\x01" + des.fen(OPENING + 1) + TERMINAL, 0x0F)[1] == 0x9401
    assert till.say("80540100", bytes(15), 8)[1] == 0x6901
    till.expect("80500102", purse, 0x0F, 15)
    assert till.say("80540100", bytes(15), 8)[1] == 0x9302
    assert till.say("80540100", bytes(15), 8)[1] == 0x6901
    till.expect("80500102", purse, 0x0F, 15)
    assert till.say("805C0002", le=4)[1] == OK
    assert till.say("80540100", bytes(15), 8)[1] == 0x6901
    assert till.say("00B09900", le=4)[1] == 0x6A82
    assert till.say("00B0951F", le=4)[1] == 0x6B00
    assert till.say("00F00000", le=4)[1] == 0x6D00
    assert till.balance() == OPENING


def test_a_psam_is_opened_and_authorises(at):
    psam = Psam(RamMemory(new_psam_image(PsamId(TERMINAL), {1: PsamMaster(Key(PURCHASE_MASTER))})), os.urandom)
    till = at(psam, PSAM_READER)
    assert till.expect("00B09600", le=6, size=6) == TERMINAL
    assert len(till.expect("00B09500", le=14)) == 14
    till.say("00A40000", h("1001"), 0)
    rnd, offline, amount = h("5C9E01D7"), h("004D"), des.fen(1250)
    asked = rnd + offline + amount + b"\x06" + NOON + h("0100") + SERIAL
    for _ in range(2):
        granted = till.expect("80700000", asked, 8, 8)
        session = des.purchase_session(DPK, rnd, offline, granted[:4])
        assert granted[4:] == des.mac(session, amount, b"\x06", TERMINAL, NOON)
        assert till.say("80720000", bytes(4))[1] == 0x9302
        assert till.expect("80720000", des.mac(session, amount)) == b""
        assert till.say("80720000", des.mac(session, amount))[1] == 0x6901


def test_the_other_ways_to_say_it(at, campus_card):
    """By file id instead of name, records by number instead of tag, Le left out or 00, the file selected first."""
    till = at(campus_card)
    assert till.say("00A40000", h("3F00"))[1] == OK
    assert till.say("00A40000", h("3F01"))[1] == OK
    assert till.expect("00B09500", le=0) == CITY_PUBLIC
    assert till.say("00A40000", h("0015"))[1] == OK
    assert till.expect("00B00000", le=0) == CITY_PUBLIC
    assert till.expect("00B0000A", le=2) == CITY_PUBLIC[10:12]
    record = till.expect("00B201BC", le=0)
    opened = till.expect("80500302", b"\x01" + des.fen(100) + TERMINAL, size=15)
    assert till.expect("80DC01BC", record) == b""
    session = des.purchase_session(DPK, opened[11:], opened[4:6], h("00000001"))
    mac1 = des.mac(session, des.fen(100), b"\x09", TERMINAL, NOON)
    assert till.expect("80540100", h("00000001") + NOON + mac1, size=8)[4:] == des.mac(session, des.fen(100))
    assert till.balance() == OPENING - 100
