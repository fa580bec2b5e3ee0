"""A card made by commands and one made as a whole image are the same card: files, rights, keys, answers."""

import os
from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest

from provisioning.issue import personalise
from provisioning.issue.activation import activate
from provisioning.issue.jobs import CardWriter, School, card_of, card_row
from provisioning.issue.order import Order, OrderLine
from provisioning.issue.personalise_apdu import protected, write
from provisioning.issue.production import Attempt, Step
from provisioning.keeper.issuing_keys import of_store
from provisioning.keeper.software import keeper_of
from provisioning.keys.levels import card_keys, new_root, region_of, school_of
from provisioning.plan import numbers
from provisioning.plan.demo import demo_plan
from provisioning.plan.plan import parse_plan
from provisioning.process.upkeep import UpkeepOperations
from shared.clocks.clock import date_bcd
from shared.errors import ConfigFault
from shared.purse import commands
from shared.purse.apdu import CommandApdu
from shared.purse.cos.card import UserCard
from shared.purse.cos.cardfs import Directory, KeySlot, PurseOption
from shared.purse.cos.images import RamMemory, blank_card_image, decode_card_image
from shared.purse.cos.layout import FID_ADF, FID_SUBSIDY, NEEDS_TRANSPORT, NEVER
from shared.purse.crypto import Key, encrypt_block
from shared.purse.desk_outcomes import DoneAtCard, Refused
from shared.purse.effects import drive_desk
from shared.purse.flows.upkeep import authenticate_card
from shared.purse.profiles import CAMPUS, SUBSIDY
from shared.purse.reasons import Reason
from shared.purse.suite import SM4_CAMPUS, TRIPLE_DES
from shared.records.slot_file import choose
from shared.transit.ride_record import RideRecord, ride_of
from shared.wire.keyproc import Op

REGION, CAMPUS_NUMBER, AT = 1, 7, 9_700 * 86_400
DATES = personalise.usual_validity(AT)
TRANSPORT = Key(bytes(range(0x40, 0x50)))
SUBSIDY_DAY = "2027-01-31"
SERIAL = numbers.card_serial(REGION, CAMPUS_NUMBER, 1)
DIRECTORY = b"\x38\0\0\xf0\xf0\0\xff\xffABCDE"
RECORDS = b"\xac\0\x30\xf0\xf0\xff\xff"
SUITES = {"3des": TRIPLE_DES, "sm4": SM4_CAMPUS}


class Pair:
    """One card by commands and enabled at the desk, one as an image; both empty, with one school's keys."""

    def __init__(self, suite, *, subsidy):
        self.store = school_of(region_of(new_root(Random(3).randbytes, suite=suite), REGION), CAMPUS_NUMBER)
        (self.keys,) = card_keys(self.store, 1, [SERIAL])
        self.commanded = self._commanded(subsidy)
        self.whole = self._whole(suite, subsidy)

    def _commanded(self, subsidy):
        memory = RamMemory(blank_card_image(TRANSPORT))
        card = UserCard(memory, os.urandom)
        card.power_on()
        order = Order("b", (OrderLine(1, "一班", "0001", "演示0001", 1, subsidy),))
        school = School(REGION, CAMPUS_NUMBER, DATES, 1, 100_000, bytes.fromhex(SUBSIDY_DAY.replace("-", "")))
        writer = CardWriter(school, order, of_store(self.store), TRANSPORT)
        attempt = Attempt(1, 1, 0, Step.RESERVED, AT)
        self.job = writer.job(attempt)
        write(card, TRANSPORT, self.job)
        activate(card, CAMPUS, card_of(school, attempt), self._protect)
        return memory.image

    def _protect(self, ask):
        header = bytes((0x04, 0xD6, 0x80 | ask.operation.sfi, ask.operation.offset))
        return protected(self.keys.maintenance, ask.challenge, header, ask.operation.data)

    def _whole(self, suite, subsidy):
        raw = demo_plan(1) | {"campus": CAMPUS_NUMBER, "subsidy_expires": SUBSIDY_DAY}
        raw |= {"profile": "campus" if suite is TRIPLE_DES else "campus-sm4"}
        raw["cards"] = [{"label": "0001", "opening_fen": 0} | ({"subsidy_fen": 0} if subsidy else {})]
        (made,) = personalise.make_cards(parse_plan(raw), self.store, DATES)
        return choose(made.file).body


