"""Identify and purchase over the real card and PSAM: order of effects, every refusal, every open outcome."""

from dataclasses import replace

import pytest

from shared.clocks.clock import CampusTime, seconds_of_bcd
from shared.purse import commands
from shared.purse.apdu import Sw
from shared.purse.caps import Caps, CardCounters, MealClock
from shared.purse.cos.images import Application, RamMemory, decode_card_image, personalised_card_image
from shared.purse.effects import Ask, Lookup, Persist, ToCard, ToPsam, drive
from shared.purse.errors import CardLost, PurseError
from shared.purse.flows.till import identify, open_psam, purchase, read_balance, read_log, reason_of
from shared.purse.outcomes import CardIdentity, Declined, PsamIdentity, Purchased, Rejected, Unknown
from shared.purse.profiles import BANK_EP, CAMPUS, CAMPUS_REGION, PROFILES, Agreed
from shared.purse.reasons import Reason

PSAM_ID = bytes.fromhex("510000000023")


class Scripted:
    """Answers of a card that is not ours: by instruction byte, else the real card's."""

    def __init__(self, channel, answers):
        self.channel = channel
        self.answers = answers
        self.asked = []

    def transmit(self, apdu, /):
        self.asked.append(apdu[:4].hex())
        answer = self.answers.get(apdu[1])
        if answer is None:
            return self.channel.transmit(apdu)
        if isinstance(answer, Exception):
            raise answer
        return bytes.fromhex(answer) if isinstance(answer, str) else answer(self.channel.transmit(apdu))


def stamp(text):
    return CampusTime(seconds_of_bcd(bytes.fromhex(text)), is_set=True)


# --- identify --------------------------------------------------------------------------------------------------


def test_identify_reads_who_it_is(school):
    identity = school.identify(school.card(number=0x2025110000004711))
    assert identity == CardIdentity(
        CAMPUS, bytes.fromhex("53032025110000004711"), 0x4711, (bytes.fromhex("2025110000004711"),),
        bytes.fromhex("20250901"), bytes.fromhex("20290731"), 1, 2,
    )  # fmt: skip


def test_identify_needs_one_apdu_and_falls_back_to_read_binary(school):
    plain = Scripted(school.card(), {})
    school.identify(plain)
    assert plain.asked == ["00a40400"]
    bare = Scripted(school.card(), {0xA4: lambda answer: bytes.fromhex("6F0B8409A000000003869807019000")})
    bare.channel.transmit(commands.select_name(CAMPUS.aid))
    assert isinstance(school.identify(bare), CardIdentity)
    assert bare.asked == ["00a40400", "00b09500"]


BANK = Agreed(BANK_EP, bytes(6) + b"\x53\x03")
OTHER_BANK = Agreed(BANK_EP, bytes(8))
METRO = Agreed(replace(BANK_EP, name="metro", aid=bytes.fromhex("A000000632010105")), BANK.issuer)


def test_a_card_is_of_the_kind_that_is_agreed_with_its_issuer(school):
    """Bank and campus application have one name and a file 0015 of one length: the issuer says which it is."""
    card = school.card(profile=BANK_EP)
    agreed = (OTHER_BANK, BANK)
    found = drive(identify(CAMPUS, school.now, agreed), card=card)
    assert (found.profile, found.card_id.hex()) == (BANK_EP, "00000000000000001267")
    own = drive(identify(CAMPUS, school.now, agreed), card=school.card())
    assert own == school.identify(school.card())
    bought = drive(
        purchase(school.order(), found), card=card, psam=school.psam(), persist=lambda _: None,
        lookup=lambda *_: False,
    )  # fmt: skip
    assert isinstance(bought, Purchased)


