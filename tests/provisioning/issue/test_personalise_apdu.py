"""Blank bodies become cards by commands alone: they buy, load and are kept up as cards made whole; cuts never lie."""

import os
from collections.abc import Iterator
from dataclasses import replace

import pytest

from provisioning.issue.activation import ENABLE, NotActivated, activate, look
from provisioning.issue.jobs import CardWriter, School, card_of, card_row
from provisioning.issue.order import Order, OrderLine
from provisioning.issue.personalise import usual_validity
from provisioning.issue.personalise_apdu import CardJob, check, condition, protected, write
from provisioning.issue.production import Attempt, Step
from provisioning.issue.work import CardSpoiled, Condition
from provisioning.keeper.issuing_keys import of_store
from provisioning.keys.levels import card_keys, new_root, region_of, school_of
from provisioning.keys.store import KeyKind
from provisioning.plan import numbers
from shared.clocks.clock import CampusTime
from shared.ids import PsamId
from shared.purse.cos.card import UserCard
from shared.purse.cos.images import (
    PsamMaster,
    RamMemory,
    blank_card_image,
    decode_card_image,
    new_psam_image,
)
from shared.purse.cos.layout import NEEDS_PIN
from shared.purse.crypto import Key
from shared.purse.effects import drive
from shared.purse.errors import CardLost
from shared.purse.files import holder_name
from shared.purse.flows.till import identify
from shared.purse.profiles import CAMPUS, SUBSIDY
from shared.purse.reasons import Reason
from tests.bench.tap import buy, psam_of
from tests.provisioning.desk import load_card

REGION, CAMPUS_NUMBER, AT = 0x1005, 7, 817_339_530
SCHOOL_KEYS = school_of(region_of(new_root(os.urandom), REGION), CAMPUS_NUMBER)
TRANSPORT = Key(bytes(range(0x40, 0x50)))
SCHOOL = School(REGION, CAMPUS_NUMBER, usual_validity(AT), 1, 100_000)
ORDER = Order("b", (OrderLine(1, "一班", "0101", "张三", 2), OrderLine(2, "一班", "0102", "李四", 1)))
WRITER = CardWriter(SCHOOL, ORDER, of_store(SCHOOL_KEYS), TRANSPORT)
ATTEMPT = Attempt(1, 501, 9001, Step.RESERVED, AT)
JOB = WRITER.job(ATTEMPT)
WITH_SUBSIDY = replace(JOB, subsidy_expiry=b"")
COMMANDS, MORE = 47, 36
"""Of a card with one application, and for a second one."""
FIRST_CHANGE = 4
"""Behind SELECT, GET CHALLENGE, EXTERNAL AUTHENTICATE."""


class Cut:
    """A channel from which the card is pulled before or after the at-th command."""

    def __init__(self, card, at=-1, *, after=False):
        self.card, self.at, self.after, self.count = card, at, after, 0

    def transmit(self, apdu):
        self.count += 1
        if self.count != self.at:
            return self.card.transmit(apdu)
        if self.after:
            self.card.transmit(apdu)
        raise CardLost("pulled")


def body(image=None):
    memory = RamMemory(image or blank_card_image(TRANSPORT))
    card = UserCard(memory, os.urandom)
    card.power_on()
    return card, memory


def made(job=JOB):
    card, memory = body()
    write(card, TRANSPORT, job)
    card.power_on()
    return card, memory


def protect(ask):
    (keys,) = card_keys(SCHOOL_KEYS, 1, [ask.card[2:]])
    header = bytes((0x04, 0xD6, 0x80 | ask.operation.sfi, ask.operation.offset))
    return protected(keys.maintenance, ask.challenge, header, ask.operation.data)


def test_a_blank_becomes_a_card_that_reads_back():
    card, memory = body()
    assert condition(card, TRANSPORT, JOB) is Condition.BLANK
    write(card, TRANSPORT, JOB)
    card.power_on()
    check(card, JOB)
    assert condition(card, TRANSPORT, JOB) is Condition.WHOLE
    image = decode_card_image(memory.image)
    assert (image.balance_fen, image.online, image.offline, image.ceiling_fen) == (0, 0, 0, 100_000)
    assert holder_name(image.holder) == "张三"
    assert image.public[8] == 0
    assert image.keys.purchase[0].version == 1
    assert image.aid == CAMPUS.aid


def test_the_number_of_commands_stays_what_it_is():
    card, _ = body()
    channel = Cut(card)
    write(channel, TRANSPORT, JOB)
    assert channel.count == COMMANDS
    both = Cut(body()[0])
    write(both, TRANSPORT, WITH_SUBSIDY)
    assert both.count == COMMANDS + MORE


def test_not_sold_to_before_activation_and_after_it_load_and_purchase():
    card, memory = made()
    assert not look(card, CAMPUS).is_enabled
    refused = drive(identify(CAMPUS, CampusTime(AT + 60, is_set=True)), card=card)
    assert refused.reason is Reason.CARD_DISABLED
    assert activate(card, CAMPUS, card_of(SCHOOL, ATTEMPT), protect).is_enabled
    assert activate(card, CAMPUS, card_of(SCHOOL, ATTEMPT), protect).is_enabled
    load_card(card, SCHOOL_KEYS, 1, numbers.card_serial(REGION, CAMPUS_NUMBER, ATTEMPT.number), 2_000, AT)
    image = new_psam_image(PSAM, {1: PsamMaster(SCHOOL_KEYS.one(KeyKind.PURCHASE, 1).card_key(KeyKind.PURCHASE))})
    buy(card, psam_of(image), PSAM, 1_250, AT + 60)
    assert decode_card_image(memory.image).balance_fen == 750