@pytest.fixture(scope="module", params=["3des", "3des-subsidy", "sm4", "sm4-subsidy"])
def pair(request):
    suite, _, subsidy = request.param.partition("-")
    return Pair(SUITES[suite], subsidy=bool(subsidy))


def directories(image):
    return [stored.open() for stored in decode_card_image(image).card.directories]


def told(directory: Directory):
    """All of a directory, in no order: the order in which files and keys were written is nobody's business.

    A right that asks for the transport key's state is NEVER once no key gives that state.
    """
    keys = [KeySlot._make(row) for row in {directory.slot(*head) for head in heads(directory)}]
    gives = {slot.first for slot in keys if slot.kind in (0x39, 0x3A)}
    erase = NEVER if directory.erase == NEEDS_TRANSPORT and 0x0F not in gives else directory.erase
    return replace(
        directory, erase=erase, keys=b"".join(slot.encode() for slot in sorted(keys)),
        files=sorted(directory.files, key=lambda ef: ef.fid), purses=sorted(directory.purses, key=lambda p: p.fid),
    )  # fmt: skip


def heads(directory):
    size = len(KeySlot(0x39, 0, 0, 0, 0, 0, bytes(16)).encode())
    return {tuple(directory.keys[at : at + 2]) for at in range(0, len(directory.keys), size)}


def test_every_file_right_key_and_purse_is_the_same(pair):
    ours, theirs = map(directories, (pair.commanded, pair.whole))
    assert [each.fid for each in ours] == [each.fid for each in theirs]
    for one, other in zip(ours, theirs, strict=True):
        assert told(one) == told(other)


def test_it_would_see_a_key_a_right_or_a_record_that_differs(pair):
    one = directories(pair.whole)[1]
    for changed in (
        replace(one, keys=one.keys[:-1] + bytes((one.keys[-1] ^ 1,))),
        replace(one, create=NEVER),
        replace(one, files=[replace(ef, content=ef.content[::-1]) for ef in one.files]),
        replace(one, purses=[replace(purse, options=purse.options ^ PurseOption.EP_UNLOAD) for purse in one.purses]),
    ):
        assert told(changed) != told(one)


def test_both_answer_every_command_alike(pair):
    answers = [list(conversation(image, pair.keys)) for image in (pair.commanded, pair.whole)]
    for (asked, one), (_, other) in zip(*answers, strict=True):
        assert one == other, asked.hex()
    assert sum(answer.endswith(b"\x90\0") for _, answer in answers[0]) > 20


def conversation(image, keys):
    """Everything that may be asked, of a card whose chip throws the same dice as the other's."""
    card = UserCard(RamMemory(image), Random(5).randbytes)
    yield b"", card.power_on()
    for asked in script():
        yield asked, card.transmit(asked)
    for selected in (commands.select_file(0x3F00), commands.select_name(CAMPUS.aid), commands.select_name(SUBSIDY.aid)):
        yield selected, card.transmit(selected)
        challenge = card.transmit(commands.get_challenge(8))[:8]
        proof = CommandApdu(0, 0x82, 0, 0, encrypt_block(keys.control, challenge)).encode()
        yield proof, card.transmit(proof)
        for asked in (erase(), create(0x3F03, DIRECTORY), create(0x19, RECORDS)):
            yield asked, card.transmit(asked)


def create(fid, content):
    return CommandApdu(0x80, 0xE0, fid >> 8, fid & 0xFF, content).encode()


def erase():
    return CommandApdu(0x80, 0x0E, 0, 0).encode()


def script():
    terminal = bytes.fromhex("000750000001")
    for aid in (CAMPUS.aid, SUBSIDY.aid):
        yield commands.select_name(aid)
        yield from (commands.read_binary(sfi, 0) for sfi in (0x05, 0x15, 0x16))
        yield from (bytes((0, 0xB2, number, sfi << 3 | 4, 0)) for sfi in (0x17, 0x18) for number in (1, 2, 3))
        yield commands.GET_BALANCE
        yield commands.init_load(1, 100, terminal)
        yield from (bytes.fromhex(f"8050{p1:02X}020B0100000000") + terminal + b"\0" for p1 in (1, 3, 5))
        yield bytes.fromhex("80500402070100") + terminal[:6]
        yield CommandApdu(0, 0x88, 0, 0, bytes(8), 8).encode()
        yield from (bytes.fromhex(said) for said in ("0020000003123456", "805A000602000100", "80CA000009"))
        yield from (erase(), create(0x1F, RECORDS))
        yield bytes.fromhex("80D4010115" "3EF0F00001" + "00" * 16)