def test_a_bank_card_that_nobody_agreed_to_is_not_debited(school):
    public = school.public(4711, BANK_EP)
    image = personalised_card_image([Application(BANK_EP, public, school.keys(public, BANK_EP), 5000, records=())])
    for agreed in ((), (OTHER_BANK,)):
        card = school.card(RamMemory(image))
        taken = drive(identify(CAMPUS, school.now, agreed), card=card)
        assert taken.profile is CAMPUS
        bought = drive(purchase(school.order(), taken), card=card, psam=school.psam(), lookup=lambda *_: False)
        assert (type(bought), bought.reason) == (Declined, Reason.CARD_DATA), "it has no file 0017"


def test_applications_of_others_are_selected_after_our_own(school):
    memory = school.memory(profile=BANK_EP)
    card = Scripted(school.card(memory), {})
    card.channel.transmit(commands.select_name(BANK_EP.aid))
    only_metro = Scripted(card, {0xA4: lambda answer: answer})
    names = []

    class Elsewhere:
        """A card that knows the metro's name alone, and answers it without an FCI."""

        def transmit(self, apdu, /):
            if apdu[1] == 0xA4:
                names.append(apdu[5 : 5 + apdu[4]].hex())
                if names[-1] != METRO.profile.aid.hex():
                    return bytes.fromhex("6A82")
                return only_metro.transmit(commands.select_name(BANK_EP.aid))[-2:]
            return only_metro.transmit(apdu)

    found = drive(identify(CAMPUS, school.now, (BANK, METRO)), card=Elsewhere())
    assert (found.profile.name, names) == ("metro", [CAMPUS.aid.hex(), METRO.profile.aid.hex()])
    stranger = Agreed(METRO.profile, bytes(8))
    refused = drive(identify(CAMPUS, school.now, (stranger,)), card=Elsewhere())
    assert refused == Rejected(Reason.FOREIGN_CARD)
    toll = Agreed(PROFILES["toll"], bytes(8))
    assert drive(identify(CAMPUS, school.now, (toll,)), card=Scripted(card, {0xA4: "6A82"})).sw == 0x6A82


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ({0xA4: "6A82"}, Reason.FOREIGN_CARD),
        ({0xA4: "6D00"}, Reason.FOREIGN_CARD),
        ({0xA4: ""}, Reason.FOREIGN_CARD),
        ({0xA4: "6A81"}, Reason.CARD_BLOCKED),
        ({0xA4: "6F059000"}, Reason.CARD_DATA),
        ({0xA4: "6F009000", 0xB0: "6982"}, Reason.CARD_DATA),
        ({0xA4: "6F009000", 0xB0: "00119000"}, Reason.CARD_DATA),
        ({0xA4: CardLost()}, Reason.CARD_GONE),
    ],
)
def test_identify_rejects(school, answers, reason):
    assert school.identify(Scripted(school.card(), answers)).reason is reason


@pytest.mark.parametrize(
    ("now", "reason"),
    [("20250831235959", Reason.CARD_NOT_YET_VALID), ("20290801000000", Reason.CARD_EXPIRED)],
)
def test_dates_are_judged_by_a_set_clock(school, now, reason):
    card = school.card()
    moment = stamp(now)
    assert drive(identify(CAMPUS, moment), card=card) == Rejected(reason)
    unset = CampusTime(moment.seconds, is_set=False)
    assert isinstance(drive(identify(CAMPUS, unset), card=card), CardIdentity)


@pytest.mark.parametrize("now", ["20250901000000", "20290731235959"])
def test_first_and_last_day_are_valid(school, now):
    assert isinstance(drive(identify(CAMPUS, stamp(now)), card=school.card()), CardIdentity)


def test_a_disabled_card(school):
    assert school.identify(school.card(enabled=0)) == Rejected(Reason.CARD_DISABLED)


