"""Load over the real card and a centre with the real MAC rules."""

import pytest

from shared.online import LoadAnswer, LoadResult
from shared.purse.apdu import CommandApdu
from shared.purse.crypto import Key
from shared.purse.effects import drive
from shared.purse.errors import CardLost, UnsupportedAlgorithm
from shared.purse.flows.till import read_balance
from shared.purse.load_auth import LoadAuth, authorise, mac1_is_right
from shared.purse.outcomes import Loaded, LoadRefused, LoadUnknown
from shared.purse.reasons import Reason


class Spoiled:
    """The real card, but for one instruction."""

    def __init__(self, card, ins, answer):
        self.card, self.ins, self.answer = card, ins, answer
        self.sent = []

    def transmit(self, apdu, /):
        self.sent.append(CommandApdu.decode(apdu).ins)
        if apdu[1] != self.ins:
            return self.card.transmit(apdu)
        if isinstance(self.answer, Exception):
            raise self.answer
        return bytes.fromhex(self.answer)


def test_a_load(school):
    card, kept = school.card(balance=100), []
    outcome = school.load_card(card, 2000, persist=kept.append)
    assert isinstance(outcome, Loaded)
    assert kept == [outcome.load]
    assert outcome.tac == school.load_tac(outcome.load)
    assert (outcome.load.balance_after_fen, outcome.load.purse) == (2100, 0b00_10_0001)
    request = outcome.load.request
    assert (request.counter, request.balance_fen, request.amount_fen, request.type) == (0, 100, 2000, 2)
    assert drive(read_balance(), card=card) == 2100
    assert school.load_card(card, 1).load.request.counter == 1


def test_the_slot_is_durable_before_the_credit(school):
    card = Spoiled(school.card(), 0xFF, "")
    school.load_card(card, persist=lambda pending: card.sent.append("persist"))
    assert card.sent == [0xA4, 0x50, "persist", 0x52]


@pytest.mark.parametrize(
    ("ins", "answer", "expected"),
    [
        (0x50, CardLost(), LoadRefused(Reason.CARD_GONE)),
        (0x50, "6985", LoadRefused(Reason.LOAD_CEILING, 0x6985)),
        (0x50, "9403", LoadRefused(Reason.CARD_KEY, 0x9403)),
        (0x50, "9402", LoadRefused(Reason.CARD_COUNTER_FULL, 0x9402)),
        (0x50, "00009000", LoadRefused(Reason.CARD_DATA)),
    ],
)
def test_refused_before_the_centre_was_asked(school, ins, answer, expected):
    asked = []
    assert school.load_card(Spoiled(school.card(), ins, answer), ask=asked.append) == expected
    assert not asked


@pytest.mark.parametrize("amount", [0, -5, 1 << 31])
def test_an_impossible_amount(school, amount):
    assert school.load_card(school.card(), amount) == LoadRefused(Reason.AMOUNT)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (None, Reason.LOAD_NO_ANSWER),
        (LoadAnswer(LoadResult.NO_FUNDS), Reason.LOAD_DENIED),
        (LoadAnswer(LoadResult.GRANTED, 1, bytes(4), 1999), Reason.LOAD_DENIED),
    ],
)
def test_not_granted_is_not_sent_to_the_card(school, answer, reason):
    card = Spoiled(school.card(), 0xFF, "")
    outcome = school.load_card(card, 2000, ask=lambda request: answer)
    assert (outcome.reason, outcome.answer, outcome.request.amount_fen) == (reason, answer, 2000)
    assert outcome.pending is None
    assert 0x52 not in card.sent


def test_a_card_that_goes_while_the_centre_thinks(school):
    def lost(request):
        raise CardLost

    outcome = school.load_card(school.card(), ask=lost)
    assert (type(outcome), outcome.reason) == (LoadRefused, Reason.CARD_GONE)
    assert outcome.request is not None


def test_a_card_that_goes_while_the_slot_is_written(school):
    def lost(pending):
        raise CardLost

    outcome = school.load_card(school.card(), persist=lost)
    assert (type(outcome), outcome.reason) == (LoadRefused, Reason.CARD_GONE)
    assert outcome.pending is not None


def test_a_wrong_mac2_is_refused_by_the_card(school):
    outcome = school.load_card(school.card(), ask=lambda r: LoadAnswer(LoadResult.GRANTED, 1, bytes(4), r.amount_fen))
    assert (type(outcome), outcome.sw) == (LoadRefused, 0x9302)
    assert outcome.pending is not None


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (CardLost(), Reason.NO_RESPONSE),
        ("6901", Reason.UNKNOWN_STATUS),
        ("00009000", Reason.BAD_RESPONSE),
        ("", Reason.UNKNOWN_STATUS),
    ],
)
def test_open_outcomes(school, answer, reason):
    outcome = school.load_card(Spoiled(school.card(), 0x52, answer))
    assert (type(outcome), outcome.reason) == (LoadUnknown, reason)


AUTH = LoadAuth(
    bytes.fromhex("53032025110000004711"), 1, 0, bytes.fromhex("E07742B9"), 0x13, 0x2693, 0x4E20, 2,
    bytes.fromhex("510000000023"), bytes.fromhex("D121C26C"),
)  # fmt: skip
DLK = Key(bytes.fromhex("1EBEB25120A66A15FC257FD023F74F83"))


def test_the_hosts_half_by_vector():
    assert mac1_is_right(DLK, AUTH)
    assert authorise(DLK, AUTH, 817_339_530).hex().upper() == "90FFB84D"


@pytest.mark.parametrize("field", ["counter", "balance_fen", "amount_fen", "type"])
def test_no_mac2_for_a_mac1_that_is_not_the_cards(field):
    spoiled = AUTH._replace(**{field: getattr(AUTH, field) + 1})
    assert not mac1_is_right(DLK, spoiled)
    assert authorise(DLK, spoiled, 817_339_530) is None


def test_the_host_refuses_an_algorithm_that_is_not_built():
    with pytest.raises(UnsupportedAlgorithm):
        authorise(DLK, AUTH._replace(algorithm=4), 0)
