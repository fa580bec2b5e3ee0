"""Profiles are files: a further card is a further file, and a file with a slip stops the start."""

from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest

from shared.errors import ConfigFault
from shared.purse import commands
from shared.purse.apdu import SW_NOT_EXECUTED, Sw
from shared.purse.effects import drive
from shared.purse.files import PublicData as Public
from shared.purse.files import PublicForm, encode_public, parse_public, public_size
from shared.purse.flows.till import identify, purchase, reason_of
from shared.purse.outcomes import Declined, Pin, Rejected
from shared.purse.profiles import (
    BANK_EP,
    CAMPUS,
    PROFILES,
    SUBSIDY,
    Factor,
    Number,
    PinUse,
    ProveOrder,
    PurchaseForm,
    Purse,
    card_id_of,
    diversification_factors,
    parse_profile,
)
from shared.purse.reasons import Reason

FIFTH = """
title = ["水控卡", "water card"]
aid = "D156000001BDF0CBCBB4EFD6A7B8B6"
application = "main"
purses = ["ep"]
public = "city"
factors = ["serial"]
purchase = "plain"
log_number = "before"
prove_number = "before"
prove_order = "tac-mac"
not_executed = ["9302", "9401"]
meanings = [{word = "6A80", reason = "balance"}, {word = "6985", reason = "card-locked"}]
"""
TOLL = Public(
    issuer=bytes.fromhex("C9FACFD500000000"), serial=bytes.fromhex("1601220000004711"), interop=b"\x16\x01",
    start=bytes.fromhex("20250901"), expiry=bytes.fromhex("20350831"), card_type=0x16, version=0x10,
)  # fmt: skip


def test_every_file_of_the_folder_is_a_profile():
    named = {Path(each.name).stem for each in files("shared.purse").joinpath("profile_data").iterdir()}
    assert named == set(PROFILES) == {
        "campus", "campus-sm4", "campus-region", "subsidy", "bank-ep", "bank-ed", "moc-city", "toll",
    }  # fmt: skip
    assert all(profile.name == name and all(profile.title) for name, profile in PROFILES.items())
    assert len({profile.title for profile in PROFILES.values()}) == len(PROFILES)


def test_what_the_campus_and_bank_profiles_say():
    assert CAMPUS.aid.hex() == "a00000000386980701"
    assert (CAMPUS.purchase, CAMPUS.purchase_type, CAMPUS.factors) == (PurchaseForm.CAPP, 9, (Factor.SERIAL,))
    assert (CAMPUS.not_executed, CAMPUS.prove_order, CAMPUS.pin) == (SW_NOT_EXECUTED, ProveOrder.MAC_TAC, frozenset())
    assert (BANK_EP.purchase_type, BANK_EP.pin) == (6, {PinUse.LOAD})
    assert (SUBSIDY.application, SUBSIDY.purse_byte(1)) == (1, 0b01_10_0001)
    assert CAMPUS.purse_byte(2, Purse.ED) == 0b00_01_0010


def test_a_fifth_profile_is_a_text():
    water = parse_profile("water", FIFTH)
    assert (water.name, water.title[0], water.purchase) == ("water", "水控卡", PurchaseForm.PLAIN)
    assert (water.log_number, water.prove_number, water.prove_order) == (
        Number.BEFORE,
        Number.BEFORE,
        ProveOrder.TAC_MAC,
    )
    assert water.not_executed == {Sw.MAC_WRONG, Sw.BALANCE}
    assert reason_of(Sw.WRONG_DATA, water) is Reason.BALANCE
    assert reason_of(Sw.CONDITIONS, water) is Reason.CARD_LOCKED
    assert reason_of(Sw.BALANCE, water) is Reason.BALANCE
    assert reason_of(Sw.WRONG_DATA) is Reason.CARD_REFUSED


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('purchase = "plain"', 'purchase = "both"', "water.toml.purchase"),
        ('purchase = "plain"', "", "water.toml.purchase"),
        ('factors = ["serial"]', 'factors = ["serial", "serial"]', "water.toml.factors"),
        ('factors = ["serial"]', "factors = []", "water.toml.factors"),
        ('aid = "D156000001BDF0CBCBB4EFD6A7B8B6"', 'aid = "D156"', "water.toml.aid"),
        ('purses = ["ep"]', 'purses = ["ep"]\ncolour = "red"', "water.toml.colour"),
        ('"6A80"', '"6A8"', "water.toml.meanings"),
        ('"card-locked"', '"closed"', "water.toml.meanings"),
        ("title = [", "title = [3, ", "water.toml.title"),
        ('["水控卡", "water card"]', '["水控卡"]', "water.toml.title"),
        ("public =", "public", "water.toml"),
        ('aid = "D1', 'fid = "10"\naid = "D1', "water.toml.fid"),
        ('prove_order = "tac-mac"', 'prove_order = "tac-mac"\nauth_id = "yes"', "water.toml.auth_id"),
    ],
)
def test_a_slip_is_named(old, new, named):
    assert old in FIFTH
    with pytest.raises(ConfigFault, match=named.replace(".", r"\.")):
        parse_profile("water", FIFTH.replace(old, new))