def test_open_psam(school):
    assert drive(open_psam(), psam=school.psam()) == PsamIdentity(PSAM_ID, bytes(4) + PSAM_ID)
    refusing = Scripted(school.psam(), {0xA4: "6A82"})
    assert drive(open_psam(), psam=refusing) == Rejected(Reason.PSAM_REFUSED, 0x6A82)
    assert drive(open_psam(), psam=Scripted(None, {0xB0: CardLost()})) == Rejected(Reason.PSAM_GONE)
    short = Scripted(school.psam(), {0xB0: "51009000"})
    assert drive(open_psam(), psam=short) == Rejected(Reason.PSAM_REFUSED)


def test_reading_balance_and_log(school):
    card, psam = school.card(), school.psam()
    first, second = school.buy(card, psam, school.order(100)), school.buy(card, psam, school.order(200))
    assert drive(read_balance(), card=card) == 4700
    log = drive(read_log(), card=card)
    assert [(r.number, r.amount_fen) for r in log] == [(2, 200), (1, 100)]
    assert [first.purchase.counter, second.purchase.counter] == [0, 1]
    assert drive(read_balance(), card=Scripted(card, {0x5C: "6982"})) == Rejected(Reason.CARD_DATA, 0x6982)
    assert drive(read_balance(), card=Scripted(card, {0x5C: CardLost()})) == Rejected(Reason.CARD_GONE)
    assert drive(read_log(), card=Scripted(card, {0xB2: "00009000"})) == ()
    with pytest.raises(CardLost):
        drive(read_log(), card=Scripted(card, {0xB2: CardLost()}))


# --- purchase --------------------------------------------------------------------------------------------------


def steps_of(flow, card, psam):
    """Every effect that a flow yields, in order, with its outcome."""
    seen = []
    effect = next(flow)
    try:
        while True:
            seen.append(effect)
            if isinstance(effect, ToCard):
                effect = flow.send(card.transmit(effect.apdu))
            elif isinstance(effect, ToPsam):
                effect = flow.send(psam.transmit(effect.apdu))
            else:
                effect = flow.send(False if isinstance(effect, Lookup) else None)
    except StopIteration as end:
        return seen, end.value


def names(seen):
    return [e.apdu[:4].hex() if isinstance(e, ToCard | ToPsam) else type(e).__name__ for e in seen]


def test_the_order_of_a_capp_purchase(school):
    card, psam = school.card(), school.psam()
    seen, outcome = steps_of(purchase(school.order(), school.identify(card)), card, psam)
    assert names(seen) == [
        "00b221b8", "80500302", "Lookup", "80700000", "Persist", "80dc21b8", "80540100", "80720000"
    ]  # fmt: skip
    assert isinstance(outcome, Purchased)
    assert seen[2] == Lookup(outcome.purchase.card_id, 4711)
    assert seen[4] == Persist(outcome.purchase)


def test_the_order_of_a_plain_purchase(school):
    card, psam = school.card(profile=BANK_EP), school.psam()
    order, identity = school.order(), school.identify(card, BANK_EP)
    seen, outcome = steps_of(purchase(order, identity), card, psam)
    assert names(seen) == ["80500102", "Lookup", "80700000", "Persist", "80540100", "80720000"]
    assert outcome.counters is None
    assert outcome.purchase.type == 6


def test_a_purchase_and_all_its_fields(school):
    card, psam = school.card(balance=5000), school.psam()
    outcome = school.buy(card, psam, school.order(1250, key_id=2)._replace(price_adjust_fen=-50))
    done = outcome.purchase
    assert done.card_id == b"\x53\x03" + (4711).to_bytes(8, "big")
    assert (done.counter, done.balance_fen, done.balance_after_fen, done.amount_fen) == (0, 5000, 3750, 1250)
    assert (done.type, done.purse, done.psam_id, done.ttn) == (9, 0b00_10_0010, PSAM_ID, 1)
    assert (done.key_version, done.algorithm, done.overdraft, done.price_adjust_fen) == (2, 0, bytes(3), -50)
    assert outcome.tac == school.purchase_tac(done)
    assert outcome.counters == CardCounters(9459, 2, 1250, 1, 1250, 1)
    again = school.buy(card, psam).purchase
    assert (again.counter, again.balance_fen, again.ttn) == (1, 3750, 2)


