"""Our PSAM serves a terminal that we did not write: each command of the public tables, its words and its bounds."""

import os

import pytest

from shared.ids import PsamId
from shared.purse.cos.images import PsamMaster, RamMemory, new_psam_image
from shared.purse.cos.psam import Psam
from shared.purse.crypto import Key
from tests.edge.card import standard_des as des
from tests.edge.card.standard_desk import NOON, TERMINAL, StandardDesk, h

MASTERS = {1: h("A1B2C3D4E5F60718293A4B5C6D7E8F90"), 2: h("000102030405060708090A0B0C0D0E0F")}
CONTROL = h("303132333435363738393A3B3C3D3E3F")
SERIAL, ISSUER, CITY = h("2025110000004711"), h("0000000000005303"), h("4510FF0000000000")
RND, COUNT = h("5C9E01D7"), h("004D")


def psam_of(levels=1, first=1):
    masters = {version: PsamMaster(Key(key), levels) for version, key in MASTERS.items()}
    image = new_psam_image(PsamId(TERMINAL), masters, first_ttn=first, control=Key(CONTROL))
    return StandardDesk(Psam(RamMemory(image), os.urandom))


@pytest.fixture
def psam():
    made = psam_of()
    assert made.word("00A40000", h("1001"), 0) == "9000"
    return made


def asked(amount=1250, kind=6, version=1, algorithm=0, factors=(SERIAL,)):
    return RND + COUNT + des.fen(amount) + bytes((kind,)) + NOON + bytes((version, algorithm)) + b"".join(factors)


def session_of(granted, version=1, factors=(SERIAL,)):
    key = MASTERS[version]
    for factor in reversed(factors):
        key = des.card_key(key, factor)
    return des.purchase_session(key, RND, COUNT, granted[:4])


@pytest.mark.parametrize("file", [h("1001"), h("DF01")])
def test_the_application_by_either_file_id(file):
    psam = psam_of()
    assert psam.word("80700000", asked(), 8) == "6985"
    fci, word = psam.say("00A40000", file, 0)
    assert (word, fci[0], fci[1], fci[2]) == ("9000", 0x6F, len(fci) - 2, 0x84)
    assert psam.word("80700000", asked(), 8) == "9000"


@pytest.mark.parametrize(
    ("command", "word"),
    [
        (("00A40000", h("3F00"), 0), "9000"),
        (("00A40000", b"", 0), "9000"),
        (("00A40400", b"1PAY.SYS.DDF01", 0), "9000"),
        (("00A40400", h("A00000000386980701"), 0), "9000"),
        (("00A40000", h("0016"), 0), "9000"),
        (("00A40000", h("DF09"), 0), "6A82"),
        (("00A40000", h("DF"), 0), "6A82"),
        (("00A40300", h("3F00"), 0), "6A86"),
        (("00B09600", b"", 6), "9000"),
        (("00B09600", b"", 0), "9000"),
        (("00B09600", b"", 7), "6C06"),
        (("00B09606", b"", 1), "6B00"),
        (("00B0D600", b"", 6), "6A86"),
        (("00B09400", b"", 6), "6A82"),
        (("00B00000", b"", 6), "6986"),
        (("00840000", b"", 4), "9000"),
        (("00840000", b"", 8), "9000"),
        (("00840000", b"", 5), "6700"),
        (("00840100", b"", 4), "6A86"),
        (("80720000", bytes(4)), "6901"),
        (("80700100", asked(), 8), "6A86"),
        (("80700001", asked(), 8), "6A86"),
        (("80700000", asked()[:-1], 8), "6700"),
        (("80700000", asked()[:19], 8), "6700"),
        (("80700000", asked(factors=()), 8), "6700"),
        (("80700000", asked(factors=(SERIAL, ISSUER)), 8), "6700"),
        (("80700000", asked(version=9), 8), "6A88"),
        (("80700000", asked(algorithm=4), 8), "6A80"),
        (("80700000", asked(), 4), "6C08"),
        (("84700000", asked(), 8), "6882"),
        (("80D40000", bytes(28)), "6987"),
        (("84D40000", bytes(28)), "6984"),
        (("801A4400", SERIAL), "6D00"),
        (("80FA0500", bytes(8), 4), "6D00"),
        (("90700000", asked(), 8), "6E00"),
    ],
)
def test_words(psam, command, word):
    assert psam.word(*command) == word