def test_a_toll_card_is_read_by_its_file():
    toll = PROFILES["toll"]
    raw = encode_public(PublicForm.TOLL, TOLL)
    assert len(raw) == 43 == public_size(toll.form)
    assert raw.hex() == "c9facfd500000000161016011601220000004711202509012035083100" + "00" * 14
    assert parse_public(PublicForm.TOLL, raw) == TOLL
    assert card_id_of(toll, TOLL).hex() == "16011601220000004711"
    assert diversification_factors(toll, TOLL) == (TOLL.serial, TOLL.issuer)


def test_a_card_is_selected_as_its_profile_says(school):
    sent = []

    class Deaf:
        def transmit(self, apdu, /):
            sent.append(apdu.hex())
            return bytes.fromhex("6A82")

    for name in ("toll", "campus"):
        assert drive(identify(PROFILES[name], school.now), card=Deaf()) == Rejected(Reason.FOREIGN_CARD, 0x6A82)
    assert sent == ["00a4000002100100", "00a4040009a0000000038698070100"]


def test_an_ed_wants_its_pin_before_a_purchase(school):
    """Byte script: VERIFY, then INIT on the ED; the plain form whatever the EP of the card does."""
    ed = PROFILES["bank-ed"]
    identity = school.identify(school.card(profile=BANK_EP), BANK_EP)
    order = school.order()._replace(purse=Purse.ED)
    identity = replace(identity, profile=ed)
    assert drive(purchase(order, identity), card=Script()) == Declined(Reason.PIN_WANTED, None)
    pin = Pin(b"\x12\x34\x56")
    wrong = Script({b"\x20": "63C2"})
    assert drive(purchase(order._replace(pin=pin), identity), card=wrong) == Declined(Reason.PIN_WRONG, 0x63C2)
    right = Script({b"\x20": "9000", b"\x50": "9403"})
    assert drive(purchase(order._replace(pin=pin), identity), card=right) == Declined(Reason.CARD_KEY, 0x9403)
    assert [apdu.hex()[:10] for apdu in right.sent] == ["0020000003", "805001010b"]
    assert "123456" not in repr(pin)


class Script:
    """Answers by instruction byte."""

    def __init__(self, answers=()):
        self.answers, self.sent = dict(answers), []

    def transmit(self, apdu, /):
        self.sent.append(apdu)
        return bytes.fromhex(self.answers[apdu[1:2]])


def test_new_commands_are_frozen():
    term, stamp, mac = bytes.fromhex("510000000023"), bytes.fromhex("20251124224530"), b"\1\2\3\4"
    made = [
        commands.init_load(1, 100, term, Purse.ED), commands.init_unload(1, 100, term, Purse.EP),
        commands.unload(stamp, mac), commands.init_overdraft(1, term), commands.update_overdraft(20000, stamp, mac),
        commands.verify_pin(0, b"\x12\x34"), commands.change_pin(0, b"\x12\x34", b"\x56\x78\x90"),
        commands.reload_pin(0, b"\x12\x34", mac), commands.external_authenticate(0, bytes(8)),
        commands.internal_authenticate(1, bytes(8)), commands.update_capp(0x22, b"\x22\x01", 0x19),
    ]  # fmt: skip
    assert [apdu.hex() for apdu in made] == [
        "805000010b010000006451000000002310", "805005020b010000006451000000002310",
        "805403000b202511242245300102030404", "80500401070151000000002313",
        "805800000e004e20202511242245300102030404", "00200000021234", "805e0100061234ff567890",
        "805e000006123401020304", "0082000008" + "00" * 8, "0088000108" + "00" * 8 + "08", "80dc22c8022201",
    ]  # fmt: skip