def test_two_levels(school):
    card, psam = school.card(profile=CAMPUS_REGION), school.psam(levels=2)
    assert isinstance(school.buy(card, psam, profile=CAMPUS_REGION), Purchased)


def test_caps_hold_across_tills(school):
    card = school.card(balance=50_000)
    tills = [school.psam(), school.psam(bytes.fromhex("510000000024"))]
    caps = Caps(day_fen=3000)
    for till, psam_id in ((0, PSAM_ID), (1, bytes.fromhex("510000000024"))):
        assert isinstance(school.buy(card, tills[till], school.order(1250, psam_id, caps=caps)), Purchased)
    assert school.buy(card, tills[0], school.order(1250, caps=caps)) == Declined(Reason.CAP_DAY_SUM)
    tomorrow = MealClock(9460, 1, is_set=True)
    assert isinstance(school.buy(card, tills[0], school.order(1250, caps=caps, clock=tomorrow)), Purchased)


@pytest.mark.parametrize("amount", [0, -1, 1 << 31])
def test_an_impossible_amount(school, amount):
    assert school.buy(school.card(), school.psam(), school.order(amount)) == Declined(Reason.AMOUNT)


def test_the_hotlist_stops_before_the_debit(school):
    card = school.card()
    kept = []
    assert school.buy(card, school.psam(), hotlist={4711}, persist=kept.append) == Declined(Reason.HOTLISTED)
    assert not kept
    assert drive(read_balance(), card=card) == 5000


@pytest.mark.parametrize(
    ("card_says", "psam_says", "expected"),
    [
        ({0xB2: "6A83"}, {}, Declined(Reason.CARD_DATA, 0x6A83)),
        ({0xB2: "00009000"}, {}, Declined(Reason.CARD_DATA)),
        ({0xB2: CardCounters(locked=True).encode().hex() + "9000"}, {}, Declined(Reason.CARD_LOCKED)),
        ({0xB2: CardLost()}, {}, Declined(Reason.CARD_GONE)),
        ({0x50: "9401"}, {}, Declined(Reason.BALANCE, 0x9401)),
        ({0x50: "9402"}, {}, Declined(Reason.CARD_COUNTER_FULL, 0x9402)),
        ({0x50: "9403"}, {}, Declined(Reason.CARD_KEY, 0x9403)),
        ({0x50: "9408"}, {}, Declined(Reason.CARD_LOCKED, 0x9408)),
        ({0x50: "6F00"}, {}, Declined(Reason.CARD_REFUSED, 0x6F00)),
        ({0x50: "00009000"}, {}, Declined(Reason.CARD_DATA)),
        ({0x50: "00000001" + "00" * 11 + "9000"}, {}, Declined(Reason.BALANCE)),
        ({0x50: ""}, {}, Declined(Reason.CARD_REFUSED, 0)),
        ({}, {0x70: "6A88"}, Declined(Reason.CARD_KEY, 0x6A88)),
        ({}, {0x70: "9000"}, Declined(Reason.PSAM_REFUSED, 0x9000)),
        ({}, {0x70: CardLost()}, Declined(Reason.PSAM_GONE)),
    ],
)
def test_declined_before_anything_was_kept(school, card_says, psam_says, expected):
    kept = []
    card = Scripted(school.card(), card_says)
    outcome = school.buy(card, Scripted(school.psam(), psam_says), persist=kept.append)
    assert outcome == expected
    assert not kept
    assert "80540100" not in card.asked