PSAM = PsamId(bytes.fromhex("000750000001"))


def cuts() -> Iterator[tuple[CardJob, int, int, bool]]:
    for job, last in ((JOB, COMMANDS), (WITH_SUBSIDY, COMMANDS + MORE)):
        yield from ((job, last, at, after) for at in range(1, last + 1) for after in (False, True))


@pytest.mark.parametrize(("job", "last", "at", "after"), list(cuts()))
def test_a_body_pulled_at_any_command_is_never_taken_for_another_condition(job, last, at, after):
    card, _ = body()
    with pytest.raises(CardLost):
        write(Cut(card, at, after=after), TRANSPORT, job)
    card.power_on()
    found = condition(card, TRANSPORT, job)
    assert (found is Condition.WHOLE) is ((at, after) == (last, True))
    assert (found is Condition.BLANK) is (at < FIRST_CHANGE or (at, after) == (FIRST_CHANGE, False))
    if found is Condition.BLANK:
        write(card, TRANSPORT, job)
    if found is not Condition.HALF:
        card.power_on()
        check(card, job)


def test_a_card_with_a_subsidy_is_enabled_whole_or_its_main_purse_is_not():
    card, _ = made(WITH_SUBSIDY)
    wanted = card_of(SCHOOL, ATTEMPT)
    asked: list[bytes] = []

    def once(ask):
        asked.append(ask.challenge)
        if len(asked) == 2:
            raise CardLost("pulled")
        return protect(ask)

    with pytest.raises(CardLost):
        activate(card, CAMPUS, wanted, once)
    assert (look(card, SUBSIDY).is_enabled, look(card, CAMPUS).is_enabled) == (True, False)
    assert activate(card, CAMPUS, wanted, protect).is_enabled
    assert (look(card, SUBSIDY).is_enabled, look(card, CAMPUS).is_enabled) == (True, True)


def test_a_subsidy_that_is_not_as_ordered_is_seen():
    card, _ = made(WITH_SUBSIDY)
    with pytest.raises(CardSpoiled, match="0015"):
        check(card, replace(JOB, subsidy_expiry=bytes.fromhex("20270131")))
    alone, _ = made()
    assert condition(alone, TRANSPORT, WITH_SUBSIDY) is Condition.HALF
    with pytest.raises(CardSpoiled, match="0015"):
        check(alone, WITH_SUBSIDY)


def test_a_body_of_an_earlier_delivery_becomes_the_same_card():
    """Its MF asked for any proven state, where bodies of today ask for the issuer's or the transport key's."""
    before = decode_card_image(blank_card_image(TRANSPORT)).card
    before.mf.create = before.mf.erase = before.mf.key_add = NEEDS_PIN
    card, _ = body(before.encode())
    assert condition(card, TRANSPORT, WITH_SUBSIDY) is Condition.BLANK
    write(card, TRANSPORT, WITH_SUBSIDY)
    card.power_on()
    check(card, WITH_SUBSIDY)


def test_another_card_of_ours_is_no_blank_and_not_this_one():
    card, _ = made()
    other = WRITER.job(Attempt(2, 502, 9002, Step.RESERVED, AT))
    assert condition(card, TRANSPORT, other) is Condition.HALF
    with pytest.raises(CardSpoiled, match="0015"):
        check(card, other)


def test_a_wrong_transport_key_writes_nothing():
    card, memory = body(blank_card_image(Key(bytes(range(16)))))
    assert condition(card, TRANSPORT, JOB) is Condition.HALF
    with pytest.raises(CardSpoiled, match="传输密钥不对"):
        write(card, TRANSPORT, JOB)
    assert len(decode_card_image(memory.image).card.directories) == 1


@pytest.mark.parametrize("kind", [KeyKind.LOAD, KeyKind.INTERNAL_AUTH, KeyKind.CONTROL])
def test_a_key_that_is_not_the_schools_is_seen(kind):
    card, _ = made()
    wrong = JOB.keys._replace(**{kind.value.replace("-", "_"): Key(bytes(range(16)))})
    with pytest.raises(CardSpoiled):
        check(card, replace(JOB, keys=wrong))


def test_the_transport_key_is_worth_nothing_on_a_finished_card():
    card, _ = made()
    with pytest.raises(CardSpoiled):
        write(card, TRANSPORT, JOB)


def other_by_a_bit(mac: bytes) -> bytes:
    return mac[:-1] + bytes([mac[-1] ^ 1])


def test_the_desk_refuses_another_card_and_a_wrong_mac():
    card, _ = made()
    with pytest.raises(NotActivated, match="卡不符：名单上是"):
        activate(card, CAMPUS, card_of(SCHOOL, Attempt(2, 502, 9002, Step.DONE, AT)), protect)
    with pytest.raises(NotActivated, match="6988"):
        activate(card, CAMPUS, card_of(SCHOOL, ATTEMPT), lambda ask: other_by_a_bit(protect(ask)))
    assert not look(card, CAMPUS).is_enabled
    blank, _ = body()
    with pytest.raises(NotActivated, match="不是本校的卡"):
        look(blank, CAMPUS)
    assert (ENABLE.sfi, ENABLE.offset, ENABLE.data) == (0x15, 8, b"\x01")


def test_the_inventory_row():
    row = card_row(SCHOOL, ORDER, ATTEMPT)
    assert (row.card.hex(), row.label, row.hotlist_index) == ("0007" + "1005" + "0007" + "000001f5", "0101", 501)
    assert (row.key_version, row.card_class, row.opening_fen) == (1, 2, 0)


def test_reprs_are_silent():
    told = repr(JOB) + repr(WRITER)
    assert JOB.keys.load.octets.hex() not in told
    assert "Key(" not in told