def test_a_card_by_commands_has_the_transit_record_in_each_application(pair):
    for directory in directories(pair.commanded)[1:]:
        content = next(ef.content for ef in directory.files if ef.fid == 0x17)
        assert ride_of(content) == RideRecord()


def test_the_subsidy_has_its_own_last_day_and_no_unload(pair):
    found = {each.fid: each for each in directories(pair.commanded)}
    assert (FID_SUBSIDY in found) is (len(pair.job.applications) == 2)
    assert found[FID_ADF].purses[0].options & PurseOption.EP_UNLOAD
    if FID_SUBSIDY not in found:
        return
    public = next(ef.content for ef in found[FID_SUBSIDY].files if ef.fid == 0x15)
    assert public[24:28] == bytes.fromhex(SUBSIDY_DAY.replace("-", "")) != date_bcd(DATES.expires)
    assert not found[FID_SUBSIDY].purses[0].options & PurseOption.EP_UNLOAD


def test_each_proves_itself_to_the_key_process(pair):
    """INTERNAL AUTHENTICATE, as a desk asks for it; a card of other keys is foreign."""

    class Counts:
        upkeep = authentications = 0

    keeper = keeper_of(pair.store)
    ask_keys = UpkeepOperations(keeper, numbers.issuer(CAMPUS_NUMBER), Counts()).answers()[Op.INTERNAL_AUTH]
    card_id = numbers.card(REGION, CAMPUS_NUMBER, 1)
    for image in (pair.commanded, pair.whole, other_card()):
        card = UserCard(RamMemory(image), os.urandom)
        card.power_on()
        card.transmit(commands.select_name(CAMPUS.aid))
        outcome = drive_desk(
            authenticate_card(card_id, os.urandom(8)), card=card, keep=lambda _: None,
            centre=lambda asked: ask_keys([asked.card, 1, asked.data, asked.answer]),
        )  # fmt: skip
        expected = DoneAtCard() if image in (pair.commanded, pair.whole) else Refused(Reason.FOREIGN_CARD)
        assert outcome == expected


def other_card():
    """Of the same number, of another school's masters."""
    store = school_of(region_of(new_root(Random(4).randbytes), REGION), CAMPUS_NUMBER)
    raw = demo_plan(1) | {"campus": CAMPUS_NUMBER}
    (made,) = personalise.make_cards(parse_plan(raw), store, DATES)
    return choose(made.file).body


def test_a_finished_card_is_erased_by_nobody(pair):
    card = UserCard(RamMemory(pair.commanded), os.urandom)
    card.power_on()
    for key in (pair.keys.control, TRANSPORT):
        card.transmit(commands.select_file(0x3F00))
        challenge = card.transmit(commands.get_challenge(8))[:8]
        card.transmit(CommandApdu(0, 0x82, 0, 0, encrypt_block(key, challenge)).encode())
        assert card.transmit(erase()).hex() == "6982"


def test_the_row_of_a_card_says_its_true_profile(pair):
    order = Order("b", (OrderLine(1, "一班", "0001", "演示0001", 1),))
    school = School(REGION, CAMPUS_NUMBER, DATES, 1, 100_000)
    algorithm = pair.keys.purchase.suite.selector
    row = card_row(school, order, Attempt(1, 1, 0, Step.DONE, AT), algorithm)
    assert row.profile == pair.job.profile.name == {0: "campus", 1: "campus", 0xE4: "campus-sm4"}[algorithm]
    assert row.algorithm == algorithm
    with pytest.raises(ConfigFault, match="04"):
        card_row(school, order, Attempt(1, 1, 0, Step.DONE, AT), 0x04)


def test_an_order_without_subsidies_has_the_bytes_of_before():
    plain = Order("b", (OrderLine(1, "一班", "0001", "张三", 1),))
    with_one = Order("b", tuple(replace(line, subsidy=True) for line in plain.lines))
    assert b"subsidy" not in plain.encode()
    assert plain.digest != with_one.digest
    assert all(a.line < b.line for a, b in pairwise(with_one.lines))