@pytest.mark.parametrize(
    ("card_says", "reason", "sw"),
    [
        ({0xDC: CardLost()}, Reason.CARD_GONE, None),
        ({0xDC: "9407"}, Reason.CARD_LOCKED, 0x9407),
        ({0xDC: "6A84"}, Reason.CARD_REFUSED, 0x6A84),
        ({0x54: "9302"}, Reason.CARD_REFUSED, 0x9302),
        ({0x54: "9401"}, Reason.BALANCE, 0x9401),
    ],
)
def test_declined_after_the_slot_was_taken_names_it(school, card_says, reason, sw):
    kept = []
    outcome = school.buy(Scripted(school.card(), card_says), school.psam(), persist=kept.append)
    assert outcome == Declined(reason, sw, kept[0])


def test_a_card_that_goes_while_the_slot_is_written(school):
    card = school.card()

    def lost(pending):
        raise CardLost

    outcome = school.buy(card, school.psam(), persist=lost)
    assert (type(outcome), outcome.reason, outcome.pending.amount_fen) == (Declined, Reason.CARD_GONE, 1250)


@pytest.mark.parametrize(
    ("card_says", "psam_says", "reason", "sw"),
    [
        ({0x54: CardLost()}, {}, Reason.NO_RESPONSE, None),
        ({0x54: "6982"}, {}, Reason.UNKNOWN_STATUS, 0x6982),
        ({0x54: "6901"}, {}, Reason.UNKNOWN_STATUS, 0x6901),
        ({0x54: ""}, {}, Reason.UNKNOWN_STATUS, 0),
        ({0x54: "00009000"}, {}, Reason.BAD_RESPONSE, 0x9000),
        ({0x54: "11223344556677889000"}, {}, Reason.MAC2_WRONG, 0x9302),
        ({}, {0x72: "6988"}, Reason.MAC2_WRONG, 0x6988),
        ({}, {0x72: "6901"}, Reason.MAC2_UNCHECKED, 0x6901),
        ({}, {0x72: CardLost()}, Reason.MAC2_UNCHECKED, None),
    ],
)
def test_open_outcomes(school, card_says, psam_says, reason, sw):
    kept = []
    card, psam = Scripted(school.card(), card_says), Scripted(school.psam(), psam_says)
    outcome = school.buy(card, psam, persist=kept.append)
    assert isinstance(outcome, Unknown)
    assert (outcome.pending, outcome.reason, outcome.sw) == (kept[0], reason, sw)
    mac2_seen = reason in (Reason.MAC2_WRONG, Reason.MAC2_UNCHECKED)
    assert (outcome.tac is not None) == mac2_seen


def test_a_profile_can_say_what_its_words_prove(school):
    card = Scripted(school.card(), {0x54: "6A80"})
    profile = replace(CAMPUS, not_executed=frozenset({Sw.WRONG_DATA}))
    outcome = school.buy(card, school.psam(), profile=profile)
    assert (type(outcome), outcome.sw) == (Declined, 0x6A80)


def test_a_card_that_is_not_ours_fails_at_its_mac(school):
    image = decode_card_image(school.memory().image)
    other = school.card(RamMemory(image.encode()), number=1)
    school.purchase[1] = school.purchase[2]
    outcome = school.buy(other, school.psam())
    assert (outcome.reason, outcome.sw) == (Reason.CARD_REFUSED, 0x9302)


def test_a_card_without_its_authentication_id_is_declined(school):
    profile = replace(CAMPUS, auth_id_in_mac1=True)
    outcome = school.buy(school.card(), school.psam(), profile=profile)
    assert (outcome.reason, outcome.sw) == (Reason.CARD_DATA, 0x6A88)


def test_the_driver_says_what_it_lacks(school):
    identity = school.identify(school.card())
    with pytest.raises(PurseError, match="ToCard"):
        drive(purchase(school.order(), identity))


def test_an_error_of_the_driver_passes_through(school):
    def full(pending):
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        school.buy(school.card(), school.psam(), persist=full)


def test_effects_are_values():
    assert Ask(None) == Ask(None)
    assert reason_of(0x9407) is Reason.CARD_LOCKED