def test_files_by_selection_as_by_short_identifier(psam):
    psam.expect("00A40000", h("0016"), 0)
    assert psam.expect("00B00000", b"", 6) == TERMINAL
    assert psam.expect("00B00002", b"", 4) == TERMINAL[2:]
    psam.expect("00A40000", h("0015"), 0)
    assert psam.expect("00B00000", b"", 0) == psam.expect("00B09500", b"", 14)
    psam.expect("00A40000", h("1001"), 0)
    assert psam.word("00B00000", b"", 6) == "6986"


def test_a_file_selected_leaves_the_application(psam):
    """How terminals read the terminal number in the middle of their work."""
    psam.expect("00A40000", h("0016"), 0)
    assert psam.word("80700000", asked(), 8) == "9000"


@pytest.mark.parametrize("version", MASTERS)
@pytest.mark.parametrize("kind", [5, 6, 9])
def test_mac1_and_mac2(psam, version, kind):
    granted = psam.expect("80700000", asked(kind=kind, version=version), 8)
    session = session_of(granted, version)
    assert granted[4:] == des.mac(session, des.fen(1250), bytes((kind,)), TERMINAL, NOON)
    assert psam.word("80720000", des.mac(session, des.fen(1250))) == "9000"
    assert psam.word("80720000", des.mac(session, des.fen(1250))) == "6901"


@pytest.mark.parametrize("factors", [(SERIAL, ISSUER), (SERIAL, CITY), (SERIAL, ISSUER, CITY)])
def test_two_and_three_levels(factors):
    psam = psam_of(len(factors))
    psam.expect("00A40000", h("1001"), 0)
    granted = psam.expect("80700000", asked(factors=factors), 8)
    assert granted[4:] == des.mac(session_of(granted, 1, factors), des.fen(1250), b"\x06", TERMINAL, NOON)


def test_a_wrong_mac2_has_three_tries(psam):
    granted = psam.expect("80700000", asked(), 8)
    right = des.mac(session_of(granted), des.fen(1250))
    assert [psam.word("80720000", bytes(4)) for _ in range(2)] == ["9302", "9302"]
    assert psam.word("80720000", right) == "9000"
    psam.expect("80700000", asked(), 8)
    assert [psam.word("80720000", bytes(4)) for _ in range(4)] == ["9302", "9302", "9302", "6901"]
    assert psam.word("80700000", asked(), 8) == "9000"


def test_numbers_go_up_by_one_and_a_refusal_takes_none(psam):
    first = psam.expect("80700000", asked(), 8)[:4]
    for refused in (("80700000", asked(), 4), ("80700000", asked(version=9), 8), ("80700000", asked()[:-1], 8)):
        psam.say(*refused)
    assert int.from_bytes(psam.expect("80700000", asked(), 8)[:4], "big") == int.from_bytes(first, "big") + 1


def test_the_numbers_end():
    psam = psam_of(first=0xFFFFFFFD)
    psam.expect("00A40000", h("1001"), 0)
    assert psam.expect("80700000", asked(), 8)[:4] == h("FFFFFFFD")
    assert psam.expect("80700000", asked(), 8)[:4] == h("FFFFFFFE")
    assert psam.word("80700000", asked(), 8) == "9402"
    psam.chip.power_on()
    psam.expect("00A40000", h("1001"), 0)
    assert psam.word("80700000", asked(), 8) == "9402"


def test_a_begin_ends_what_was_begun(psam):
    old = psam.expect("80700000", asked(), 8)
    psam.expect("80700000", asked(), 8)
    assert psam.word("80720000", des.mac(session_of(old), des.fen(1250))) == "9302"


def test_a_key_under_the_control_key(psam):
    """84D4 with usage 22, a version that is not there yet; then it serves 8070."""
    field = h("22 03 00") + h("FFEEDDCCBBAA99887766554433221100")
    assert psam.protected("84D40000", field, CONTROL, hidden=True, spoil=True)[1] == "6988"
    assert psam.protected("84D40000", field, CONTROL, hidden=True)[1] == "9000"
    assert psam.word("80700000", asked(version=3), 8) == "9000"
    words = [psam.protected("84D40000", field, CONTROL, hidden=True, spoil=True)[1] for _ in range(4)]
    assert words == ["6988", "6988", "6988", "6983"]
